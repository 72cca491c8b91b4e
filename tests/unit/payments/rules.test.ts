import { describe, expect, it } from 'vitest';
import { fen } from '../../../domain/money.ts';
import { feeBackOf, feeOf } from '../../../domain/payments/fees.ts';
import { differenceOf } from '../../../domain/payments/integrity.ts';
import {
  holdsFor,
  isKept,
  type LimitRule,
  roomIn,
  windowEndMs,
  windowStartOf,
} from '../../../domain/payments/limits.ts';
import { attemptNoOf, orderNoOf, receiptNoOf, refundNoOf, shanghaiDay } from '../../../domain/payments/numbers.ts';
import { nextLookAt } from '../../../domain/payments/schedule.ts';
import { attemptStates } from '../../../domain/payments/states.ts';
import { mayAttemptBecome } from '../../../domain/payments/transitions.ts';

describe('numbers', () => {
  it('are made from the day in Asia/Shanghai and the sequence', () => {
    const ms = Date.parse('2026-11-26T16:00:00Z');
    expect(shanghaiDay(ms - 1)).toBe('2026-11-26');
    expect(orderNoOf(ms, 42)).toBe('261127-000042');
    expect(orderNoOf(ms, 12_345_678)).toBe('261127-12345678');
    expect(attemptNoOf('261127-000042', 1)).toBe('TK26112700000042A1');
    expect(refundNoOf('TK26112700000042A1', 2)).toBe('TK26112700000042A1R2');
    expect(receiptNoOf('261127-000042')).toBe('TK-261127-000042');
  });
});

describe('fees', () => {
  it.each([
    [10_000, 3_800, 38],
    [12_850, 3_800, 49],
    [125, 4_000, 1],
    [124, 4_000, 0],
    [1, 0, 0],
    [1_000_000_000, 1_000_000, 1_000_000_000],
  ])('%i fen at %i ppm are %i fen, a half rounds up', (amount, ppm, fee) => {
    expect(feeOf(fen(amount), ppm)).toBe(fee);
  });

  it('go back in proportion', () => {
    expect(feeBackOf(fen(38), fen(10_000), fen(0), fen(5_000))).toBe(19);
    expect(feeBackOf(fen(38), fen(10_000), fen(5_000), fen(5_000))).toBe(19);
    expect(() => feeOf(fen(1), 1.5)).toThrow(/feePpm/);
  });
});

describe('windows', () => {
  it.each([
    ['2026-11-30T15:59:59.999Z', '2026-11-30', '2026-11-01', '2026-11-30T16:00:00.000Z'],
    ['2026-11-30T16:00:00.000Z', '2026-12-01', '2026-12-01', '2026-12-31T16:00:00.000Z'],
    ['2026-12-31T16:00:00.000Z', '2027-01-01', '2027-01-01', '2027-01-31T16:00:00.000Z'],
  ])('of %s begin on %s and %s', (at, day, month, monthEnds) => {
    const ms = Date.parse(at);
    expect([windowStartOf('day', ms), windowStartOf('month', ms)]).toEqual([day, month]);
    expect(new Date(windowEndMs('month', ms)).toISOString()).toBe(monthEnds);
    expect(windowEndMs('day', ms) - ms).toBeLessThanOrEqual(86_400_000);
  });

  const rule: LimitRule = { id: 'r', channel: 'c', terminalId: null, window: 'day', maxFen: fen(100), maxCount: null };
  const late = Date.parse('2026-11-30T15:59:00Z');

  it('that an attempt touches are all held, and the one in which it was paid is kept', () => {
    const holds = holdsFor([rule, { ...rule, id: 'm', window: 'month' }], late, late + 120_000);
    expect(holds.map(({ ruleId, windowStart }) => `${ruleId} ${windowStart}`)).toEqual([
      'm 2026-11-01',
      'm 2026-12-01',
      'r 2026-11-30',
      'r 2026-12-01',
    ]);
    const kept = (paidAtMs: number) => holds.filter((hold) => isKept(hold, holds, paidAtMs)).map((x) => x.windowStart);
    expect(kept(late + 30_000)).toEqual(['2026-11-01', '2026-11-30']);
    expect(kept(late + 90_000)).toEqual(['2026-12-01', '2026-12-01']);
    expect(kept(late + 9 * 86_400_000), 'outside of what was held').toEqual(['2026-12-01', '2026-12-01']);
  });

  it('leave what the tightest rule leaves', () => {
    const uses = [{ ruleId: 'r', windowStart: '2026-11-30', usedFen: fen(60), usedCount: 2 }];
    const once: LimitRule = { ...rule, id: 't', window: 'transaction', maxFen: fen(70) };
    expect(roomIn([rule, once], uses, late)).toMatchObject({
      leftFen: 40,
      reason: 'day-limit',
      day: { maxFen: 100, usedFen: 60 },
    });
    expect(roomIn([once], uses, late)).toEqual({ leftFen: 70, reason: 'transaction-limit' });
    expect(roomIn([{ ...rule, maxFen: null, maxCount: 2 }], uses, late)).toMatchObject({
      leftFen: 0,
      reason: 'count-limit',
    });
    expect(roomIn([{ ...rule, maxFen: null, maxCount: 3 }], uses, late)).toEqual({});
    expect(roomIn([], uses, late)).toEqual({});
  });
});

describe('the schedule of looking again', () => {
  it('is 5 s six times, 10 s six times, 1 min ten times, then 10 min, 1 h and 1 d, and ends after three days', () => {
    const waits: number[] = [];
    let nowMs = 0;
    for (let tries = 0; ; tries += 1) {
      const at = nextLookAt(nowMs, 0, tries, 0.5);
      if (at === undefined) break;
      waits.push((at - nowMs) / 1000);
      nowMs = at;
    }
    const runs = waits.filter((wait, index) => wait !== waits[index - 1]);
    expect(runs).toEqual([5, 10, 60, 600, 3_600, 86_400]);
    expect(waits.filter((wait) => wait === 5)).toHaveLength(6);
    expect(waits.filter((wait) => wait === 10)).toHaveLength(6);
    expect(waits.filter((wait) => wait === 60)).toHaveLength(10);
    expect(nowMs).toBeGreaterThanOrEqual(3 * 86_400_000);
  });

  it('is spread by a tenth either way', () => {
    expect(nextLookAt(0, 0, 0, 0)).toBe(4_500);
    expect(nextLookAt(0, 0, 0, 1)).toBe(5_500);
  });
});

describe('states', () => {
  it('never lead back from paid, and to late only from an end or by a person', () => {
    for (const to of attemptStates) expect(mayAttemptBecome('paid', to)).toBe(to === 'paid');
    const late = attemptStates.filter((from) => mayAttemptBecome(from, 'paid-late'));
    expect(late).toEqual(['closed', 'failed', 'paid-late', 'review']);
  });
});

describe('the comparison of answers', () => {
  const attempt = { attemptNo: 'TK1', amountFen: fen(100) };
  const proof = { ...attempt, currency: 'CNY', platformMerchantId: 'm', transactionId: 'x', paidAtMs: 1 };

  it.each([
    [{}, undefined],
    [{ attemptNo: 'TK2' }, 'number'],
    [{ amountFen: fen(101) }, 'amount'],
    [{ currency: 'HKD' }, 'currency'],
    [{ platformMerchantId: 'n' }, 'merchant'],
  ])('%o → %s', (change, what) => {
    expect(differenceOf({ ...proof, ...change }, attempt, 'm')?.what).toBe(what);
  });
});
