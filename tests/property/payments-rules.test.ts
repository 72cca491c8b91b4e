import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import { feeBackOf, feeOf } from '../../domain/payments/fees.ts';
import { postingOfPayment, postingOfRefund } from '../../domain/payments/ledger.ts';
import { beginAttempt } from '../../domain/payments/attempts.ts';
import type { AttemptRecord, RefundRecord } from '../../domain/payments/records.ts';
import { type Route, type RoutingFacts, routesOf, splitOver } from '../../domain/payments/routing.ts';
import { newOrder } from '../../server/services/payments/new-order.ts';

const amount = fc.integer({ min: 1, max: 10_000_000 }).map((value) => fen(value));

describe('a split', () => {
  const route = fc
    .record({ minFen: fc.integer({ min: 0, max: 500 }), capacityFen: fc.integer({ min: 0, max: 50_000 }) })
    .map(({ minFen, capacityFen }) => ({ minFen, capacityFen: fen(capacityFen) }));
  const routes = fc
    .array(route, { maxLength: 6 })
    .map((list): Route[] =>
      list.map((one, index) => ({ ...one, channel: `c${String(index)}`, isAvailable: false, room: {} })),
    );

  it('is exact to the fen, within every channel’s bounds, and no shorter one exists', () => {
    fc.assert(
      fc.property(routes, fc.integer({ min: 1, max: 200_000 }), (given, wanted) => {
        const parts = splitOver(given, fen(wanted));
        const able = given
          .filter(({ minFen, capacityFen }) => capacityFen >= Math.max(1, minFen))
          .sort((a, b) => b.capacityFen - a.capacityFen);
        const most = able.reduce((sum, { capacityFen }) => sum + capacityFen, 0);
        if (parts === undefined) {
          const least = able.map(({ minFen }) => Math.max(1, minFen));
          const fits = wanted <= most && least.reduce((sum, one) => sum + one, 0) <= wanted;
          expect(fits).toBe(false);
          return;
        }
        expect(parts.reduce((sum, part) => sum + part.amountFen, 0)).toBe(wanted);
        expect(new Set(parts.map(({ channel }) => channel)).size).toBe(parts.length);
        for (const { channel, amountFen } of parts) {
          const { minFen, capacityFen } = given.find((one) => one.channel === channel) ?? { minFen: 0, capacityFen: 0 };
          expect(amountFen).toBeGreaterThanOrEqual(Math.max(1, minFen));
          expect(amountFen).toBeLessThanOrEqual(capacityFen);
        }
        const fewer = able.slice(0, parts.length - 1).reduce((sum, { capacityFen }) => sum + capacityFen, 0);
        expect(fewer).toBeLessThan(wanted);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('routes', () => {
  const fact = fc.record({
    state: fc.constantFrom('active' as const, 'paused' as const, 'none' as const),
    ...{
      priority: fc.nat({ max: 3 }),
      feePpm: fc.nat({ max: 9 }),
      minFen: fc.nat({ max: 50 }),
      maxFen: fc.nat({ max: 5_000 }),
    },
  });
  const facts = fc.record({
    list: fc.array(fact, { maxLength: 5 }),
    limits: fc.array(fc.record({ on: fc.nat({ max: 4 }), maxFen: amount, usedFen: fc.nat({ max: 4_000 }) }), {
      maxLength: 5,
    }),
    isPaused: fc.boolean(),
  });

  it('give a reason exactly when a channel cannot, and a capacity that is one', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 1, max: 6_000 }), ({ list, limits, isPaused }, wanted) => {
        const given: RoutingFacts = {
          channels: list.map((one, index) => ({ ...one, channel: `c${String(index)}` })),
          rules: limits.map(({ on, maxFen }, index) => {
            return {
              id: `r${String(index)}`,
              channel: `c${String(on)}`,
              terminalId: null,
              window: 'day',
              maxFen,
              maxCount: null,
            };
          }),
          uses: limits.map(({ usedFen }, index) => {
            return { ruleId: `r${String(index)}`, windowStart: '2026-11-26', usedFen: fen(usedFen), usedCount: 1 };
          }),
          ...{ terminalId: 't', isPaused, nowMs: Date.parse('2026-11-26T04:00:00Z') },
        };
        for (const route of routesOf(given, fen(wanted))) {
          expect(route.isAvailable).toBe(route.reason === undefined);
          const fits = wanted <= route.capacityFen && wanted >= route.minFen;
          expect(route.isAvailable).toBe(fits);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('fees and the ledger', () => {
  it('give the whole fee back with the whole payment, in whatever steps, and every posting balances', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        amount,
        fc.integer({ min: 0, max: 1_000_000 }),
        steps,
        fc.boolean(),
        (amountFen, ppm, weights, isLate) => {
          const feeFen = feeOf(amountFen, ppm);
          expect(Math.abs(feeFen - (amountFen * ppm) / 1_000_000)).toBeLessThanOrEqual(0.5);
          const attempt = paidAttempt(amountFen, isLate ? 'paid-late' : 'paid');
          const books = new Map<string, number>();
          const post = (lines: ReturnType<typeof postingOfPayment>['lines']): void => {
            expect(lines.reduce((sum, line) => sum + line.amountFen, 0)).toBe(0);
            expect(lines.every((line) => line.amountFen !== 0)).toBe(true);
            for (const line of lines) books.set(line.account, (books.get(line.account) ?? 0) + line.amountFen);
          };
          post(postingOfPayment(attempt, feeFen).lines);
          let refunded = 0;
          for (const [index, weight] of weights.entries()) {
            const rest = amountFen - refunded;
            const part = index === weights.length - 1 ? rest : Math.min(rest, Math.ceil((rest * weight) / 200));
            if (part === 0) continue;
            const now = { ...attempt, feeFen, refundedFen: fen(refunded) };
            expect(feeBackOf(feeFen, amountFen, fen(refunded), fen(part))).toBeGreaterThanOrEqual(0);
            post(postingOfRefund(now, { ...refundOf(now), amountFen: fen(part) }).lines);
            refunded += part;
          }
          expect([...books.values()].every((sum) => sum === 0)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

function paidAttempt(amountFen: ReturnType<typeof fen>, state: 'paid' | 'paid-late'): AttemptRecord {
  const base = { merchantId: 'm', terminalId: 't', id: 'o', amountFen, note: '', source: 'terminal' } as const;
  const times = { bodyHash: '', nowMs: 0, expiresAtMs: 1_000 };
  const order = newOrder(base, times, { orderNo: '700101-000001', terminalLabel: '', merchantName: '' });
  const wish = { id: 'a', accountId: 'x', channel: 'c', kind: 'qr', amountFen, memo: {}, bodyHash: '' } as const;
  const moment = { nowMs: 0, jitter: 0, newId: () => 'r' };
  const begun = beginAttempt(order, { ...wish, expiresAtMs: 500, holds: [], lookAtMs: 1 }, moment);
  const attempt = begun.ok ? begun.value.next.attempts[0] : undefined;
  if (attempt === undefined) throw new Error('no attempt');
  return { ...attempt, state };
}

function refundOf(attempt: AttemptRecord): RefundRecord {
  const state = 'submitted';
  const cause = 'merchant';
  return {
    ...{ id: 'r', attemptId: attempt.id, channel: attempt.channel, refundNo: 'R', number: 1, state },
    ...{ cause, reason: '', askedBy: null, bodyHash: '', memo: {}, transactionId: null, platformRefundId: null },
    ...{ platformCode: null, tries: 0, nextLookAtMs: null, createdAtMs: 0, updatedAtMs: 0, doneAtMs: null },
    amountFen: fen(0),
  };
}
