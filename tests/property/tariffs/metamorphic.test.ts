import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { correct } from '../../../domain/tariffs/correct.ts';
import { Exact } from '../../../domain/tariffs/exact.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import type { RatedBill, RateInput } from '../../../domain/tariffs/rating.ts';
import { shareOut } from '../../../domain/tariffs/share.ts';
import type { Component, Tariff, TieredComponent, TouTieredComponent } from '../../../domain/tariffs/tariff.ts';
import { randomSchedule } from './random/components.ts';
import { Dice } from './random/dice.ts';
import { randomCase, tariffOf } from './random/tariffs.ts';
import { label, randomBounds, randomTiered } from './random/tiers.ts';

const asOf = '2027-01-01T00:00:00+08:00';

function rated(tariff: Tariff, input: RateInput): RatedBill {
  const compiled = compileTariff(tariff);
  if (!compiled.ok) throw new Error(compiled.detail);
  const answer = rate(compiled.value, input);
  if (!answer.ok) throw new Error(`${answer.error} ${answer.detail ?? ''}`);
  return answer.value;
}

function exactSum({ lines }: Pick<RatedBill, 'lines'>): Exact {
  return lines.reduce((sum, { unroundedYuan }) => sum.plus(Exact.read(unroundedYuan) ?? Exact.zero), Exact.zero);
}

/** Equal but for the twelfth decimals that lines are printed with. */
function isSame(one: Exact, other: Exact): boolean {
  const gap = one.minus(other);
  return (gap.isNegative ? gap.negated : gap).compare(Exact.of(1n, 10n ** 9n)) <= 0;
}

/** Expects what is told only when it is not so: most of a random test's time would go into messages. */
function holds(isSo: boolean, tell: () => unknown): void {
  if (!isSo) expect(isSo, JSON.stringify(tell())).toBe(true);
}

const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const month = { from: '2026-03-01', to: '2026-04-01' };
const input = (quantity: string, previous: RateInput['previous'] = { used: {} }): RateInput => ({
  account: {},
  period: month,
  usage: { quantities: { '': quantity } },
  previous,
  asOf,
});

const thousandths = (value: number): string => (value / 1_000).toFixed(3);

function graduated(dice: Dice, window: 'bill' | 'year'): TieredComponent {
  const {
    boundScale: _scale,
    partYear: _part,
    household: _household,
    boundRound: _round,
    ...part
  } = randomTiered(dice, 'c');
  return { ...part, mode: 'graduated', window };
}

describe('graduated tiers', () => {
  test('never less for more, the same in parts as in one, the same in another unit', () => {
    for (let seed = 0; seed < 20_000; seed += 1) {
      const dice = new Dice(seed + 1_000_000);
      const part = graduated(dice, 'year');
      const tariff = tariffOf([part]);
      const [first, second] = [dice.whole(600_000), dice.whole(600_000)];
      const whole = rated(tariff, input(thousandths(first + second)));
      const start = rated(tariff, input(thousandths(first)));
      const rest = rated(tariff, input(thousandths(second), start.state));
      const message = () => ({ seed, part, first, second });
      holds(exactSum(start).plus(exactSum(rest)).compare(exactSum(whole)) === 0, message);
      holds(start.totalFen <= whole.totalFen, message);
      holds(isEqual(rest.state, whole.state), message);
      const tenfold = part.tiers.map(({ upTo, price, block, ...tier }) => ({
        ...tier,
        upTo: upTo === null ? null : (Number(upTo) * 10).toFixed(0),
        price: block === undefined ? (Number(price) / 10).toFixed(5) : price,
        ...(block === undefined ? {} : { block: (Number(block) * 10).toFixed(0) }),
      }));
      const scaled = rated(tariffOf([{ ...part, tiers: tenfold }]), input(thousandths((first + second) * 10)));
      holds(scaled.totalFen === whole.totalFen, message);
    }
  });

  test('more people never pay more where prices rise, and never have a lower bound', () => {
    for (let seed = 0; seed < 6_000; seed += 1) {
      const dice = new Dice(seed + 4_000_000);
      const { tiers, ...part } = graduated(dice, dice.pick(['bill', 'year']));
      const rising = tiers.map(({ upTo }, index) => ({ upTo, price: (0.3 + index * 0.2).toFixed(1) }));
      const household = {
        countAbove: dice.whole(4),
        add: dice.decimal(90, 1),
        each: dice.pick(['person', 'once'] as const),
        moves: dice.pick(['first', 'all'] as const),
        asOf: dice.pick(['bill-start', '01-01']),
      };
      const tariff = tariffOf([{ ...part, tiers: rising, household }]);
      const quantity = dice.decimal(900, 2);
      const count = dice.whole(8);
      const [few, many] = [count, count + 1 + dice.whole(3)].map((people) => {
        const account = { persons: [{ from: '2020-01-01', count: people }] };
        return rated(tariff, { ...input(quantity), account });
      }) as [RatedBill, RatedBill];
      const message = () => ({ seed, household, tiers: rising, quantity, count });
      holds(many.totalFen <= few.totalFen, message);
      few.tiers[0]?.tiers.forEach(({ upTo }, tier) => {
        const higher = many.tiers[0]?.tiers[tier]?.upTo ?? null;
        if (upTo === null || higher === null) return;
        holds((Exact.read(higher) ?? Exact.zero).compare(Exact.read(upTo) ?? Exact.zero) >= 0, message);
      });
    }
  });
});

interface Hours {
  readonly start: string;
  readonly minutes: number;
  readonly quantity: string;
}

const firstDay = Date.UTC(2026, 2, 1) / 86_400_000;
const dayText = (day: number): string => new Date((firstDay + day) * 86_400_000).toISOString().slice(0, 10);

/** Some days of hours from 1 March on. */
function hoursOf(dice: Dice, days: number): Hours[] {
  const minutes = dice.pick([60, 120, 240]);
  return Array.from({ length: (days * 1440) / minutes }, (_, index) => ({
    start: `${new Date(firstDay * 86_400_000 + index * minutes * 60_000).toISOString().slice(0, 16)}+08:00`,
    minutes,
    quantity: dice.decimal(6, 3),
  }));
}

const onDays = (hours: readonly Hours[], from: number, to: number): Hours[] =>
  hours.filter(({ start }) => start >= dayText(from) && start < dayText(to));

function bill(
  intervals: readonly Hours[],
  from: number,
  to: number,
  previous: RateInput['previous'] = { used: {} },
): RateInput {
  const account = { persons: [{ from: '2020-01-01', count: 5 }] };
  return { account, period: { from: dayText(from), to: dayText(to) }, usage: { intervals }, previous, asOf };
}

const bothDays = { from: firstDay, to: firstDay + 9 };

/** Prices by the hour and tier that do not fall from tier to tier, for a household of any size. */
function randomTouTiered(dice: Dice, split: TouTieredComponent['split']): TouTieredComponent {
  const bounds = randomBounds(dice).map((bound) => (bound === null ? null : (Number(bound) / 4).toFixed(3)));
  const household = { countAbove: 3, add: '7.5', each: 'person', moves: 'all', asOf: '01-01' } as const;
  return {
    id: 'c',
    label,
    kind: 'tou-tiered',
    window: 'year',
    periods: ['p0', 'p1', 'p2'].map((name) => ({ name, label, price: dice.decimal(2, 3) })),
    schedule: randomSchedule(dice, 3, bothDays),
    bounds,
    add: bounds.map((_, tier) => (tier * 0.25).toFixed(2)),
    split,
    ...(dice.once(2) ? { household } : {}),
  };
}

describe('prices by the hour', () => {
  test.each(['by-interval', 'by-day-ratio', 'by-bill-ratio'] as const)(
    'and by tier, %s: never less for more, the same in parts as in one, and each unit is charged once',
    (split) => {
      for (let seed = 0; seed < 600; seed += 1) {
        const dice = new Dice(seed + 5_000_000);
        const part = randomTouTiered(dice, split);
        const tariff = tariffOf([part]);
        const hours = hoursOf(dice, 6);
        const cut = 1 + dice.whole(5);
        const whole = rated(tariff, bill(hours, 0, 6));
        const start = rated(tariff, bill(onDays(hours, 0, cut), 0, cut));
        const rest = rated(tariff, bill(onDays(hours, cut, 6), cut, 6, start.state));
        const message = () => ({ seed, part, cut });
        holds(isSame(exactSum(start).plus(exactSum(rest)), exactSum(whole)), message);
        holds(isEqual(rest.state, whole.state), message);
        holds(start.totalFen <= whole.totalFen, message);
        const at = dice.whole(hours.length);
        const more = hours.map((hour, index) => (index === at ? { ...hour, quantity: `1${hour.quantity}` } : hour));
        const dearer = rated(tariff, bill(more, 0, 6));
        holds(exactSum(dearer).compare(exactSum(whole)) >= 0, message);
        const units = whole.lines.reduce(
          (sum, { quantity = '0' }) => sum.plus(Exact.read(quantity) ?? Exact.zero),
          Exact.zero,
        );
        const used = hours.reduce((sum, { quantity }) => sum.plus(Exact.read(quantity) ?? Exact.zero), Exact.zero);
        holds(isSame(units, used), message);
      }
    },
  );

  test('alone: the same in parts as in one, the same in any order, and with one price a price by the unit', () => {
    for (let seed = 0; seed < 600; seed += 1) {
      const dice = new Dice(seed + 6_000_000);
      const schedule = randomSchedule(dice, 3, bothDays);
      const periods = ['p0', 'p1', 'p2'].map((name) => ({ name, label, price: dice.decimal(2, 4) }));
      const tariff = tariffOf([{ id: 'c', label, kind: 'tou', periods, schedule }]);
      const hours = hoursOf(dice, 4);
      const cut = 1 + dice.whole(3);
      const whole = rated(tariff, bill(hours, 0, 4));
      const parts = [
        rated(tariff, bill(onDays(hours, 0, cut), 0, cut)),
        rated(tariff, bill(onDays(hours, cut, 4), cut, 4)),
      ];
      const message = () => ({ seed });
      holds(parts.reduce((sum, one) => sum.plus(exactSum(one)), Exact.zero).compare(exactSum(whole)) === 0, message);
      holds(isEqual(rated(tariff, bill([...hours].reverse(), 0, 4)).lines, whole.lines), message);
      const flat: Component = {
        id: 'c',
        label,
        kind: 'tou',
        periods: periods.map((one) => ({ ...one, price: '0.6' })),
        schedule,
      };
      const unit: Component = { id: 'c', label, kind: 'per-unit', price: '0.6', quantity: { usage: {} } };
      const [byHour, byUnit] = [flat, unit].map((part) => exactSum(rated(tariffOf([part]), bill(hours, 0, 4)))) as [
        Exact,
        Exact,
      ];
      holds(byHour.compare(byUnit) === 0, message);
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
        const of = (usage: RateInput['usage']): RateInput => ({ ...input('0'), usage: usage ?? {} });
        expect(rated(tariff, of({ readings: shuffled }))).toEqual(rated(tariff, of({ readings })));
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

  test('what all pay of a share sums to the whole, also where a new price or a season cuts the bill', () => {
    for (let seed = 0; seed < 1_500; seed += 1) {
      const dice = new Dice(seed + 7_000_000);
      const of = dice.pick(['amount', 'quantity'] as const);
      const remainder = dice.pick(['largest-remainder', 'first'] as const);
      const part: Component = { id: 'c', label, kind: 'share', of, price: '1', key: 'area', remainder };
      const one = tariffOf([part]);
      const later = {
        ...one.versions[0],
        id: '2',
        effectiveFrom: `2026-03-${String(2 + dice.whole(28)).padStart(2, '0')}`,
        components: [part],
      };
      const tariff = { ...one, versions: [...one.versions, later] };
      const members = dice.some(12, (index) => ({ id: String(index), key: dice.decimal(90, 2) }));
      if (members.every(({ key }) => Number(key) === 0)) continue;
      const total = dice.decimal(900, 2);
      const bills = members.map(({ id }) =>
        rated(tariff, { ...input('0'), common: { c: { total, members, self: id } } }),
      );
      const sum = bills.reduce((all, { totalFen }) => all + totalFen, 0);
      expect(Math.abs(sum - Math.round(Number(total) * 100)), `seed ${String(seed)}`).toBeLessThanOrEqual(
        of === 'amount' ? 0 : 1,
      );
    }
  });

  test('a correction is the difference of the totals, line by line', () => {
    let compared = 0;
    for (let seed = 0; seed < 3_000; seed += 1) {
      const { tariff, input: one } = randomCase(new Dice(seed + 8_000_000));
      const quantities = one.usage?.quantities;
      if (one.period === undefined || quantities === undefined) continue;
      const doubled = Object.fromEntries(
        Object.entries(quantities).map(([name, text]) => [name, String(Number(text) * 2)]),
      );
      const [old, better] = [rated(tariff, one), rated(tariff, { ...one, usage: { quantities: doubled } })];
      const delta = correct(old, better).reduce((sum, { amountFen }) => sum + amountFen, 0);
      expect(delta, `seed ${String(seed)}`).toBe(better.totalFen - old.totalFen);
      expect(correct(old, old)).toEqual([]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(1_000);
  });
});
