import { describe, expect, test } from 'vitest';
import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { correct } from '../../../domain/tariffs/correct.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import type { MeterReading, RateInput } from '../../../domain/tariffs/rating.ts';
import type { Tariff, TariffVersion, TieredComponent, VersionSplit } from '../../../domain/tariffs/tariff.ts';
import { amounts, answer, label, rated, tariffOf, unit, usage } from './support.ts';

const reading = (at: string, value: string, quality: MeterReading['quality'] = 'actual'): MeterReading => ({
  meterId: 'm',
  at,
  value,
  quality,
});
const ladder: TieredComponent = {
  id: 'a',
  label,
  kind: 'tiered',
  mode: 'graduated',
  window: 'year',
  tiers: [
    { upTo: '1200', price: '1' },
    { upTo: null, price: '2' },
  ],
  quantity: usage,
};
const bill = (from: string, to: string, quantity: string, more: Partial<RateInput> = {}): Partial<RateInput> => ({
  period: { from, to },
  usage: { quantities: { '': quantity } },
  ...more,
});

describe('a new price inside a bill', () => {
  const split = (versionSplit: VersionSplit): Tariff => ({
    ...tariffOf([unit]),
    versionSplit,
    versions: [
      { id: 'old', effectiveFrom: '2020-01-01', components: [unit] },
      { id: 'new', effectiveFrom: '2026-03-16', components: [{ ...unit, price: '2' }] },
    ],
  });
  const period = { from: '2026-03-01', to: '2026-03-31' };
  const two = [reading('2026-03-01', '0'), reading('2026-03-31', '300')];
  const three = [reading('2026-03-01', '0'), reading('2026-03-16', '100'), reading('2026-03-31', '300')];

  test.each<[VersionSplit, readonly MeterReading[], Record<string, number>]>([
    ['reading-date', two, { unit: 60_000 }],
    ['reading-date', three, { 'unit:2026-03-01': 10_000, 'unit:2026-03-16': 40_000 }],
    ['day-share', two, { 'unit:2026-03-01': 15_000, 'unit:2026-03-16': 30_000 }],
    ['day-share', three, { 'unit:2026-03-01': 10_000, 'unit:2026-03-16': 40_000 }],
    ['contract', two, { unit: 30_000 }],
  ])('%s', (versionSplit, readings, lines) => {
    const account = { contractFrom: '2021-05-01' };
    expect(amounts(rated(split(versionSplit), { account, period, usage: { readings } }))).toEqual(lines);
  });

  test('a bill that is cut keeps one set of bounds between its stretches', () => {
    const part: TieredComponent = {
      ...ladder,
      window: 'bill',
      tiers: [
        { upTo: '100', price: '1' },
        { upTo: null, price: '2' },
      ],
    };
    const versions: TariffVersion[] = [
      { id: 'old', effectiveFrom: '2020-01-01', components: [part] },
      { id: 'new', effectiveFrom: '2026-03-16', components: [part] },
    ];
    const cut = rated({ ...tariffOf([part]), versions }, { period, usage: { readings: two } });
    expect(cut.totalFen).toBe(rated(tariffOf([part]), { period, usage: { readings: two } }).totalFen);
    expect(cut.versions).toEqual(['old', 'new']);
  });

  test('days that no version holds on are refused', () => {
    const ended = tariffOf([unit], { effectiveTo: '2026-03-10' });
    expect(answer(ended, { period, usage: { readings: two } })).toMatchObject({ ok: false, error: 'no-version' });
  });
});

describe('windows', () => {
  test('a part of the year has its part of the bounds, from moving in to moving out', () => {
    const tariff = (partYear: 'months' | 'days') => tariffOf([{ ...ladder, partYear }]);
    const account = { movedIn: '2026-03-10', movedOut: '2026-06-20' };
    const lived = rated(tariff('months'), bill('2026-03-10', '2026-06-20', '500', { account }));
    expect(lived.tiers[0]?.tiers[0]?.upTo).toBe('400');
    expect(amounts(lived)).toEqual({ 'a:t1': 40_000, 'a:t2': 20_000 });
    const days = rated(tariff('days'), bill('2026-03-10', '2026-06-20', '500', { account }));
    expect(days.tiers[0]?.tiers[0]?.upTo).toBe('335.342465753425');
  });

  test('months: a long gap is spread by days before tiers', () => {
    const monthly = tariffOf([
      {
        ...ladder,
        window: 'month',
        tiers: [
          { upTo: '100', price: '1' },
          { upTo: null, price: '9' },
        ],
      },
    ]);
    const spread = rated(monthly, bill('2026-01-01', '2026-04-01', '270'));
    expect(spread.totalFen).toBe(27_000);
    expect(spread.state).toEqual({ used: { a: { '2026-01': '93', '2026-02': '84', '2026-03': '93' } } });
  });

  test('the year of the version begins with it', () => {
    const tariff = tariffOf([{ ...ladder, window: 'tariff-year' }], { effectiveFrom: '2025-03-15' });
    const { state } = rated(tariff, bill('2026-03-01', '2026-03-29', '28'));
    expect(state).toEqual({ used: { a: { '2025-03-15': '14', '2026-03-15': '14' } } });
  });

  test('a count of people is the one of the stated day', () => {
    const tariff = tariffOf([
      { ...ladder, household: { countAbove: 2, add: '300', each: 'person', moves: 'first', asOf: '01-01' } },
    ]);
    const account = {
      persons: [
        { from: '2025-06-01', count: 3 },
        { from: '2026-02-01', count: 5 },
      ],
    };
    const upTo = (from: string, to: string) => rated(tariff, bill(from, to, '1', { account })).tiers[0]?.tiers[0]?.upTo;
    expect(upTo('2026-03-01', '2026-04-01')).toBe('1500');
    expect(upTo('2027-03-01', '2027-04-01')).toBe('2100');
    expect(answer(tariff, bill('2026-03-01', '2026-04-01', '1'))).toMatchObject({
      ok: false,
      error: 'unknown-variable',
    });
  });

  test('time of use × tier goes on from what was used before', () => {
    const row = Array.from({ length: 24 }, () => 0);
    const rows = Array.from({ length: 12 }, () => row);
    const tariff = tariffOf([
      {
        id: 'e',
        label,
        kind: 'tou-tiered',
        window: 'year',
        periods: [{ name: 'all', label, price: '1' }],
        schedule: { weekday: rows, weekend: rows },
        bounds: ['100', null],
        add: ['0', '1'],
        split: 'by-interval',
      },
    ]);
    const intervals = Array.from({ length: 24 }, (_, hour) => ({
      start: `2026-03-02T${String(hour).padStart(2, '0')}:00:00+08:00`,
      minutes: 60,
      quantity: '1',
    }));
    const previous = { used: { e: { '2026-01-01': '89.5' } } };
    const result = rated(tariff, { usage: { intervals }, previous });
    expect(amounts(result)).toEqual({ 'e:all:t1': 1_050, 'e:all:t2': 2_700 });
    expect(result.state.used['e']).toEqual({ '2026-01-01': '113.5' });
    expect(result.tiers[0]).toMatchObject({ current: 1, left: null, used: '113.5' });
  });

  test('the state keeps the newest windows only', () => {
    const used = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${String(1980 + index)}-01-01`, '1']));
    const { state } = rated(
      tariffOf([ladder]),
      bill('2026-03-01', '2026-04-01', '1', { previous: { used: { a: used } } }),
    );
    expect(Object.keys(state.used['a'] ?? {})).toHaveLength(14);
    expect(state.used['a']?.['2026-01-01']).toBe('1');
  });
});

describe('estimates', () => {
  test('an estimate is marked, and the true reading later makes lines of the difference', () => {
    const period = { from: '2026-03-01', to: '2026-04-01' };
    const read = (value: string, quality: MeterReading['quality']) =>
      rated(tariffOf([ladder]), {
        period,
        usage: { readings: [reading('2026-03-01', '0'), reading('2026-04-01', value, quality)] },
      });
    const [estimated, true_] = [read('1300', 'estimate'), read('1250', 'actual')];
    expect(estimated.usage[0]?.isEstimate).toBe(true);
    expect(true_.usage[0]?.isEstimate).toBe(false);
    const lines = correct(estimated, true_);
    expect(lines.map(({ id, kind, amountFen }) => ({ id, kind, amountFen }))).toEqual([
      { id: 'correction:a:t2', kind: 'correction', amountFen: -10_000 },
    ]);
    expect(lines[0]?.words.en).toBe('corrected: was 200.00, is 100.00 yuan');
  });

  test('readings beside the bill are spread by days, and so estimates', () => {
    const readings = [reading('2026-02-01', '0'), reading('2026-04-01', '590')];
    const result = rated(tariffOf([unit]), { period: { from: '2026-03-01', to: '2026-04-01' }, usage: { readings } });
    expect(result.totalFen).toBe(31_000);
    expect(result.usage[0]?.isEstimate).toBe(true);
  });
});

test('drafts are left out unless they are asked for', () => {
  const draft = tariffOf([unit], { state: 'draft' });
  const [plain, withDrafts] = [compileTariff(draft), compileTariff(draft, { drafts: true })];
  if (!plain.ok || !withDrafts.ok) throw new Error('does not compile');
  const input: RateInput = { account: {}, asOf: '2026-04-01T00:00:00+08:00', ...bill('2026-03-01', '2026-04-01', '1') };
  expect(rate(plain.value, input)).toMatchObject({ ok: false, error: 'no-version' });
  expect(rate(withDrafts.value, input)).toMatchObject({ ok: true });
});
