import { describe, expect, test } from 'vitest';
import { payPassword } from '../../mock-server/platforms/stand-in.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import { Demo } from './support/demo.ts';
import { openForTests } from './support/shared.ts';
import { placeInStack, TerminalPage } from './support/terminal-screen.ts';

const serial = 'QT60-2551-00301';
/** The household that the demo's documents tell of. */
const household = { number: '20260003176', secret: '1203' };

let demo: Demo;

async function openTerminal(locale: string): Promise<TerminalPage> {
  const context = await demo.browser.newContext({ viewport: { width: 480, height: 800 }, locale });
  const terminal = new TerminalPage(await context.newPage(), placeInStack(demo.stack, serial));
  await terminal.pair();
  await terminal.press('power');
  return terminal;
}

/** Whoever stands at the terminal scans the channel's code with their wallet, and pays. */
async function payCode(code: string): Promise<void> {
  for (const standIn of demo.stack.platforms.standIns.values()) {
    const { result } = await standIn.wallet({ code, act: 'pay', password: payPassword });
    if (result !== 'not-mine') return expect(result).toBe('paid');
  }
  throw new Error(`No wallet knows ${code}`);
}

/** What is wrong with the screen as it is: faults that axe-core finds, and anything that is cut off at the side. */
async function faults(terminal: TerminalPage, name: string): Promise<string[]> {
  const { page } = terminal;
  const found = (await accessibilityProblems(page)).map((problem) => `${name}: ${problem}`);
  found.push(...(await cutWords(terminal, name)));
  const over = await page.evaluate(() => {
    const device = document.querySelector('.device');
    return (device?.scrollWidth ?? 0) - (device?.clientWidth ?? 0);
  });
  return over > 0 ? [...found, `${name}: ${over} px wider than the screen`] : found;
}

/** Words that are cut off at these sizes of text: by a box that hides what does not fit, or at the screen's side. */
async function cutWords(terminal: TerminalPage, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const scale of ['1.364', '2']) {
    const cut = await terminal.page.evaluate((value) => {
      const root = document.documentElement;
      const before = root.style.getPropertyValue('--text-scale');
      root.style.setProperty('--text-scale', value);
      const device = document.querySelector('.device');
      const edge = device?.getBoundingClientRect().right ?? innerWidth;
      const texts: string[] = [];
      for (const element of device?.querySelectorAll<HTMLElement>('*') ?? []) {
        const words = [...element.childNodes].filter(
          (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim(),
        );
        if (words.length === 0 || element.closest('.vh, [aria-hidden="true"]') !== null) continue;
        const style = getComputedStyle(element);
        const hides = style.overflow !== 'visible' && style.textOverflow !== 'ellipsis';
        const isCut =
          hides && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1);
        if (isCut || element.getBoundingClientRect().right > edge + 1) texts.push(element.innerText.slice(0, 40));
      }
      if (before === '') root.style.removeProperty('--text-scale');
      else root.style.setProperty('--text-scale', before);
      return texts;
    }, scale);
    found.push(...cut.map((text) => `${name} at ${scale}: ${text}`));
  }
  return found;
}

const languages = [
  { locale: 'zh-CN', service: 'electricity' },
  { locale: 'en-GB', service: 'property' },
] as const;

describe('bills at the terminal', () => {
  openForTests({
    problem: chromiumProblem(),
    open: async () => (demo = await Demo.open('fees')),
    close: () => demo.close(),
    tidy: () => demo.closePages(),
  });

  test.each(languages)('are looked at and paid by the keypad alone, in $locale', async ({ locale, service }) => {
    const terminal = await openTerminal(locale);
    await terminal.anchor('channel-fees').waitFor();
    await terminal.toHousehold(service, household.number, '9999');
    await terminal.feeScreen('number').waitFor();
    const found = await faults(terminal, 'wrong');
    await terminal.press('cancel');
    await terminal.feeScreen('services').waitFor();
    await terminal.press('cancel');
    await terminal.toHousehold(service, household.number, household.secret);
    await terminal.feeScreen('household').waitFor();
    found.push(...(await faults(terminal, 'household')));
    for (const look of ['months', 'receipts'] as const) {
      await terminal.press(await terminal.keyOf(`fee-${look}`));
      await terminal.feeScreen(look).waitFor();
      found.push(...(await faults(terminal, look)));
      await terminal.press('cancel');
      await terminal.feeScreen('household').waitFor();
    }
    await terminal.press('confirm');
    await terminal.feeScreen('bills').waitFor();
    found.push(...(await faults(terminal, 'bills')));
    await terminal.press('confirm');
    await terminal.feeStage('code').waitFor();
    await terminal.anchor('qr').waitFor();
    expect(await terminal.codeText()).toMatch(/\/l#[A-Za-z0-9_-]{64}$/);
    found.push(...(await faults(terminal, 'code')));
    await terminal.press('2');
    await terminal.page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
    const sum = Number(await terminal.anchor('fee-sum').getAttribute('data-fen'));
    await terminal.press('1');
    await terminal.feeScreen('ways').waitFor();
    found.push(...(await faults(terminal, 'ways')));
    await terminal.press('1');
    await terminal.feeStage('qr').waitFor();
    found.push(...(await faults(terminal, 'qr')));
    // The power fails and comes back: the code that can still be paid stands there again.
    await terminal.anchor('qr').waitFor();
    const code = await terminal.codeText();
    await terminal.page.reload();
    await terminal.feeStage('qr').waitFor();
    await expect.poll(() => terminal.codeText()).toBe(code);
    await payCode(code);
    await terminal.feeStage('paid').waitFor();
    await terminal.page.locator('[data-testid="print-state"]:not([data-s="busy"])').waitFor();
    found.push(...(await faults(terminal, 'paid')));
    const receiptNo = (await terminal.anchor('receipt-no').textContent()) ?? '';
    const { rows } = await demo.stack.server.context.store.pool.query<{ fen: string }>(
      `select total_fen::text as fen from fee_receipts where receipt_no = $1 and kind = 'payment'`,
      [receiptNo],
    );
    expect(rows).toEqual([{ fen: String(sum) }]);
    await terminal.press('confirm');
    await terminal.screen('channels').waitFor();
    expect(found).toEqual([]);
  });
});
