import type { Browser, BrowserContext, Page } from 'playwright-core';
import { simulatedCards } from '../mock-server/platforms/bank-card/cards.ts';
import { payPassword } from '../mock-server/platforms/stand-in.ts';
import { TerminalPage } from '../tests/e2e/support/terminal-screen.ts';
import type { TerminalKey } from '../tests/e2e/support/terminal-screen.ts';
import { payBill } from './demo-bill.ts';
import { demoPeople, demoTerminals } from './demo-data.ts';
import type { PictureBook } from './demo-pictures.ts';
import type { Story } from './demo-story.ts';
import type { Stack } from './stack.ts';

/** What the part at the counter works with. */
export interface CounterDemo {
  readonly stack: Stack;
  /** A browser without a serial port: the terminal's device is on a simulated cable. */
  readonly browser: Browser;
  readonly pictures: PictureBook;
  readonly story: Story;
}

/** Shops and their customers have the same time, wherever the demo runs. */
const timezoneId = 'Asia/Shanghai';
const desktop = { locale: 'zh-CN', timezoneId, viewport: { width: 1440, height: 900 } };
const screenSize = { width: 480, height: 800 };
const walletSize = { width: 390, height: 844 };

/** The demo's terminal that works: the one at a counter. */
function counterTerminal(): (typeof demoTerminals)[number] {
  const terminal = demoTerminals.find(({ label }) => label === 'E1-01');
  if (terminal === undefined) throw new Error('The demo data have no terminal at a counter');
  return terminal;
}

/** Signs somebody of the demo in, in a browser profile of their own, and opens `path`. */
async function enterAs(
  { stack, browser }: CounterDemo,
  role: 'merchant' | 'operator',
  path: string,
): Promise<{ page: Page; context: BrowserContext }> {
  const { merchant } = counterTerminal();
  const person = demoPeople.find((one) => one.role === role && (role === 'operator' || one.merchant === merchant));
  const context = await browser.newContext(desktop);
  const page = await context.newPage();
  await page.request.post(`${stack.url}/api/demo/sign-in`, { data: { email: person?.email } });
  await page.goto(stack.url + path);
  await page.locator('h1').first().waitFor({ state: 'attached' });
  return { page, context };
}

/** Opens the terminal's app and pairs it with its device, by a code of the office. */
async function openTerminal({ stack, browser }: CounterDemo): Promise<TerminalPage> {
  const { serial } = counterTerminal();
  const page = await (await browser.newContext({ locale: 'zh-CN', timezoneId, viewport: screenSize })).newPage();
  const { services, core } = stack.server.context;
  const terminal = new TerminalPage(page, {
    ...{ origin: stack.url, benchUrl: stack.terminals.url, serial },
    activationCode: async () => {
      const { id } = await core.db
        .selectFrom('terminals')
        .select('id')
        .where('serial', '=', serial)
        .executeTakeFirstOrThrow();
      const made = await services.terminalApps.makeCode(undefined, id);
      if (!made.ok) throw new Error(`No activation code: ${made.error}`);
      return made.value.code;
    },
  });
  await terminal.pair();
  await terminal.press('power');
  return terminal;
}

/** From the channel list to confirming an amount. */
async function ask(terminal: TerminalPage, channelKey: TerminalKey, amount: string): Promise<void> {
  await terminal.toAmount(channelKey);
  await terminal.amount(amount);
  await terminal.press('confirm');
}

/** The customer opens the code in the simulated wallet, in each language for a picture, and pays. */
async function payInWallet({ stack, browser, pictures }: CounterDemo, code: string, picture?: string): Promise<void> {
  const address = `${stack.platforms.url}/?code=${encodeURIComponent(code)}`;
  for (const [language, locale] of [
    ['en', 'en-GB'],
    ['zh', 'zh-CN'],
  ] as const) {
    if (language === 'en' && picture === undefined) continue;
    const context = await browser.newContext({ locale, timezoneId, viewport: walletSize });
    const page = await context.newPage();
    await page.goto(address);
    await page.locator('.cells').waitFor();
    await page.keyboard.type(payPassword);
    if (picture !== undefined) await pictures.snap(page, picture, '390', language);
    if (language === 'zh') {
      await page.keyboard.press('Enter');
      await page.locator('.cells').waitFor({ state: 'detached' });
    }
    await context.close();
  }
}

/** Prints both copies, with a picture of the first one, and goes back to the channel list. */
async function receipt({ pictures }: CounterDemo, terminal: TerminalPage, language: 'zh' | 'en'): Promise<void> {
  await terminal.stage('paid').waitFor();
  await terminal.press('confirm');
  await terminal.page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
  await pictures.snap(terminal.page, 'terminal-receipt', '480', language);
  await terminal.press('confirm');
  await terminal.page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
  await terminal.press('confirm');
  await terminal.screen('channels').waitFor();
}

async function byCode(demo: CounterDemo, terminal: TerminalPage, board: Page): Promise<void> {
  const { pictures, story } = demo;
  const { label } = counterTerminal();
  await pictures.take(terminal.page, 'terminal-channels', () => terminal.anchor('channel-wechat-pay').waitFor(), '480');
  await ask(terminal, '1', '128.50');
  const code = await terminal.codeText();
  story.tell('WeChat Pay, ¥128.50: the code stands on the screen');
  await pictures.take(terminal.page, 'terminal-code', () => terminal.codeText(), '480');
  const paying = board.getByTestId(`board-${label}`).getByText('¥128.50').last();
  await pictures.take(board, 'office-board', () => paying.waitFor(), '1440');
  await payInWallet(demo, code, 'wallet-pay');
  await terminal.stage('paid').waitFor();
  story.tell('the customer has paid in the wallet, and the terminal says so');
  await pictures.take(terminal.page, 'terminal-paid', () => terminal.stage('paid').waitFor(), '480');
  await pictures.speak(terminal.page, 'zh');
  await receipt(demo, terminal, 'zh');
  await ask(terminal, '2', '36.80');
  await payInWallet(demo, await terminal.codeText());
  await terminal.finish();
  story.tell('Alipay, ¥36.80: paid and printed');
}

async function byCard(demo: CounterDemo, terminal: TerminalPage): Promise<void> {
  const [card] = simulatedCards;
  await demo.pictures.speak(terminal.page, 'en');
  await ask(terminal, '3', '312.80');
  await terminal.payByCard(card?.id ?? '', card?.pin ?? '');
  await receipt(demo, terminal, 'en');
  demo.story.tell('bank card, ¥312.80: PIN on the device’s own keypad, paid and printed');
}

/** The merchant sees what came in, and one payment's story. */
async function seeToday({ pictures, story }: CounterDemo, page: Page): Promise<void> {
  const rows = page.getByRole('row').filter({ hasText: '312.80' });
  await rows.first().waitFor({ timeout: 10_000 });
  story.tell('all three stand in the merchant’s day, without a reload');
  await pictures.take(page, 'merchant-today', () => rows.first().waitFor());
  await rows.first().click();
  const told = page.getByTestId('story').locator('.final').first();
  await told.waitFor();
  await pictures.take(page, 'merchant-story', () => told.waitFor());
}

/** The third part of the demo: a day at the counter, from the power key to the receipt and the merchant's books. */
export async function takePayments(demo: CounterDemo): Promise<void> {
  const { story } = demo;
  const merchant = await enterAs(demo, 'merchant', '/merchant/today');
  const board = await enterAs(demo, 'operator', '/office/board');
  const terminal = await openTerminal(demo);
  story.tell(`${counterTerminal().label} is paired with its device and switched on`);
  await byCode(demo, terminal, board.page);
  await byCard(demo, terminal);
  await seeToday(demo, merchant.page);
  await payBill({ ...demo, terminal });
  for (const { context } of [merchant, board]) await context.close();
  await terminal.page.context().close();
}
