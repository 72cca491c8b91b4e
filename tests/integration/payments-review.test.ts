import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import type { ReviewWish } from '../../server/services/payments/service.ts';
import { newest, Shop, value } from './payments/shop.ts';
import { Cluster, newId } from './server/world.ts';

// A platform says something else than we asked; a person decides.

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

const wang = { kind: 'person', id: 'wang', name: '王主任' } as const;
const platform = () => shop.platform('toy-a');

interface Case {
  readonly id: string;
  readonly attemptId: string;
  readonly attemptNo: string;
}

/** An order of 100.00 yuan for which the platform took another amount. */
async function took(amountFen: number): Promise<Case> {
  const order = value(await shop.order(await shop.terminal(), 10_000));
  const { id: attemptId, attemptNo } = newest(value(await shop.start(order.id)));
  const payment = platform().payments.get(attemptNo);
  if (payment === undefined) throw new Error('the platform does not know the attempt');
  platform().payments.set(attemptNo, { ...payment, amountFen: fen(amountFen) });
  platform().pay(attemptNo);
  await shop.notify('toy-a', attemptNo);
  expect((await shop.look(order.id)).state).toBe('review');
  return { id: order.id, attemptId, attemptNo };
}

function decide(orderId: string, on: ReviewWish['on'], reason = '顾客出示了账单') {
  return shop.payments.decide(wang, { merchantId: shop.merchantId, orderId, on, reason });
}

async function read(orderId: string) {
  return value(await shop.context.services.reviews.read(orderId));
}

/** What the books say that one order brought, by account. */
async function booked(orderId: string): Promise<Record<string, number>> {
  const rows = await shop.sql<{ account: string; sum: number }>(
    `select e.account, sum(e.amount_fen)::bigint as sum from ledger_entries e
     join ledger_postings p on p.merchant_id = e.merchant_id and p.id = e.posting_id
     where p.order_id = $1 group by e.account having sum(e.amount_fen) <> 0 order by e.account`,
    orderId,
  );
  return Object.fromEntries(rows.map(({ account, sum }) => [account, Number(sum)]));
}

async function receiptsOf(orderId: string) {
  const receipts = value(await shop.context.services.receipts.ofOrder({ merchantId: shop.merchantId, orderId }));
  return receipts.items.map(({ document }) => [document.kind, document.amountFen, document.orderAmountFen]);
}

describe('the case', () => {
  it('shows both sides, what went over the wire, and what can be decided', async () => {
    const { id, attemptId, attemptNo } = await took(9_000);
    const review = await read(id);
    expect(review.attempts).toMatchObject([
      {
        attemptId,
        ours: { number: attemptNo, amountFen: 10_000, currency: 'CNY', merchant: 'toy-merchant' },
        theirs: { number: attemptNo, amountFen: 9_000, currency: 'CNY', merchant: 'toy-merchant' },
        acts: ['ask', 'accept', 'give-back'],
      },
    ]);
    expect(review.exchanges.map(({ kind }) => kind)).toContain('differs');
    expect(review.exchanges.at(-1)?.raw).toContain(attemptNo);
    const listed = await shop.context.services.reviews.list();
    expect(listed.map(({ orderId }) => orderId)).toContain(id);
    const own = value(await shop.context.services.reviews.read(id, shop.merchantId));
    expect(own.exchanges, 'what went over the wire is for the office').toEqual([]);
    expect(await shop.context.services.reviews.read(id, newId())).toMatchObject({ error: 'not-found' });
  });

  it('needs a second factor for what moves money', async () => {
    const { id, attemptId } = await took(9_000);
    const { people, reviews } = shop.context.services;
    const secret = { totpSecret: 'KRUWY3DLMVSXAZLSIRSW23ZR' };
    const email = 'op@test.invalid';
    const personId = await people.ensurePerson({ name: '王主任', email, role: 'operator', ...secret });
    const actor = { id: personId, name: '王主任', role: 'operator' } as const;
    const body = { id: newId(), act: 'accept', attemptId, takenFen: 9_000, reason: '店长同意' } as const;
    expect(await reviews.decide(actor, id, body)).toMatchObject({ error: 'factor-needed' });
    const factor = { kind: 'totp', code: '000000' } as const;
    expect(await reviews.decide(actor, id, { ...body, factor })).toMatchObject({ error: 'factor-wrong' });
    expect((await shop.look(id)).state).toBe('review');
    const code = await shop.context.factors.demoCode(personId);
    const right = { ...body, factor: { kind: 'totp', code: code ?? '' } } as const;
    expect(await reviews.decide(actor, id, right)).toMatchObject({ ok: true, value: { state: 'paid' } });
  });
});

describe('accepting', () => {
  it('less than was asked: the order costs what was paid', async () => {
    const { id, attemptId } = await took(9_000);
    const order = value(await decide(id, { act: 'accept', attemptId, takenFen: fen(9_000) }));
    expect(order).toMatchObject({ state: 'paid', amountFen: 9_000, paidFen: 9_000, refundedFen: 0 });
    expect(await booked(id)).toEqual({ 'clearing:toy-a': 8_966, 'fees:toy-a': 34, payable: -9_000 });
    expect(await receiptsOf(id)).toEqual([['payment', 9_000, 9_000]]);
    expect(value(await shop.refund(id))).toMatchObject({ state: 'refunded', refundedFen: 9_000 });
    expect(await booked(id)).toEqual({});
  });

  it('more than was asked: what is too much goes back at once', async () => {
    const { id, attemptId, attemptNo } = await took(12_000);
    const order = value(await decide(id, { act: 'accept', attemptId, takenFen: fen(12_000) }));
    expect(order).toMatchObject({ state: 'part-refunded', amountFen: 12_000, paidFen: 12_000, refundedFen: 2_000 });
    expect(order.refunds).toMatchObject([{ cause: 'surplus', state: 'done', amountFen: 2_000, by: '王主任' }]);
    expect(platform().heldFen(attemptNo)).toBe(10_000);
    expect((await booked(id))['payable']).toBe(-10_000);
    expect(await receiptsOf(id)).toEqual([
      ['payment', 12_000, 12_000],
      ['refund', 2_000, 12_000],
    ]);
  });

  it('is refused when the platform names another amount by now', async () => {
    const { id, attemptId } = await took(9_000);
    const answer = await decide(id, { act: 'accept', attemptId, takenFen: fen(9_001) });
    expect(answer).toMatchObject({ error: 'bad-request', detail: 'takenFen' });
    expect(await shop.look(id)).toMatchObject({ state: 'review', amountFen: 10_000 });
    expect(await booked(id)).toEqual({});
  });

  it('is written down with name and reason, in the story and in the audit log', async () => {
    const { id, attemptId } = await took(9_000);
    value(await decide(id, { act: 'accept', attemptId, takenFen: fen(9_000) }, '店长同意少收'));
    const [event] = await shop.sql(
      `select by, facts from payment_events where order_id = $1 and kind = 'review-decided'`,
      id,
    );
    expect(event).toMatchObject({ by: '王主任', facts: { act: 'accept', reason: '店长同意少收', takenFen: 9_000 } });
    const [record] = await shop.sql(`select actor_id, facts from audit where subject = $1`, `order:${id}`);
    expect(record).toMatchObject({ actor_id: 'wang', facts: { act: 'accept', reason: '店长同意少收' } });
  });

  it('happens once, however many decide at the same moment', async () => {
    const { id, attemptId } = await took(9_000);
    const on = { act: 'accept', attemptId, takenFen: fen(9_000) } as const;
    const answers = await Promise.all(Array.from({ length: 6 }, () => decide(id, on)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await booked(id))['payable']).toBe(-9_000);
  });
});

describe('giving back', () => {
  it('books what came into the surplus and sends all of it back', async () => {
    const { id, attemptId, attemptNo } = await took(9_000);
    const order = value(await decide(id, { act: 'give-back', attemptId, takenFen: fen(9_000) }));
    expect(order).toMatchObject({ state: 'cancelled', paidFen: 0, attempts: [{ state: 'paid-late' }] });
    expect(order.refunds).toMatchObject([{ state: 'done', amountFen: 9_000, by: '王主任' }]);
    expect(platform().heldFen(attemptNo)).toBe(0);
    expect(await booked(id)).toEqual({});
    expect(await shop.order(order.terminalId, 100)).toMatchObject({ ok: true });
  });

  it('that the platform refuses comes back to the person, who sends it again or hands the money over', async () => {
    const { id, attemptId, attemptNo } = await took(9_000);
    const payment = platform().payments.get(attemptNo);
    if (payment === undefined) throw new Error('gone');
    payment.refunds.set('elsewhere', { amountFen: fen(1), transactionId: `toy-${attemptNo}-1` });
    expect(await decide(id, { act: 'give-back', attemptId, takenFen: fen(9_000) })).toMatchObject({
      detail: 'given-back',
    });
    payment.refunds.clear();
    shop.setFate('toy-a', (call) => (call === 'refund' ? 'lost' : 'ok'));
    payment.state = 'paid';
    const order = value(await decide(id, { act: 'give-back', attemptId, takenFen: fen(9_000) }));
    expect(order.refunds).toMatchObject([{ state: 'unknown' }]);
    shop.setFate('toy-a', () => 'ok');
    await shop.settle();
    expect((await shop.look(id)).refunds).toMatchObject([{ state: 'done' }]);
    expect(await booked(id)).toEqual({});
  });
});

describe('a refund that cannot come about', () => {
  /** Money that came after the end, and that its platform refuses to give back. */
  async function refused(): Promise<{ id: string; refundId: string; attemptNo: string }> {
    const order = value(await shop.order(await shop.terminal(), 10_000));
    const { attemptNo } = newest(value(await shop.start(order.id)));
    await shop.cancel(order.id);
    platform().pay(attemptNo, true);
    const payment = platform().payments.get(attemptNo);
    payment?.refunds.set('elsewhere', { amountFen: fen(10_000), transactionId: `toy-${attemptNo}-1` });
    const raw = platform().notice(attemptNo);
    const text = JSON.parse(Buffer.from(raw.body).toString()) as { result: object };
    expect(text.result).toMatchObject({ kind: 'paid' });
    payment?.refunds.clear();
    const early = platform().notice(attemptNo);
    payment?.refunds.set('elsewhere', { amountFen: fen(10_000), transactionId: `toy-${attemptNo}-1` });
    await shop.payments.notified('toy-a', shop.accounts.get('toy-a') ?? '', early);
    await shop.pass(1);
    const now = await shop.look(order.id);
    expect(now).toMatchObject({ state: 'review', refunds: [{ state: 'failed' }] });
    return { id: order.id, refundId: now.refunds[0]?.id ?? '', attemptNo };
  }

  it('is sent again under a new number', async () => {
    const { id, refundId, attemptNo } = await refused();
    expect((await read(id)).refunds).toEqual([{ refundId, acts: ['send-again', 'handed-over'] }]);
    platform().payments.get(attemptNo)?.refunds.clear();
    const order = value(await decide(id, { act: 'send-again', refundId }));
    expect(order).toMatchObject({ state: 'cancelled', refunds: [{ state: 'failed' }, { state: 'done' }] });
    expect(platform().heldFen(attemptNo)).toBe(0);
    expect(await booked(id)).toEqual({});
    expect(await decide(id, { act: 'send-again', refundId })).toMatchObject({ error: 'not-in-state' });
  });

  it('was handed over otherwise: what the platform holds is the merchant’s', async () => {
    const { id, refundId } = await refused();
    const order = value(await decide(id, { act: 'handed-over', refundId }, '已现金退给顾客'));
    expect(order).toMatchObject({ state: 'cancelled', refunds: [{ state: 'done' }] });
    expect(await booked(id)).toEqual({ 'clearing:toy-a': 9_962, 'fees:toy-a': 38, payable: -10_000 });
    expect(await decide(id, { act: 'handed-over', refundId })).toMatchObject({ error: 'not-in-state' });
  });

  it('was handed over, and then the platform gave it back as well: the books and the office know', async () => {
    const { id, refundId, attemptNo } = await refused();
    const order = value(await decide(id, { act: 'handed-over', refundId }, '已现金退给顾客'));
    const refundNo = order.refunds[0]?.refundNo ?? '';
    const payment = platform().payments.get(attemptNo);
    payment?.refunds.set(refundNo, { amountFen: fen(10_000), transactionId: `toy-${attemptNo}-1` });
    const account = shop.accounts.get('toy-a') ?? '';
    for (const notice of ['first', 'again'])
      await shop.payments.notified('toy-a', account, platform().refundNotice(refundNo, notice));
    expect(await booked(id)).toEqual({});
    expect(await shop.look(id)).toMatchObject({ state: 'cancelled', refunds: [{ state: 'done' }] });
    expect((await shop.alarms(id)).filter((kind) => kind === 'payment-differs')).toHaveLength(1);
  });
});

describe('asking again, and saying that nothing was taken', () => {
  it('takes a payment that fits by now', async () => {
    const { id, attemptId, attemptNo } = await took(9_000);
    const payment = platform().payments.get(attemptNo);
    if (payment === undefined) throw new Error('gone');
    platform().payments.set(attemptNo, { ...payment, amountFen: fen(10_000) });
    expect(value(await decide(id, { act: 'ask', attemptId }))).toMatchObject({ state: 'paid', paidFen: 10_000 });
    expect((await booked(id))['payable']).toBe(-10_000);
  });

  it('stays with the person while the platform says the same or nothing', async () => {
    const { id, attemptId } = await took(9_000);
    expect(value(await decide(id, { act: 'ask', attemptId }))).toMatchObject({ state: 'review' });
    shop.setFate('toy-a', () => 'not-done');
    expect(value(await decide(id, { act: 'ask', attemptId }))).toMatchObject({ state: 'review' });
    expect(await decide(id, { act: 'accept', attemptId, takenFen: fen(9_000) })).toMatchObject({ detail: 'not-taken' });
    shop.setFate('toy-a', () => 'ok');
  });

  it('is refused while the platform holds money of it', async () => {
    const { id, attemptId } = await took(9_000);
    expect(await decide(id, { act: 'no-money', attemptId })).toMatchObject({ error: 'not-in-state', detail: 'taken' });
  });

  it('closes what the platform gives to somebody else', async () => {
    const order = value(await shop.order(await shop.terminal(), 10_000));
    const { id: attemptId, attemptNo } = newest(value(await shop.start(order.id)));
    platform().pay(attemptNo);
    platform().lie = { platformMerchantId: 'somebody else' };
    await shop.notify('toy-a', attemptNo);
    const [attempt] = (await read(order.id)).attempts;
    expect(attempt).toMatchObject({ theirs: { merchant: 'somebody else' }, acts: ['ask', 'no-money'] });
    const after = value(await decide(order.id, { act: 'no-money', attemptId }));
    platform().lie = {};
    expect(after).toMatchObject({ state: 'cancelled', attempts: [{ state: 'closed' }], refunds: [] });
    expect(await booked(order.id)).toEqual({});
  });

  it('and money that comes all the same goes back by itself', async () => {
    const { id, attemptId, attemptNo } = await took(9_000);
    const payment = platform().payments.get(attemptNo);
    platform().payments.delete(attemptNo);
    expect(value(await decide(id, { act: 'no-money', attemptId }))).toMatchObject({ state: 'cancelled' });
    if (payment !== undefined)
      platform().payments.set(attemptNo, { ...payment, amountFen: fen(10_000), state: 'paid' });
    await shop.notify('toy-a', attemptNo, 'late after all');
    await shop.settle();
    expect(await shop.look(id)).toMatchObject({ state: 'cancelled', attempts: [{ state: 'paid-late' }] });
    expect(platform().heldFen(attemptNo)).toBe(0);
    expect(await booked(id)).toEqual({});
  });
});
