import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { simulatedCards } from '../../mock-server/platforms/bank-card/cards.ts';
import { payPassword } from '../../mock-server/platforms/stand-in.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { Demo } from './support/demo.ts';
import { slipsWith } from './support/payments.ts';
import { openForTests } from './support/shared.ts';
import { placeInStack, TerminalPage } from './support/terminal-screen.ts';

const serial = 'QT60-2551-00301';
const problem = chromiumProblem();

/** What `npm start` starts, used as its README says: the shop's screen, the customer's wallet page, the merchant's app. */
describe.skipIf(problem !== undefined)('the three seed flows on what npm start starts', () => {
  let demo: Demo;
  let terminal: TerminalPage;
  let merchant: Page;

  async function open(): Promise<void> {
    demo = await Demo.open('flows');
    const { stack, browser } = demo;
    const page = await browser.newPage({ viewport: { width: 480, height: 800 }, locale: 'zh-CN' });
    terminal = new TerminalPage(page, placeInStack(stack, serial));
    await terminal.pair();
    merchant = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' });
    await merchant.request.post(`${stack.url}/api/demo/sign-in`, { data: { email: 'zhao@demo.invalid' } });
    await merchant.goto(`${stack.url}/merchant/today`);
    await merchant.locator('h1').first().waitFor();
  }
  openForTests({ open, close: () => demo.close() });

  /** The customer's wallet page, opened with what the terminal's code says. */
  async function payInWallet(code: string): Promise<void> {
    const wallet = await demo.browser.newPage({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' });
    await wallet.goto(`${demo.stack.platforms.url}/?code=${encodeURIComponent(code)}`);
    const pay = wallet.getByRole('button', { name: /^支付 ¥/ });
    await pay.waitFor();
    await wallet.keyboard.type(payPassword);
    await pay.click();
    await terminal.stage('paid').waitFor();
    await wallet.close();
  }

  /** The merchant's page, open all the time, shows the amount without being asked. */
  async function expectInHistory(amount: string): Promise<void> {
    const row = merchant.getByRole('row').filter({ hasText: amount });
    await row.first().waitFor();
  }

  /** Both copies hang out of the device's own printer. */
  function expectSlips(amount: string): void {
    expect(slipsWith(amount, demo.stack.terminals.device(serial).firmware?.printer)).toEqual([
      expect.stringContaining('商户联'),
      expect.stringContaining('顾客联'),
    ]);
  }

  test.each([
    ['WeChat Pay', '1', '128.50'],
    ['Alipay', '2', '36.80'],
  ] as const)('%s by dynamic code', async (_name, key, amount) => {
    await terminal.press('power');
    await terminal.toAmount(key);
    await terminal.amount(amount);
    await terminal.press('confirm');
    await terminal.anchor('qr').waitFor();
    await payInWallet(await terminal.codeText());
    await expectInHistory(amount);
    await terminal.finish();
    expectSlips(amount);
    await terminal.press('power');
    await terminal.screen('off').waitFor();
  });

  test('bank card with PIN', async () => {
    const [card] = simulatedCards;
    await terminal.press('power');
    await terminal.toAmount('3');
    await terminal.amount('312.80');
    await terminal.press('confirm');
    await terminal.payByCard(card?.id ?? '', card?.pin ?? '');
    await terminal.stage('paid').waitFor();
    await expectInHistory('312.80');
    await terminal.finish();
    expectSlips('312.80');
  });
});
