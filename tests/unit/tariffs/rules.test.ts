import { describe, expect, test } from 'vitest';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { civilOf, dayNumber, readDay, readInstant } from '../../../domain/tariffs/days.ts';
import { Exact } from '../../../domain/tariffs/exact.ts';
import type { IntervalUsage, RatedBill } from '../../../domain/tariffs/rating.ts';
import type { Adjustment, Component, Rounding, Tariff, TouTieredComponent } from '../../../domain/tariffs/tariff.ts';
import { amounts, answer, label, rated, tariffOf, unit, usage } from './support.ts';

describe('formulas', () => {
  const withFormula = (amount: string): Tariff => tariffOf([{ id: 'f', label, kind: 'formula', amount }]);
  const account = { areaM2: '88.5', persons: [{ from: '2020-01-01', count: 3 }], values: { lift: '0.35' } };

  test.each([
    ['1 + 2 * 3', 700],
    ['(1 + 2) * 3', 900],
    ['10 - 4 - 3', 300],
    ['100 / 8 / 2', 625],
    ['min(area, 80, 90)', 8000],
    ['max(1, persons)', 300],
    ['round(area * 1.115, 1)', 9870],
    ['area * value.lift', 3098],
    ['days', 100],
  ])('%s', (text, fen) => {
    expect(rated(withFormula(text), { account }).totalFen).toBe(fen);
  });

  test.each([
    ['area / (persons - 3)', 'formula-error'],
    ['persons - 4', 'formula-error'],
    ['value.heat', 'unknown-variable'],
    ['innerArea', 'unknown-variable'],
    ['usage', 'missing-reading'],
  ])('%s is refused: %s', (text, error) => {
    expect(answer(withFormula(text), { account })).toMatchObject({ ok: false, error });
  });

  test.each([
    '',
    '1 +',
    'process.exit(1)',
    'constructor',
    'a[0]',
    '1 ** 2',
    '-1',
    '(1',
    'min()',
    'round(1,2,3)',
    '1 2',
    `${'('.repeat(40)}1${')'.repeat(40)}`,
  ])('"%s" is no formula', (text) => {
    expect(compileTariff(withFormula(text))).toMatchObject({ ok: false, error: 'bad-tariff' });
  });
});

describe('tariffs that cannot be meant', () => {
  const tiers = [
    { upTo: '10', price: '1' },
    { upTo: null, price: '2' },
  ];
  const tiered = { id: 'a', label, kind: 'tiered', mode: 'graduated', window: 'bill', tiers, quantity: usage } as const;
  const percent = { id: 'p', label, kind: 'percent-of', of: ['a'], ofRounded: true, percent: '5' } as const;
  const bill: Rounding = { at: 'bill', mode: 'half-up' };

  test.each<[string, readonly Component[], Partial<Tariff['versions'][number]>, string]>([
    ['a last bound', [{ ...tiered, tiers: [{ upTo: '1', price: '1' }] }], {}, 'tiers.0.upTo'],
    ['the same id twice', [tiered, tiered], {}, 'components.1.id'],
    ['a percentage of what comes later', [percent, tiered], {}, 'components.0.of.0'],
    ['rounded lines where none are', [tiered, percent], { rounding: bill }, 'components.1.ofRounded'],
    ['a negative price', [{ ...unit, price: '-1' }], {}, 'components.0.price'],
    [
      'scaled bounds of a year',
      [{ ...tiered, window: 'year', boundScale: 'days', normalDays: '30' }],
      {},
      'boundScale',
    ],
    ['normal days that are not named', [{ ...tiered, boundScale: 'days' }], {}, 'normalDays'],
    [
      'hours of a fee by area',
      [{ ...unit, quantity: { formula: 'area' }, when: { hours: [{ from: 8, to: 9 }] } }],
      {},
      'when',
    ],
    ['nothing at all', [], {}, 'components'],
    ['an end before the beginning', [unit], { effectiveTo: '2019-12-31' }, 'effectiveTo'],
    [
      'a step that is no whole number of fen',
      [unit],
      { rounding: { at: 'line', mode: 'up', step: '0.005' } },
      'rounding.step',
    ],
  ])('%s', (_name, components, version, place) => {
    const result = compileTariff(tariffOf(components, version));
    expect(result).toMatchObject({ ok: false, error: 'bad-tariff' });
    expect(result.ok ? '' : result.detail).toContain(place);
  });
});

describe('rounding', () => {
  const third = (id: string): Component => ({ ...unit, id, price: '0.333' });
  const bill = (rounding: Rounding, count = 3): RatedBill =>
    rated(
      tariffOf(
        Array.from({ length: count }, (_, index) => third(`l${String(index)}`)),
        { rounding },
      ),
      {
        usage: { quantities: { '': '10.01' } },
      },
    );

  test.each<[Rounding, number, number[]]>([
    [{ at: 'line', mode: 'half-up' }, 999, [333, 333, 333]],
    [{ at: 'line', mode: 'up' }, 1002, [334, 334, 334]],
    [{ at: 'bill', mode: 'half-up' }, 1000, [334, 333, 333]],
    [{ at: 'line', mode: 'half-up', step: '0.1' }, 990, [330, 330, 330]],
    [{ at: 'line', mode: 'half-up', cash: '0.05' }, 1000, [333, 333, 333, 1]],
    [{ at: 'line', mode: 'half-up', cash: '1', cashMode: 'down' }, 900, [333, 333, 333, -99]],
  ])('%o', (rounding, total, lines) => {
    const result = bill(rounding);
    expect(result.lines.map(({ amountFen }) => amountFen)).toEqual(lines);
    expect(result.totalFen).toBe(total);
  });

  test.each([
    ['0.125', 'half-up', 13],
    ['0.125', 'half-even', 12],
    ['0.135', 'half-even', 14],
    ['0.125', 'half-down', 12],
    ['0.129', 'down', 12],
    ['0.121', 'up', 13],
  ] as const)('%s by %s', (price, mode, fen) => {
    const result = rated(tariffOf([{ ...unit, price }], { rounding: { at: 'line', mode } }), {
      usage: { quantities: { '': '1' } },
    });
    expect(result.totalFen).toBe(fen);
  });
});

describe('hours', () => {
  const at = (hour: number, quantity: string, minutes = 60): IntervalUsage => ({
    start: `2026-03-02T${String(hour).padStart(2, '0')}:00:00+08:00`,
    minutes,
    quantity,
  });
  const day = Array.from({ length: 24 }, (_, hour) => at(hour, '1'));
  const row = Array.from({ length: 24 }, (_, hour) => (hour >= 8 ? 0 : 1));
  const rows = Array.from({ length: 12 }, () => row);
  const night = Array.from({ length: 24 }, () => 1);
  const periods = [
    { name: 'day', label: { zh: '日', en: 'Day' }, price: '1' },
    { name: 'night', label: { zh: '夜', en: 'Night' }, price: '0.5' },
  ];
  const schedule = { weekday: rows, weekend: rows };
  const tou: Component = { id: 'e', label, kind: 'tou', periods, schedule };
  const tiered = (split: TouTieredComponent['split']): Component => ({
    id: 'e',
    label,
    kind: 'tou-tiered',
    window: 'bill',
    periods,
    schedule,
    bounds: ['12', null],
    add: ['0', '1'],
    split,
  });

  test('each period has its price', () => {
    expect(amounts(rated(tariffOf([tou]), { usage: { intervals: day } }))).toEqual({ 'e:day': 1600, 'e:night': 400 });
  });

  test('a special day goes by its own row', () => {
    const special = { ...tou, schedule: { ...schedule, exceptions: [{ days: ['2026-03-02'], row: night }] } };
    expect(rated(tariffOf([special]), { usage: { intervals: day } }).totalFen).toBe(1200);
  });

  test.each([
    ['by-interval', { 'e:day:t1': 400, 'e:day:t2': 2400, 'e:night:t1': 400 }],
    ['by-day-ratio', { 'e:day:t1': 800, 'e:day:t2': 1600, 'e:night:t1': 200, 'e:night:t2': 600 }],
    ['by-bill-ratio', { 'e:day:t1': 800, 'e:day:t2': 1600, 'e:night:t1': 200, 'e:night:t2': 600 }],
  ] as const)('a bound inside the day, %s', (split, lines) => {
    expect(amounts(rated(tariffOf([tiered(split)]), { usage: { intervals: day } }))).toEqual(lines);
  });

  test('totals by name fall back to the ratio of the bill, and say so', () => {
    const result = rated(tariffOf([tiered('by-interval')]), { usage: { quantities: { day: '16', night: '8' } } });
    expect(result.totalFen).toBe(3200);
    expect(result.lines[0]?.words.zh).toContain('按本期各时段比例分摊');
  });

  test('intervals come in any order, also in another zone; one over a border is cut by minutes', () => {
    const shuffled = [...day].reverse();
    expect(rated(tariffOf([tou]), { usage: { intervals: shuffled } }).totalFen).toBe(2000);
    const long = [at(0, '7', 420), at(7, '4', 120), ...day.slice(9)];
    expect(amounts(rated(tariffOf([tou]), { usage: { intervals: long } }))).toEqual({ 'e:day': 1700, 'e:night': 450 });
  });

  test.each([
    ['a gap', day.filter((_, hour) => hour !== 5), 'missing-reading'],
    ['an overlap', [...day, at(5, '1')], 'bad-input'],
    ['an end too early', day.slice(0, 20), 'missing-reading'],
    ['a negative hour', [...day.slice(0, 23), at(23, '-1')], 'negative-usage'],
    ['a seventh decimal', [...day.slice(0, 23), at(23, '0.0000001')], 'bad-input'],
    ['no hours at all', [], 'missing-reading'],
  ])('%s is refused', (_name, intervals, error) => {
    expect(answer(tariffOf([tou]), { usage: { intervals } })).toMatchObject({ ok: false, error });
  });

  test('a price by hours and weekdays of its own', () => {
    const evening: Component = { ...unit, when: { hours: [{ from: 18, to: 22 }], weekdays: [1] } };
    expect(rated(tariffOf([evening]), { usage: { intervals: day } }).totalFen).toBe(400);
    const never: Component = { ...unit, when: { weekdays: [2] } };
    expect(rated(tariffOf([never]), { usage: { intervals: day } }).totalFen).toBe(0);
  });
});

describe('lines', () => {
  test('every line tells its sum in both languages, and for programs', () => {
    const adjustments: Adjustment[] = [
      { id: 'off', label, kind: 'discount', discount: { percent: '10' } },
      { id: 'tax', label, kind: 'tax', percent: '6', per: 'bill', ofRounded: false },
    ];
    const { lines } = rated(tariffOf([unit], { adjustments }), { usage: { quantities: { '': '318' } } });
    expect(lines.map(({ words }) => words.en)).toEqual(['318 kWh × 1 yuan', '10% of 318 yuan', '6% of 286.2 yuan']);
    for (const { words, basis } of lines) {
      expect(words.zh).toMatch(/\p{Script=Han}/u);
      expect(basis.rule).not.toBe('');
    }
  });

  test('the same input gives the same bill', () => {
    const input = { usage: { quantities: { '': '318' } } };
    expect(rated(tariffOf([unit]), input)).toEqual(rated(tariffOf([unit]), input));
  });
});

describe('numbers and days', () => {
  test.each([
    ['1', '1'],
    ['-0.10', '-0.1'],
    ['00012.500', '12.5'],
    ['123456789012345678.123456789012', '123456789012345678.123456789012'],
    ['0.000000000001', '0.000000000001'],
  ])('%s is written %s', (text, written) => {
    expect(Exact.read(text)?.toText()).toBe(written);
  });

  test.each([
    '',
    '.',
    '1.',
    '.5',
    '1e5',
    '+1',
    '１',
    ' 1',
    '1 ',
    '0x1',
    'NaN',
    'Infinity',
    '1.0000000000000',
    '1234567890123456789',
    '1..2',
    '--1',
  ])('"%s" is no decimal', (text) => {
    expect(Exact.read(text)).toBeUndefined();
  });

  test('every day of 300 years is read and written as Date has it', () => {
    for (let day = dayNumber(1900, 1, 1); day < dayNumber(2200, 1, 1); day += 1) {
      const date = new Date(day * 86_400_000);
      const civil = civilOf(day);
      const same = civil.year === date.getUTCFullYear() && civil.month === date.getUTCMonth() + 1;
      if (!same || civil.day !== date.getUTCDate()) expect(civil).toEqual(date.toISOString());
    }
    expect(readDay('2026-02-29')).toBeUndefined();
    expect(readDay('2024-02-29')).toBe(Date.UTC(2024, 1, 29) / 86_400_000);
    expect(readInstant('2026-03-01T00:30:00Z', 480)).toBe(Date.UTC(2026, 2, 1, 8, 30) / 60_000);
  });
});
