import type { CDPSession, Page } from 'playwright-core';

/** One thing that a screen reader says as it reads on. */
export interface Said {
  readonly role: string;
  readonly name: string;
  /** What describes it, said after the name. */
  readonly about: string;
  /** The key that presses it. */
  readonly key: string;
  readonly isFocusable: boolean;
  readonly isFocused: boolean;
}

/** One node of Chromium's accessibility tree, as CDP gives it. */
type TreeNode = Awaited<ReturnType<typeof tree>>[number];

async function tree(session: CDPSession) {
  return (await session.send('Accessibility.getFullAXTree')).nodes;
}

/** Their content is their name: a reader says it once. */
const whole = new Set(['button', 'link', 'heading', 'checkbox', 'radio', 'image', 'textbox']);
/** Said when a reader comes into it, if it has a name. */
const named = new Set(['group', 'radiogroup', 'region', 'form', 'list', 'article', 'main', 'table', 'figure']);

function said(node: TreeNode): Said {
  const property = (name: string): unknown => node.properties?.find((one) => one.name === name)?.value.value;
  const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
  return {
    role: text(node.role?.value),
    name: text(node.name?.value).replaceAll(/\s+/g, ' '),
    about: text(node.description?.value),
    key: text(property('keyshortcuts')),
    isFocusable: property('focusable') === true,
    isFocused: property('focused') === true,
  };
}

/** What a screen reader says from the top of the page to its end, out of Chromium's own accessibility tree. */
export async function readPage(page: Page): Promise<readonly Said[]> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send('Accessibility.enable');
    const nodes = await tree(session);
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const found: Said[] = [];
    const walk = (node: TreeNode | undefined): void => {
      if (node === undefined) return;
      const one = said(node);
      const isWhole = !node.ignored && whole.has(one.role);
      const isText = one.role === 'StaticText' && one.name !== '';
      const isPlace = (named.has(one.role) && one.name !== '') || one.isFocusable;
      if (!node.ignored && node.parentId !== undefined && (isWhole || isText || isPlace)) found.push(one);
      if (!isWhole && one.role !== 'StaticText') for (const id of node.childIds ?? []) walk(byId.get(id));
    };
    walk(nodes.find(({ parentId }) => parentId === undefined));
    return found;
  } finally {
    await session.detach();
  }
}

/** The letters and figures of a text; what separates them is said by nobody. */
const bare = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, '').toLowerCase();

/** Pictures of what a sentence beside them says. */
const drawn = '.bar[aria-hidden="true"]';

/** Texts that a person sees on the page. */
function visibleTexts(page: Page): Promise<string[]> {
  return page.evaluate((picture) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts: string[] = [];
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      const text = node.nodeValue?.trim() ?? '';
      if (parent === null || text === '' || parent.closest(`script, style, noscript, .vh, ${picture}`) !== null)
        continue;
      if (!parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (parent.getClientRects().length > 0) texts.push(text);
    }
    return texts;
  }, drawn);
}

/** How often a page is looked at that may just be changing. */
const looksMax = 3;

/**
 * What is wrong with the page for who hears it, one line each: no heading where the screen begins, the focus somewhere
 * else, something to press without a name, words that are only seen.
 */
export async function readerFaults(page: Page, name: string): Promise<string[]> {
  let found: string[] = [];
  for (let looked = 0; looked < looksMax; looked += 1) {
    found = [...(await beginningFaults(page)), ...(await wordFaults(page))];
    if (found.length === 0) return [];
  }
  return found.map((fault) => `${name}: ${fault}`);
}

/** Whether the screen begins with its heading, and the focus is on the screen. */
async function beginningFaults(page: Page): Promise<string[]> {
  const { focus, first } = await page.evaluate(() => {
    const { activeElement: element } = document;
    const main = document.querySelector('main');
    const walker = document.createTreeWalker(main ?? document.body, NodeFilter.SHOW_TEXT);
    let text = walker.nextNode();
    while (text !== null && (text.nodeValue ?? '').trim() === '') text = walker.nextNode();
    const isHeading = text?.parentElement?.closest('h1') !== null;
    const where = `${element?.tagName ?? 'nothing'} ${(element?.textContent ?? '').slice(0, 40)}`;
    return { focus: main?.contains(element) === true ? '' : where, first: isHeading ? '' : (text?.nodeValue ?? '') };
  });
  return [
    ...(focus === '' ? [] : [`the focus is not on the screen but on ${focus}`]),
    ...(first === '' ? [] : [`the screen begins with “${first.trim()}” and not with its heading`]),
  ];
}

/** Controls without a name, and words that are seen and not heard. */
async function wordFaults(page: Page): Promise<string[]> {
  const all = await readPage(page);
  const nameless = all.filter(({ role, name, isFocusable }) => isFocusable && name === '' && role !== 'RootWebArea');
  const heard = bare(all.map((one) => `${one.name} ${one.about} ${one.key}`).join(' '));
  const unheard = [...new Set(await visibleTexts(page))].filter((text) => !heard.includes(bare(text)));
  return [
    ...nameless.map(({ role }) => `a ${role} has no name`),
    ...unheard.map((text) => `“${text}” is seen and not heard`),
  ];
}

/** One line for each thing that is said: `heading 10 月电费`, `button 返回 [Escape]`. */
export async function readLines(page: Page): Promise<string[]> {
  return (await readPage(page)).map(({ role, name, key }) => {
    const what = role === 'StaticText' ? name : `${role} ${name}`;
    return key === '' ? what : `${what} [${key}]`;
  });
}

/** The first of `parts` that is not said after the one before it; undefined when all are said in this order. */
export function outOfOrder(lines: readonly string[], parts: readonly (string | RegExp)[]): string | undefined {
  let from = 0;
  for (const part of parts) {
    const at = lines.findIndex(
      (line, place) => place >= from && (typeof part === 'string' ? line.includes(part) : part.test(line)),
    );
    if (at === -1) return `${String(part)} is not said after line ${from} of:\n${lines.join('\n')}`;
    from = at + 1;
  }
  return undefined;
}

/**
 * From now on the page notes what a screen reader would say by itself: where the focus goes, alerts that appear, and
 * live regions whose words change. A region counts only when it stood there before its words came, as readers have it.
 */
export async function listen(page: Page): Promise<void> {
  await page.evaluate(() => {
    const live = '[aria-live]:not([aria-live="off"]), [role="status"], [role="alert"], [role="log"]';
    const heard: string[] = [];
    const known = new WeakMap<Element, string>();
    const words = (element: Element): string => {
      const copy = element.cloneNode(true) as Element;
      for (const hidden of copy.querySelectorAll('[aria-hidden="true"]')) hidden.remove();
      return (copy.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
    };
    const about = (element: Element): string =>
      (element.getAttribute('aria-describedby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id))
        .map((one) => (one === null ? '' : words(one)))
        .join(' ');
    const look = (isFirst: boolean): void => {
      for (const region of document.querySelectorAll(live)) {
        const now = words(region);
        const before = known.get(region);
        known.set(region, now);
        const isAlert = region.matches('[role="alert"], [aria-live="assertive"]');
        if (isFirst || now === '' || now === before) continue;
        if (before !== undefined || isAlert) heard.push(now);
      }
    };
    look(true);
    new MutationObserver(() => look(false)).observe(document, {
      ...{ childList: true, subtree: true, characterData: true },
      ...{ attributes: true, attributeFilter: ['role', 'aria-live', 'hidden'] },
    });
    document.addEventListener('focusin', ({ target }) => {
      if (target instanceof Element)
        heard.push(`${target.getAttribute('aria-label') ?? words(target)} ${about(target)}`.trim());
    });
    Object.assign(globalThis, { heard });
  });
}

/** What was said by itself since the last time, in order. */
export function takeHeard(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard.splice(0));
}

/** Goes on with Tab until the focus is on `target`; throws when it never comes there. */
export async function tabTo(page: Page, target: string, most = 60): Promise<void> {
  for (let pressed = 0; pressed < most; pressed += 1) {
    const isThere = await page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, target);
    if (isThere) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not come to ${target}`);
}
