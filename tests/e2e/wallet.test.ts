import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alipayStandIn } from '../../mock-server/platforms/alipay/stand-in.ts';
import { bankCardStandIn } from '../../mock-server/platforms/bank-card/stand-in.ts';
import { unionPayStandIn } from '../../mock-server/platforms/unionpay-qr/stand-in.ts';
import { weChatPayStandIn } from '../../mock-server/platforms/wechat-pay/stand-in.ts';
import { payPassword } from '../../mock-server/platforms/stand-in.ts';
import { weChatPay } from '../../server/channels/wechat-pay/definition.ts';
import { openBench } from '../conformance/channels/bench.ts';
import type { OpenBench } from '../conformance/channels/bench.ts';
import { keptKeys } from '../conformance/channels/kept-keys.ts';
import { launchForPages } from '../serial-bench/chromium.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { lookAt } from './support/accessibility.ts';

const folder = join(import.meta.dirname, '../../demo-output/screens');
const calls = { create: 'native', query: 'query', close: 'close', refund: 'refund', queryRefund: 'query-refund' };

/** A person at the wallet page: what a customer does on a phone. */
describe.skipIf(chromiumProblem() !== undefined)('the wallet page', () => {
  let browser: Browser;
  let open: OpenBench;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    browser = await launchForPages();
  });
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    const keys = keptKeys();
    open = await openBench({
      ...{ definition: weChatPay, maker: weChatPayStandIn({ keys }), calls },
      beside: [alipayStandIn(keys), unionPayStandIn(keys), bankCardStandIn],
    });
    page = await browser.newPage({ locale: 'en-GB', viewport: { width: 390, height: 844 } });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
  });
  afterEach(async () => {
    await page.close();
    await open.close();
    expect(problems.splice(0)).toEqual([]);
  });

  async function enter(password: string): Promise<void> {
    for (const digit of password) await page.locator(`.key[data-key="${digit}"]`).click();
  }

  test('a code that waits is opened, a wrong password refused, the right one pays', async () => {
    const attempt = await open.attempt();
    await open.channel.createQr?.(attempt);
    await page.goto(open.platforms.url);
    await page.getByText('四季面馆 午餐').waitFor();
    expect(await lookAt(page, folder, 'wallet-codes')).toEqual([]);
    await page.getByRole('button', { name: /四季面馆/ }).click();
    await enter('111111');
    await page.getByRole('button', { name: 'Pay ¥128.50' }).click();
    await page.getByText('Wrong password').first().waitFor();
    expect(await lookAt(page, folder, 'wallet-password')).toEqual([]);
    await page.keyboard.type(payPassword.slice(1));
    await page.keyboard.press('Enter');
    const typed = (): Promise<string | null> => page.locator('.cells').getAttribute('aria-label');
    await expect.poll(typed, { message: 'five digits pay nothing' }).toContain('5');
    for (let digit = 0; digit < 5; digit += 1) await page.keyboard.press('Backspace');
    await page.keyboard.type(payPassword);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Paid' }).waitFor();
    expect(await lookAt(page, folder, 'wallet-paid')).toEqual([]);
    await open.standIn.settled();
    expect((await open.channel.query(attempt)).kind).toBe('paid');
  });

  test('a code of another wallet is not paid, and the way to the right one is offered', async () => {
    const attempt = await open.attempt();
    await open.channel.createQr?.(attempt);
    await page.goto(open.platforms.url);
    await page.getByText('Alipay', { exact: true }).click();
    await page.getByPlaceholder('Paste or type').fill(open.codeOf(attempt));
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('This is a code of WeChat Pay.').waitFor();
    expect(await lookAt(page, folder, 'wallet-other')).toEqual([]);
    await page.getByRole('button', { name: 'Use WeChat Pay' }).click();
    await page.getByRole('heading', { name: 'Pay 四季面馆' }).waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByPlaceholder('Paste or type').fill('https://example.org/');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('No wallet here knows this code.').waitFor();
  });

  test('a link opens the bill; declining charges nothing and says so', async () => {
    const attempt = await open.attempt();
    const payer = { address: '127.0.0.1', returnUrl: 'http://127.0.0.1/back' };
    const result = await open.channel.createLink?.(attempt, payer);
    if (result?.kind !== 'pending' || result.link === undefined) throw new Error('no link');
    await page.goto(result.link);
    await page.getByRole('heading', { name: 'Pay 四季面馆' }).waitFor();
    await page.getByRole('button', { name: 'Decline' }).click();
    await page.getByText('Nothing was charged.').first().waitFor();
    expect(await page.getByRole('link', { name: 'Back to the merchant' }).getAttribute('href')).toBe(payer.returnUrl);
    expect((await open.channel.query(attempt)).kind).toBe('pending');
  });

  test('a payment code is shown, scanned, asks for the password and is paid', async () => {
    await page.goto(`${open.platforms.url}/#code`);
    await page.getByText('Asks for the password').click();
    await page.locator('.digits').waitFor();
    expect(await lookAt(page, folder, 'wallet-code')).toEqual([]);
    const code = (await page.locator('.digits').innerText()).replaceAll(/\s/g, '');
    const attempt = await open.attempt();
    expect((await open.channel.payByAuthCode?.(attempt, code))?.kind).toBe('pending');
    await page.getByRole('heading', { name: 'Pay 四季面馆' }).waitFor();
    await enter(payPassword);
    await page.getByRole('button', { name: 'Pay ¥128.50' }).click();
    await page.getByRole('heading', { name: 'Paid' }).waitFor();
    expect((await open.channel.query(attempt)).kind).toBe('paid');
  });

  test('a fault is planned in Chinese and shows', async () => {
    await page.goto(`${open.platforms.url}/#faults`);
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('combobox').selectOption('answer-lost');
    await page.getByRole('button', { name: '安排这个故障' }).click();
    await page.getByText('还剩 1 次').waitFor();
    expect(await lookAt(page, folder, 'wallet-faults')).toEqual([]);
    expect((await open.channel.createQr?.(await open.attempt()))?.kind).toBe('unknown');
    await page.getByText('没有安排故障').waitFor();
  });
});
