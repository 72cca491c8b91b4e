import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, type AllocationOrder, type OwedBill, takeBack } from '../../domain/fees/allocate.ts';
import { fen } from '../../domain/money.ts';

const amounts = fc.integer({ min: 0, max: 3_000 }).map((value) => fen(value));
const days = fc.constantFrom('2026-08-20', '2026-09-20', '2026-10-20', '2026-11-20');
const owedBills: fc.Arbitrary<OwedBill[]> = fc
  .array(fc.record({ dueOn: days, principalFen: amounts, lateFen: amounts }), { maxLength: 6 })
  .map((bills) => bills.map((bill, index) => ({ ...bill, id: `b${String(index)}` })));
const orders = fc.constantFrom<AllocationOrder>('oldest-first', 'late-fee-first');
const paid = fc.integer({ min: 0, max: 30_000 }).map((value) => fen(value));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const sumOf = (parts: readonly { principalFen: number; lateFen: number }[]): number =>
  sum(parts.map(({ principalFen, lateFen }) => principalFen + lateFen));

describe('putting money towards bills', () => {
  it('loses no fen, and gives no bill more than it is owed', () => {
    fc.assert(
      fc.property(paid, owedBills, orders, (amount, owed, order) => {
        const { parts, surplusFen } = allocate(amount, owed, order);
        expect(sumOf(parts) + surplusFen).toBe(amount);
        expect(surplusFen).toBe(Math.max(0, amount - sumOf(owed)));
        for (const part of parts) {
          const bill = owed.find(({ id }) => id === part.id);
          expect(part.principalFen).toBeLessThanOrEqual(bill?.principalFen ?? -1);
          expect(part.lateFen).toBeLessThanOrEqual(bill?.lateFen ?? -1);
          expect(part.principalFen + part.lateFen).toBeGreaterThan(0);
          // A late fee comes before its own principal, so no bill is paid with a late fee still owed.
          if (part.principalFen > 0) expect(part.lateFen).toBe(bill?.lateFen);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('follows the payee’s order, whatever the order in which the bills come', () => {
    fc.assert(
      fc.property(paid, owedBills, orders, fc.nat(), (amount, owed, order, seed) => {
        const allocated = allocate(amount, owed, order);
        const turned = [...owed.slice(seed % (owed.length + 1)), ...owed.slice(0, seed % (owed.length + 1))].reverse();
        expect(allocate(amount, turned, order)).toEqual(allocated);
        const put = new Map(allocated.parts.map((part) => [part.id, part]));
        const isFull = ({ id, principalFen, lateFen }: OwedBill): boolean =>
          (put.get(id)?.principalFen ?? 0) === principalFen && (put.get(id)?.lateFen ?? 0) === lateFen;
        for (const later of owed)
          for (const earlier of owed.filter(({ dueOn }) => dueOn < later.dueOn)) {
            if (order === 'oldest-first' && put.has(later.id)) expect(isFull(earlier)).toBe(true);
            if ((put.get(later.id)?.principalFen ?? 0) > 0) expect(isFull(earlier)).toBe(true);
          }
        if (order === 'late-fee-first' && allocated.parts.some(({ principalFen }) => principalFen > 0))
          for (const { id, lateFen } of owed) expect(put.get(id)?.lateFen ?? 0).toBe(lateFen);
      }),
      { numRuns: 2_000 },
    );
  });

  it('one sum is as good as two: paying in parts ends where paying at once ends', () => {
    fc.assert(
      fc.property(paid, paid, owedBills, orders, (first, second, owed, order) => {
        const half = allocate(first, owed, order);
        const left = owed.map((bill) => {
          const part = half.parts.find(({ id }) => id === bill.id);
          return {
            ...bill,
            principalFen: fen(bill.principalFen - (part?.principalFen ?? 0)),
            lateFen: fen(bill.lateFen - (part?.lateFen ?? 0)),
          };
        });
        const rest = allocate(second, left, order);
        const whole = allocate(fen(first + second), owed, order);
        expect(half.surplusFen + rest.surplusFen).toBe(whole.surplusFen);
        for (const { id } of owed) {
          const of = (parts: typeof whole.parts) => sumOf(parts.filter((part) => part.id === id));
          expect(of(half.parts) + of(rest.parts)).toBe(of(whole.parts));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('taking money back', () => {
  it('takes what was put, the last first, and in parts ends where the whole ends', () => {
    fc.assert(
      fc.property(paid, owedBills, orders, fc.double({ min: 0, max: 1, noNaN: true }), (amount, owed, order, share) => {
        const put = allocate(amount, owed, order);
        const some = fen(Math.floor(amount * share));
        const first = takeBack(some, put);
        expect(sumOf(first.parts) + first.surplusFen).toBe(some);
        expect(first.missingFen).toBe(0);
        const left = {
          surplusFen: fen(put.surplusFen - first.surplusFen),
          parts: put.parts.map((part) => {
            const taken = first.parts.find(({ id }) => id === part.id);
            return {
              ...part,
              principalFen: fen(part.principalFen - (taken?.principalFen ?? 0)),
              lateFen: fen(part.lateFen - (taken?.lateFen ?? 0)),
            };
          }),
        };
        const second = takeBack(fen(amount - some), left);
        expect(second.missingFen).toBe(0);
        expect(sumOf(first.parts) + sumOf(second.parts)).toBe(sumOf(put.parts));
        expect(takeBack(fen(amount + 7), put)).toMatchObject({ missingFen: 7, surplusFen: put.surplusFen });
        // No late fee is taken back while principal of the same bill is left.
        for (const taken of first.parts) {
          const part = put.parts.find(({ id }) => id === taken.id);
          if (taken.lateFen > 0) expect(taken.principalFen).toBe(part?.principalFen);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses amounts below 0', () => {
    const bill = { id: 'b', dueOn: '2026-10-20', principalFen: fen(-1), lateFen: fen(0) };
    expect(() => allocate(fen(1), [bill], 'oldest-first')).toThrow('below 0');
    expect(() => allocate(fen(-1), [], 'oldest-first')).toThrow('below 0');
  });
});
