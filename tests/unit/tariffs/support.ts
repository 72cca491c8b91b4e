import { compileTariff } from '../../../domain/tariffs/compile.ts';
import { rate } from '../../../domain/tariffs/rate.ts';
import type { RatedBill, RateInput } from '../../../domain/tariffs/rating.ts';
import type { Component, PerUnitComponent, Tariff } from '../../../domain/tariffs/tariff.ts';

/** A name that does not matter. */
export const label = { zh: '费', en: 'Fee' };
/** All usage. */
export const usage = { usage: {} };

/** A tariff of one version. */
export function tariffOf(components: readonly Component[], version: Partial<Tariff['versions'][number]> = {}): Tariff {
  return {
    id: 't',
    service: 'electricity',
    name: label,
    unit: { zh: '千瓦时', en: 'kWh' },
    currency: 'CNY',
    timeZone: '+08:00',
    versionSplit: 'day-share',
    sources: [],
    versions: [{ id: '1', effectiveFrom: '2020-01-01', components, ...version }],
  };
}

/** A bill of 2 March, or a refusal. */
export function answer(tariff: Tariff, input: Partial<RateInput>) {
  const compiled = compileTariff(tariff);
  if (!compiled.ok) throw new Error(compiled.detail);
  const period = { from: '2026-03-02', to: '2026-03-03' };
  return rate(compiled.value, { account: {}, period, asOf: '2026-04-01T00:00:00+08:00', ...input });
}

/** A bill; throws when it is refused. */
export function rated(tariff: Tariff, input: Partial<RateInput>): RatedBill {
  const result = answer(tariff, input);
  if (!result.ok) throw new Error(`${result.error} ${result.detail ?? ''}`);
  return result.value;
}

/** Fen by line. */
export const amounts = ({ lines }: RatedBill) => Object.fromEntries(lines.map(({ id, amountFen }) => [id, amountFen]));
/** One yuan a unit. */
export const unit: PerUnitComponent = { id: 'unit', label, kind: 'per-unit', price: '1', quantity: usage };
