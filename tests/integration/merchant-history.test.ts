import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryPage, HistoryRow } from '../../protocol/http/merchant.ts';
import { seedDayLimit, type SeededPayment } from '../e2e/support/payments-seed.ts';
import { TestShop } from './server/shop.ts';
import { Cluster, type Person, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let shop: TestShop;
let chen: Person;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await World.start(cluster);
  shop = await TestShop.open(world, '东门小店');
  chen = await shop.person('chen');
});
afterEach(() => world.close());

async function page(query: Record<string, string> = {}, person = chen): Promise<HistoryPage> {
  const reply = await person.call('merchantHistory', {}, undefined, `?${new URLSearchParams(query).toString()}`);
  if (reply.code !== undefined) throw new Error(`${reply.code} ${reply.field ?? ''}`);
  return reply.body;
}

/** All rows from the newest to the oldest, page by page. */
async function walk(query: Record<string, string>, between: () => Promise<unknown> = async () => undefined) {
  const rows: HistoryRow[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < 200; count += 1) {
    const { items, older } = await page({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    rows.push(...items);
    if (older === undefined) return rows;
    cursor = older;
    await between();
  }
  throw new Error('the history does not end');
}

const amounts = (rows: readonly HistoryRow[]): number[] =>
  rows.map((row) => (row.kind === 'refund' ? -row.amountFen : row.amountFen));

describe('the history', () => {
  it('has payments and refunds together, newest first, over pages of any size', async () => {
    for (let index = 0; index < 23; index += 1)
      await shop.pay(100 - index, 1_000 + index, index % 5 === 0 ? { refundFen: 500 } : {});
    const whole = await page({ limit: '100' });
    expect(whole.older).toBeUndefined();
    expect(whole.items).toHaveLength(28);
    const times = whole.items.map((row) => row.at);
    expect(times).toEqual([...times].sort().reverse());
    for (const limit of ['1', '3', '7'])
      expect((await walk({ limit })).map((row) => row.id)).toEqual(whole.items.map((row) => row.id));
  });

  it('loses nothing and doubles nothing while payments come in', async () => {
    const before: SeededPayment[] = [];
    for (let index = 0; index < 30; index += 1) before.push(await shop.pay(100 - index, 1_000 + index));
    let more = 0;
    const rows = await walk({ limit: '4' }, () => shop.pay(0, 9_000 + (more += 1)));
    const ids = rows.map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => before.some(({ orderId }) => orderId === id))).toHaveLength(30);
  });

  it('keeps the order of rows with the same time over pages in both directions', async () => {
    for (let index = 0; index < 9; index += 1) await shop.pay(10, 1_000 + index);
    const down = await walk({ limit: '2' });
    const last = down.at(-1);
    const up: HistoryRow[] = [];
    let cursor = last?.cursor ?? '';
    for (let count = 0; count < 10; count += 1) {
      const { items, newer } = await page({ limit: '2', direction: 'newer', cursor });
      up.unshift(...items);
      if (newer === undefined || items.length === 0) break;
      cursor = newer;
    }
    expect([...up, last].map((row) => row?.id)).toEqual(down.map((row) => row.id));
  });

  it('gives what is newer than a row, and begins at an instant', async () => {
    await shop.pay(3 * 24 * 60, 100);
    await shop.pay(24 * 60, 200);
    const newest = await page({ limit: '1' });
    await shop.pay(1, 300);
    await shop.pay(0, 400);
    const fresh = await page({ direction: 'newer', cursor: newest.newer ?? '' });
    expect(amounts(fresh.items)).toEqual([400, 300]);
    const before = new Date(world.nowMs - 2 * 24 * 3_600_000).toISOString();
    expect(amounts((await page({ before })).items)).toEqual([100]);
    expect(amounts((await page({ before, direction: 'newer' })).items)).toEqual([400, 300, 200]);
  });

  it('narrows by channel, state, terminal, amount, kind and day', async () => {
    await shop.pay(9, 100, { channel: 'alipay' });
    await shop.pay(8, 200, { terminal: 1 });
    await shop.pay(7, 300, { state: 'cancelled' });
    await shop.pay(6, 400, { state: 'unknown' });
    await shop.pay(5, 500, { refundFen: 500 });
    await shop.pay(4, 600, { refundFen: 100 });
    await shop.pay(2 * 24 * 60, 700);
    const of = async (query: Record<string, string>): Promise<number[]> => amounts((await page(query)).items);
    expect(await of({ channel: 'alipay' })).toEqual([100]);
    expect(await of({ terminalId: shop.terminalIds[1] ?? '' })).toEqual([200]);
    expect(await of({ state: 'closed' })).toEqual([300]);
    expect(await of({ state: 'open' })).toEqual([400]);
    expect(await of({ state: 'refunded' })).toEqual([-100, -500, 600, 500]);
    expect(await of({ state: 'paid', kind: 'payments' })).toEqual([200, 100, 700]);
    expect(await of({ minFen: '200', maxFen: '400', kind: 'payments' })).toEqual([400, 300, 200]);
    expect(await of({ kind: 'refunds' })).toEqual([-100, -500]);
    // 06:00 UTC is 14:00 in Shanghai: two days ago is 21 November there.
    expect(await of({ from: '2026-11-21', to: '2026-11-21' })).toEqual([700]);
    expect(await of({ to: '2026-11-22' })).toEqual([700]);
  });

  it('says how an open payment waits', async () => {
    await shop.pay(2, 100, { state: 'unknown' });
    await shop.pay(1, 200, { state: 'pending', terminal: 1 });
    const { items } = await page();
    expect(items.map(({ state, waiting }) => [state, waiting])).toEqual([
      ['open', 'payer'],
      ['open', 'platform'],
    ]);
  });

  it('looks through a bounded number of rows for one page, says how far, and goes on from there', async () => {
    const found = await shop.pay(30_000, 77_700, { channel: 'alipay' });
    await world.server.context.store.pool.query(
      `insert into payment_orders (merchant_id, id, terminal_id, order_no, amount_fen, state, channel, body_hash, in_hand,
         created_at, updated_at, expires_at)
       select $1, gen_random_uuid(), $2, 'bulk-' || n, 100, 'cancelled', 'wechat-pay', '\\x00', false, t, t, t
       from generate_series(1, 12000) n, lateral (select $3::timestamptz - n * interval '1 minute' as t) times`,
      [shop.merchantId, shop.terminalIds[0], new Date(world.nowMs)],
    );
    const first = await page({ channel: 'alipay' });
    expect(first.items).toEqual([]);
    expect(first.lookedTo).toBeDefined();
    const rows = await walk({ channel: 'alipay' });
    expect(rows.map((row) => row.id)).toEqual([found.orderId]);
    const count = await chen.call('merchantHistoryCount', {}, undefined, '?kind=payments');
    expect(count.body).toEqual({ count: 10_000, isCapped: true });
  });

  it('refuses a cursor, a day and an amount that are none', async () => {
    const bad = async (query: string) => (await chen.call('merchantHistory', {}, undefined, query)).field;
    expect(await bad('?cursor=AAAA')).toBe('cursor');
    expect(await bad('?from=2026-02-30')).toBe('from');
    expect(await bad('?minFen=1.5')).toBe('minFen');
    expect(await bad('?merchantId=x')).toBeDefined();
  });
});

describe('the search', () => {
  const found = async (search: string, query: Record<string, string> = {}): Promise<string[]> =>
    (await page({ ...query, search })).items.map((row) => (row.kind === 'refund' ? `-${row.orderId}` : row.orderId));

  it('finds by receipt, order, last digits, card, amount, reference, and the platform’s numbers', async () => {
    const a = await shop.pay(9, 12_850, { channel: 'bank-card', tail: '4417', reference: 'BILL-77' });
    const b = await shop.pay(8, 3_600, { refundFen: 3_600, transactionId: '4200001234567890123456789012' });
    await shop.pay(7, 999);
    const digits = a.orderNo.slice(-4);
    expect(await found(a.orderNo)).toEqual([a.orderId]);
    expect(await found(`TK-${a.orderNo}`)).toEqual([a.orderId]);
    expect(await found(`tk-${a.orderNo}-2`)).toEqual([a.orderId]);
    expect(await found(digits)).toContain(a.orderId);
    expect(await found(a.orderNo.slice(-6))).toEqual([a.orderId]);
    expect(await found('4417')).toEqual([a.orderId]);
    expect(await found('128.50')).toEqual([a.orderId]);
    expect(await found('¥128.5')).toEqual([a.orderId]);
    expect(await found('BILL-77')).toEqual([a.orderId]);
    expect(await found('4200001234567890123456789012')).toEqual([b.orderId]);
    expect(await found(`TK-${b.orderNo}-R1`)).toEqual([`-${b.orderId}`, b.orderId]);
    expect(await found('36')).toEqual([`-${b.orderId}`, b.orderId]);
    expect(await found(`４４１７`)).toEqual([a.orderId]);
    expect(await found('no-such-thing')).toEqual([]);
  });

  it('goes together with filters', async () => {
    const a = await shop.pay(9, 5_000);
    await shop.pay(8, 5_000, { channel: 'alipay' });
    expect(await found('50.00', { channel: 'wechat-pay' })).toEqual([a.orderId]);
    expect(await found('50.00', { state: 'closed' })).toEqual([]);
  });
});

describe('another merchant', () => {
  it('sees nothing of this one, by any way', async () => {
    const paid = await shop.pay(5, 12_850, { refundFen: 100, reference: 'BILL-77', tail: '4417' });
    const other = await TestShop.open(world, '西门小店');
    const li = await other.person('li');
    expect((await page({}, li)).items).toEqual([]);
    for (const search of [paid.orderNo, paid.orderNo.slice(-4), `TK-${paid.orderNo}`, '128.50', '4417', 'BILL-77'])
      expect((await page({ search }, li)).items).toEqual([]);
    expect((await page({ terminalId: shop.terminalIds[0] ?? '' }, li)).items).toEqual([]);
    expect((await li.call('merchantStory', { id: paid.orderId })).code).toBe('not-found');
    const body = { id: paid.attemptId, reason: 'mine now' };
    expect((await li.call('merchantRefund', { id: paid.orderId }, body)).code).toBe('not-found');
    const today = await li.call('merchantToday');
    expect(today.body).toMatchObject({ amountFen: 0, payments: 0, refunds: { count: 0 } });
    expect((await li.call('merchantBalance')).body).toMatchObject({ channels: [], payableFen: 0 });
    const terminals = await li.call('merchantTerminals');
    expect(terminals.body.items.map(({ id }) => id).sort()).toEqual([...other.terminalIds].sort());
    const pause = { state: 'paused', reason: 'not yours' };
    expect((await li.call('merchantControl', { id: shop.terminalIds[0] ?? '' }, pause)).code).toBe('not-found');
    const csv = await fetch(`${world.server.url}/api/merchant/export?format=csv`, { headers: li.headers() });
    expect((await csv.text()).trim().split('\r\n')).toHaveLength(1);
  });

  it('has no staff of this one, and cannot change them', async () => {
    const other = await TestShop.open(world, '西门小店');
    const li = await other.person('li');
    expect((await li.call('merchantStaff')).body.items.map(({ name }) => name)).toEqual(['li']);
    expect((await li.call('changeStaff', { id: chen.id }, { disabled: true })).code).toBe('not-found');
  });

  it('is not needed to be kept out: people without a merchant are too', async () => {
    const stray = await world.person('stray', 'merchant');
    expect((await stray.call('merchantHome')).code).toBe('forbidden');
    const lin = await world.person('lin', 'operator');
    expect((await lin.call('merchantToday')).code).toBe('forbidden');
  });
});

describe('the day', () => {
  const dayMinutes = 24 * 60;

  it('adds up by hour and channel, in Shanghai’s hours', async () => {
    // The world's present is 14:00 in Shanghai.
    await shop.pay(61, 1_000);
    await shop.pay(62, 2_000, { channel: 'alipay' });
    await shop.pay(181, 4_000);
    await shop.pay(30, 8_000, { state: 'cancelled' });
    await shop.pay(15 * 60, 16_000);
    await shop.pay(65, 600, { refundFen: 200 });
    const { body } = await chen.call('merchantToday');
    expect(body).toMatchObject({ day: '2026-11-23', isToday: true, amountFen: 7_600, payments: 4 });
    expect(body.refunds).toEqual({ count: 1, amountFen: 200 });
    expect(body.hours[12]).toBe(3_600);
    expect(body.hours[10]).toBe(4_000);
    expect(body.channels.map(({ channel, amountFen }) => [channel, amountFen])).toEqual([
      ['wechat-pay', 5_600],
      ['alipay', 2_000],
      ['bank-card', 0],
    ]);
    const yesterday = await chen.call('merchantToday', {}, undefined, '?day=2026-11-22');
    expect(yesterday.body).toMatchObject({ day: '2026-11-22', isToday: false, amountFen: 16_000, payments: 1 });
  });

  it('knows what is usual from the same weekdays by the same time', async () => {
    for (const [week, fen] of [1_000, 3_000, 5_000, 9_000].entries()) {
      await shop.pay((week + 1) * 7 * dayMinutes + 120, fen);
      await shop.pay((week + 1) * 7 * dayMinutes - 120, 50_000);
    }
    await shop.pay(6 * dayMinutes, 70_000);
    const { body } = await chen.call('merchantToday');
    expect(body.usualFen).toBe(4_000);
    expect(body.usualHours?.[12]).toBe(4_000);
    expect(body.usualHours?.[16]).toBe(50_000);
  });

  it('shows the tightest limit of the day, with what is reserved', async () => {
    const { pool } = world.server.context.store;
    await seedDayLimit(pool, shop.merchantId, 'wechat-pay', { maxFen: 500_000, usedFen: 481_650, atMs: world.nowMs });
    await seedDayLimit(pool, shop.merchantId, 'wechat-pay', { maxFen: 900_000, usedFen: 481_650, atMs: world.nowMs });
    const { body } = await chen.call('merchantToday');
    expect(body.channels[0]?.limit).toEqual({
      maxFen: 500_000,
      usedFen: 481_650,
      resumesAt: '2026-11-23T16:00:00.000Z',
    });
    expect(body.channels[1]?.limit).toBeUndefined();
  });

  it('has one note, what needs a person first', async () => {
    expect((await chen.call('merchantToday')).body.note).toBeUndefined();
    const late = await shop.pay(20 * 60, 3_600, { state: 'paid-late' });
    expect((await chen.call('merchantToday')).body.note).toMatchObject({
      kind: 'late',
      count: 1,
      orderId: late.orderId,
      amountFen: 3_600,
      isOver: true,
    });
    await shop.pay(10, 500, { state: 'unknown' });
    expect((await chen.call('merchantToday')).body.note).toMatchObject({ kind: 'unknown', count: 1 });
    await shop.pay(9, 700, { state: 'review', terminal: 1 });
    expect((await chen.call('merchantToday')).body.note).toMatchObject({ kind: 'review', amountFen: 700 });
  });
});
