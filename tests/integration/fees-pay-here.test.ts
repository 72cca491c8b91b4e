import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RouteReply } from '../../protocol/http/routes.ts';
import { FeeBench, type Household } from './fees/bench.ts';
import { Cluster, newId } from './server/world.ts';

// A bill that is paid by a platform's code on the terminal's own screen. Claims, expiry, cancelling, late money and the
// receipt hold as on the phone (fees-payments.test.ts); here is what is different, and both ways against each other.

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

type Quote = RouteReply<'feeMakeQuote'>;

async function owing(): Promise<readonly [Household, Quote]> {
  const household = await fees.household();
  await fees.bill(household, 4_000, { dueOn: '2026-12-20' });
  return [household, await fees.quote(household)];
}

async function payHere(quote: Pick<Quote, 'quoteId' | 'document'>, { channel = 'toy-a', payId = newId() } = {}) {
  const { totalFen } = await fees.open('quote', quote.document);
  return fees.app.call('feePayQuote', { id: quote.quoteId }, { payId, channel, kind: 'qr', totalFen });
}

describe('a bill paid by a code at the terminal', () => {
  it('the quote says which channels can show one; the code, and when it ends, come with where it stands', async () => {
    const [household, quote] = await owing();
    expect(quote.here).toEqual([
      { code: 'toy-a', name: { zh: 'toy-a', en: 'toy-a' } },
      { code: 'toy-b', name: { zh: 'toy-b', en: 'toy-b' } },
    ]);
    const payId = newId();
    const begun = await payHere(quote, { payId });
    const [attempt] = await fees.attempts(quote.quoteId);
    expect(begun.body).toMatchObject({
      orderId: quote.quoteId,
      quote: { state: 'paying', stage: 'at-platform', payId, code: { text: `toy:${attempt?.attemptNo ?? ''}` } },
    });
    const { createdAt = '', expiresAt = '' } = begun.body.quote.code ?? {};
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(180_000);
    expect(begun.body.quote.here).toBeUndefined();
    expect((await payHere(quote, { payId })).body).toEqual(begun.body);
    // After a power cut it is asked for with the quote's id.
    expect((await fees.look(quote.quoteId)).code).toEqual(begun.body.quote.code);
    await fees.wallet(quote.quoteId);
    const paid = await fees.look(quote.quoteId);
    expect([paid.state, paid.code, paid.here]).toEqual(['paid', undefined, undefined]);
    const receipt = await fees.open('receipt', paid.receipt);
    expect(receipt).toMatchObject({ totalFen: 4_000, channelName: { en: 'toy-a' }, bills: [{ leftFen: 0 }] });
    const visit = await fees.visit(household);
    expect([visit.bills, visit.receipts.map(({ receiptNo }) => receiptNo)]).toEqual([[], [receipt.receiptNo]]);
    const [posted] = await fees.sql<{ fen: number }>(
      `select sum(e.amount_fen)::int as fen from ledger_entries e join ledger_postings p on p.id = e.posting_id
       where p.order_id = $1 and e.account = 'payable'`,
      quote.quoteId,
    );
    expect(posted?.fen).toBe(-4_000);
  });

  it('what does not belong to this way is refused with the field’s name, and nothing is begun', async () => {
    const [, quote] = await owing();
    for (const [more, field] of [
      [{ account: { certId: '1', ciphertext: 'AA' } }, 'account'],
      [{ linkId: 'l'.repeat(22) }, 'linkId'],
      [{ kind: undefined }, 'kind'],
      [{ kind: 'card' }, 'kind'],
    ] as const) {
      const body = { payId: newId(), channel: 'toy-a', kind: 'qr' as const, totalFen: 4_000, ...more };
      const refused = await fees.app.call('feePayQuote', { id: quote.quoteId }, body as never);
      expect([field, refused.status, refused.code, refused.field]).toEqual([field, 400, 'bad-request', field]);
    }
    expect(await fees.attempts(quote.quoteId)).toEqual([]);
  });

  it('a channel whose limit is reached is not offered, and is refused when it is asked for all the same', async () => {
    const [, quote] = await owing();
    const { channels } = fees.world.server.context.services;
    await channels.ensureLimit({ merchantId: fees.payeeId, channel: 'toy-b', window: 'day', maxFen: 1_000 });
    expect((await fees.look(quote.quoteId)).here?.map(({ code }) => code)).toEqual(['toy-a']);
    expect(await payHere(quote, { channel: 'toy-b' })).toMatchObject({ code: 'limit-reached' });
    expect((await payHere(quote)).body.quote.code).toBeDefined();
    await fees.sql('update limit_rules set is_active = false where merchant_id = $1', fees.payeeId);
  });

  it('a code whose time is over is nobody’s: the same quote gives a new one, and the bill is free once it is given up', async () => {
    const [household, quote] = await owing();
    const first = await payHere(quote);
    await fees.pass(200_000);
    const over = await fees.look(quote.quoteId);
    expect([over.state, over.stage, over.code, over.here?.length]).toEqual(['open', 'closed', undefined, 2]);
    const second = await payHere(quote, { channel: 'toy-b' });
    expect(second.body.quote.code?.text).not.toBe(first.body.quote.code?.text);
    await fees.pass(200_000);
    await fees.app.call('feeEndQuote', { id: quote.quoteId });
    expect((await fees.visit(household)).bills[0]?.isBeingPaid).toBe(false);
  });

  it('under a quote of yesterday nothing is begun; the new one says the sum', async () => {
    const household = await fees.household();
    await fees.bill(household, 20_000);
    await fees.to('2026-11-24T23:59:59');
    const quote = await fees.quote(household);
    await fees.to('2026-11-25T00:00:00');
    const answer = await payHere(quote);
    expect(answer.body.quote).toMatchObject({ state: 'replaced', here: [{ code: 'toy-a' }, { code: 'toy-b' }] });
    expect(answer.body.quote.code).toBeUndefined();
    expect(await fees.attempts(quote.quoteId)).toEqual([]);
    expect((await payHere(answer.body.quote)).body.quote.code).toBeDefined();
  });

  it('cancelled: the code is dead at its platform, and the bill can be paid again', async () => {
    const [household, quote] = await owing();
    await payHere(quote);
    const ended = await fees.app.call('feeEndQuote', { id: quote.quoteId });
    expect(ended.body).toMatchObject({ state: 'expired', stage: 'closed' });
    await expect(fees.wallet(quote.quoteId)).rejects.toThrow('could not pay');
    const next = await fees.quote(household);
    expect((await payHere(next)).body.quote.code).toBeDefined();
  });

  it('paid after the end all the same: the money goes back by itself, and the bill stays owed', async () => {
    const [household, quote] = await owing();
    await payHere(quote);
    await fees.app.call('feeEndQuote', { id: quote.quoteId });
    await fees.wallet(quote.quoteId, true);
    await fees.pass(60_000);
    const [attempt] = await fees.attempts(quote.quoteId);
    expect(fees.toy.heldFen(attempt?.attemptNo ?? '')).toBe(0);
    expect(await fees.look(quote.quoteId)).toMatchObject({ stage: 'closed', reason: 'paid-late' });
    expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 4_000 }]);
  });
});

describe('the terminal and a phone at once', () => {
  it('one begins; the other’s is ended or never begun; both paid, one goes back', async () => {
    const [household, quote] = await owing();
    await Promise.all([fees.pay(quote), payHere(quote, { channel: 'toy-b' })]);
    const attempts = await fees.attempts(quote.quoteId);
    expect(attempts.filter(({ state }) => state === 'pending')).toHaveLength(1);
    for (const { attemptNo, channel } of attempts) {
      fees.toy.pay(attemptNo, true);
      await fees.tell(attemptNo, channel);
    }
    await fees.pass(60_000);
    const held = attempts.map(({ attemptNo }) => fees.toy.heldFen(attemptNo));
    expect(held.reduce((sum, fen) => sum + fen, 0)).toBe(4_000);
    expect((await fees.look(quote.quoteId)).state).toBe('paid');
    expect(await fees.bills(household)).toMatchObject([{ state: 'paid', left: 0 }]);
    expect(await fees.sql(`select 1 from fee_receipts where quote_id = $1`, quote.quoteId)).toHaveLength(1);
  });

  it('the phone’s way has begun: a code at the terminal takes its place, and back', async () => {
    const [, quote] = await owing();
    await fees.pay(quote);
    expect((await payHere(quote)).body.quote.code).toBeDefined();
    expect((await fees.pay(quote)).body.quote.code).toBeUndefined();
    expect((await fees.attempts(quote.quoteId)).map(({ state }) => state)).toEqual(['closed', 'closed', 'pending']);
  });

  it('another terminal pays the same bill: nothing begins here', async () => {
    const [household] = await owing();
    const other = await fees.bench.app();
    await fees.allow(other);
    const [here, there] = [await fees.quote(household), await fees.quote(household, undefined, other)];
    await fees.pay(there, { app: other });
    expect((await payHere(here)).body).toMatchObject({ quote: { state: 'open', reason: 'being-paid' } });
    expect(await fees.attempts(here.quoteId)).toEqual([]);
  });

  it('the terminal’s own customers are served meanwhile', async () => {
    const [, quote] = await owing();
    await payHere(quote);
    const attempt = { id: newId(), channel: 'toy-a', kind: 'qr' as const };
    const own = await fees.app.call('appCreateOrder', {}, { id: newId(), amountFen: 1_200, attempt });
    expect(own).toMatchObject({ status: 201, body: { state: 'open', attempts: [{ state: 'pending' }] } });
    await fees.app.call('appCancelOrder', { id: own.body.id });
    expect((await fees.look(quote.quoteId)).code).toBeDefined();
  });
});
