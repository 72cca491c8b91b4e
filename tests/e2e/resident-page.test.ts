import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TerminalMessage } from '../../protocol/phone-link/messages.ts';
import type { GuestState, LinkFailure } from '../../src/phone-link/contract.ts';
import { launchChromium } from '../serial-bench/chromium.ts';
import { DocumentSigner, octoberBill, quoteOf, receiptOf } from '../unit/resident/make.ts';
import { lookAt } from './support/accessibility.ts';
import type { FakeTerminal } from './support/resident/fake-page.ts';
import { fakeSite } from './support/resident/fake-site.ts';
import type { FakeSite } from './support/resident/fake-site.ts';

declare const fake: FakeTerminal;

const hash = 'A'.repeat(64);
const joined: GuestState = { phase: 'joined', carrier: 'rtc', digits: '47' };
const signer = new DocumentSigner();
const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(Date.now());
const quote = quoteOf({}, today);
const receipt = signer.sign('receipt', receiptOf(quote));
const token = 'token-1';
const account = '6221558812340000';
const pin = '246813';

let site: FakeSite;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  [site, browser, folder] = await Promise.all([
    fakeSite(),
    launchChromium(),
    mkdtemp(join(tmpdir(), 'resident-looks-')),
  ]);
  site.api.set('/api/fees/keys', { keys: [signer.listed] });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function context(locale = 'zh-CN'): Promise<BrowserContext> {
  const made = await browser.newContext({ locale, viewport: { width: 390, height: 844 } });
  await made.grantPermissions(['clipboard-read', 'clipboard-write']);
  return made;
}

async function open(where: BrowserContext): Promise<Page> {
  const page = await where.newPage();
  await page.goto(`${site.origin}/l#${hash}`);
  return page;
}

const say = (page: Page, message: TerminalMessage): Promise<void> => page.evaluate((said) => fake.say(said), message);
const link = (page: Page, state: GuestState): Promise<void> => page.evaluate((next) => fake.link(next), state);

async function showBill(page: Page, shown = quote, confirm = false): Promise<void> {
  await link(page, joined);
  await say(page, { type: 'bill', quote: signer.sign('quote', shown), confirm });
  await page.getByTestId('pay').waitFor();
}

/** Presses the act, and gives the payment that the terminal was asked for. */
async function pressPay(page: Page): Promise<string> {
  await page.getByTestId('pay').click();
  await page.waitForFunction(() => fake.sent.at(-1)?.type === 'choose');
  return page.evaluate(() => {
    const last = fake.sent.at(-1);
    return last?.type === 'choose' ? last.payId : '';
  });
}

async function goAway(page: Page): Promise<string> {
  const payId = await pressPay(page);
  await say(page, { type: 'pay', payId, url: 'https://wallet.example/pay', token });
  await page.getByTestId('checking').waitFor();
  return payId;
}

/** The wallet was closed, the page is seen again. */
async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.locator('[data-testid="checking"][data-step="checking"]').waitFor();
}

/** Every state of the page, one after the other. */
async function everyState(locale: string): Promise<string[]> {
  const where = await context(locale);
  const found: string[] = [];
  const name = (state: string): string => `${state}-${locale}`;
  const page = await open(where);
  found.push(...(await lookAt(page, folder, name('opening'))));
  await showBill(page, quote, true);
  found.push(...(await lookAt(page, folder, name('confirm'))));
  await say(page, { type: 'confirmed' });
  await say(page, { type: 'stage', stage: 'refused', reason: 'being-paid' });
  await page.getByTestId('refusal-being-paid').waitFor();
  found.push(...(await lookAt(page, folder, name('refused'))));
  const payId = await goAway(page);
  await comeBack(page);
  found.push(...(await lookAt(page, folder, name('checking'))));
  await say(page, { type: 'stage', payId, stage: 'paid', receipt, print: 'printing' });
  await page.getByTestId('paid').waitFor();
  found.push(...(await lookAt(page, folder, name('paid'))));
  await page.getByTestId('keep-receipt').click();
  await page.getByTestId('pin').waitFor();
  found.push(...(await lookAt(page, folder, name('profile-new'))));
  await page.getByTestId('pin').fill(pin);
  await page.getByTestId('pin-again').fill(pin);
  await page.getByTestId('make-pin').click();
  await page.getByTestId('keep').click();
  await page.getByTestId('profile-news').waitFor();
  found.push(...(await lookAt(page, folder, name('profile'))));
  await page.close();
  const other = await open(where);
  await link(other, { phase: 'over', carrier: 'none', failure: 'two-phones' });
  await other.getByTestId('over').waitFor();
  found.push(...(await lookAt(other, folder, name('two-phones'))));
  await where.close();
  return found;
}

describe('the resident’s page', () => {
  test.each(['zh-CN', 'en-GB'])(
    'every state passes axe at both sizes, and none is wider than its window: %s',
    async (locale) => {
      expect(await everyState(locale)).toEqual([]);
    },
  );

  test('takes the code out of the address at once, and keeps nothing in the phone', async () => {
    const where = await context();
    const page = await open(where);
    await showBill(page);
    expect(await page.evaluate(() => location.href)).toBe(`${site.origin}/l`);
    expect(await page.evaluate(() => fake.hash)).toBe(hash);
    expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, '']);
    await where.close();
  });

  test('another code opened in the same tab begins anew with it', async () => {
    const where = await context();
    const page = await open(where);
    const other = [...hash].toReversed().join('');
    await page.evaluate((code) => {
      location.hash = code;
    }, other);
    await page.waitForFunction((code) => fake.hash === code, other);
    expect(await page.evaluate(() => location.href)).toBe(`${site.origin}/l`);
    await where.close();
  });

  test('pays, comes back, is not moved by words, and shows the receipt that the server gives when the terminal is gone', async () => {
    const where = await context();
    const page = await open(where);
    await showBill(page);
    const payId = await goAway(page);
    expect(await page.evaluate(() => fake.left)).toEqual(['https://wallet.example/pay']);
    await comeBack(page);
    await say(page, { type: 'stage', payId, stage: 'paid' });
    await say(page, { type: 'stage', payId, stage: 'paid', receipt: { ...receipt, signature: 'A'.repeat(86) } });
    await page.getByTestId('checking').waitFor();
    expect(await page.getByTestId('paid').count()).toBe(0);
    site.api.set(`/api/fees/results/${token}`, { stage: 'paid', receipt });
    await link(page, { phase: 'over', carrier: 'none', failure: 'no-connection' });
    await page.getByTestId('paid').waitFor();
    site.api.delete(`/api/fees/results/${token}`);
    // Once more after a reload, and as a picture.
    await page.reload();
    await page.getByTestId('paid').waitFor();
    const download = page.waitForEvent('download');
    await page.getByTestId('picture').click();
    expect((await download).suggestedFilename()).toBe('TK-1124-0317.png');
    await where.close();
  });

  test('a reload while away goes on with checking; the way back without a bill says so', async () => {
    const where = await context();
    const page = await open(where);
    await showBill(page);
    await goAway(page);
    await page.goto(`${site.origin}/l?back=1`);
    await page.locator('[data-testid="checking"]').waitFor();
    expect(await page.evaluate(() => location.href)).toBe(`${site.origin}/l`);
    await page.close();
    const lost = await where.newPage();
    await lost.goto(`${site.origin}/l?back=1`);
    expect(await lost.getByTestId('over').getAttribute('data-reason')).toBe('lost-back');
    await where.close();
  });

  test('a second tab with the same code does not join', async () => {
    const where = await context();
    await showBill(await open(where));
    const second = await open(where);
    await second.getByTestId('over').waitFor();
    expect(await second.getByTestId('over').getAttribute('data-reason')).toBe('other-tab');
    await where.close();
  });

  test.each([
    'expired',
    'used',
    'not-this-terminal',
    'separated',
    'no-connection',
  ] as const satisfies readonly LinkFailure[])('%s is said', async (failure) => {
    const where = await context('en-GB');
    const page = await open(where);
    await link(page, { phase: 'over', carrier: 'none', failure });
    expect(await page.getByTestId('over').getAttribute('data-reason')).toBe(failure);
    await where.close();
  });

  test('a forged bill is never shown', async () => {
    const where = await context();
    const page = await open(where);
    await link(page, joined);
    await say(page, { type: 'bill', quote: new DocumentSigner('k1').sign('quote', quote), confirm: false });
    await page.locator('[data-reason="forged"]').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('156.68');
    await where.close();
  });

  test('text at 200 % on the narrowest phone cuts nothing off', async () => {
    const where = await context('en-GB');
    const page = await open(where);
    await page.setViewportSize({ width: 320, height: 1200 });
    const session = await where.newCDPSession(page);
    await session.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 32 } });
    await showBill(
      page,
      quoteOf({ bills: [octoberBill, { ...octoberBill, billId: octoberBill.billId.replace('11', '12') }] }, today),
    );
    const cut = await page.evaluate(() => {
      const root = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      const visible = [...document.querySelectorAll<HTMLElement>('#app *')].filter((one) => !one.closest('.vh, svg'));
      const wide = visible.filter(
        (one) => one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 2,
      );
      const blocks = wide.filter((one) => getComputedStyle(one).display !== 'inline');
      return {
        root,
        scroll: document.documentElement.scrollWidth,
        wide: blocks.map((one) => one.outerHTML.slice(0, 120)),
      };
    });
    expect(cut).toEqual({ root: 44, scroll: 320, wide: [] });
    await where.close();
  });

  test('no request and no message has anything of the profile; the account goes only encrypted', async () => {
    const where = await context();
    const sent: string[] = [];
    where.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
    const page = await open(where);
    const { n: modulus = '', e: exponent = '' } = await bankKey();
    const channels = [
      { code: 'bank', name: { zh: '银联', en: 'UnionPay' }, account: { certId: '1', modulus, exponent } },
    ];
    await showBill(page, quoteOf({ channels }, today));
    await page.getByTestId('mine').click();
    await page.getByTestId('pin').fill(pin);
    await page.getByTestId('pin-again').fill(pin);
    await page.getByTestId('make-pin').click();
    await page.getByTestId('name').fill('王阿姨');
    await page.getByTestId('household-0').fill('31761234');
    await page.getByTestId('own-account').fill(account);
    await page.getByTestId('save').click();
    await page.getByTestId('use-account').click();
    await pressPay(page);
    const messages = await page.evaluate(() => JSON.stringify(fake.sent));
    expect(messages).toMatch(/"ciphertext":"[A-Za-z0-9+/]{342}=="/);
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    for (const secret of [account, '31761234', '王阿姨', pin]) {
      expect(
        [...sent, messages, kept].filter((text) => text.includes(secret) || text.includes(encodeURIComponent(secret))),
      ).toEqual([]);
    }
    await where.close();
  });
});

async function bankKey(): Promise<JsonWebKey> {
  const algorithm = { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['encrypt', 'decrypt']);
  return crypto.subtle.exportKey('jwk', pair.publicKey);
}
