import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { correct } from '../../../domain/tariffs/correct.ts';
import { Exact } from '../../../domain/tariffs/exact.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import type { RatedBill, RateInput } from '../../../domain/tariffs/rating.ts';
import { shareOut } from '../../../domain/tariffs/share.ts';
import type { Tariff, TieredComponent } from '../../../domain/tariffs/tariff.ts';
import { Dice, randomBill, randomTariff, randomTiered, tariffOf } from './random-tariffs.ts';
import { evaluateAgain } from './second-evaluator.ts';

const tariffsCount = 100_000;
const asOf = '2027-01-01T00:00:00+08:00';

function rated(tariff: Tariff, input: RateInput): RatedBill {
  const compiled = compileTariff(tariff);
  if (!compiled.ok) throw new Error(compiled.detail);
  const answer = rate(compiled.value, input);
  if (!answer.ok) throw new Error(`${answer.error} ${answer.detail ?? ''}`);
  return answer.value;
}

/** Fen by component, in order of size; lines of 0 are printed for the reader's sake alone. */
function byComponent(lines: readonly (readonly [string, bigint])[]): string {
  const told = lines.filter(([, amount]) => amount !== 0n).map(([id, amount]) => `${id} ${String(amount)}`);
  return told.sort().join(', ');
}

function exactSum({ lines }: Pick<RatedBill, 'lines'>): Exact {
  return lines.reduce((sum, { unroundedYuan }) => sum.plus(Exact.read(unroundedYuan) ?? Exact.zero), Exact.zero);
}

const input = (quantity: string, used: RateInput['previous'] = { used: {} }): RateInput => ({
  account: {},
  period: { from: '2026-03-01', to: '2026-04-01' },
  usage: { quantities: { '': quantity } },
  previous: used,
  asOf,
});

const thousandths = (value: number): string => (value / 1_000).toFixed(3);

function graduated(dice: Dice, window: 'bill' | 'year'): TieredComponent {
  const { boundScale: _scale, normalDays: _days, ...part } = randomTiered(dice, 'c');
  return { ...part, mode: 'graduated', window };
}

describe('random tariffs', () => {
  test(`two evaluators agree line by line, and lines sum to the total, over ${String(tariffsCount)}`, () => {
    for (let seed = 0; seed < tariffsCount; seed += 1) {
      const dice = new Dice(seed);
      const tariff = randomTariff(dice);
      const bill = randomBill(dice, tariff);
      const one = rated(tariff, bill);
      const other = evaluateAgain(tariff, bill);
      const ours = byComponent(one.lines.map(({ componentId, amountFen }) => [componentId, BigInt(amountFen)]));
      const theirs = byComponent(other.map(({ id, fen }) => [id, fen]));
      if (ours !== theirs) expect(ours, `seed ${String(seed)}: ${JSON.stringify({ tariff, bill })}`).toBe(theirs);
      const sum = one.lines.reduce((total, { amountFen }) => total + amountFen, 0);
      if (sum !== one.totalFen) expect(sum, `seed ${String(seed)}`).toBe(one.totalFen);
    }
  });

  test('graduated tiers: never less for more, the same in parts as in one, the same in another unit', () => {
    for (let seed = 0; seed < 20_000; seed += 1) {
      const dice = new Dice(seed + 1_000_000);
      const part = graduated(dice, 'year');
      const tariff = tariffOf([part]);
      const [first, second] = [dice.whole(600_000), dice.whole(600_000)];
      const whole = rated(tariff, input(thousandths(first + second)));
      const start = rated(tariff, input(thousandths(first)));
      const rest = rated(tariff, input(thousandths(second), start.state));
      const message = `seed ${String(seed)}: ${JSON.stringify({ part, first, second })}`;
      expect(exactSum(start).plus(exactSum(rest)).compare(exactSum(whole)), message).toBe(0);
      expect(start.totalFen <= whole.totalFen, message).toBe(true);
      expect(rest.state, message).toEqual(whole.state);
      const tenfold = part.tiers.map(({ upTo, price, ...tier }) => ({
        ...tier,
        upTo: upTo === null ? null : (Number(upTo) * 10).toFixed(0),
        price: (Number(price) / 10).toFixed(5),
      }));
      const scaled = rated(tariffOf([{ ...part, tiers: tenfold }]), input(thousandths((first + second) * 10)));
      expect(scaled.totalFen, message).toBe(whole.totalFen);
    }
  });

  test('each bound, a millionth below, on it and a millionth above', () => {
    for (let seed = 0; seed < 2_000; seed += 1) {
      const dice = new Dice(seed + 2_000_000);
      const part = { ...randomTiered(dice, 'c'), window: 'bill' as const };
      const tariff = tariffOf([part]);
      for (const { upTo } of part.tiers) {
        if (upTo === null) continue;
        const bound = Math.round(Number(upTo) * 1e6);
        for (const quantity of [bound - 1, bound, bound + 1]) {
          const bill = input((quantity / 1e6).toFixed(6));
          const ours = byComponent(
            rated(tariff, bill).lines.map(({ componentId, amountFen }) => [componentId, BigInt(amountFen)]),
          );
          const theirs = byComponent(evaluateAgain(tariff, bill).map(({ id, fen }) => [id, fen]));
          expect(ours, `seed ${String(seed)}, ${String(quantity)}`).toBe(theirs);
        }
      }
    }
  });
});

describe('meters, shares, corrections', () => {
  const reading = (at: string, value: number) => ({
    meterId: 'm',
    at,
    value: String(value),
    quality: 'actual' as const,
  });

  test('the order of readings does not matter', () => {
    const rises = fc.array(fc.nat(200), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rises, fc.nat(), (steps, seed) => {
        const dice = new Dice(seed);
        const tariff = tariffOf([graduated(dice, 'year')]);
        let value = 0;
        const readings = [reading('2026-03-01', 0)];
        steps.forEach((step, index) => {
          value += step;
          const day = index === steps.length - 1 ? '2026-04-01' : `2026-03-${String(5 + index * 4).padStart(2, '0')}`;
          readings.push(reading(day, value));
        });
        const shuffled = [...readings].sort(() => dice.whole(3) - 1);
        const bill = (usage: RateInput['usage']): RateInput => ({ ...input('0'), usage: usage ?? {} });
        expect(rated(tariff, bill({ readings: shuffled }))).toEqual(rated(tariff, bill({ readings })));
      }),
      { numRuns: 2_000 },
    );
  });

  test('shares sum to the whole, and differ by less than a fen from their part', () => {
    const keys = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(10_000_000), keys, (total, weights) => {
        fc.pre(weights.some((weight) => weight > 0));
        const members = weights.map((weight, index) => ({ id: String(index), key: (weight / 100).toFixed(2) }));
        const common = { total: (total / 100).toFixed(2), members, self: '0' };
        const { fen } = shareOut(Exact.of(total, 100), common, 'largest-remainder', 'common');
        expect(fen.reduce((sum, part) => sum + part, 0n)).toBe(BigInt(total));
        const all = weights.reduce((sum, weight) => sum + weight, 0);
        fen.forEach((part, index) => {
          const off = part * BigInt(all) - BigInt(total) * BigInt(weights[index] ?? 0);
          expect(off < BigInt(all) && -off < BigInt(all)).toBe(true);
        });
        const first = shareOut(Exact.of(total, 100), common, 'first', 'common').fen;
        expect(first.reduce((sum, part) => sum + part, 0n)).toBe(BigInt(total));
      }),
      { numRuns: 3_000 },
    );
  });

  test('a correction is the difference of the totals, line by line', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(900), fc.nat(900), (seed, before, now) => {
        const tariff = randomTariff(new Dice(seed));
        const [old, better] = [rated(tariff, input(String(before))), rated(tariff, input(String(now)))];
        const delta = correct(old, better).reduce((sum, { amountFen }) => sum + amountFen, 0);
        expect(delta).toBe(better.totalFen - old.totalFen);
        expect(correct(old, old)).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});
