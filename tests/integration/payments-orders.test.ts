import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import { cashier, newest, Shop, value } from './payments/shop.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let shop: Shop;

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster, { reverses: true });
});
afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

async function orderWithCode(amountFen = 12_850) {
  const order = value(await shop.order(await shop.terminal(), amountFen));
  const started = value(await shop.start(order.id));
  return { id: order.id, attempt: newest(started), terminalId: order.terminalId };
}

describe('a payment by code', () => {
  it('shows the code, is paid by the platform’s word, and is in the books', async () => {
    const { id, attempt } = await orderWithCode();
    expect(attempt).toMatchObject({ state: 'pending', qr: `toy:${attempt.attemptNo}`, isEnding: false });
    expect(attempt.attemptNo).toMatch(/^TK261123\d{8}A1$/);
    shop.platform('toy-a').pay(attempt.attemptNo);
    expect(await shop.notify('toy-a', attempt.attemptNo)).toBe(200);
    const paid = await shop.look(id);
    expect(paid).toMatchObject({ state: 'paid', paidFen: 12_850, leftFen: 0, receiptNo: `TK-${paid.orderNo}` });
    expect(await shop.events(id)).toEqual(['order-made', 'attempt-started', 'code-shown', 'paid', 'order-paid']);
    const postings = await shop.sql(
      `select e.account, e.amount_fen from ledger_entries e join ledger_postings p on p.id = e.posting_id
       where p.order_id = $1 order by e.line`,
      id,
    );
    expect(postings).toEqual([
      { account: 'clearing:toy-a', amount_fen: 12_801 },
      { account: 'fees:toy-a', amount_fen: 49 },
      { account: 'payable', amount_fen: -12_850 },
    ]);
  });

  it('keeps what went over the wire, with its hash', async () => {
    const { id } = await orderWithCode();
    const [row] = await shop.sql<{ raw: string; right: boolean }>(
      `select raw, raw_sha256 = sha256(convert_to(raw, 'UTF8')) as right from payment_events
       where order_id = $1 and kind = 'code-shown'`,
      id,
    );
    expect(row?.raw).toMatch(/^create \(1 ms\)\n>>>\nTK/);
    expect(row?.right).toBe(true);
  });

  it('is left to others once the claim on it is over, which a slow platform brings about', async () => {
    const orders = await Promise.all(Array.from({ length: 30 }, () => orderWithCode()));
    const asked = new Set<string>();
    shop.platform('toy-a').fate = (call, attemptNo) => {
      if (call === 'query') asked.add(attemptNo);
      shop.nowMs += 2_000;
      return 'ok';
    };
    shop.nowMs += 6_000;
    await shop.payments.sweep();
    shop.setFate('toy-a', () => 'ok');
    expect(orders.filter(({ attempt }) => asked.has(attempt.attemptNo)).length).toBeLessThan(30);
    await shop.pass(40_000);
    await Promise.all(orders.map(({ id }) => shop.cancel(id)));
  });

  it('is found by asking when no notification comes', async () => {
    const { id, attempt } = await orderWithCode();
    shop.platform('toy-a').pay(attempt.attemptNo);
    await shop.pass(6_000);
    expect(await shop.look(id)).toMatchObject({ state: 'paid' });
  });

  it('shows a code that the first answer lost, once it is asked for again', async () => {
    shop.setFate('toy-a', (call) => (call === 'create' ? 'lost' : 'ok'));
    const { id, attempt } = await orderWithCode();
    expect(attempt).toMatchObject({ state: 'unknown' });
    expect(attempt.qr).toBeUndefined();
    shop.setFate('toy-a', () => 'ok');
    await shop.pass(6_000);
    expect(newest(await shop.look(id))).toMatchObject({ state: 'pending', qr: `toy:${attempt.attemptNo}` });
  });
});

describe('a payment by the customer’s code', () => {
  const scan = { kind: 'scan', authCode: '134567890123456789' } as const;

  it.each([
    ['pay', 'paid', 'paid'],
    ['ask', 'pending', 'open'],
    ['decline', 'failed', 'open'],
  ] as const)('%s → attempt %s, order %s', async (act, attemptState, orderState) => {
    shop.platform('toy-a').scan = () => act;
    const order = value(await shop.order(await shop.terminal(), 500));
    const scanned = value(await shop.start(order.id, 'toy-a', scan));
    expect(scanned.state).toBe(orderState);
    expect(newest(scanned).state).toBe(attemptState);
    expect(newest(scanned).reason).toBe(act === 'decline' ? 'declined' : undefined);
  });

  it('is undone when nobody knows what became of it', async () => {
    shop.platform('toy-a').scan = () => 'pay';
    const order = value(await shop.order(await shop.terminal(), 500));
    shop.setFate('toy-a', () => 'lost');
    const scanned = value(await shop.start(order.id, 'toy-a', scan));
    expect(newest(scanned).state).toBe('unknown');
    await shop.pass(61_000);
    shop.setFate('toy-a', () => 'ok');
    await shop.pass(61_000);
    const { attemptNo, state } = newest(await shop.look(order.id));
    expect(state).toBe('closed');
    expect(shop.platform('toy-a').payments.get(attemptNo)?.state).toBe('reversed');
  });
});

describe('the same request again', () => {
  it('gives the same order; with other contents it is refused', async () => {
    const [terminalId, id] = [await shop.terminal(), newId()];
    const first = value(await shop.order(terminalId, 700, id));
    expect(value(await shop.order(terminalId, 700, id))).toEqual(first);
    expect(await shop.order(terminalId, 701, id)).toMatchObject({ error: 'exists-with-different-body' });
    const attemptId = newId();
    const started = value(await shop.start(id, 'toy-a', { id: attemptId }));
    expect(value(await shop.start(id, 'toy-a', { id: attemptId }))).toEqual(started);
    const other = await shop.start(id, 'toy-b', { id: attemptId });
    expect(other).toMatchObject({ error: 'exists-with-different-body' });
    expect(shop.platform('toy-a').calls.filter(({ attemptNo }) => attemptNo === newest(started).attemptNo).length).toBe(
      1,
    );
  });

  it('makes one order when it comes ten times at once', async () => {
    const [terminalId, id] = [await shop.terminal(), newId()];
    const answers = await Promise.all(Array.from({ length: 10 }, () => shop.order(terminalId, 900, id)));
    expect(new Set(answers.map((answer) => value(answer).orderNo)).size).toBe(1);
    const attemptId = newId();
    const starts = await Promise.all(Array.from({ length: 10 }, () => shop.start(id, 'toy-a', { id: attemptId })));
    expect(starts.map((answer) => value(answer).attempts.length)).toEqual(Array.from({ length: 10 }, () => 1));
    expect((await shop.look(id)).attempts).toHaveLength(1);
  });

  it('finds that an attempt’s id belongs to another order', async () => {
    const one = await orderWithCode();
    const two = value(await shop.order(await shop.terminal(), 800));
    expect(await shop.start(two.id, 'toy-a', { id: one.attempt.id })).toMatchObject({
      error: 'exists-with-different-body',
    });
  });
});

describe('an order with its first attempt', () => {
  const first = () => ({ id: newId(), channel: 'toy-a', kind: 'qr' }) as const;
  const make = async (terminalId: string, attempt = first(), id = newId(), amountFen = 400) => {
    const { merchantId } = shop;
    const order = { merchantId, terminalId, id, amountFen: fen(amountFen), note: '', source: 'terminal' } as const;
    return shop.payments.createOrder(cashier, order, attempt);
  };

  it('shows the code at once, and is the same when it is sent again', async () => {
    const [terminalId, attempt, id] = [await shop.terminal(), first(), newId()];
    const answers = await Promise.all(Array.from({ length: 5 }, () => make(terminalId, attempt, id)));
    expect(new Set(answers.map((answer) => value(answer).orderNo)).size).toBe(1);
    const order = value(await make(terminalId, attempt, id));
    expect(order).toMatchObject({ state: 'open', attempts: [{ id: attempt.id, number: 1, state: 'pending' }] });
    expect(await shop.events(id)).toEqual(['order-made', 'attempt-started', 'code-shown']);
    expect(await make(terminalId, { ...attempt, channel: 'toy-b' } as never, id)).toMatchObject({
      error: 'exists-with-different-body',
    });
  });

  it('is made, and says why its attempt cannot start', async () => {
    const [terminalId, id] = [await shop.terminal(), newId()];
    await shop.limit({ channel: 'toy-a', terminalId, window: 'day', maxFen: 399 });
    expect(await make(terminalId, first(), id)).toMatchObject({ error: 'limit-reached', detail: 'day-limit' });
    expect(await shop.look(id)).toMatchObject({ state: 'open', attempts: [] });
    expect(await make(terminalId)).toMatchObject({ error: 'terminal-busy', detail: id });
  });

  it('is not made at a terminal that is paused', async () => {
    const [terminalId, id] = [await shop.terminal(), newId()];
    await shop.control('terminal', 'paused', terminalId);
    expect(await make(terminalId, first(), id)).toMatchObject({ error: 'paused', detail: 'terminal' });
    expect(await shop.payments.order({ merchantId: shop.merchantId, orderId: id })).toMatchObject({
      error: 'not-found',
    });
  });
});

describe('what stands in the way', () => {
  it('is a payment that the terminal has in hand', async () => {
    const { id, terminalId } = await orderWithCode();
    expect(await shop.order(terminalId, 100)).toMatchObject({ error: 'terminal-busy', detail: id });
    value(await shop.cancel(id));
    expect(value(await shop.order(terminalId, 100)).state).toBe('open');
  });

  it.each(['merchant', 'terminal'] as const)('is a %s that is paused', async (what) => {
    const terminalId = await shop.terminal();
    const order = value(await shop.order(terminalId, 100));
    await shop.control(what, 'paused', terminalId);
    expect(await shop.start(order.id)).toMatchObject({ error: 'paused', detail: what });
    expect(await shop.order(terminalId, 100, newId())).toMatchObject({ error: 'paused', detail: what });
    expect((await shop.routes(terminalId, 100)).routes.map(({ reason }) => reason)).toEqual(['paused', 'paused']);
    await shop.control(what, 'active', terminalId);
    expect(newest(value(await shop.start(order.id))).state).toBe('pending');
  });

  it('is an account that is paused, or none', async () => {
    const order = value(await shop.order(await shop.terminal(), 100));
    await shop.sql(`update channel_accounts set state = 'paused' where id = $1`, shop.accounts.get('toy-b'));
    expect(await shop.start(order.id, 'toy-b')).toMatchObject({ error: 'channel-unavailable', detail: 'paused' });
    await shop.sql(`update channel_accounts set state = 'active' where id = $1`, shop.accounts.get('toy-b'));
    expect(await shop.start(order.id, 'none')).toMatchObject({
      error: 'channel-unavailable',
      detail: 'not-configured',
    });
    expect(
      await shop.start(order.id, 'toy-a', { kind: 'link', payer: { address: '::1', returnUrl: 'x' } }),
    ).toMatchObject({
      error: 'channel-unavailable',
    });
    expect(await shop.start(order.id, 'toy-a', { kind: 'scan' })).toMatchObject({
      error: 'bad-request',
      detail: 'authCode',
    });
    expect(await shop.start(order.id, 'toy-a', { amountFen: fen(101) })).toMatchObject({ error: 'bad-request' });
    expect(await shop.start(newId())).toMatchObject({ error: 'not-found' });
  });

  it('is another merchant', async () => {
    const [terminalId] = await shop.terminals(1);
    const order = { id: newId(), amountFen: fen(1), note: '', source: 'terminal' } as const;
    const foreign = { ...order, merchantId: newId(), terminalId: terminalId ?? '' };
    expect(await shop.payments.createOrder(cashier, foreign)).toMatchObject({ error: 'not-found' });
  });

  it('is a call that the platform refuses because of us: the attempt failed, another can follow', async () => {
    const order = value(await shop.order(await shop.terminal(), 100));
    shop.platform('toy-a').refusal = { code: 'SIGN_ERROR', message: 'the signature is wrong' };
    const refused = value(await shop.start(order.id));
    shop.platform('toy-a').refusal = undefined;
    expect(newest(refused)).toMatchObject({ state: 'failed', reason: 'platform', platformCode: 'SIGN_ERROR' });
    expect(newest(value(await shop.start(order.id))).state).toBe('pending');
  });
});

describe('the last order of a terminal', () => {
  it('tells what became of the last request', async () => {
    const { id, terminalId } = await orderWithCode();
    expect(value(await shop.payments.lastOrder(terminalId)).id).toBe(id);
    expect(await shop.payments.lastOrder(newId())).toMatchObject({ error: 'not-found' });
  });
});
