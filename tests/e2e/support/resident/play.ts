import type { Page } from 'playwright-core';
import type { SignedDocument } from '../../../../protocol/fees/documents.ts';
import type { TerminalMessage } from '../../../../protocol/phone-link/messages.ts';
import type { GuestState } from '../../../../src/phone-link/contract.ts';
import { type DocumentSigner, wayOf } from '../../../unit/resident/make.ts';
import type { FakeTerminal } from './fake-page.ts';

declare const fake: FakeTerminal;

/** The code that the page was opened with. */
export const codeHash = 'A'.repeat(64);

/** A phone that has joined. */
export const joined: GuestState = { phase: 'joined', carrier: 'rtc', digits: '47' };

/** The terminal says something. */
export const say = (page: Page, message: TerminalMessage): Promise<void> =>
  page.evaluate((said) => fake.say(said), message);

/** The link to the terminal changes. */
export const link = (page: Page, state: GuestState): Promise<void> => page.evaluate((next) => fake.link(next), state);

/** The link opens and the terminal sends a bill. `confirm`: the digits must be confirmed there first. */
export async function sendBill(page: Page, quote: SignedDocument, confirm: boolean): Promise<void> {
  await link(page, joined);
  await say(page, { type: 'bill', quote, confirm });
  await page.getByTestId('pay').waitFor();
}

/** Presses the act, by finger or in whatever way `press` does, and gives the payment that the terminal was asked for. */
export async function pressPay(page: Page, press = () => page.getByTestId('pay').click()): Promise<string> {
  const before = await page.evaluate(() => fake.sent.length);
  await press();
  await page.waitForFunction((count) => fake.sent.slice(count).at(-1)?.type === 'choose', before);
  return page.evaluate(() => {
    const last = fake.sent.at(-1);
    return last?.type === 'choose' ? last.payId : '';
  });
}

/** The terminal sends the phone to the wallet, as `signer` has signed it. */
export function sendAway(page: Page, signer: DocumentSigner, payId: string, token: string): Promise<void> {
  const way = signer.sign('way', wayOf(payId, { url: 'https://wallet.example/pay', token }));
  return say(page, { type: 'pay', payId, way });
}

/** Pays, and is sent to the wallet. */
export async function goAway(page: Page, signer: DocumentSigner, token: string): Promise<string> {
  const payId = await pressPay(page);
  await sendAway(page, signer, payId, token);
  await page.getByTestId('checking').waitFor();
  return payId;
}

/** The wallet was closed, the page is seen again. */
export async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.locator('[data-testid="checking"][data-step="checking"]').waitFor();
}
