import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteReply } from '../../protocol/http/routes.ts';
import { type App, AppBench } from './terminal-app/bench.ts';
import { Cluster, newId, type Person, totpSecrets } from './server/world.ts';

let cluster: Cluster;
let bench: AppBench;
let staff: Person;

beforeAll(async () => {
  cluster = await Cluster.start();
  bench = await AppBench.start(cluster);
  staff = await bench.staff('lin', totpSecrets.zhou);
});
afterAll(async () => {
  await bench.close();
  await cluster.stop();
});

/** Names and ids of the events of a terminal's stream, until `count` came. */
async function events(app: App, count: number, act: () => Promise<unknown>): Promise<string[]> {
  const response = await fetch(`${bench.world.server.url}/api/terminal-app/events`, { headers: app.headers });
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const found: string[] = [];
  let text = '';
  await act();
  while (found.length < count) {
    const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    text += value ?? '';
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const match = /^event: (\w+)\ndata: \{"id":"([^"]+)"\}$/.exec(part);
      if (match !== null) found.push(`${match[1] ?? ''} ${match[2] ?? ''}`);
    }
  }
  await reader?.cancel();
  return found;
}

describe('a sale from the terminal', () => {
  it('goes from the list of channels to the receipt', async () => {
    const app = await bench.app();
    const home = (await app.call('appHome')).body;
    expect(home.merchant.name).toBe('桂园物业');
    expect(home.control).toEqual({ state: 'active', reason: '' });
    expect(home.routes.routes.map(({ channel, isAvailable }) => [channel, isAvailable])).toEqual([
      ['toy-a', true],
      ['toy-b', true],
    ]);
    expect(home.currentOrderId).toBeUndefined();
    const id = newId();
    const attempt = { id: newId(), channel: 'toy-a', kind: 'qr' as const };
    const made = await app.call('appCreateOrder', {}, { id, amountFen: 12_850, attempt });
    expect(made).toMatchObject({ status: 201, body: { state: 'open', attempts: [{ state: 'pending' }] } });
    expect(made.body.attempts[0]?.qr).toMatch(/^toy:TK/);
    expect((await app.call('appHome')).body.currentOrderId).toBe(id);
    expect(await app.call('appCreateOrder', {}, { id, amountFen: 12_850, attempt })).toMatchObject({ status: 201 });
    await bench.pay(made.body);
    expect((await app.call('appOrder', { id })).body).toMatchObject({ state: 'paid', paidFen: 12_850 });
    expect((await app.call('appHome')).body.currentOrderId).toBe(id);
    bench.world.nowMs += 16 * 60_000;
    expect((await app.call('appHome')).body.currentOrderId).toBeUndefined();
  });

  it('a customer’s code finds its channel by its prefix', async () => {
    const app = await bench.app();
    const ask = async (authCode: string) => (await app.call('appAuthCode', {}, { authCode })).body;
    expect(await ask('281234567890123456')).toEqual({ channel: 'toy-a', name: { zh: 'toy-a', en: 'toy-a' } });
    expect(await ask('131234567890123456')).toMatchObject({ channel: 'toy-b' });
    expect(await ask('991234567890123456')).toEqual({});
    expect(await app.call('appAuthCode', {}, { authCode: 'abc' })).toMatchObject({ status: 400, field: 'authCode' });
  });

  it('an attempt that misses what its kind needs names the field', async () => {
    const app = await bench.app();
    const id = newId();
    await app.call('appCreateOrder', {}, { id, amountFen: 100 });
    const start = (kind: string) => app.call('appStartAttempt', { id }, { id: newId(), channel: 'toy-a', kind });
    expect(await start('scan')).toMatchObject({ status: 400, field: 'authCode' });
    expect(await start('card')).toMatchObject({ status: 400, field: 'card' });
    expect((await app.call('appCancelOrder', { id })).status).toBe(200);
  });

  it('lists its own orders, newest first, found by number and by its last four digits', async () => {
    const [app, other] = [await bench.app(), await bench.app()];
    const orders: RouteReply<'appOrder'>[] = [];
    for (let count = 0; count < 5; count += 1) {
      orders.push(await bench.paidOrder(app, 100 + count));
      bench.world.nowMs += 1_000;
    }
    await bench.paidOrder(other);
    const list = async (query: string) => (await app.call('appOrders', {}, undefined, query)).body;
    const newest = [...orders].reverse().map(({ id }) => id);
    const first = await list('?limit=3');
    expect(first.items.map(({ id }) => id)).toEqual(newest.slice(0, 3));
    const second = await list(`?limit=3&cursor=${first.nextCursor ?? ''}`);
    expect(second.items.map(({ id }) => id)).toEqual(newest.slice(3));
    expect(second.nextCursor).toBeUndefined();
    const [wanted] = orders;
    for (const q of [wanted?.orderNo, wanted?.receiptNo, `${wanted?.receiptNo ?? ''}-R1`, wanted?.orderNo.slice(-4)])
      expect((await list(`?q=${q ?? ''}`)).items.map(({ id }) => id)).toEqual([wanted?.id]);
    expect((await list('?q=9999')).items).toEqual([]);
    expect((await list('?q=%25')).items).toEqual([]);
  });
});

describe('receipts', () => {
  it('are made once, counted when they are printed, and never change', async () => {
    const app = await bench.app();
    const order = await bench.paidOrder(app);
    const [receipt] = (await app.call('appReceipts', { id: order.id })).body.items;
    expect(receipt?.document).toMatchObject({
      ...{ receiptNo: `TK-${order.orderNo}`, kind: 'payment', amountFen: 12_850, merchantName: '桂园物业' },
      ...{ channel: 'toy-a', platformMerchantId: 'toy-merchant', others: [], needsSignature: false },
    });
    expect(receipt?.prints).toEqual({ merchant: 0, customer: 0 });
    const printed = { id: newId(), copy: 'customer', printer: 'secure-device' } as const;
    const receiptId = receipt?.document.id ?? '';
    for (const again of [printed, printed])
      expect((await app.call('appPrinted', { id: receiptId }, again)).body.prints).toEqual({
        merchant: 0,
        customer: 1,
      });
    await app.call('appPrinted', { id: receiptId }, { ...printed, id: newId() });
    const { pool } = bench.world.server.context.store;
    const rows = await pool.query<{ duplicate: boolean }>(
      'select duplicate from receipt_prints where receipt_id = $1 order by at, duplicate',
      [receiptId],
    );
    expect(rows.rows.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    await bench.operator.call('changeMerchant', { id: bench.merchantId }, { name: '新名字' });
    await bench.operator.call('changeShopSettings', { id: bench.merchantId }, { receiptFooter: '再会' });
    const [later] = (await app.call('appReceipts', { id: order.id })).body.items;
    expect(later?.document).toEqual(receipt?.document);
    const [fresh] = (await app.call('appReceipts', { id: (await bench.paidOrder(app)).id })).body.items;
    expect(fresh?.document).toMatchObject({ merchantName: '新名字', footer: '再会' });
    await bench.operator.call('changeMerchant', { id: bench.merchantId }, { name: '桂园物业' });
  });

  it('one for each paid part and each refund that is done, however many ask at once', async () => {
    const app = await bench.app();
    const id = newId();
    await app.call('appCreateOrder', {}, { id, amountFen: 30_000 });
    for (const [channel, amountFen] of [
      ['toy-a', 10_000],
      ['toy-b', 20_000],
    ] as const) {
      const started = await app.call('appStartAttempt', { id }, { id: newId(), channel, kind: 'qr', amountFen });
      expect(started.status).toBe(200);
      await bench.pay(started.body);
      bench.world.nowMs += 1_000;
    }
    const all = await Promise.all(Array.from({ length: 6 }, () => app.call('appReceipts', { id })));
    const numbers = all.map(({ body }) => body.items.map(({ document }) => document.receiptNo));
    const { orderNo } = (await app.call('appOrder', { id })).body;
    expect(numbers).toEqual(all.map(() => [`TK-${orderNo}`, `TK-${orderNo}-2`]));
    const second = all[0]?.body.items[1]?.document;
    expect(second).toMatchObject({ amountFen: 20_000, orderAmountFen: 30_000, others: [{ amountFen: 10_000 }] });
    const refund = { id: newId(), amountFen: 5_000, reason: '退一件' };
    expect(await app.call('appRefund', { id }, refund)).toMatchObject({ status: 200, body: { refundedFen: 5_000 } });
    const documents = (await app.call('appReceipts', { id })).body.items.map(({ document }) => document);
    expect(documents.map(({ receiptNo }) => receiptNo)).toEqual([
      `TK-${orderNo}`,
      `TK-${orderNo}-2`,
      `TK-${orderNo}-R1`,
    ]);
    expect(documents[2]).toMatchObject({ kind: 'refund', amountFen: 5_000, ofReceiptNo: `TK-${orderNo}-2` });
  });

  it('of another terminal or merchant cannot be marked as printed', async () => {
    const [own, other] = [await bench.app(), await bench.app()];
    const order = await bench.paidOrder(own);
    expect((await other.call('appReceipts', { id: order.id })).status).toBe(404);
    const print = { id: newId(), copy: 'customer', printer: 'usb' };
    expect((await own.call('appPrinted', { id: newId() }, print)).status).toBe(404);
  });
});

describe('a refund at the terminal', () => {
  const approval = (code: string, email = 'lin@test.invalid') => ({ email, factor: { kind: 'totp' as const, code } });

  it('below the merchant’s amount goes through; above it somebody of the merchant confirms', async () => {
    const app = await bench.app();
    const order = await bench.paidOrder(app, 50_000);
    const refund = (body: object) => app.call('appRefund', { id: order.id }, { reason: '退货', ...body });
    expect((await refund({ id: newId(), amountFen: 5_000 })).body).toMatchObject({ refundedFen: 5_000 });
    const large = { id: newId(), amountFen: 20_001 };
    expect(await refund(large)).toMatchObject({ status: 403, code: 'factor-needed', field: 'approval' });
    expect(await refund({ ...large, approval: approval('000000') })).toMatchObject({ code: 'factor-wrong' });
    const unknown = approval('000000', 'nobody@test.invalid');
    expect(await refund({ ...large, approval: unknown })).toMatchObject({ code: 'factor-wrong' });
    const code = await bench.world.code(staff);
    const done = await refund({ ...large, approval: approval(code) });
    expect(done.body).toMatchObject({ refundedFen: 25_001, state: 'part-refunded' });
    expect(done.body.refunds.at(-1)).toMatchObject({ by: 'lin', amountFen: 20_001 });
    expect(await refund(large)).toMatchObject({ status: 200, body: { refundedFen: 25_001 } });
  });

  it('many small ones do not go round the amount', async () => {
    const app = await bench.app();
    const order = await bench.paidOrder(app, 50_000);
    const refund = (amountFen: number) =>
      app.call('appRefund', { id: order.id }, { id: newId(), amountFen, reason: '退货' });
    expect((await refund(15_000)).status).toBe(200);
    const together = await Promise.all([refund(4_000), refund(3_000), refund(2_000)]);
    const refused = together.filter(({ code }) => code !== undefined);
    expect(refused.every(({ code }) => code === 'factor-needed')).toBe(true);
    expect((await app.call('appOrder', { id: order.id })).body.refundedFen).toBeLessThanOrEqual(20_000);
    expect(await refund(3_001)).toMatchObject({ code: 'factor-needed', field: 'approval' });
  });

  it('nobody of another merchant, and nobody of the office, can confirm', async () => {
    const elsewhere = newId();
    await bench.operator.call('createMerchant', {}, { id: elsewhere, name: '别家', contact: '', address: '' });
    const stranger = await bench.staff('stranger', totpSecrets.he, elsewhere);
    const app = await bench.app();
    const order = await bench.paidOrder(app, 90_000);
    const body = {
      id: newId(),
      reason: '退货',
      approval: approval(await bench.world.code(stranger), 'stranger@test.invalid'),
    };
    expect(await app.call('appRefund', { id: order.id }, body)).toMatchObject({ code: 'factor-wrong' });
  });

  it('the list of who may confirm holds only staff with an authenticator', async () => {
    await bench.world.person('no-factor', 'merchant', undefined, bench.merchantId);
    const app = await bench.app();
    const { approvers = [] } = (await app.call('appHome')).body;
    expect(approvers.map(({ email }) => email)).toEqual(['lin@test.invalid']);
  });
});

describe('control and the stream', () => {
  it('a terminal hears of its own orders only', async () => {
    const [own, other] = [await bench.app(), await bench.app()];
    let mine = '';
    const heard = await events(own, 2, async () => {
      await bench.paidOrder(other);
      mine = (await bench.paidOrder(own)).id;
    });
    expect(new Set(heard)).toEqual(new Set([`payments ${mine}`]));
  });

  it('paused takes no new payment, stopped gives none back, and both say so at once', async () => {
    const app = await bench.app();
    const order = await bench.paidOrder(app);
    const control = (state: string, reason = '盘点') =>
      bench.operator.call('controlTerminal', { id: app.terminalId }, { state, reason });
    const heard = await events(app, 1, () => control('paused'));
    expect(heard).toEqual([`control ${app.terminalId}`]);
    expect((await app.call('appHome')).body.control).toEqual({ state: 'paused', reason: '盘点' });
    const create = () => app.call('appCreateOrder', {}, { id: newId(), amountFen: 100 });
    expect(await create()).toMatchObject({ status: 409, code: 'paused' });
    const refund = (amountFen: number) =>
      app.call('appRefund', { id: order.id }, { id: newId(), amountFen, reason: '退货' });
    expect((await refund(100)).status).toBe(200);
    await control('stopped');
    expect(await refund(100)).toMatchObject({ status: 409, code: 'paused' });
    await control('active', '');
    expect((await create()).status).toBe(201);
    expect(await control('paused', '')).toMatchObject({ status: 400, field: 'reason' });
    expect(
      (await bench.approver.call('controlTerminal', { id: app.terminalId }, { state: 'active', reason: '' })).code,
    ).toBe('forbidden');
  });

  it('the stricter of terminal and merchant counts, for every terminal of the merchant', async () => {
    const [one, two] = [await bench.app(), await bench.app()];
    const shop = (state: string) =>
      bench.operator.call('controlShop', { id: bench.merchantId }, { state, reason: state === 'active' ? '' : '停业' });
    await bench.operator.call('controlTerminal', { id: one.terminalId }, { state: 'stopped', reason: '失窃' });
    await shop('paused');
    expect((await one.call('appHome')).body.control).toEqual({ state: 'stopped', reason: '失窃' });
    expect((await two.call('appHome')).body.control).toEqual({ state: 'paused', reason: '停业' });
    expect(await two.call('appCreateOrder', {}, { id: newId(), amountFen: 100 })).toMatchObject({ code: 'paused' });
    await shop('active');
    expect((await two.call('appHome')).body.control.state).toBe('active');
  });

  it('closes the batches of the channels that settle', async () => {
    const app = await bench.app();
    const { items } = (await app.call('appSettle')).body;
    expect(items).toEqual([
      { channel: 'toy-b', name: { zh: 'toy-b', en: 'toy-b' }, kind: 'settled', text: '2 笔 128.50' },
    ]);
  });

  it('says no more than that a batch is unknown where the channel itself said nothing', async () => {
    const app = await bench.app();
    const settle = bench.settle;
    bench.settle = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const broken = (await app.call('appSettle')).body.items;
    bench.settle = async () => ({ kind: 'unknown', text: '正在结算' });
    const running = (await app.call('appSettle')).body.items;
    bench.settle = settle;
    expect(broken).toMatchObject([{ kind: 'unknown', text: '' }]);
    expect(running).toMatchObject([{ kind: 'unknown', text: '正在结算' }]);
  });
});
