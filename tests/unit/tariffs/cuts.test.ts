import { describe, expect, test } from 'vitest';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { fen } from '../../../domain/money.ts';
import type { LateFeeBase, RateInput } from '../../../domain/tariffs/rating.ts';
import type { Adjustment, Component, LateFeeRule, Tariff, TieredComponent } from '../../../domain/tariffs/tariff.ts';
import { amounts, answer, label, rated, tariffOf, unit, usage } from './support.ts';

/** A bill that a season, a window, a new version or a year's end cuts: each found by tests/property/tariffs. */
const bill = (from: string, to: string, quantity: string, more: Partial<RateInput> = {}): Partial<RateInput> => ({
  period: { from, to },
  usage: { quantities: { '': quantity } },
  ...more,
});
const march = (quantity: string, more: Partial<RateInput> = {}) => bill('2026-03-01', '2026-04-01', quantity, more);

/** The same parts in a version that begins on the sixteenth of March: fifteen days, and sixteen. */
const cutInMarch = (part: Component): Tariff => {
  const tariff = tariffOf([part]);
  return { ...tariff, versions: [...tariff.versions, { id: '2', effectiveFrom: '2026-03-16', components: [part] }] };
};

describe('a season', () => {
  test('from 29 February begins on 1 March in a short year, also in a bill that began before', () => {
    const when = { seasons: [{ from: '02-29', to: '05-31' }] };
    const daily: Component = { id: 'd', label, kind: 'fixed', amount: '1', per: 'day', prorate: 'none', when };
    expect(rated(tariffOf([daily]), bill('2026-02-01', '2026-04-01', '0')).totalFen).toBe(3_100);
    expect(rated(tariffOf([daily]), bill('2024-02-01', '2024-04-01', '0')).totalFen).toBe(3_200);
  });

  test('that touches another is one stretch with it: no package is begun twice', () => {
    const seasons = [
      { from: '01-01', to: '03-10' },
      { from: '03-11', to: '12-31' },
    ];
    const part: Component = {
      id: 'p',
      label,
      kind: 'package',
      size: '10',
      price: '1',
      quantity: usage,
      when: { seasons },
    };
    expect(rated(tariffOf([part]), march('10')).totalFen).toBe(100);
  });

  test('of a choice of tables does not charge an amount per bill twice', () => {
    const seasons = [
      { from: '01-01', to: '01-31' },
      { from: '03-01', to: '03-31' },
    ];
    const once: Component = { id: 'once', label, kind: 'fixed', amount: '5', per: 'bill', prorate: 'none' };
    const tables = [{ upTo: null, components: [once] }];
    const part: Component = { id: 's', label, kind: 'select', by: usage, tables, when: { seasons } };
    expect(rated(tariffOf([part]), bill('2026-01-01', '2026-04-01', '1')).totalFen).toBe(500);
  });

  test('of a percentage takes the days of a line that lie in it, not nothing', () => {
    const when = { seasons: [{ from: '03-16', to: '04-30' }] };
    const percent: Component = {
      id: 'p',
      label,
      kind: 'percent-of',
      of: ['unit'],
      ofRounded: false,
      percent: '10',
      when,
    };
    expect(amounts(rated(tariffOf([unit, percent]), march('310')))).toEqual({ unit: 31_000, 'p:2026-03-16': 1_600 });
  });
});

describe('what is for a bill, in a bill with two versions', () => {
  test('a share is charged once: its days in each', () => {
    const part: Component = {
      id: 'c',
      label,
      kind: 'share',
      of: 'amount',
      key: 'units',
      remainder: 'largest-remainder',
    };
    const members = [
      { id: 'a', key: '1' },
      { id: 'b', key: '1' },
    ];
    const result = rated(cutInMarch(part), march('0', { common: { c: { total: '31', members, self: 'a' } } }));
    expect(amounts(result)).toEqual({ 'c:2026-03-01': 750, 'c:2026-03-16': 800 });
  });

  test('a formula of the area is charged once, and says for which days; one of days or usage as it is', () => {
    const account = { areaM2: '62' };
    const formula = (amount: string): Component => ({ id: 'f', label, kind: 'formula', amount });
    const byArea = rated(cutInMarch(formula('area * 2')), march('0', { account }));
    expect(amounts(byArea)).toEqual({ 'f:2026-03-01': 6_000, 'f:2026-03-16': 6_400 });
    expect(byArea.lines[0]?.words.en).toBe("2026-03-01 to 2026-03-15: area * 2; area = 62; 15 of the bill's 31 days");
    expect(byArea.lines[0]?.words.zh).toContain('本期 31 天中的 15 天');
    const price: Component = { ...unit, price: '2', quantity: { formula: 'area' } };
    expect(rated(cutInMarch(price), march('0', { account })).totalFen).toBe(12_400);
    expect(rated(cutInMarch(formula('area * days / 31')), march('0', { account })).totalFen).toBe(6_200);
  });

  test('free units are given once', () => {
    const part: Component = { id: 'p', label, kind: 'package', size: '1', price: '1', free: '31', quantity: usage };
    expect(amounts(rated(cutInMarch(part), march('62')))).toEqual({ 'p:2026-03-01': 1_500, 'p:2026-03-16': 1_600 });
  });
});

describe('names of lines', () => {
  const tables = [{ upTo: null, components: [unit] }];
  const choice: Component = { id: 's', label, kind: 'select', by: usage, tables };

  test('the name of a choice stands for what its tables hold', () => {
    const percent: Component = { id: 'p', label, kind: 'percent-of', of: ['s'], ofRounded: false, percent: '10' };
    const off: Adjustment = { id: 'off', label, kind: 'discount', of: ['s'], discount: { percent: '50' } };
    const result = rated(tariffOf([choice, percent], { adjustments: [off] }), march('100'));
    expect(amounts(result)).toEqual({ unit: 10_000, p: 1_000, off: -5_000 });
  });

  test('a percentage of printed lines within a table is of those that are printed', () => {
    const tiers = [
      { upTo: '1', price: '0.004' },
      { upTo: null, price: '0.004' },
    ];
    const ladder: TieredComponent = {
      id: 'a',
      label,
      kind: 'tiered',
      mode: 'graduated',
      window: 'bill',
      tiers,
      quantity: usage,
    };
    const percent: Component = { id: 'p', label, kind: 'percent-of', of: ['a'], ofRounded: true, percent: '100' };
    const part: Component = { ...choice, tables: [{ upTo: null, components: [ladder, percent] }] };
    const result = rated(tariffOf([part], { rounding: { at: 'component', mode: 'half-up' } }), march('2'));
    expect(result.totalFen).toBe(2);
  });
});

describe('limits', () => {
  const limit = (more: Partial<Extract<Adjustment, { kind: 'minimum' | 'maximum' }>>): Adjustment => ({
    id: 'least',
    label,
    kind: 'minimum',
    amount: '10',
    per: 'month',
    ...more,
  });

  test('a month that begins counts as a whole one unless days are asked for', () => {
    const least = (prorate: 'none' | 'actual-days') => {
      const tariff = tariffOf([unit], { adjustments: [limit({ prorate })] });
      return rated(tariff, bill('2026-03-01', '2026-04-16', '0')).totalFen;
    };
    expect(least('none')).toBe(2_000);
    expect(least('actual-days')).toBe(1_500);
  });

  test('a yearly one by the month is of twelve months, whenever the bill begins', () => {
    const tariff = tariffOf([unit], { adjustments: [limit({ window: 'year' })] });
    expect(rated(tariff, bill('2026-12-01', '2027-01-01', '0')).totalFen).toBe(12_000);
  });

  test("a bill over the year's end is asked for the old year's minimum, and counts for both by days", () => {
    const least = limit({ window: 'year', per: 'bill', amount: '1000' });
    const previous = { used: {}, billed: { least: { '2026-01-01': '500' } } };
    const result = rated(
      tariffOf([unit], { adjustments: [least] }),
      bill('2026-12-17', '2027-01-16', '300', { previous }),
    );
    expect(amounts(result)).toEqual({ unit: 30_000, 'least:2026-12-17': 35_000 });
    expect(result.state.billed).toEqual({ least: { '2026-01-01': '1000', '2027-01-01': '150' } });
  });
});

describe('late fees', () => {
  const owed = (rule: Partial<LateFeeRule>, base: Partial<LateFeeBase>, asOf: string) => {
    const lateFee = { label, percentPerDay: '0.1', ...rule };
    const due = { billId: 'b', dueOn: '2026-03-10', principalFen: fen(10_000), paid: [], ...base };
    return rated(tariffOf([unit], { lateFee }), { ...march('0'), asOf: `${asOf}T12:00:00+08:00`, lateFees: [due] });
  };

  test('what was paid within days of grace bears none, also later', () => {
    const grace = { graceDays: 5, graceCounts: true };
    const paid = (on: string, amount: number) => ({ paid: [{ on, fen: fen(amount) }] });
    expect(owed(grace, paid('2026-03-15', 10_000), '2026-04-01').totalFen).toBe(0);
    // 40 yuan from the eleventh to the twentieth.
    expect(owed(grace, paid('2026-03-12', 6_000), '2026-03-20').totalFen).toBe(40);
    expect(owed(grace, paid('2026-03-16', 10_000), '2026-04-01').totalFen).toBe(60);
  });

  test('days of grace are as many when the due day is the first of them', () => {
    const rule = { graceDays: 5, graceCounts: true, start: 'due-day' } as const;
    expect(owed(rule, {}, '2026-03-14').totalFen).toBe(0);
    expect(owed(rule, {}, '2026-03-15').totalFen).toBe(60);
  });

  test('one that was let go is written as every other amount, and one of nothing has no sign', () => {
    const waiver = { role: 'office', reason: 'flood' };
    const { lines } = owed({ waivers: ['office'] }, { waiver }, '2026-03-15');
    expect(lines.map(({ unroundedYuan }) => unroundedYuan)).toEqual(['0', '0.5', '-0.5']);
    const [, , none] = owed({ waivers: ['office'] }, { waiver, principalFen: fen(1) }, '2026-03-15').lines;
    expect(none).toMatchObject({ unroundedYuan: '0', amountFen: 0 });
  });

  test('the cash line brings the total to a multiple with the late fee in it', () => {
    const rounding = { at: 'line', mode: 'half-up', cash: '1' } as const;
    const base = { billId: 'b', dueOn: '2026-03-10', principalFen: fen(10_000), paid: [] };
    const lateFee = { label, percentPerDay: '0.1' };
    const asOf = '2026-03-17T12:00:00+08:00';
    const result = rated(tariffOf([unit], { lateFee, rounding }), { ...march('3'), asOf, lateFees: [base] });
    expect(amounts(result)).toEqual({ unit: 300, 'late-fee:b': 70, rounding: 30 });
  });
});

describe('usage', () => {
  const row = Array.from({ length: 24 }, (_, hour) => (hour >= 8 ? 0 : 1));
  const rows = Array.from({ length: 12 }, () => row);
  const at = (start: string, minutes: number) => ({ start: `${start}:00+08:00`, minutes, quantity: '4' });
  const intervals = [at('2026-03-31T00:00', 1320), at('2026-03-31T22:00', 240), at('2026-04-01T02:00', 1320)];
  const periods = ['day', 'night'].map((name) => ({ name, label, price: '1' }));

  test.each(['by-interval', 'by-day-ratio', 'by-bill-ratio'] as const)(
    'an interval over the midnight that ends a window is cut by minutes, %s',
    (split) => {
      const schedule = { weekday: rows, weekend: rows };
      const bounds = ['5', null];
      const part: Component = {
        id: 'e',
        label,
        kind: 'tou-tiered',
        window: 'month',
        periods,
        schedule,
        bounds,
        add: ['0', '1'],
        split,
      };
      const result = rated(tariffOf([part]), {
        period: { from: '2026-03-31', to: '2026-04-02' },
        usage: { intervals },
      });
      expect(result.state.used).toEqual({ e: { '2026-03': '6', '2026-04': '6' } });
      expect(result.totalFen).toBe(1_400);
    },
  );

  test('a coarse step leaves nothing below zero for the days after', () => {
    const part: TieredComponent = {
      id: 'a',
      label,
      kind: 'tiered',
      mode: 'graduated',
      window: 'month',
      tiers: [{ upTo: null, price: '1' }],
      quantity: usage,
    };
    const { state } = rated(tariffOf([part], { quantityStep: '1' }), bill('2026-01-02', '2026-02-02', '1.9'));
    expect(state.used).toEqual({ a: { '2026-01': '1.9', '2026-02': '0' } });
  });

  test('hours of a condition are on a quarter, because they would be taken for it', () => {
    const result = compileTariff(tariffOf([{ ...unit, when: { hours: [{ from: 8.1, to: 9 }] } }]));
    expect(result).toMatchObject({ ok: false, error: 'bad-tariff' });
    expect(result.ok ? '' : result.detail).toContain('when.hours.0');
  });
});

describe('contracts', () => {
  const two: Tariff = {
    ...tariffOf([unit]),
    versionSplit: 'contract',
    versions: [
      { id: 'old', effectiveFrom: '2020-01-01', components: [unit] },
      { id: 'new', effectiveFrom: '2026-01-01', components: [{ ...unit, price: '2' }] },
    ],
  };

  test('one from before the first version has the first, however many come later', () => {
    expect(rated(two, march('10', { account: { contractFrom: '2018-05-01' } })).versions).toEqual(['old']);
    expect(rated(two, march('10', { account: { movedIn: '2026-02-01' } })).versions).toEqual(['new']);
  });

  test('one of which nothing is known is refused where it matters, and a day that is none is named', () => {
    expect(answer(two, march('10'))).toMatchObject({ ok: false, error: 'unknown-variable' });
    expect(answer(two, bill('2025-03-01', '2025-04-01', '10'))).toMatchObject({ ok: true });
    const wrong = answer(two, march('10', { account: { movedIn: '2026-02-30' } }));
    expect(wrong).toMatchObject({ ok: false, error: 'bad-input' });
    expect(wrong.ok ? '' : wrong.detail).toContain('account.movedIn');
  });
});
