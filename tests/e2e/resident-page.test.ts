import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LinkFailure } from '../../src/phone-link/contract.ts';
import { launchForPages } from '../serial-bench/chromium.ts';
import { DocumentSigner, octoberBill, quoteOf, receiptOf } from '../unit/resident/make.ts';
import { lookAt } from './support/accessibility.ts';
import { addAuthenticator } from './support/passkey.ts';
import type { FakeTerminal } from './support/resident/fake-page.ts';
import { fakeSite } from './support/resident/fake-site.ts';
import {
  codeHash,
  comeBack,
  goAway,
  joined,
  link,
  pressPay,
  say,
  sendAway,
  sendBill,
} from './support/resident/play.ts';
import { listen, outOfOrder, readerFaults, readLines, tabTo, takeHeard } from './support/screen-reader.ts';
import type { PageSite } from './support/built-page.ts';

declare const fake: FakeTerminal;

const signer = new DocumentSigner();
const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(Date.now());
const quote = quoteOf({}, today);
const receipt = signer.sign('receipt', receiptOf(quote));
const token = 'token-1';
/** Where the server says what became of the payment. */
const result = `/api/fees/results/${token}`;
const account = '6221558812340000';
const pin = '246813';

let site: PageSite;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  [site, browser, folder] = await Promise.all([
    fakeSite(),
    launchForPages(),
    mkdtemp(join(tmpdir(), 'resident-looks-')),
  ]);
  site.api.set('/api/fees/keys', { keys: [signer.listed] });
});
afterEach(async () => {
  site.api.delete(result);
  for (const context of browser.contexts()) await context.close();
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
  await page.goto(`${site.origin}/l#${codeHash}`);
  return page;
}

const showBill = (page: Page, shown = quote, confirm = false): Promise<void> =>
  sendBill(page, signer.sign('quote', shown), confirm);

/** Every state of the page, one after the other. */
async function everyState(locale: string): Promise<string[]> {
  const where = await context(locale);
  const found: string[] = [];
  const look = async (where: Page, state: string): Promise<void> => {
    found.push(...(await lookAt(where, folder, `${state}-${locale}`)));
    found.push(...(await readerFaults(where, `${state}-${locale}`)));
  };
  const page = await open(where);
  await look(page, 'opening');
  await showBill(page, quote, true);
  await look(page, 'confirm');
  await say(page, { type: 'confirmed' });
  await say(page, { type: 'stage', stage: 'refused', reason: 'being-paid' });
  await page.getByTestId('refusal-being-paid').waitFor();
  await look(page, 'refused');
  await sendAway(page, new DocumentSigner('k1'), await pressPay(page), token);
  await page.getByTestId('refusal-false-way').waitFor();
  // The focus stays on what was pressed: no new screen came.
  found.push(...(await lookAt(page, folder, `false-way-${locale}`)));
  const payId = await goAway(page, signer, token);
  await comeBack(page);
  await look(page, 'checking');
  await say(page, { type: 'stage', payId, stage: 'paid', receipt, print: 'printing' });
  await page.getByTestId('paid').waitFor();
  await look(page, 'paid');
  await page.getByTestId('keep-receipt').click();
  await page.getByTestId('pin').waitFor();
  await look(page, 'profile-new');
  await page.getByTestId('pin').fill(pin);
  await page.getByTestId('pin-again').fill(pin);
  await page.getByTestId('make-pin').click();
  await page.getByTestId('keep').click();
  await page.getByTestId('profile-news').waitFor();
  await look(page, 'profile');
  await page.close();
  const other = await open(where);
  await link(other, { phase: 'over', carrier: 'none', failure: 'two-phones' });
  await other.getByTestId('over').waitFor();
  await look(other, 'two-phones');
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

  test('is heard in order, says by itself what changes, and is paid by Tab and Enter alone', async () => {
    const where = await context();
    const page = await open(where);
    await page.getByTestId('opening').waitFor();
    await listen(page);
    await showBill(page);
    expect(await takeHeard(page)).toEqual(['10 月电费 ¥156.68']);
    const order = ['桂园小区东门便利店', 'heading 10 月电费', '尾号 3176', '¥156.68', '前付', 'radio 微信', '表上读数'];
    expect(outOfOrder(await readLines(page), [...order, '每一笔怎么算', '付给', 'button 用微信付款 ¥156.68'])).toBe(
      undefined,
    );
    await tabTo(page, 'input[value="wechat-pay"]');
    await page.keyboard.press('ArrowRight');
    await tabTo(page, '[data-testid="pay"]');
    expect(await page.getByTestId('pay').innerText()).toContain('支付宝');
    const payId = await pressPay(page, () => page.keyboard.press('Enter'));
    expect(await takeHeard(page)).toContain('终端正在准备付款');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await say(page, { type: 'stage', payId, stage: 'refused', reason: 'being-paid' });
    await page.getByTestId('refusal-being-paid').waitFor();
    await expect.poll(() => isInView(page, 'refusal-being-paid')).toBe(true);
    expect((await takeHeard(page)).join()).toContain('有人正在付这张账单');
    await tabTo(page, '[data-testid="pay"]');
    const again = await pressPay(page, () => page.keyboard.press('Enter'));
    await sendAway(page, signer, again, token);
    await page.getByTestId('checking').waitFor();
    await comeBack(page);
    expect((await takeHeard(page)).join()).toMatch(/正在打开支付宝.*正在向支付宝核对/);
    await say(page, { type: 'stage', payId: again, stage: 'paid', receipt, print: 'printing' });
    await page.getByTestId('paid').waitFor();
    expect((await takeHeard(page)).join()).toContain('已付款');
    await say(page, { type: 'stage', payId: again, stage: 'paid', print: 'printed' });
    await page.locator('[data-print="printed"]').waitFor();
    expect((await takeHeard(page)).join()).toContain('纸收据已经打好');
  });

  test('takes the code out of the address at once, and keeps nothing in the phone', async () => {
    const where = await context();
    const page = await open(where);
    await showBill(page);
    expect(await page.evaluate(() => location.href)).toBe(`${site.origin}/l`);
    expect(await page.evaluate(() => fake.hash)).toBe(codeHash);
    expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, '']);
  });

  test('another code opened in the same tab begins anew with it', async () => {
    const where = await context();
    const page = await open(where);
    const other = 'B'.repeat(64);
    await page.evaluate((code) => {
      location.hash = code;
    }, other);
    // The page is being loaded anew: for a moment there is no link in it.
    await page.waitForFunction((code) => 'fake' in globalThis && fake.hash === code, other);
    expect(await page.evaluate(() => location.href)).toBe(`${site.origin}/l`);
  });

  test('pays, comes back, is not moved by words, and shows the receipt that the server gives when the terminal is gone', async () => {
    const where = await context();
    const page = await open(where);
    await showBill(page);
    const payId = await goAway(page, signer, token);
    expect(await page.evaluate(() => fake.left)).toEqual(['https://wallet.example/pay']);
    await comeBack(page);
    await say(page, { type: 'stage', payId, stage: 'paid' });
    await say(page, { type: 'stage', payId, stage: 'paid', receipt: { ...receipt, signature: 'A'.repeat(86) } });
    await page.getByTestId('checking').waitFor();
    expect(await page.getByTestId('paid').count()).toBe(0);
    site.api.set(result, { stage: 'paid', receipt });
    await link(page, { phase: 'over', carrier: 'none', failure: 'no-connection' });
    await page.getByTestId('paid').waitFor();
    site.api.delete(result);
    // Once more after a reload, and as a picture.
    await page.reload();
    await page.getByTestId('paid').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('picture').click()]);
    expect(download.suggestedFilename()).toBe('TK-1124-0317.png');
  });

  test('a reload while away goes on with checking; the way back without a bill says so', async () => {
    const where = await context();
    const page = await open(where);
    await showBill(page);
    await goAway(page, signer, token);
    await page.goto(`${site.origin}/l?back=1`);
    await page.locator('[data-testid="checking"]').waitFor();
    expect(await page.evaluate(() => location.href)).toBe(`${site.origin}/l`);
    await page.close();
    const lost = await where.newPage();
    await lost.goto(`${site.origin}/l?back=1`);
    expect(await lost.getByTestId('over').getAttribute('data-reason')).toBe('lost-back');
  });

  test('a second tab with the same code does not join', async () => {
    const where = await context();
    await showBill(await open(where));
    const second = await open(where);
    await second.getByTestId('over').waitFor();
    expect(await second.getByTestId('over').getAttribute('data-reason')).toBe('other-tab');
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
  });

  test('a forged bill is never shown', async () => {
    const where = await context();
    const page = await open(where);
    await link(page, joined);
    await say(page, { type: 'bill', quote: new DocumentSigner('k1').sign('quote', quote), confirm: false });
    await page.locator('[data-reason="forged"]').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('156.68');
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
  });

  test('a profile behind the phone’s lock: made, opened after a reload, used, copied and wiped', async () => {
    const where = await context();
    const page = await open(where);
    await addAuthenticator(page, { prf: true });
    const { n: modulus = '', e: exponent = '' } = await bankKey();
    const channels = [
      { code: 'bank', name: { zh: '银联', en: 'UnionPay' }, account: { certId: '1', modulus, exponent } },
    ];
    const profile = (phase: string) => page.locator(`[data-testid="profile"][data-phase="${phase}"]`);
    await showBill(page, quoteOf({ channels }, today));
    await page.getByTestId('mine').click();
    await page.getByTestId('make-passkey').click();
    await profile('open').waitFor();
    await page.getByTestId('name').fill('王阿姨');
    await page.getByTestId('own-account').fill(account);
    await page.getByTestId('save').click();
    await page.getByTestId('profile-news').waitFor();
    await page.reload();
    await showBill(page, quoteOf({ channels }, today));
    await page.getByTestId('mine').click();
    await profile('locked').waitFor();
    expect(await page.getByTestId('profile').innerText()).not.toContain('王阿姨');
    await page.getByTestId('open-passkey').click();
    await profile('open').waitFor();
    expect(await page.getByTestId('name').inputValue()).toBe('王阿姨');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export').click()]);
    const file = await readFile((await download.path()) ?? '', 'utf8');
    expect(JSON.parse(file)).toMatchObject({ form: 'tillkeeper-resident-1', guard: { kind: 'passkey' } });
    expect(file).not.toMatch(new RegExp(`王阿姨|${account}`));
    await page.getByTestId('use-account').click();
    expect(await page.getByTestId('account').inputValue()).toBe(account);
    await page.getByTestId('mine').click();
    await page.getByTestId('open-passkey').click();
    await page.getByTestId('wipe').click();
    await page.getByTestId('wipe-yes').click();
    await profile('none').waitFor();
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    // What was copied comes back with the same lock.
    await page.getByTestId('profile-import').setInputFiles({
      ...{ name: 'tillkeeper-resident.json', mimeType: 'application/json', buffer: Buffer.from(file) },
    });
    await page.getByTestId('open-passkey').click();
    await profile('open').waitFor();
    expect(await page.getByTestId('name').inputValue()).toBe('王阿姨');
  });

  test('a lock that gives no secret: the page says so, and a PIN takes its place', async () => {
    const where = await context();
    const page = await open(where);
    await addAuthenticator(page);
    await showBill(page);
    await page.getByTestId('mine').click();
    await page.getByTestId('make-passkey').click();
    await page.getByTestId('profile-problem').waitFor();
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.getByTestId('pin').fill(pin);
    await page.getByTestId('pin-again').fill(pin);
    await page.getByTestId('make-pin').click();
    await page.locator('[data-testid="profile"][data-phase="open"]').waitFor();
  });

  test('a phone without such a lock is not offered one', async () => {
    const where = await context();
    const page = await open(where);
    await showBill(page);
    await page.getByTestId('mine').click();
    await page.getByTestId('pin').waitFor();
    await page.evaluate(() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable());
    expect(await page.getByTestId('make-passkey').count()).toBe(0);
  });
});

function isInView(page: Page, name: string): Promise<boolean> {
  return page.getByTestId(name).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
}

async function bankKey(): Promise<JsonWebKey> {
  const algorithm = { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['encrypt', 'decrypt']);
  return crypto.subtle.exportKey('jwk', pair.publicKey);
}
