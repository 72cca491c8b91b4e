import { compileTariff } from '../../../domain/tariffs/compile.ts';
import type { CompiledTariff } from '../../../domain/tariffs/compiled.ts';
import type { IntervalUsage, RateInput } from '../../../domain/tariffs/rating.ts';
import type { Component, Tariff } from '../../../domain/tariffs/tariff.ts';

const label = { zh: '电费', en: 'Energy' };
const hourMs = 3_600_000;

function compiled(components: readonly Component[]): CompiledTariff {
  const tariff: Tariff = {
    id: 'bench',
    service: 'electricity',
    name: label,
    unit: { zh: '千瓦时', en: 'kWh' },
    currency: 'CNY',
    timeZone: '+08:00',
    versionSplit: 'day-share',
    sources: [],
    versions: [{ id: '1', effectiveFrom: '2020-01-01', components }],
  };
  const answer = compileTariff(tariff);
  if (!answer.ok) throw new Error(answer.detail);
  return answer.value;
}

/** A monthly fee and a yearly ladder, which this household's bills cross here and there. */
export const ladder = compiled([
  { id: 'fixed', label, kind: 'fixed', amount: '10', per: 'month', prorate: 'none' },
  {
    id: 'energy',
    label,
    kind: 'tiered',
    mode: 'graduated',
    window: 'year',
    quantity: { usage: {} },
    tiers: [
      { upTo: '2880', price: '0.4883' },
      { upTo: '4800', price: '0.5383' },
      { upTo: null, price: '0.7883' },
    ],
  },
]);

/** Different households' bills of one month, from two readings each. */
export function monthOfBills(count: number): RateInput[] {
  return Array.from({ length: count }, (_, index) => {
    const start = 1_000 + index * 7;
    return {
      account: {},
      period: { from: '2026-07-01', to: '2026-08-01' },
      previous: { used: { energy: { '2026-01-01': String((index * 37) % 5_000) } } },
      usage: {
        readings: [
          { meterId: 'm', at: '2026-07-01', value: String(start), quality: 'actual' },
          { meterId: 'm', at: '2026-08-01', value: `${String(start + 80 + (index % 400))}.5`, quality: 'actual' },
        ],
      },
      asOf: '2026-08-01T00:00:00+08:00',
    };
  });
}

const row = Array.from({ length: 24 }, (_, hour) => (hour >= 6 && hour < 22 ? 0 : 1));
const schedule = { weekday: Array.from({ length: 12 }, () => row), weekend: Array.from({ length: 12 }, () => row) };
const periods = [
  { name: 'peak', label: { zh: '峰', en: 'Peak' }, price: '0.617' },
  { name: 'valley', label: { zh: '谷', en: 'Valley' }, price: '0.307' },
];

/** Peak and valley. */
export const byHour = compiled([{ id: 'energy', label, kind: 'tou', periods, schedule }]);

/** Peak and valley by tier, interval by interval. */
export const byHourAndTier = compiled([
  {
    id: 'energy',
    label,
    kind: 'tou-tiered',
    window: 'year',
    periods,
    schedule,
    bounds: ['3120', '4800', null],
    add: ['0', '0.06', '0.36'],
    split: 'by-interval',
  },
]);

/** A year of hours. */
export function yearOfHours(): RateInput {
  const first = Date.UTC(2026, 0, 1);
  const intervals = Array.from({ length: 8_760 }, (_, hour): IntervalUsage => ({
    start: `${new Date(first + hour * hourMs).toISOString().slice(0, 19)}+08:00`,
    minutes: 60,
    quantity: (0.2 + ((hour * 7_919) % 1_000) / 1_000).toFixed(3),
  }));
  return {
    account: {},
    period: { from: '2026-01-01', to: '2027-01-01' },
    usage: { intervals },
    asOf: '2027-01-01T00:00:00+08:00',
  };
}
