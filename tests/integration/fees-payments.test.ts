import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RouteReply } from '../../protocol/http/routes.ts';
import { FeeBench } from './fees/bench.ts';
import { Cluster, newId } from './server/world.ts';
import { callRoute } from './terminal-app/bench.ts';

let cluster: Cluster;
let fees: FeeBench;

beforeAll(async () => {
  cluster = await Cluster.start();
  fees = await FeeBench.start(cluster);
});
afterAll(async () => {
  await fees.close();
  await cluster.stop();
});
beforeEach(() => fees.to('2026-11-24T15:00:00'));

const result = async (reply: { readonly body: RouteReply<'feePayQuote'> }) =>
  (await callRoute(fees.world, 'feeResult', { params: { token: (await fees.way(reply)).token } })).body;

describe('a bill paid on the phone', () => {
  it('goes from the quote to the receipt; terminal, phone, ledger and household agree', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 20_000);
    const quote = await fees.quote(household);
    const payId = newId();
    const begun = await fees.pay(quote, { payId });
    expect(begun).toMatchObject({
      status: 200,
      body: { orderId: quote.quoteId, quote: { state: 'paying', stage: 'at-platform', payId } },
    });
    const way = await fees.way(begun);
    expect(way).toMatchObject({ v: 1, quoteId: quote.quoteId, payId });
    expect(way.url).toMatch(/^https:\/\/toy\.invalid\/TK.*%2Fl%3Fback%3D1/);
    expect(way.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const again = await fees.pay(quote, { payId });
    expect([again.body.quote, await fees.way(again)]).toEqual([begun.body.quote, way]);
    expect(await result(begun)).toEqual({ stage: 'at-platform' });
    await fees.wallet(quote.quoteId);
    const view = await fees.look(quote.quoteId);
    expect(view).toMatchObject({ state: 'paid', stage: 'paid', channel: 'toy-a' });
    const receipt = await fees.open('receipt', view.receipt);
    expect(receipt).toMatchObject({
      ...{ kind: 'payment', quoteId: quote.quoteId, totalFen: 20_240, title: { zh: '10 月电费' } },
      bills: [{ billId: bill, paidFen: 20_240, leftFen: 0 }],
      household: { tail: household.number.slice(-4) },
    });
    expect(receipt.notes).toBeUndefined();
    expect(receipt.receiptNo).toMatch(/^TK-261124-\d{6}$/);
    expect(receipt.lines.reduce((sum, { amountFen }) => sum + amountFen, 0)).toBe(20_240);
    expect(await result(begun)).toMatchObject({ stage: 'paid', receipt: view.receipt });
    expect(await fees.bills(household)).toMatchObject([{ state: 'paid', left: 0, late: 240 }]);
    const [posted] = await fees.sql<{ fen: number }>(
      `select sum(e.amount_fen)::bigint as fen from ledger_entries e join ledger_postings p on p.id = e.posting_id
       where p.order_id = $1 and e.account = 'payable'`,
      quote.quoteId,
    );
    expect(posted?.fen).toBe(-20_240);
    expect(await fees.sql(`select 1 from fee_claims where quote_id = $1`, quote.quoteId)).toEqual([]);
    const people = await fees.bench.world.person('clerk', 'merchant', undefined, fees.payeeId);
    const home = await people.call('merchantHome');
    expect(home.body.terminals.map(({ id }) => id)).toEqual([fees.app.terminalId]);
    const { items } = (await people.call('merchantHistory')).body;
    expect(items[0]).toMatchObject({ orderId: quote.quoteId, amountFen: 20_240, terminalId: fees.app.terminalId });
    const story = (await people.call('merchantStory', { id: quote.quoteId })).body;
    expect(story.order).toMatchObject({ note: '10 月电费', source: 'fee', state: 'paid' });
    const [order] = await fees.sql<{ note: string; source: string }>(
      `select note, source from payment_orders where id = $1`,
      quote.quoteId,
    );
    expect(order).toEqual({ note: '10 月电费', source: 'fee' });
  });

  it('keeps no terminal from its own customers, and the terminal is told of its quote', async () => {
    const household = await fees.household();
    await fees.bill(household, 3_000);
    const quote = await fees.quote(household);
    await fees.pay(quote);
    const id = newId();
    const own = await fees.app.call(
      'appCreateOrder',
      {},
      { id, amountFen: 1_200, attempt: { id: newId(), channel: 'toy-a', kind: 'qr' } },
    );
    expect(own).toMatchObject({ status: 201, body: { state: 'open' } });
    expect((await fees.app.call('appHome')).body.currentOrderId).toBe(id);
    await fees.app.call('appCancelOrder', { id });
    const events = await fees.eventsDuring(() => fees.wallet(quote.quoteId));
    expect(events).toContain(`fees ${quote.quoteId}`);
  });

  it('another terminal sees nothing of a quote', async () => {
    const household = await fees.household();
    await fees.bill(household, 3_000);
    const quote = await fees.quote(household);
    const other = await fees.bench.app();
    expect((await other.call('feeQuote', { id: quote.quoteId })).code).toBe('not-found');
    expect((await fees.pay(quote, { app: other })).code).toBe('not-found');
    expect((await other.call('feeEndQuote', { id: quote.quoteId })).code).toBe('not-found');
  });

  it('pays in advance, and the household has a balance', async () => {
    const household = await fees.household();
    const { visit } = await fees.visit(household);
    const made = await fees.app.call('feeMakeQuote', {}, { id: newId(), visit, topUpFen: 5_000 });
    const begun = await fees.pay(made.body);
    expect(begun.status).toBe(200);
    await fees.wallet(made.body.quoteId);
    const receipt = await fees.open('receipt', (await fees.look(made.body.quoteId)).receipt);
    expect(receipt).toMatchObject({ totalFen: 5_000, bills: [], lines: [{ kind: 'top-up', amountFen: 5_000 }] });
    expect(receipt.title).toEqual({ zh: '电费充值', en: 'Electricity: top-up' });
    expect((await fees.visit(household)).balanceFen).toBe(5_000);
  });
});

describe('midnight', () => {
  it('a payment at 23:59:59 settles the bill, although the word of it comes after midnight', async () => {
    const household = await fees.household();
    await fees.bill(household, 20_000);
    await fees.to('2026-11-24T23:59:00');
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.to('2026-11-24T23:59:59');
    const [attempt] = await fees.attempts(quote.quoteId);
    fees.toy.pay(attempt?.attemptNo ?? '');
    await fees.to('2026-11-25T00:00:20');
    await fees.tell(attempt?.attemptNo ?? '', 'toy-a');
    const receipt = await fees.open('receipt', (await fees.look(quote.quoteId)).receipt);
    expect(receipt).toMatchObject({ totalFen: 20_240, bills: [{ leftFen: 0 }], paidAt: '2026-11-24T15:59:59.000Z' });
    expect(await fees.bills(household)).toMatchObject([{ state: 'paid', late: 240 }]);
  });

  it('a payment at 00:00:00 of what was asked before leaves the difference owed, and the receipt says so', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 20_000);
    await fees.to('2026-11-24T23:59:30');
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.to('2026-11-25T00:00:00');
    await fees.wallet(quote.quoteId);
    const receipt = await fees.open('receipt', (await fees.look(quote.quoteId)).receipt);
    expect(receipt).toMatchObject({ totalFen: 20_240, bills: [{ billId: bill, paidFen: 20_240, leftFen: 60 }] });
    expect(receipt.notes?.[0]?.zh).toContain('还差 0.60 元未付');
    // The late fee comes first, so that 0.60 of the principal is what stays.
    expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 60, late: 300 }]);
  });

  it('begun at 00:00:00 under the quote of before: made anew, nothing begun, and what changed is said', async () => {
    const household = await fees.household();
    await fees.bill(household, 20_000);
    await fees.to('2026-11-24T23:59:59');
    const quote = await fees.quote(household);
    await fees.to('2026-11-25T00:00:00');
    expect((await fees.look(quote.quoteId)).state).toBe('expired');
    const answer = await fees.pay(quote);
    expect(answer.body).toMatchObject({ quote: { state: 'replaced' } });
    expect(answer.body.way).toBeUndefined();
    expect(answer.body.quote.changed?.map(({ zh }) => zh)).toEqual([
      '报价已过期，已重新计算。',
      '10 月电费：违约金由 2.40 元变为 3.00 元。',
      '合计由 202.40 元变为 203.00 元。',
    ]);
    expect(await fees.attempts(quote.quoteId)).toEqual([]);
    const next = answer.body.quote;
    expect(next.quoteId).not.toBe(quote.quoteId);
    expect((await fees.open('quote', next.document)).totalFen).toBe(20_300);
    // Asked again it is the same new quote; and that one can be paid.
    expect((await fees.pay(quote)).body.quote.quoteId).toBe(next.quoteId);
    expect((await fees.look(quote.quoteId)).state).toBe('replaced');
    expect((await fees.pay(next)).body.way).toBeDefined();
    await fees.wallet(next.quoteId);
    expect(await fees.bills(household)).toMatchObject([{ state: 'paid', left: 0, late: 300 }]);
  });
});

describe('what changed in between', () => {
  it('a bill paid at the office meanwhile is not paid again', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 4_000, { dueOn: '2026-12-20' });
    const quote = await fees.quote(household);
    await fees.payAtOffice(household, bill, 4_000);
    const answer = await fees.pay(quote);
    expect(answer.body).toMatchObject({ quote: { reason: 'already-paid' } });
    expect(await fees.attempts(quote.quoteId)).toEqual([]);
    const { visit } = await fees.visit(household);
    expect(await fees.app.call('feeMakeQuote', {}, { id: newId(), visit, billIds: [bill] })).toMatchObject({
      code: 'fee-refused',
      field: 'already-paid',
    });
  });

  it('a part paid at the office: made anew with the rest, and said', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 4_000, { dueOn: '2026-12-20' });
    const quote = await fees.quote(household);
    await fees.payAtOffice(household, bill, 1_500);
    const answer = await fees.pay(quote);
    expect(answer.body.quote.state).toBe('replaced');
    expect(answer.body.quote.changed?.[0]?.en).toContain('was 40.00 yuan and is now 25.00 yuan');
    const document = await fees.open('quote', answer.body.quote.document);
    expect(document.bills[0]?.lines.map(({ amountFen }) => amountFen)).toEqual([4_000, -1_500]);
  });

  it('paid at the office while the wallet was open: the money goes to the balance, none is lost', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 4_000, { dueOn: '2026-12-20' });
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.payAtOffice(household, bill, 1_500);
    await fees.wallet(quote.quoteId);
    const receipt = await fees.open('receipt', (await fees.look(quote.quoteId)).receipt);
    expect(receipt).toMatchObject({ totalFen: 4_000, bills: [{ paidFen: 2_500, leftFen: 0 }] });
    expect(receipt.lines.map(({ kind, amountFen }) => [kind, amountFen])).toEqual([
      ['charge', 2_500],
      ['top-up', 1_500],
    ]);
    expect(receipt.notes?.[0]?.zh).toContain('多出的 15.00 元已存入本户余额');
    expect(await fees.balance(household)).toBe(1_500);
  });

  it('a wrong total is refused with its field', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000);
    const quote = await fees.quote(household);
    const body = { payId: newId(), channel: 'toy-a', kind: 'link' as const, totalFen: 1 };
    expect(await fees.app.call('feePayQuote', { id: quote.quoteId }, body)).toMatchObject({
      code: 'bad-request',
      field: 'totalFen',
    });
  });
});

describe('two at once', () => {
  it('the second hears that somebody pays this bill, at another terminal too, and can pay once the first gave up', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000);
    const other = await fees.bench.app();
    await fees.allow(other);
    const [first, second] = [await fees.quote(household), await fees.quote(household, undefined, other)];
    expect((await fees.pay(first)).body.way).toBeDefined();
    expect((await fees.visit(household, other)).bills[0]?.isBeingPaid).toBe(true);
    const refused = await fees.pay(second, { app: other });
    expect(refused.body).toMatchObject({ quote: { state: 'open', reason: 'being-paid' } });
    expect(refused.body.way).toBeUndefined();
    expect(await fees.attempts(second.quoteId)).toEqual([]);
    expect((await fees.app.call('feeEndQuote', { id: first.quoteId })).body.state).toBe('expired');
    expect((await fees.pay(second, { app: other })).body.way).toBeDefined();
  });

  it('twenty phones at once: exactly one begins', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000);
    const others = await Promise.all(Array.from({ length: 5 }, () => fees.bench.app()));
    for (const other of others) await fees.allow(other);
    const quotes = await Promise.all(
      others.map(async (app) => ({ app, quote: await fees.quote(household, undefined, app) })),
    );
    const replies = await Promise.all(
      quotes.flatMap(({ app, quote }) => [1, 2, 3, 4].map(() => fees.pay(quote, { app }))),
    );
    const begun = new Set(replies.filter(({ body }) => body.way !== undefined).map(({ body }) => body.quote.quoteId));
    expect(begun.size).toBe(1);
    const live = await fees.sql(
      `select 1 from payment_attempts a join fee_quotes q on q.id = a.order_id where q.account_id = $1 and a.state = 'pending'`,
      household.id,
    );
    expect(live).toHaveLength(1);
  });

  it('another quote at the same terminal ends the first one', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000);
    const [first, second] = [await fees.quote(household), await fees.quote(household)];
    await fees.pay(first);
    expect((await fees.pay(second)).body.way).toBeDefined();
    expect(await fees.attempts(first.quoteId)).toMatchObject([{ state: 'closed' }]);
  });

  it('another channel ends the first attempt; paid twice all the same, the second goes back by itself', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000, { dueOn: '2026-12-20' });
    const quote = await fees.quote(household);
    await fees.pay(quote);
    expect((await fees.pay(quote, { channel: 'toy-b' })).body).toMatchObject({ quote: { channel: 'toy-b' } });
    const [first, second] = await fees.attempts(quote.quoteId);
    expect([first?.state, second?.state]).toEqual(['closed', 'pending']);
    await fees.wallet(quote.quoteId);
    fees.toy.pay(first?.attemptNo ?? '', true);
    await fees.tell(first?.attemptNo ?? '', 'toy-a');
    await fees.pass(60_000);
    expect(fees.toy.heldFen(first?.attemptNo ?? '')).toBe(0);
    expect(fees.toy.heldFen(second?.attemptNo ?? '')).toBe(4_000);
    // What went back was never put towards the bill, so the bill stays paid and nothing is reversed.
    expect(await fees.look(quote.quoteId)).toMatchObject({ state: 'paid' });
    expect(await fees.bills(household)).toMatchObject([{ state: 'paid', left: 0 }]);
  });

  it('paid after it was given up: goes back by itself, the bill stays owed', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000, { dueOn: '2026-12-20' });
    const quote = await fees.quote(household);
    const begun = await fees.pay(quote);
    await fees.app.call('feeEndQuote', { id: quote.quoteId });
    await fees.wallet(quote.quoteId, true);
    await fees.pass(60_000);
    const [attempt] = await fees.attempts(quote.quoteId);
    expect(fees.toy.heldFen(attempt?.attemptNo ?? '')).toBe(0);
    expect(await result(begun)).toEqual({ stage: 'closed', reason: 'paid-late' });
    expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 4_000 }]);
    expect(await fees.sql('select 1 from fee_receipts where quote_id = $1', quote.quoteId)).toEqual([]);
  });

  it('what nobody pays ends by itself after a quarter of an hour, and the bill is free again', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000, { dueOn: '2026-12-20' });
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.pass(16 * 60_000);
    await fees.pass(60_000);
    await fees.app.signIn();
    expect((await fees.look(quote.quoteId)).state).toBe('expired');
    expect((await fees.visit(household)).bills[0]?.isBeingPaid).toBe(false);
    const answer = await fees.pay(quote);
    expect(answer.body.quote.state).toBe('replaced');
    expect(answer.body.quote.changed?.at(-1)).toEqual({ zh: '金额没有变化。', en: 'The amount is the same.' });
  });
});
