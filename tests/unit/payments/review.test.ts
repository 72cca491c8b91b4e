import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PayResult } from '../../../domain/payments/answers.ts';
import { beginAttempt } from '../../../domain/payments/attempts.ts';
import type { Outcome, Posting, Snapshot } from '../../../domain/payments/records.ts';
import { settleRefund } from '../../../domain/payments/refunding.ts';
import { attemptChoices, decideAttempt } from '../../../domain/payments/review.ts';
import { settleAttempt } from '../../../domain/payments/settle.ts';
import { type Fen, fen } from '../../../domain/money.ts';
import { newOrder } from '../../../server/services/payments/new-order.ts';

const nowMs = Date.parse('2026-11-26T06:00:00Z');
let count = 0;
const moment = () => ({ nowMs, jitter: 0.5, newId: () => `id-${String((count += 1))}` });

function orderOf(amountFen: Fen, source: 'terminal' | 'fee'): Snapshot {
  const order = { merchantId: 'm', terminalId: 't', id: 'o', amountFen, note: '', source: 'terminal' } as const;
  const more = { bodyHash: '', nowMs, expiresAtMs: nowMs + 900_000, orderNo: '261126-000001' };
  const made = newOrder(order, more, { terminalLabel: 'T', merchantName: 'M', orderNo: more.orderNo });
  return { ...made, order: { ...made.order, source } };
}

type Proof = Extract<PayResult, { kind: 'paid' }>['proof'];

function proofOf(amountFen: number, change: Partial<Proof> = {}): Proof {
  const own = {
    attemptNo: 'TK26112600000001A1',
    amountFen: fen(amountFen),
    currency: 'CNY',
    platformMerchantId: 'mch',
  };
  return { ...own, transactionId: 'x1', paidAtMs: nowMs, ...change };
}

function wordOf(result: PayResult, feePpm = 3_800) {
  const facts = { feePpm, platformMerchantId: 'mch', refundsByTransaction: true };
  return { attemptId: 'a', source: 'person', result, ...facts } as const;
}

/** An order whose only attempt is in review because of what the platform said. */
function inReview(askedFen: number, proof: Proof, source: 'terminal' | 'fee' = 'terminal'): Snapshot {
  const wish = { id: 'a', accountId: 'x', channel: 'c', kind: 'qr', amountFen: fen(askedFen), memo: {} } as const;
  const times = { bodyHash: '', expiresAtMs: nowMs + 180_000, lookAtMs: nowMs };
  const begun = beginAttempt(orderOf(fen(askedFen), source), { ...wish, ...times, holds: [] }, moment());
  if (!begun.ok) throw new Error(begun.error);
  const told = settleAttempt(begun.value.next, wordOf({ kind: 'paid', proof }), moment());
  if (told?.next.order.state !== 'review') throw new Error('not in review');
  return told.next;
}

const said = { by: '王', reason: 'the guest agrees' };

describe('what can be decided', () => {
  const paid = (proof: Proof, refundedFen?: number): PayResult => ({
    kind: 'paid',
    proof,
    ...(refundedFen === undefined ? {} : { refundedFen: fen(refundedFen) }),
  });
  const less = proofOf(9_000);

  it.each<[string, PayResult, readonly string[]]>([
    ['another amount', paid(less), ['ask', 'accept', 'give-back']],
    ['another amount that went back already', paid(less, 9_000), ['ask', 'no-money']],
    ['another amount of which a part went back', paid(less, 1), ['ask']],
    ['another merchant', paid(proofOf(10_000, { platformMerchantId: 'other' })), ['ask', 'no-money']],
    ['another currency', paid(proofOf(9_000, { currency: 'USD' })), ['ask', 'no-money']],
    ['another number', paid(proofOf(9_000, { attemptNo: 'TK2' })), ['ask', 'no-money']],
    ['nothing of us', paid(proofOf(0)), ['ask', 'no-money']],
    ['no answer', { kind: 'unknown', why: 'silence' }, ['ask', 'no-money']],
    ['no such number', { kind: 'not-found' }, ['ask', 'no-money']],
    ['a payer who still may pay', { kind: 'pending' }, ['ask']],
    ['closed', { kind: 'closed' }, ['ask', 'no-money']],
  ])('when the platform says %s', (_name, result, acts) => {
    expect(attemptChoices(inReview(10_000, less), wordOf(result))).toEqual(acts);
  });

  it('a bill is never settled by another amount', () => {
    expect(attemptChoices(inReview(10_000, less, 'fee'), wordOf(paid(less)))).toEqual(['ask', 'give-back']);
  });

  it('nothing, while another attempt of the order is alive', () => {
    const snapshot = inReview(10_000, less);
    const [attempt] = snapshot.attempts;
    if (attempt === undefined) throw new Error('no attempt');
    const alive = { ...attempt, id: 'b', state: 'pending' as const };
    const two = { ...snapshot, attempts: [...snapshot.attempts, alive] };
    expect(attemptChoices(two, wordOf(paid(less)))).toEqual([]);
    const wish = { act: 'ask', ...said, word: wordOf(paid(less)) } as const;
    expect(decideAttempt(two, wish, moment())).toMatchObject({ error: 'not-in-state', detail: 'live' });
  });
});

describe('the books after a decision', () => {
  /** Lets every refund that was asked for come about. */
  function finish(outcome: Outcome): { readonly end: Snapshot; readonly postings: readonly Posting[] } {
    let end = outcome.next;
    const postings = [...outcome.postings];
    for (const { id, refundNo, amountFen, state } of end.refunds) {
      if (state === 'done') continue;
      const result = { kind: 'done', refundId: 'r', refundNo, amountFen, atMs: nowMs } as const;
      const done = settleRefund(end, { refundId: id, result }, moment());
      if (done === undefined) throw new Error('the refund did not come about');
      end = done.next;
      postings.push(...done.postings);
    }
    return { end, postings };
  }

  it('balance, keep what the customer owed at most, and leave nothing in the surplus', () => {
    const amounts = fc.integer({ min: 1, max: 10_000_000 });
    const acts = fc.constantFrom('accept' as const, 'give-back' as const);
    fc.assert(
      fc.property(amounts, amounts, fc.integer({ min: 0, max: 100_000 }), acts, (asked, taken, feePpm, act) => {
        fc.pre(asked !== taken);
        const proof = proofOf(taken);
        const wish = { act, takenFen: fen(taken), ...said, word: wordOf({ kind: 'paid', proof }, feePpm) };
        const decided = decideAttempt(inReview(asked, proof), wish, moment());
        if (!decided.ok) throw new Error(decided.detail);
        const { end, postings } = finish(decided.value);
        const sums = new Map<string, number>();
        for (const { lines } of postings) {
          expect(lines.reduce((sum, line) => sum + line.amountFen, 0)).toBe(0);
          for (const { account, amountFen } of lines) sums.set(account, (sums.get(account) ?? 0) + amountFen);
        }
        const kept = act === 'accept' ? Math.min(asked, taken) : 0;
        expect((sums.get('payable') ?? 0) + kept).toBe(0);
        expect(sums.get('surplus:c') ?? 0).toBe(0);
        expect(end.order.paidFen - end.order.refundedFen).toBe(kept);
        const states = act === 'give-back' ? ['cancelled'] : taken > asked ? ['part-refunded'] : ['paid'];
        expect(states).toContain(end.order.state);
        expect(end.order.isInHand).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
