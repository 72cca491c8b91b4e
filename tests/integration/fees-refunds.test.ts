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

describe('several bills', () => {
  it('in either order of the payee all late fees are settled, and what fell short is principal of the newest', async () => {
    for (const [order, left] of [
      ['oldest-first', [0, 120]],
      ['late-fee-first', [0, 120]],
    ] as const) {
      await fees.sql('update fee_payees set allocation = $2 where merchant_id = $1', fees.payeeId, order);
      await fees.to('2026-11-24T23:59:30');
      const household = await fees.household();
      const [older, newer] = [
        await fees.bill(household, 10_000, { earlier: 1, dueOn: '2026-10-20' }),
        await fees.bill(household, 30_000),
      ];
      const quote = await fees.quote(household);
      await fees.pay(quote);
      // A day later 0.30 and 0.90 more are owed than were quoted.
      await fees.to('2026-11-25T00:00:10');
      await fees.wallet(quote.quoteId);
      const bills = await fees.bills(household);
      expect([order, bills.map(({ id }) => id)]).toEqual([order, [older, newer]]);
      expect([order, bills.map(({ left: rest }) => rest)]).toEqual([order, [...left]]);
    }
    await fees.sql(`update fee_payees set allocation = 'oldest-first' where merchant_id = $1`, fees.payeeId);
  });

  it('one of two chosen leaves the other as it was', async () => {
    const household = await fees.household();
    const [older, newer] = [
      await fees.bill(household, 10_000, { earlier: 1, dueOn: '2026-12-10' }),
      await fees.bill(household, 30_000, { dueOn: '2026-12-20' }),
    ];
    const quote = await fees.quote(household, [newer]);
    await fees.pay(quote);
    await fees.wallet(quote.quoteId);
    expect(await fees.bills(household)).toMatchObject([
      { id: older, state: 'open', left: 10_000 },
      { id: newer, state: 'paid' },
    ]);
  });
});

describe('money given back', () => {
  it('the whole reverses the receipt and opens the bill again, which can be paid anew', async () => {
    const household = await fees.household();
    const bill = await fees.bill(household, 20_000);
    const quote = await fees.quote(household);
    const begun = await fees.pay(quote);
    await fees.wallet(quote.quoteId);
    const paid = await fees.open('receipt', (await fees.look(quote.quoteId)).receipt);
    await fees.refund(quote.quoteId);
    const view = await fees.look(quote.quoteId);
    expect(view.state).toBe('reversed');
    const reversal = await fees.open('receipt', view.receipt);
    expect(reversal).toMatchObject({
      ...{ kind: 'reversal', receiptNo: `${paid.receiptNo}-R1`, ofReceiptNo: paid.receiptNo, totalFen: 20_240 },
      ...{ reason: '重复缴费', bills: [{ billId: bill, paidFen: -20_240, leftFen: 20_000 }] },
    });
    expect(await result(begun)).toMatchObject({ stage: 'reversed' });
    expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 20_000, late: 0 }]);
    const home = await fees.visit(household);
    expect(home.receipts.map(({ receiptNo, isReversed }) => [receiptNo, isReversed])).toEqual([
      [`${paid.receiptNo}-R1`, false],
      [paid.receiptNo, true],
    ]);
    const again = await fees.quote(household);
    await fees.pay(again);
    await fees.wallet(again.quoteId);
    expect((await fees.look(again.quoteId)).state).toBe('paid');
  });

  it('parts one after the other take back as much each, never more than was paid', async () => {
    const household = await fees.household();
    await fees.bill(household, 20_000);
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.wallet(quote.quoteId);
    await fees.refund(quote.quoteId, 5_000);
    expect((await fees.look(quote.quoteId)).state).toBe('paid');
    expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 5_000, late: 240 }]);
    await fees.refund(quote.quoteId, 15_000);
    expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 20_000, late: 240 }]);
    await fees.refund(quote.quoteId);
    expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 20_000, late: 0 }]);
    expect((await fees.look(quote.quoteId)).state).toBe('reversed');
    const kinds = await fees.sql<{ kind: string; fen: number }>(
      'select kind, total_fen as fen from fee_receipts where quote_id = $1 order by at, receipt_no',
      quote.quoteId,
    );
    expect(kinds.map(({ kind, fen }) => [kind, fen])).toEqual([
      ['payment', 20_240],
      ['reversal', 5_000],
      ['reversal', 15_000],
      ['reversal', 240],
    ]);
  });

  it('a payment in advance goes from the balance; what was used of it calls the office', async () => {
    const household = await fees.household();
    const { visit } = await fees.visit(household);
    const made = await fees.app.call('feeMakeQuote', {}, { id: newId(), visit, topUpFen: 5_000 });
    await fees.pay(made.body);
    await fees.wallet(made.body.quoteId);
    await fees.refund(made.body.quoteId, 1_000);
    expect(await fees.balance(household)).toBe(4_000);
    await fees.sql(
      `insert into fee_balance_entries (merchant_id, account_id, id, kind, amount_fen, at) values ($1, $2, $3, 'use', -3500, now())`,
      ...[fees.payeeId, household.id, newId()],
    );
    await fees.refund(made.body.quoteId);
    expect(await fees.balance(household)).toBe(0);
    const reversal = await fees.open('receipt', (await fees.look(made.body.quoteId)).receipt);
    expect(reversal.totalFen).toBe(4_000);
    expect(reversal.notes?.[0]?.zh).toContain('35.00 元已从余额中使用');
    const alarms = await fees.sql<{ what: string }>(
      `select facts ->> 'what' as what from alarms where subject = $1`,
      `order:${made.body.quoteId}`,
    );
    expect(alarms).toEqual([{ what: 'balance-spent' }]);
  });
});

describe('receipts', () => {
  it('are printed right after, and again by whoever names the household; the second is a duplicate', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000);
    const quote = await fees.quote(household);
    await fees.pay(quote);
    await fees.wallet(quote.quoteId);
    const { receipt } = await fees.look(quote.quoteId);
    const { receiptNo } = await fees.open('receipt', receipt);
    const print = { id: newId() };
    expect((await fees.app.call('feePrinted', { receiptNo }, print)).body).toEqual({ document: receipt, prints: 1 });
    expect((await fees.app.call('feePrinted', { receiptNo }, print)).body.prints).toBe(1);
    await fees.to('2026-11-24T17:00:00');
    expect((await fees.app.call('feeReceipt', { receiptNo })).code).toBe('not-found');
    const { visit } = await fees.visit(household);
    expect((await fees.app.call('feeReceipt', { receiptNo }, undefined, `?visit=${visit}`)).body.prints).toBe(1);
    expect((await fees.app.call('feePrinted', { receiptNo }, { id: newId(), visit })).body.prints).toBe(2);
    const stranger = (await fees.visit(await fees.household())).visit;
    expect((await fees.app.call('feeReceipt', { receiptNo }, undefined, `?visit=${stranger}`)).code).toBe('not-found');
  });
});

describe('what nobody paid', () => {
  it('is forgotten after a month, what was paid never', async () => {
    const household = await fees.household();
    await fees.bill(household, 4_000, { dueOn: '2027-12-20' });
    const [idle, paid] = [await fees.quote(household), await fees.quote(household)];
    const begun = await fees.pay(paid);
    await fees.wallet(paid.quoteId);
    await fees.pass(30 * 86_400_000 - 1);
    expect((await result(begun)).stage).toBe('paid');
    await fees.pass(2 * 86_400_000);
    expect((await callRoute(fees.world, 'feeResult', { params: { token: (await fees.way(begun)).token } })).code).toBe(
      'not-found',
    );
    await fees.app.signIn();
    expect((await fees.app.call('feeQuote', { id: idle.quoteId })).code).toBe('not-found');
    expect((await fees.look(paid.quoteId)).state).toBe('paid');
    expect(await fees.sql('select 1 from fee_payments where quote_id = $1', paid.quoteId)).toEqual([]);
  });
});
