import ExcelJs from 'exceljs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toyChannel, ToyPlatform } from './payments/toy-platform.ts';
import { TestShop } from './server/shop.ts';
import { Cluster, newId, type Person, totpSecrets, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let shop: TestShop;
let chen: Person;
let platform: ToyPlatform;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  platform = new ToyPlatform(() => world.nowMs);
  const channels = ['wechat-pay', 'alipay', 'bank-card'].map((code) => toyChannel(code, platform));
  world = await World.start(cluster, { channels });
  shop = await TestShop.open(world, '东门小店');
  chen = await shop.person('chen', totpSecrets.zhou);
});
afterEach(() => world.close());

async function factor(person = chen) {
  return { kind: 'totp' as const, code: await world.code(person) };
}

describe('a story', () => {
  it('has attempts, events, refunds, postings that balance, and the bill that is to come', async () => {
    const order = await shop.sell(platform, 12_850);
    const { body } = await chen.call('merchantStory', { id: order.id });
    expect(body.order).toMatchObject({ id: order.id, state: 'paid', amountFen: 12_850 });
    expect(body.terminal.label).toBe('E1-01');
    expect(body.events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['order-made', 'code-shown', 'paid']));
    expect(body.postings).toHaveLength(1);
    for (const { lines } of body.postings) {
      expect(lines.length).toBeGreaterThan(1);
      expect(lines.reduce((sum, line) => sum + line.amountFen, 0)).toBe(0);
    }
    // 14:00 on 23 November in Shanghai: the day's bill comes at 10:00 on the 24th.
    expect(body.bills).toEqual([{ channel: 'wechat-pay', day: '2026-11-23', expectedAt: '2026-11-24T02:00:00.000Z' }]);
    world.nowMs += 24 * 3_600_000;
    expect((await chen.call('merchantStory', { id: order.id })).body.bills).toEqual([]);
  });

  it('does not exist for an id that is none of ours', async () => {
    expect((await chen.call('merchantStory', { id: newId() })).code).toBe('not-found');
  });
});

describe('a refund', () => {
  const refund = (orderId: string, body: Record<string, unknown>, person = chen) =>
    person.call('merchantRefund', { id: orderId }, { id: newId(), reason: 'goods returned', ...body });

  it('below the amount needs no factor, and is the same one when it is sent again', async () => {
    const order = await shop.sell(platform, 12_850);
    const id = newId();
    const first = await refund(order.id, { id, amountFen: 850 });
    expect(first.body).toMatchObject({ state: 'part-refunded', refundedFen: 850 });
    expect(first.body.refunds).toMatchObject([{ id, amountFen: 850, cause: 'merchant', by: 'chen', state: 'done' }]);
    const again = await refund(order.id, { id, amountFen: 850 });
    expect(again.body.refundedFen).toBe(850);
    expect((await refund(order.id, { id, amountFen: 900 })).code).toBe('exists-with-different-body');
  });

  it('above the amount needs a factor of this moment, counting what went back before', async () => {
    const order = await shop.sell(platform, 50_000);
    expect((await refund(order.id, { amountFen: 20_000 })).status).toBe(200);
    const id = newId();
    const small = await refund(order.id, { id, amountFen: 1 });
    expect(small).toMatchObject({ code: 'factor-needed', status: 403 });
    const wrong = await refund(order.id, { id, amountFen: 1, factor: { kind: 'totp', code: '000000' } });
    expect(wrong.code).toBe('factor-wrong');
    const right = await refund(order.id, { id, amountFen: 1, factor: await factor() });
    expect(right.body.refundedFen).toBe(20_001);
    // The answer was lost: the same refund again needs no new factor.
    expect((await refund(order.id, { id, amountFen: 1 })).body.refundedFen).toBe(20_001);
  });

  it('several at the same moment do not go round the amount', async () => {
    const order = await shop.sell(platform, 60_000);
    const replies = await Promise.all([19_000, 19_001, 19_002].map((amountFen) => refund(order.id, { amountFen })));
    expect(replies.map(({ code }) => code ?? 'done').sort()).toEqual(['done', 'factor-needed', 'factor-needed']);
  });

  it('gives back no more than was paid, and not what is given back already', async () => {
    const order = await shop.sell(platform, 1_000);
    expect(await refund(order.id, { amountFen: 1_001 })).toMatchObject({ code: 'bad-request', field: 'amountFen' });
    expect((await refund(order.id, {})).body).toMatchObject({ state: 'refunded', refundedFen: 1_000 });
    expect((await refund(order.id, {})).code).toBe('not-in-state');
  });

  it('by a person without any second factor stays below the amount', async () => {
    const li = await shop.person('li');
    const order = await shop.sell(platform, 30_000);
    const body = { factor: { kind: 'totp', code: '123456' } };
    expect((await refund(order.id, body, li)).code).toBe('factor-wrong');
    expect((await refund(order.id, { amountFen: 500 }, li)).body.refundedFen).toBe(500);
  });

  it('is not to be had by guessing codes', async () => {
    const order = await shop.sell(platform, 30_000);
    const codes = [];
    for (let count = 0; count < 8; count += 1)
      codes.push((await refund(order.id, { factor: { kind: 'totp', code: '000000' } })).code);
    expect(codes.at(-1)).toBe('rate-limited');
    expect((await chen.call('merchantStory', { id: order.id })).body.order.refundedFen).toBe(0);
  });
});

describe('what is owed', () => {
  it('is told at any instant, to the fen, by channel', async () => {
    await shop.pay(3 * 24 * 60, 10_000);
    await shop.pay(2 * 24 * 60, 20_000, { channel: 'alipay', refundFen: 5_000 });
    await shop.pay(60, 40_000);
    const at = (ms: number) => `?at=${new Date(world.nowMs - ms).toISOString()}`;
    const dayMs = 24 * 3_600_000;
    const now = (await chen.call('merchantBalance')).body;
    expect(now.payableFen).toBe(65_000);
    expect(now.channels).toEqual([
      { channel: 'alipay', clearingFen: 14_910, feesFen: 90, otherFen: 0 },
      { channel: 'wechat-pay', clearingFen: 49_700, feesFen: 300, otherFen: 0 },
    ]);
    const earlier = (await chen.call('merchantBalance', {}, undefined, at(2.5 * dayMs))).body;
    expect(earlier).toMatchObject({ payableFen: 10_000, channels: [{ channel: 'wechat-pay', clearingFen: 9_940 }] });
    expect((await chen.call('merchantBalance', {}, undefined, at(4 * dayMs))).body).toMatchObject({
      channels: [],
      payableFen: 0,
    });
  });

  it('is the same with the sums of earlier days and without them', async () => {
    const { pool } = world.server.context.store;
    for (let day = 0; day < 6; day += 1) await shop.pay(day * 24 * 60 + 30, 1_000 * (day + 1), { refundFen: 100 });
    const first = (await chen.call('merchantBalance')).body;
    const { rows } = await pool.query('select distinct until from ledger_snapshots');
    expect(rows).toHaveLength(1);
    expect((await chen.call('merchantBalance')).body).toEqual(first);
    await pool.query('delete from ledger_snapshots');
    expect((await chen.call('merchantBalance')).body).toEqual(first);
    world.nowMs += 36 * 3_600_000;
    const later = (await chen.call('merchantBalance')).body;
    expect({ ...later, at: '' }).toEqual({ ...first, at: '' });
    await shop.pay(0, 500);
    world.nowMs += 60_000;
    expect((await chen.call('merchantBalance')).body.payableFen).toBe(first.payableFen + 500);
  });
});

describe('an export', () => {
  const injections = ['=HYPERLINK("http://x")', '+1+1', '-2', '@SUM(A1)', '\tcmd', '＝1+1'];

  async function file(format: 'csv' | 'xlsx', query = ''): Promise<Response> {
    const response = await fetch(`${world.server.url}/api/merchant/export?format=${format}${query}`, {
      headers: chen.headers(),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toContain(`.${format}"`);
    return response;
  }

  it('as CSV has a byte order mark, Shanghai’s time, numbers, and no cell that begins a formula', async () => {
    for (const note of injections) await shop.pay(5, 12_850, { note });
    await shop.pay(4, 3_600, { refundFen: 3_600, refundReason: '=1+1' });
    const bytes = new Uint8Array(await (await file('csv', '&language=en')).arrayBuffer());
    expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const lines = new TextDecoder().decode(bytes).trim().split('\r\n');
    expect(lines[0]).toContain('Time (Asia/Shanghai)');
    expect(lines).toHaveLength(injections.length + 3);
    expect(lines.some((line) => line.startsWith('2026-11-23 13:55:00,payment,'))).toBe(true);
    expect(lines.some((line) => line.includes(',-36.00,0.00,'))).toBe(true);
    for (const note of injections) {
      const guarded = `'${note}`;
      expect(lines.some((line) => line.includes(guarded) || line.includes(guarded.replaceAll('"', '""')))).toBe(true);
    }
    const cells = lines.slice(1).flatMap((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));
    const isNumber = (cell: string): boolean => /^-?\d+\.\d\d$/.test(cell);
    expect(cells.filter((cell) => /^"?[=+\-@\t\r]/.test(cell) && !isNumber(cell))).toEqual([]);
  });

  it('as XLSX has typed cells: dates, numbers, and text that is text', async () => {
    for (const note of injections) await shop.pay(5, 12_850, { note });
    const workbook = new ExcelJs.Workbook();
    await workbook.xlsx.load(await (await file('xlsx')).arrayBuffer());
    const [sheet] = workbook.worksheets;
    expect(sheet?.rowCount).toBe(injections.length + 1);
    const notes: unknown[] = [];
    sheet?.eachRow((row, number) => {
      if (number === 1) return;
      expect(row.getCell(1).value).toBeInstanceOf(Date);
      expect((row.getCell(1).value as Date).toISOString()).toBe('2026-11-23T13:55:00.000Z');
      expect(row.getCell(5).value).toBe(128.5);
      expect(row.getCell(12).type).toBe(ExcelJs.ValueType.String);
      notes.push(row.getCell(12).value);
    });
    expect(new Set(notes)).toEqual(new Set(injections));
  });

  it('follows the filters, and goes over more rows than one page', async () => {
    await shop.pay(10, 700, { channel: 'alipay' });
    const { pool } = world.server.context.store;
    await pool.query(
      `insert into payment_orders (merchant_id, id, terminal_id, order_no, amount_fen, state, channel, body_hash, in_hand,
         created_at, updated_at, expires_at)
       select $1, gen_random_uuid(), $2, 'bulk-' || n, 100, 'cancelled', 'wechat-pay', '\\x00', false, t, t, t
       from generate_series(1, 2500) n, lateral (select $3::timestamptz - n * interval '1 minute' as t) times`,
      [shop.merchantId, shop.terminalIds[0], new Date(world.nowMs)],
    );
    const count = async (query: string): Promise<number> =>
      (await (await file('csv', query)).text()).trim().split('\r\n').length - 1;
    expect(await count('')).toBe(2_501);
    expect(await count('&channel=alipay')).toBe(1);
  });
});

describe('terminals', () => {
  it('are paused with a reason and let go on; what the office stopped stays stopped', async () => {
    await shop.pay(30, 5_000);
    const [first = '', second = ''] = shop.terminalIds;
    const before = (await chen.call('merchantTerminals')).body;
    expect(before.shop.state).toBe('active');
    expect(before.items).toMatchObject([
      { label: 'E1-01', control: { state: 'active' }, isPaired: false, today: { amountFen: 5_000, payments: 1 } },
      { label: 'E1-02', today: { amountFen: 0, payments: 0 } },
    ]);
    expect((await chen.call('merchantControl', { id: first }, { state: 'paused', reason: '' })).code).toBe(
      'bad-request',
    );
    const paused = await chen.call('merchantControl', { id: first }, { state: 'paused', reason: 'lunch break' });
    expect(paused.body.control).toMatchObject({ state: 'paused', reason: 'lunch break', by: 'chen' });
    await expect(shop.sell(platform, 100)).rejects.toThrow('paused');
    const resumed = await chen.call('merchantControl', { id: first }, { state: 'active' });
    expect(resumed.body.control).toMatchObject({ state: 'active' });
    await shop.sell(platform, 100);
    await world.server.context.store.pool.query(
      `insert into terminal_settings (terminal_id, state, state_reason) values ($1, 'stopped', 'lost')`,
      [second],
    );
    expect((await chen.call('merchantControl', { id: second }, { state: 'active' })).code).toBe('not-in-state');
  });

  it('stopped by the office at the very moment in which the shop lets them go on: the stop stays', async () => {
    const [first = ''] = shop.terminalIds;
    await chen.call('merchantControl', { id: first }, { state: 'paused', reason: 'lunch break' });
    const { pool } = world.server.context.store;
    const office = await pool.connect();
    await office.query('begin');
    await office.query(`update terminal_settings set state = 'stopped' where terminal_id = $1`, [first]);
    const resumed = chen.call('merchantControl', { id: first }, { state: 'active' });
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(async () => (await pool.query(waiting)).rowCount, { timeout: 20_000 }).toBeGreaterThan(0);
    await office.query('commit');
    office.release();
    expect((await resumed).code).toBe('not-in-state');
    await pool.query(`update terminal_settings set state = 'active' where terminal_id = $1`, [first]);
  });
});

describe('printing again', () => {
  it('is noted with the person’s name, and never for a receipt of another shop', async () => {
    const order = await shop.sell(platform, 12_850);
    const [receipt] = (await chen.call('merchantStory', { id: order.id })).body.receipts;
    const receiptId = receipt?.document.id ?? '';
    const print = { id: newId(), copy: 'customer', printer: 'picture' };
    const once = await chen.call('merchantPrinted', { id: receiptId }, print);
    expect(once.body).toMatchObject({ prints: { customer: 1, merchant: 0 } });
    expect((await chen.call('merchantPrinted', { id: receiptId }, print)).body.prints.customer).toBe(1);
    const twice = await chen.call('merchantPrinted', { id: receiptId }, { ...print, id: newId() });
    expect(twice.body.prints.customer).toBe(2);
    const { rows } = await world.server.context.store.pool.query(
      'select duplicate, by from receipt_prints where receipt_id = $1 order by at, duplicate',
      [receiptId],
    );
    expect(rows).toEqual([
      { duplicate: false, by: 'chen' },
      { duplicate: true, by: 'chen' },
    ]);
    const other = await (await TestShop.open(world, '西门小店')).person('wu');
    expect((await other.call('merchantPrinted', { id: receiptId }, { ...print, id: newId() })).code).toBe('not-found');
    expect((await other.call('merchantReview', { id: order.id })).code).toBe('not-found');
  });
});

describe('staff', () => {
  it('invites colleagues of the same shop and of no other role', async () => {
    const fresh = { email: 'new@test.invalid', name: 'New' };
    expect(await chen.call('inviteStaff', {}, fresh)).toMatchObject({ status: 403, code: 'factor-needed' });
    const made = await chen.call('inviteStaff', {}, { ...fresh, confirm: await world.confirm(chen) });
    expect(made.status).toBe(201);
    expect(made.body.person).toMatchObject({ role: 'merchant', state: 'invited', merchantId: shop.merchantId });
    const more = { email: 'x@test.invalid', name: 'X', role: 'operator', merchantId: newId() };
    expect((await chen.call('inviteStaff', {}, more)).code).toBe('bad-request');
    expect((await chen.call('merchantStaff')).body.items.map(({ name }) => name).sort()).toEqual(['New', 'chen']);
  });

  it('invites a colleague again who missed it; the earlier link is over', async () => {
    const made = await chen.call(
      'inviteStaff',
      {},
      {
        ...{ email: 'new@test.invalid', name: 'New' },
        confirm: await world.confirm(chen),
      },
    );
    const { person, link } = made.body;
    const tokenOf = (url: string): string => url.split('/').at(-1) ?? '';
    world.nowMs += 4 * 24 * 3_600_000;
    expect((await chen.call('viewInvitation', { token: tokenOf(link) })).status).toBe(404);
    const again = await chen.call('reinviteStaff', { id: person.id }, { confirm: await world.confirm(chen) });
    expect(again).toMatchObject({ status: 201, body: { person: { id: person.id, state: 'invited' } } });
    const next = await chen.call('reinviteStaff', { id: person.id }, { confirm: await world.confirm(chen) });
    expect((await chen.call('viewInvitation', { token: tokenOf(again.body.link) })).status).toBe(404);
    expect((await chen.call('viewInvitation', { token: tokenOf(next.body.link) })).status).toBe(200);
    expect((await chen.call('reinviteStaff', { id: chen.id }, {})).code).toBe('not-in-state');
    const lin = await world.person('lin', 'operator', totpSecrets.he);
    expect((await chen.call('reinviteStaff', { id: lin.id }, {})).code).toBe('not-found');
    const params = { id: person.id };
    expect((await chen.call('reinviteStaff', params, {})).code).toBe('factor-needed');
    expect((await lin.call('reinvitePerson', params, { confirm: await world.confirm(lin) })).status).toBe(201);
  });

  it('disables a colleague at once, never oneself, and never the last one', async () => {
    const li = await shop.person('li');
    expect((await chen.call('changeStaff', { id: chen.id }, { disabled: true })).code).toBe('same-person');
    expect((await chen.call('changeStaff', { id: li.id }, { disabled: true })).body.state).toBe('disabled');
    expect((await li.call('changeStaff', { id: chen.id }, { disabled: true })).status).toBe(401);
    expect((await chen.call('changeStaff', { id: li.id }, { disabled: false })).body.state).not.toBe('disabled');
  });

  it('two who disable each other leave one', async () => {
    const li = await shop.person('li');
    await Promise.all([
      chen.call('changeStaff', { id: li.id }, { disabled: true }),
      li.call('changeStaff', { id: chen.id }, { disabled: true }),
    ]);
    const { rows } = await world.server.context.store.pool.query(
      `select id from "user" where "merchantId" = $1 and state = 'active'`,
      [shop.merchantId],
    );
    expect(rows).toHaveLength(1);
  });

  it('changes nobody of the office', async () => {
    const lin = await world.person('lin', 'operator');
    expect((await chen.call('changeStaff', { id: lin.id }, { disabled: true })).code).toBe('not-found');
  });
});

describe('settings', () => {
  it('are changed by themselves; to raise the amount of the factor needs the factor', async () => {
    expect((await chen.call('merchantSettings')).body).toMatchObject({ refundFactorAboveFen: 20_000 });
    const change = (body: Record<string, unknown>) => chen.call('changeMerchantSettings', {}, { id: newId(), ...body });
    expect((await change({ receiptTitle: '东门小店', receiptFooter: '谢谢' })).body).toMatchObject({
      receiptTitle: '东门小店',
      receiptFooter: '谢谢',
      refundFactorAboveFen: 20_000,
    });
    expect((await change({ refundFactorAboveFen: 5_000 })).body.refundFactorAboveFen).toBe(5_000);
    expect((await change({ refundFactorAboveFen: 5_001 })).code).toBe('factor-needed');
    const raised = await change({ refundFactorAboveFen: 90_000, factor: await factor() });
    expect(raised.body).toMatchObject({ refundFactorAboveFen: 90_000, receiptTitle: '东门小店' });
  });
});
