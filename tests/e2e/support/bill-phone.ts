import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import decodeQr from 'qr/decode.js';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { TerminalPage } from './terminal-screen.ts';

/** What a household is asked for by: number and digits. */
export interface Household {
  readonly number: string;
  readonly secret: string;
}

/** The household of the demo whose bills are asked for when no other is named. */
export const demoHousehold: Household = { number: '20260003176', secret: '1203' };

/** A resident's phone. */
export const residentPhone = {
  viewport: { width: 390, height: 844 },
  locale: 'zh-CN',
  timezoneId: 'Asia/Shanghai',
} as const satisfies BrowserContextOptions;

/** From the channel list to a code: service, number, digits, the oldest bill. */
export async function askForBill(terminal: TerminalPage, service: string, household?: Household): Promise<void> {
  await openBill(terminal, service, household);
  await terminal.anchor('qr').waitFor();
}

/** From the channel list to the oldest bill, whether or not it has a code. */
export async function openBill(
  terminal: TerminalPage,
  service: string,
  { number, secret }: Household = demoHousehold,
): Promise<void> {
  await terminal.toHousehold(service, number, secret);
  await terminal.feeScreen('household').waitFor();
  await terminal.anchor('fee-pay').click();
  await terminal.feeScreen('bills').or(terminal.feeStage('code')).first().waitFor();
  if (await terminal.feeScreen('bills').isVisible()) await terminal.press('confirm');
  await terminal.feeStage('code').waitFor();
}

/** Reads the code off the terminal's screen as a camera would. */
export async function scanBill(terminal: TerminalPage, browser: Browser): Promise<string> {
  // A page of no site: the terminal's own reads no pictures from anywhere.
  const page = await browser.newPage();
  const picture = await terminal.anchor('qr').screenshot();
  const { data, width, height } = await page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
    return { data: [...pixels.data], width: pixels.width, height: pixels.height };
  }, picture.toString('base64'));
  await page.close();
  return decodeQr({ data: Uint8ClampedArray.from(data), width, height });
}

/** Chooses a way to pay on the bill's page, and goes to the wallet. */
export async function chooseWay(phone: Page, channel: string): Promise<void> {
  await phone.locator(`input[name="way"][value="${channel}"]`).check({ force: true });
  await phone.getByTestId('pay').click();
}

/** In the wallet on the phone: password, pay, back to the bill's page. */
export async function payOnPhone(phone: Page): Promise<void> {
  const pay = phone.getByRole('button', { name: /^支付 ¥/ });
  await pay.waitFor();
  await phone.keyboard.type(payPassword);
  await pay.click();
  await phone.getByRole('link', { name: '回到商户页面' }).click();
}
