/** How large a reader may have set their text; beyond this a phone's width holds too few characters. */
const largest = 2.2;
/** From this root size on (px) nothing is pinned to the edge of the screen any more: it would cover what is read. */
const largeRootPx = 32;
/** iOS draws its body text at 17 px when the reader has changed nothing. */
const iosBodyPx = 17;

/** WeChat's own setting, its levels 1 to 8, as the share of the usual size. */
const weChatScales = [0.9, 1, 1.1, 1.2, 1.3, 1.45, 1.6, 1.75] as const;

interface WeChatBridge {
  on(event: 'menu:setfont', act: (change: { readonly fontSize?: string | number }) => void): void;
  invoke(call: 'setFontSizeCallback', what: { readonly fontSize: number }): void;
}

/** The scale that iOS's text size asks for: Safari gives it only through a font of its own. */
function iosScale(root: HTMLElement): number {
  if (!('supports' in CSS) || !CSS.supports('font', '-apple-system-body') || navigator.maxTouchPoints < 2) return 1;
  const probe = document.createElement('span');
  probe.style.font = '-apple-system-body';
  root.append(probe);
  const px = Number.parseFloat(getComputedStyle(probe).fontSize);
  probe.remove();
  return Number.isFinite(px) ? px / iosBodyPx : 1;
}

/** WebViews that scale text by themselves do it through this property; taken over, boxes grow with their text. */
function adjustedScale(): number {
  const style = document.body.style as CSSStyleDeclaration & { webkitTextSizeAdjust?: string };
  const percent = Number.parseFloat(style.webkitTextSizeAdjust ?? '');
  if (!Number.isFinite(percent) || percent === 100) return 1;
  style.webkitTextSizeAdjust = '100%';
  return percent / 100;
}

function apply(root: HTMLElement, scale: number): void {
  if (scale !== 1) root.style.setProperty('--text-scale', String(Math.min(Math.max(scale, 1), largest)));
  const rootPx = Number.parseFloat(getComputedStyle(root).fontSize);
  root.dataset['text'] = rootPx >= largeRootPx ? 'large' : 'usual';
}

/**
 * Follows the reader's text size: the browser's own (the root is in rem, and `preferred-text-scale` where there is one),
 * iOS's, what a WebView sets on the body, and WeChat's menu. Everything on the page is in rem, so it grows as a whole.
 */
export function followTextSize(root: HTMLElement = document.documentElement): void {
  apply(root, Math.max(iosScale(root), adjustedScale()));
  new MutationObserver(() => {
    const scale = adjustedScale();
    if (scale !== 1) apply(root, scale);
  }).observe(document.body, { attributes: true, attributeFilter: ['style'] });
  addEventListener('resize', () => {
    apply(root, 1);
  });
  const bridged = (): void => {
    const { WeixinJSBridge: bridge } = globalThis as { WeixinJSBridge?: WeChatBridge };
    bridge?.on('menu:setfont', ({ fontSize }) => {
      // Told back as "usual": WeChat would scale the text a second time.
      bridge.invoke('setFontSizeCallback', { fontSize: 2 });
      apply(root, weChatScales[Number(fontSize) - 1] ?? 1);
    });
  };
  if ('WeixinJSBridge' in globalThis) bridged();
  else document.addEventListener('WeixinJSBridgeReady', bridged, { once: true });
}
