import { TextDecoder } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptFacts, RefundFacts, RefundResult } from '../../../server/channels/channel.ts';
import { startDay } from './bench.ts';
import { openCardBench } from './card-bench.ts';
import type { CardBench } from './card-bench.ts';

const full = 5_000_000;
const dayMs = 86_400_000;
let bench: CardBench;
beforeEach(async () => {
  bench = await openCardBench();
});
afterEach(async () => {
  await bench.close();
});

const back = (attempt: AttemptFacts, facts: RefundFacts): Promise<RefundResult> => bench.channel.refund(attempt, facts);
const states = (kind: 'void' | 'refund') => bench.entries(kind).map(({ state }) => state);

describe('bank-card: money back', () => {
  test('all of it in the same batch is a void; the same number again gives back nothing more', async () => {
    const attempt = await bench.paid();
    const facts = await bench.refundOf(attempt, attempt.amountFen);
    const done = await back(attempt, facts);
    expect(done).toMatchObject({ kind: 'done', refundNo: facts.refundNo, amountFen: attempt.amountFen });
    expect(await back(attempt, facts)).toEqual(done);
    expect(await bench.channel.queryRefund(attempt, facts)).toEqual(done);
    expect((await bench.channel.query(attempt)).kind).toBe('paid');
    expect(states('void')).toEqual(['approved']);
    expect(bench.balance('debit')).toBe(full);
    expect((await back(attempt, await bench.refundOf(attempt, attempt.amountFen))).kind).toBe('failed');
    expect(bench.balance('debit')).toBe(full);
  });

  test('in parts, up to the amount and not a fen more', async () => {
    const attempt = await bench.paid();
    for (const part of [5_000, attempt.amountFen - 5_000]) {
      expect(await back(attempt, await bench.refundOf(attempt, part))).toMatchObject({ kind: 'done', amountFen: part });
    }
    const over = await bench.refundOf(attempt, 1);
    expect(await back(attempt, over)).toMatchObject({ kind: 'failed', code: '64' });
    expect(await bench.channel.queryRefund(attempt, over)).toMatchObject({ kind: 'failed', code: '64' });
    expect(bench.balance('debit')).toBe(full);
  });

  test('the void’s answer is lost: the void is undone at once and refunded, given back once', async () => {
    const attempt = await bench.paid();
    const facts = await bench.refundOf(attempt, attempt.amountFen);
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'void' });
    expect(await back(attempt, facts)).toMatchObject({ kind: 'done', amountFen: attempt.amountFen });
    expect(await back(attempt, facts)).toMatchObject({ kind: 'done', amountFen: attempt.amountFen });
    expect([states('void'), states('refund')]).toEqual([['reversed'], ['approved']]);
    expect(bench.balance('debit')).toBe(full);
  });

  test('a void that tend has undone is not found: asking for the refund again does it', async () => {
    const attempt = await bench.paid();
    const facts = await bench.refundOf(attempt, attempt.amountFen);
    bench.open.standIn.plan({ kind: 'wrong-signature', call: 'void' });
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'reversal' });
    expect((await back(attempt, facts)).kind).toBe('unknown');
    expect((await bench.channel.queryRefund(attempt, facts)).kind).toBe('unknown');
    await bench.channel.tend?.();
    expect(await bench.channel.queryRefund(attempt, facts)).toEqual({ kind: 'not-found' });
    expect((await back(attempt, facts)).kind).toBe('done');
    expect(bench.balance('debit')).toBe(full);
  });

  test.each([
    ['lost', { kind: 'answer-lost', call: 'refund' }],
    ['out of order', { kind: 'status', call: 'refund', status: 500 }],
    ['with a wrong MAC', { kind: 'wrong-signature', call: 'refund' }],
  ] as const)(
    'the refund’s answer is %s: repeated under the same number until it is answered',
    async (_name, fault) => {
      const attempt = await bench.paid();
      const facts = await bench.refundOf(attempt, 3_000);
      bench.open.standIn.plan(fault);
      expect((await back(attempt, facts)).kind).toBe('processing');
      expect((await bench.channel.queryRefund(attempt, facts)).kind).toBe('processing');
      bench.open.clock.advance(60_000);
      await bench.channel.tend?.();
      expect((await bench.channel.queryRefund(attempt, facts)).kind).toBe('done');
      expect((await back(attempt, facts)).kind).toBe('done');
      expect(states('refund')).toEqual(['approved']);
      expect(bench.balance('debit')).toBe(full - attempt.amountFen + 3_000);
    },
  );

  test('after the settlement, and when the terminal has forgotten the purchase: by its reference', async () => {
    const attempt = await bench.paid();
    expect((await bench.channel.settle?.())?.kind).toBe('settled');
    expect((await back(attempt, await bench.refundOf(attempt, 1_000))).kind).toBe('done');
    expect((await bench.channel.settle?.())?.kind).toBe('settled');
    bench.open.clock.advance(8 * dayMs);
    await bench.channel.tend?.();
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'not-found' });
    const rest = await bench.refundOf(attempt, attempt.amountFen - 1_000);
    expect((await back(attempt, rest)).kind).toBe('done');
    expect([states('void').length, states('refund').length]).toEqual([0, 2]);
    expect(bench.balance('debit')).toBe(full);
  });

  test('what was prepared before a settlement goes into the new batch', async () => {
    const paid = await bench.paid();
    const facts = await bench.refundOf(paid, 1_000);
    const attempt = await bench.attempt();
    await bench.channel.settle?.();
    expect((await back(paid, facts)).kind).toBe('done');
    const card = bench.reader.read({ card: 'debit', amountFen: attempt.amountFen });
    expect((await bench.channel.payByCard?.(attempt, card))?.kind).toBe('paid');
    expect((await bench.channel.query(attempt)).kind).toBe('paid');
    expect(new Set([...bench.entries(), ...bench.entries('refund')].map(({ batch }) => batch)).size).toBe(2);
  });

  test('refused at the sign-in: it was not sent, and is not sent afterwards either', async () => {
    const attempt = await bench.paid();
    const facts = await bench.refundOf(attempt, 1_000);
    bench.open.clock.advance(dayMs);
    bench.open.standIn.plan({ kind: 'wrong-signature', call: 'sign-in' });
    expect(await back(attempt, facts)).toMatchObject({ kind: 'refused', code: 'key-check' });
    bench.open.clock.advance(60_000);
    await bench.channel.tend?.();
    expect(states('refund')).toEqual([]);
    expect(bench.balance('debit')).toBe(full - attempt.amountFen);
    expect((await back(attempt, await bench.refundOf(attempt, 1_000))).kind).toBe('done');
    expect(bench.balance('debit')).toBe(full - attempt.amountFen + 1_000);
  });

  test('sent, and refused at the sign-in when it is repeated: it goes on under its number, and never twice', async () => {
    const attempt = await bench.paid();
    const facts = await bench.refundOf(attempt, 1_000);
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'refund' });
    expect((await back(attempt, facts)).kind).toBe('processing');
    bench.open.clock.advance(dayMs);
    bench.open.standIn.plan({ kind: 'wrong-signature', call: 'sign-in' });
    expect((await back(attempt, facts)).kind).toBe('processing');
    expect((await back(attempt, facts)).kind).toBe('done');
    expect(bench.balance('debit')).toBe(full - attempt.amountFen + 1_000);
  });

  test('an unpaid one cannot be given back', async () => {
    const { attempt } = await bench.pay({ card: 'poor' });
    expect((await back(attempt, await bench.refundOf(attempt, 100))).kind).toBe('failed');
    const never = await bench.attempt();
    expect((await back(never, await bench.refundOf(never, 100))).kind).toBe('not-found');
  });
});

describe('bank-card: settlement', () => {
  test('totals agree: the batch is closed, and a new one is open', async () => {
    const attempt = await bench.paid({ amountFen: 1_000 });
    await bench.paid({ amountFen: 2_345 });
    await back(attempt, await bench.refundOf(attempt, attempt.amountFen));
    const settled = await bench.channel.settle?.();
    expect(settled).toMatchObject({ kind: 'settled' });
    expect(settled?.text).toContain('2 taken 33.45, 1 returned 10.00');
    const [first] = bench.entries();
    await bench.paid();
    expect(bench.entries().at(-1)?.batch).not.toBe(first?.batch);
    expect(bench.acquirer.host.books.batch(first?.terminalId ?? '', first?.batch ?? '')).toMatchObject({
      isClosed: true,
      differs: false,
      uploaded: [],
    });
  });

  test('totals differ: every transaction is uploaded, and the text says so', async () => {
    for (let i = 0; i < 10; i++) await bench.paid({ amountFen: 100 + i });
    const [first] = bench.entries();
    if (first === undefined) throw new Error('nothing was paid');
    bench.acquirer.host.books.add({ ...first, trace: '999999', amountFen: 7 });
    const settled = await bench.channel.settle?.();
    expect(settled?.kind).toBe('differs');
    const batch = bench.acquirer.host.books.batch(first.terminalId, first.batch);
    expect(batch).toMatchObject({ isClosed: true, differs: true });
    expect(batch.uploaded).toHaveLength(10);
    expect(batch.uploaded[0]).toBe(`00${first.trace}${'0'.repeat(16)}0426${'100'.padStart(12, '0')}`);
    expect(bench.exchanges.filter(({ call }) => call === 'batch-upload')).toHaveLength(3);
  });

  test('an empty batch needs no host', async () => {
    const before = bench.exchanges.length;
    expect((await bench.channel.settle?.())?.kind).toBe('settled');
    expect(bench.exchanges.length).toBe(before);
  });

  test('no answer to the totals: unknown, the batch stays open and settles later', async () => {
    await bench.paid();
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'settlement' });
    expect((await bench.channel.settle?.())?.kind).toBe('unknown');
    await bench.paid();
    expect((await bench.channel.settle?.())?.kind).toBe('settled');
    expect(new Set(bench.entries().map(({ batch }) => batch)).size).toBe(1);
  });

  test('no answer to the end: nothing goes into the batch any more, and tend ends it', async () => {
    await bench.paid();
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'batch-upload' });
    expect((await bench.channel.settle?.())?.kind).toBe('unknown');
    const { result } = await bench.pay();
    expect(result).toMatchObject({ kind: 'failed', code: 'not-sent' });
    await bench.channel.tend?.();
    await bench.paid();
    expect(new Set(bench.entries().map(({ batch }) => batch)).size).toBe(2);
  });

  test('an open end is reversed before the settlement; what stays open holds it up', async () => {
    await bench.paid();
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'purchase' });
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'reversal' });
    const { attempt } = await bench.pay();
    expect((await bench.channel.settle?.())?.kind).toBe('unknown');
    const settled = await bench.channel.settle?.();
    expect(settled?.text).toContain('1 taken 128.50');
    expect(settled?.kind).toBe('settled');
    expect(await bench.channel.query(attempt)).toEqual({ kind: 'closed' });
  });

  test('a reversal that the host refuses again and again does not hold the batch up for ever', async () => {
    bench.open.standIn.plan({ kind: 'answer-lost', call: 'purchase' });
    const { attempt } = await bench.pay();
    const [entry] = bench.entries();
    if (entry === undefined) throw new Error('nothing came');
    // Somebody gave a part back at the acquirer's own desk: it will not be reversed any more.
    entry.returnedFen = 1;
    const kinds = [];
    for (let i = 0; i < 6; i++) kinds.push((await bench.channel.settle?.())?.kind);
    expect(kinds.slice(0, 4)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    expect(kinds).toContain('settled');
    expect((await bench.channel.query(attempt)).kind).toBe('unknown');
    const reversals = () => bench.exchanges.filter(({ call }) => call === 'reversal').length;
    const before = reversals();
    await bench.paid();
    expect(reversals()).toBe(before);
    await bench.channel.tend?.();
    expect(reversals()).toBe(before + 1);
  });
});

describe('bank-card: the day’s file', () => {
  const textOf = (bytes: Uint8Array) => new TextDecoder('gb18030').decode(bytes);

  test('names purchases, voids and refunds; what was reversed is not in it', async () => {
    const first = await bench.paid({ amountFen: 10_000 });
    await back(first, await bench.refundOf(first, 2_500));
    const undone = await bench.paid({ amountFen: 777 });
    await bench.channel.reverse?.(undone);
    bench.open.clock.advance(dayMs);
    const bill = await bench.channel.fetchBill(startDay, 'trade');
    if (bill.kind !== 'bill') throw new Error(JSON.stringify(bill));
    const [head, ...lines] = textOf(bill.bytes).trimEnd().split('\r\n');
    expect(head).toBe(
      '清算日期,交易时间,结算商户编号,交易终端号,交易类型,卡号,交易金额,商户手续费,参考号bit37,终端流水号bit11',
    );
    const terminal = `${bench.open.account.platformMerchantId},${bench.open.account.config['terminalId'] ?? ''}`;
    const trace = first.memo['trace'] ?? '';
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe(
      `20260302,2026-03-02 10:00:00,${terminal},消费,621700******0426,100.00,0.60,${first.transactionId ?? ''},${trace}`,
    );
    expect(lines[1]).toContain('退货,621700******0426,-25.00,-0.15,');
    expect(bill.fileName).toBe(`${bench.open.account.platformMerchantId}-20260302.csv`);
  });

  test('empty, not ready, out of order, and a signature that does not hold', async () => {
    await bench.paid();
    expect(await bench.channel.fetchBill('2026-02-27', 'trade')).toEqual({ kind: 'empty' });
    expect(await bench.channel.fetchBill(startDay, 'trade')).toEqual({ kind: 'not-ready' });
    expect((await bench.channel.fetchBill(startDay, 'fund-flow')).kind).toBe('refused');
    bench.open.clock.advance(dayMs);
    bench.open.standIn.plan({ kind: 'status', call: 'bill', status: 502 });
    expect((await bench.channel.fetchBill(startDay, 'trade')).kind).toBe('unknown');
    bench.open.standIn.plan({ kind: 'wrong-signature', call: 'bill' });
    expect((await bench.channel.fetchBill(startDay, 'trade')).kind).toBe('unknown');
    expect((await bench.channel.fetchBill(startDay, 'trade')).kind).toBe('bill');
  });
});
