import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { builtAppFolder, ensureBuilt } from '../../scripts/build-app.ts';
import { merchantMoreEn } from '../../src/i18n/merchant-more.en.ts';
import { merchantEn } from '../../src/i18n/merchant.en.ts';
import { sharedEn } from '../../src/i18n/shared.en.ts';
import { toyChannel, ToyPlatform } from '../integration/payments/toy-platform.ts';
import { TestShop } from '../integration/server/shop.ts';
import { Cluster, type Person, World } from '../integration/server/world.ts';
import { launchForPages } from '../serial-bench/chromium.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { lookAt } from './support/accessibility.ts';
import type { SeededPayment } from './support/payments-seed.ts';
import { openForTests } from './support/shared.ts';

const problem = chromiumProblem();
const totpSecret = 'O5XXE3DEFVWWK4TDNBQW45BNONSWK4TU';
const names = { 'wechat-pay': 'WeChat Pay', alipay: 'Alipay', 'bank-card': 'Bank card' } as const;
const phone = { width: 390, height: 844 };
const manyRows = 3_000;

describe.skipIf(problem !== undefined)('the merchant’s app', () => {
  let cluster: Cluster;
  let world: World;
  let shop: TestShop;
  let browser: Browser;
  let platform: ToyPlatform;
  let chen: Person;
  let card: SeededPayment;
  let refunded: SeededPayment;
  let contexts: BrowserContext[] = [];

  async function openShop(): Promise<void> {
    await ensureBuilt();
    cluster = await Cluster.start();
    platform = new ToyPlatform(() => world.nowMs);
    const channels = Object.entries(names).map(([code, en]) => ({
      ...toyChannel(code, platform),
      name: { zh: en, en },
    }));
    world = await World.start(cluster, { channels, staticDir: builtAppFolder });
    shop = await TestShop.open(world, 'East Gate Store');
    chen = await shop.person('chen', totpSecret);
    for (let index = 0; index < 40; index += 1)
      await shop.pay(300 - index * 7, 1_000 + index * 130, index % 3 === 0 ? { channel: 'alipay' } : {});
    card = await shop.pay(12, 31_280, { channel: 'bank-card', tail: '4417' });
    refunded = await shop.pay(11, 3_600, { refundFen: 3_600 });
    await shop.pay(10, 4_600, { state: 'unknown', terminal: 1 });
    browser = await launchForPages();
  }
  openForTests({
    open: openShop,
    close: async () => {
      await browser.close();
      await world.close();
      await cluster.stop();
    },
    tidy: async () => {
      for (const context of contexts) await context.close();
      contexts = [];
    },
  });

  /** A page of a member of staff, signed in; its clock stands where the server's stands. */
  async function open(
    path: string,
    { email = 'chen@test.invalid', locale = 'en-GB', size = { width: 1440, height: 900 }, hasWorker = true } = {},
  ) {
    const serviceWorkers = hasWorker ? 'allow' : 'block';
    const context = await browser.newContext({ locale, viewport: size, timezoneId: 'Asia/Shanghai', serviceWorkers });
    contexts.push(context);
    const page = await context.newPage();
    await page.clock.setFixedTime(world.nowMs);
    const { url } = world.server;
    await context.request.post(`${url}/api/demo/sign-in`, { data: { email } });
    await page.goto(url + path);
    await page.locator('h1').first().waitFor({ state: 'attached' });
    return page;
  }
  const row = (page: Page, orderNo: string): Locator => page.getByTestId(`row-${orderNo}`).first();

  test('opens on the day, and a new payment appears by itself', async () => {
    const page = await open('/merchant');
    await page.getByTestId('today-payments').waitFor();
    const before = Number(await page.getByTestId('today-payments').textContent());
    expect(before).toBe(42);
    await row(page, card.orderNo).waitFor();
    const sold = await shop.sell(platform, 12_850);
    await row(page, sold.orderNo).waitFor();
    await page
      .getByTestId('today-payments')
      .getByText(String(before + 1), { exact: true })
      .waitFor();
    await expect.poll(() => page.locator('[role="row"] a').first().textContent()).toBe('14:00:00');
  });

  test('opened while the server is away it says so at once, and fills itself when the server is back', async () => {
    // A worker's own calls would go past the page's routes.
    const page = await open('/merchant/today', { hasWorker: false });
    await page.getByTestId('today-payments').waitFor();
    await page.route('**/api/**', (route) => route.abort());
    await page.reload();
    const note = page.getByTestId('stream-note');
    await note.getByText(sharedEn.stream.nothing).waitFor();
    await expect.poll(() => note.getByRole('button', { name: sharedEn.retry }).count()).toBe(1);
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
    await page.unroute('**/api/**');
    await page.getByTestId('today-payments').waitFor();
    await note.waitFor({ state: 'detached' });
    await row(page, card.orderNo).waitFor();
  });

  test('narrows the history in the address, finds by receipt, and goes back', async () => {
    const page = await open('/merchant/history');
    await row(page, card.orderNo).waitFor();
    await page.getByLabel(merchantEn.history.channel, { exact: true }).selectOption('bank-card');
    await page.waitForURL(/channel=bank-card/);
    await row(page, refunded.orderNo).waitFor({ state: 'detached' });
    await row(page, card.orderNo).waitFor();
    await page.reload();
    await row(page, card.orderNo).waitFor();
    await expect.poll(() => page.locator('[role="rowgroup"] [role="row"]').count()).toBe(1);
    await page.goto(`${world.server.url}/merchant/history`);
    await row(page, card.orderNo).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(`TK-${refunded.orderNo}`);
    await page.waitForURL(/search=TK/);
    await row(page, card.orderNo).waitFor({ state: 'detached' });
    await row(page, refunded.orderNo).waitFor();
    await row(page, refunded.orderNo).click();
    await page.getByTestId('story').waitFor();
    await page.goBack();
    await page.getByTestId('story').waitFor({ state: 'detached' });
    await page.waitForURL(/search=TK/);
  });

  test('a search from the day’s page looks through all days', async () => {
    const page = await open('/merchant/today');
    await page.getByTestId('search').fill('312.80');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/merchant\/history\?search=312\.80/);
    await row(page, card.orderNo).waitFor();
  });

  test('is worked by keys: down the list, Enter opens, Esc closes', async () => {
    const page = await open('/merchant/history');
    await row(page, card.orderNo).waitFor();
    await page.locator('[data-index="0"]').focus();
    for (let count = 0; count < 3; count += 1) await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLElement).dataset['index'])).toBe('3');
    await page.keyboard.press('Enter');
    await page.getByTestId('story').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('story').waitFor({ state: 'detached' });
  });

  test('tells a payment’s story, its books, and the whole record, by address', async () => {
    const page = await open(`/merchant/today?payment=${card.orderId}`);
    const story = page.getByTestId('story');
    await story.getByText(merchantMoreEn.event.paid('Bank card')).waitFor();
    await story.getByText(merchantMoreEn.story.balanced).waitFor();
    await expect.poll(() => story.locator('.final').allTextContents()).toEqual(['312.80', '312.80']);
    await story.getByRole('link', { name: merchantMoreEn.story.whole }).click();
    await page.waitForURL(`**/merchant/payments/${card.orderId}`);
    await page.getByText(merchantMoreEn.story.fact.transactionId).first().waitFor();
  });

  test('another shop’s payment does not exist', async () => {
    const other = await TestShop.open(world, 'West Gate Store');
    await other.person('li');
    const page = await open(`/merchant/payments/${card.orderId}`, { email: 'li@test.invalid' });
    await page.getByText(merchantMoreEn.story.gone, { exact: true }).waitFor();
    await page.goto(`${world.server.url}/merchant/history`);
    await page.getByText(merchantEn.history.empty).waitFor();
  });

  test('gives a part back, then the rest with a second factor', async () => {
    const { refund: t, factor, story: words } = { ...merchantMoreEn };
    const sold = await shop.sell(platform, 50_000);
    const page = await open(`/merchant/history?payment=${sold.id}`);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: words.refund }).click();
    await dialog.getByText(t.part, { exact: true }).click();
    await dialog.getByLabel(t.amount, { exact: true }).fill('600');
    await dialog.getByText(t.amountMost('¥500.00')).waitFor();
    await dialog.getByLabel(t.amount, { exact: true }).fill('100.50');
    await dialog.getByRole('button', { name: t.quick[0] ?? '' }).click();
    await dialog.getByRole('button', { name: t.act('¥100.50') }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.locator('[data-testid="story-state"][data-state="part-refunded"]').waitFor();
    await page.getByRole('button', { name: words.refund }).click();
    await dialog.getByLabel(t.reason, { exact: true }).fill('Paid twice');
    await dialog.getByRole('button', { name: t.act('¥399.50') }).click();
    await dialog.getByLabel(factor.code).fill('000000');
    await dialog.getByRole('button', { name: t.act('¥399.50') }).click();
    await dialog.getByText(/was not accepted/).waitFor();
    await dialog.getByLabel(factor.code).fill(await world.code(chen));
    await dialog.getByRole('button', { name: t.act('¥399.50') }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.locator('[data-testid="story-state"][data-state="refunded"]').waitFor();
    expect(platform.heldFen(sold.attempts[0]?.attemptNo ?? '')).toBe(0);
  });

  test('hands the filtered rows out as a file', async () => {
    const page = await open('/merchant/history?channel=bank-card');
    await page.getByTestId('export').click();
    await page.getByText(merchantMoreEn.export.csv).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('download').click()]);
    expect(download.suggestedFilename()).toBe('tillkeeper-2026-11-23.csv');
  });

  test('pauses a terminal with a reason and lets it go on', async () => {
    const t = merchantMoreEn.terminals;
    const page = await open('/merchant/terminals');
    const terminal = page.getByTestId('terminal-E1-02');
    await terminal.getByRole('button', { name: t.pause }).click();
    await page.getByRole('dialog').getByLabel(t.reason, { exact: true }).fill('Lunch break');
    await page.getByRole('dialog').getByRole('button', { name: t.pauseAct }).click();
    await terminal.getByText(t.paused, { exact: true }).waitFor();
    await terminal.getByText('Lunch break').waitFor();
    await terminal.getByRole('button', { name: t.resume }).click();
    await terminal.getByRole('button', { name: t.pause }).waitFor();
  });

  test('on a phone the story takes the page, and closing it leads back', async () => {
    const page = await open('/merchant/today', { size: phone });
    await row(page, card.orderNo).click();
    const story = page.getByTestId('story');
    await story.waitFor();
    await expect.poll(() => story.boundingBox()).toMatchObject({ x: 0, y: 0, ...phone });
    await story.getByRole('link', { name: 'Close' }).click();
    await story.waitFor({ state: 'detached' });
    await page.getByRole('navigation').getByRole('link', { name: merchantEn.nav.settlement }).last().click();
    await page.getByTestId('owed').waitFor();
  });

  test('scrolls through thousands of rows with a handful in the page, and jumps to a day', async () => {
    await world.server.context.store.pool.query(
      `insert into payment_orders (merchant_id, id, terminal_id, order_no, amount_fen, state, channel, body_hash, in_hand,
         created_at, updated_at, expires_at)
       select $1, gen_random_uuid(), $2, 'bulk-' || lpad(n::text, 6, '0'), 100 + n, 'cancelled', 'wechat-pay', '\\x00',
         false, t, t, t
       from generate_series(1, ${String(manyRows)}) n, lateral (select $3::timestamptz - n * interval '10 minutes' as t) times`,
      [shop.merchantId, shop.terminalIds[0], new Date(world.nowMs - 24 * 3_600_000)],
    );
    const page = await open('/merchant/history');
    await row(page, card.orderNo).waitFor();
    const scroller = page.locator('.page');
    await page.mouse.move(600, 500);
    const last = page.getByTestId(`row-bulk-${String(manyRows).padStart(6, '0')}`);
    await expect
      .poll(
        async () => {
          await scroller.evaluate((element) => element.scrollBy(0, 4_000));
          return last.count();
        },
        { timeout: 60_000, interval: 30 },
      )
      .toBe(1);
    expect(await page.locator('[role="rowgroup"] [role="row"]').count()).toBeLessThan(80);
    await scroller.evaluate((element) => element.scrollTo(0, 0));
    await row(page, card.orderNo).waitFor();
    await page.goto(`${world.server.url}/merchant/history?at=2026-11-15`);
    await page.locator('[data-index]').filter({ hasText: '15 Nov 23:' }).first().waitFor();
  });

  test.each([
    ['en', 'en-GB'],
    ['zh', 'zh-CN'],
  ])('no screen has a fault that axe-core finds, in %s', async (language, locale) => {
    const folder = await mkdtemp(join(tmpdir(), `tillkeeper-merchant-${language}-`));
    const page = await open('/merchant/today', { locale });
    const found: string[] = [];
    const paths = {
      today: '/merchant/today',
      day: '/merchant/today?day=2026-11-22',
      story: `/merchant/today?payment=${refunded.orderId}`,
      history: '/merchant/history?kind=refunds',
      nothing: '/merchant/history?search=no-such-thing',
      record: `/merchant/payments/${card.orderId}`,
      settlement: '/merchant/settlement',
      terminals: '/merchant/terminals',
      staff: '/merchant/staff',
      settings: '/merchant/settings',
      lost: '/merchant/nowhere',
    };
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(world.server.url + path);
      await page.locator('h1').first().waitFor({ state: 'attached' });
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      found.push(...(await lookAt(page, folder, name)));
    }
    await page.goto(`${world.server.url}/merchant/history`);
    await page.getByTestId('filters').click();
    await page.getByRole('dialog').waitFor();
    found.push(...(await lookAt(page, folder, 'filters')));
    await page.keyboard.press('Escape');
    await page.goto(`${world.server.url}/merchant/history?payment=${card.orderId}`);
    await page.getByTestId('story').locator('footer button').first().click();
    await page.getByRole('dialog').waitFor();
    found.push(...(await lookAt(page, folder, 'refund')));
    expect(found).toEqual([]);
  });
});
