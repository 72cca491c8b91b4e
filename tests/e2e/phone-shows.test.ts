import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { BillFlow } from './support/bill-flow.ts';
import { openForTests } from './support/shared.ts';

const problem = chromiumProblem();

/** The other direction: the phone shows a code, and the terminal scans it. */
describe.skipIf(problem !== undefined)('a phone that shows its code to the terminal', () => {
  let flow: BillFlow;

  openForTests({ open: async () => (flow = await BillFlow.open()), close: () => flow.close() });

  /** As a scanner does that acts as a keyboard: fast, with Enter behind. */
  async function scanAsKeyboard(text: string): Promise<void> {
    await flow.terminal.page.evaluate((whole) => {
      for (const key of [...whole, 'Enter'])
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    }, text);
  }

  const scanSays = (what: string) =>
    flow.terminal.page.locator(`[data-testid="scan-state"][data-code="${what}"]`).waitFor();

  async function codeOf(phone: Page): Promise<string> {
    return (await phone.getByTestId('own-code').getAttribute('data-text')) ?? '';
  }

  test('the bill opens on the phone that was scanned, with the same digits; a code is good once', async () => {
    await flow.askForBill('electricity');
    await flow.terminal.anchor('scan-phone').click();
    await flow.terminal.feeScreen('scan-phone').waitFor();
    await scanAsKeyboard('https://till.example/l#286912345678901234');
    await scanSays('not-a-phone');

    const phone = await flow.phone(`${flow.stack.url}/l`);
    await phone.getByTestId('show').click();
    const code = await codeOf(phone);
    expect(code).toMatch(/\/l#~[A-Za-z0-9_-]{64}$/);
    await scanAsKeyboard(code);
    await phone.getByTestId('pay').waitFor();
    await flow.billAt('digits').waitFor();
    const digits = async (page: Page): Promise<string> => (await page.locator('.digits b').allTextContents()).join('');
    await expect.poll(() => digits(phone)).toBe(await digits(flow.terminal.page));

    // The phone is sent away; its old code was answered once and is not answered again.
    await flow.terminal.press('cancel');
    await phone.locator('[data-testid="over"][data-reason="not-same"]').waitFor();
    await flow.billAt('code').waitFor();
    await flow.terminal.press('3');
    await flow.terminal.feeScreen('scan-phone').waitFor();
    await flow.terminal.page.clock.runFor(1_000);
    await scanAsKeyboard(code);
    await scanSays('answered');
  });
});
