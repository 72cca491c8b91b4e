import type { RateInput, RatedLine } from '../../../../domain/tariffs/rating.ts';
import type { Component, Rounding, Tariff, TariffVersion, When } from '../../../../domain/tariffs/tariff.ts';
import { dayOf, monthDay, monthsIn, monthsLater, type Unit } from './calendar.ts';
import { namesIn, no, work } from './formula.ts';
import { compare, floorSteps, known, millionth, type Num, num, part, steps, whole, yuanOf, zero } from './numbers.ts';
import type { Usage } from './usage.ts';

/** Days, `to` exclusive. */
export interface Days {
  readonly from: number;
  readonly to: number;
}

/** A line of the second evaluation. */
export interface Line extends Days {
  readonly of: string;
  readonly kind: RatedLine['kind'];
  readonly version: string;
  readonly exact: Num;
  fen: bigint;
  readonly rate: string | undefined;
}

/** Where a household stands in its tiers. */
export interface Position {
  readonly window: string;
  readonly used: Num;
  readonly current: number;
  readonly left: Num | null;
}

/** What windows have come to, by component and window; `null` where an earlier bill left what cannot be read. */
export type Sums = Map<string, Map<string, Num | null>>;

const windowsKept = 14;

/** Writes what a window has come to; only so many of the newest are kept. */
export function keep(row: Map<string, Num | null>, name: string, value: Num): void {
  row.set(name, value);
  for (const old of [...row.keys()].sort().slice(0, Math.max(0, row.size - windowsKept))) row.delete(old);
}

/** Everything that is at hand while a version's part of a bill is worked out. */
export interface Desk {
  readonly tariff: Tariff;
  readonly input: RateInput;
  readonly version: TariffVersion;
  readonly bill: Days;
  readonly span: Days;
  readonly usage: Usage;
  readonly used: Sums;
  readonly billed: Sums;
  readonly lines: Line[];
  readonly positions: Map<string, Position>;
  /** Counts a situation that came up. */
  readonly note: (what: string) => void;
}

/** Rounding where a version says nothing. */
export const roundingOf = ({ rounding }: TariffVersion): Rounding => rounding ?? { at: 'line', mode: 'half-up' };

/** To what quantities are cut. */
export const quantityStep = ({ version }: Desk): Num =>
  version.quantityStep === undefined ? millionth : known(version.quantityStep);

const fenIn = (step: Num, count: bigint): bigint => count * steps(step, yuanOf(1), 'half-up');
const stepOf = ({ step }: Rounding): Num => (step === undefined ? yuanOf(1) : known(step));

/** Writes a line. */
export function write(
  desk: Desk,
  of: string,
  days: Days,
  exact: Num,
  more: { readonly kind?: Line['kind']; readonly rate?: string | undefined } = {},
): void {
  const rounding = roundingOf(desk.version);
  const step = stepOf(rounding);
  const fen = fenIn(step, steps(exact, step, rounding.mode));
  const { kind = 'charge', rate } = more;
  desk.lines.push({ of, kind, version: desk.version.id, exact, fen, from: days.from, to: days.to, rate });
}

/** Fits lines to their rounded sum: whole steps each, then one more to those that lost most, the earlier first. */
export function fit(lines: readonly Line[], rounding: Rounding): void {
  const step = stepOf(rounding);
  const sum = lines.reduce((total, { exact }) => total + exact, zero);
  const shared = apportioned(
    lines.map(({ exact }) => exact),
    steps(sum, step, rounding.mode),
    step,
  );
  lines.forEach((line, index) => {
    line.fen = fenIn(step, shared[index] ?? 0n);
  });
}

/** Steps for each, so that they are so many together. */
export function apportioned(amounts: readonly Num[], count: bigint, step: Num): bigint[] {
  const result = amounts.map((amount) => floorSteps(amount, step));
  const lost = amounts.map((amount, index) => ({ index, rest: amount - (result[index] ?? 0n) * step }));
  lost.sort((a, b) => compare(b.rest, a.rest) || a.index - b.index);
  const missing = Number(count - result.reduce((sum, one) => sum + one, 0n));
  for (const { index } of lost.slice(0, missing)) result[index] = (result[index] ?? 0n) + 1n;
  return result;
}

/** Whether a condition means this household. */
export function meansHousehold(when: When | undefined, { input }: Desk): boolean {
  const isOne = (of: readonly string[] | undefined, what: string | undefined): boolean =>
    of === undefined || (what !== undefined && of.includes(what));
  return isOne(when?.customerClass, input.account.customerClass) && isOne(when?.payerObject, input.account.payerObject);
}

/** The days of a stretch on which a season is on, in runs; day by day. */
export function runsOf({ when }: Component, days: Days): Days[] {
  if (when?.seasons === undefined) return [days];
  const isOn = (day: number): boolean => {
    const now = monthDay(day);
    return (when.seasons ?? []).some(({ from, to }) =>
      from > to ? now >= from || now <= to : now >= from && now <= to,
    );
  };
  const runs: { from: number; to: number }[] = [];
  for (let day = days.from; day < days.to; day += 1) {
    const last = runs.at(-1);
    if (!isOn(day)) continue;
    if (last?.to === day) last.to = day + 1;
    else runs.push({ from: day, to: day + 1 });
  }
  return runs;
}

/** Whole units from an anchor to a day, and the rest by the days of the unit that it lies in. */
export function unitsFrom(anchor: number, day: number, unit: Unit): Num {
  const months = monthsIn(unit);
  let count = 0;
  while (monthsLater(anchor, (count + 1) * months) <= day) count += 1;
  const [start, end] = [monthsLater(anchor, count * months), monthsLater(anchor, (count + 1) * months)];
  return whole(count) + part(whole(1), day - start, end - start);
}

/** Months of a stretch, from the bill's first day on. */
export const monthsOf = ({ bill }: Desk, { from, to }: Days): Num =>
  unitsFrom(bill.from, to, 'month') - unitsFrom(bill.from, from, 'month');

/** How many people live there on a day. */
export function personsOn({ input }: Desk, day: number): number {
  const dated = (input.account.persons ?? []).map(({ from, count }) => ({
    from: dayOf(from) ?? no('bad-input'),
    count,
  }));
  if (dated.some(({ count }) => !Number.isInteger(count) || count < 0 || count > 99)) no('bad-input');
  dated.sort((a, b) => a.from - b.from);
  const before = dated.filter(({ from }) => from <= day);
  return (before.at(-1) ?? dated[0] ?? no('unknown-variable')).count;
}

function nameIn(desk: Desk, days: Days, name: string): Num {
  const { account } = desk.input;
  const size = (text: string | undefined): Num => {
    const value = num(text ?? no('unknown-variable')) ?? no('bad-input');
    return value < 0n ? no('bad-input') : value;
  };
  if (name === 'area') return size(account.areaM2);
  if (name === 'innerArea') return size(account.innerAreaM2);
  if (name === 'persons') return whole(personsOn(desk, days.from));
  if (name === 'months') return monthsOf(desk, days);
  if (name === 'days') return whole(days.to - days.from);
  if (name === 'usage') return desk.usage.between({}, days, quantityStep(desk));
  const own = new Map(Object.entries(account.values ?? {})).get(name.slice('value.'.length));
  return num(own ?? no('unknown-variable')) ?? no('bad-input');
}

/** Works a formula out for some days. One that names nothing that grows with time is for the bill: its days' part. */
export function workFor(desk: Desk, text: string, days: Days): Num {
  const value = work(text, (name) => nameIn(desk, days, name));
  const grows = namesIn(text).some((name) => name === 'months' || name === 'days' || name === 'usage');
  const length = desk.bill.to - desk.bill.from;
  if (grows || days.to - days.from === length) return value;
  desk.note('formula for the bill in a part of it');
  return part(value, days.to - days.from, length);
}

/** How much a component is for. */
export function quantityFor(
  desk: Desk,
  rule: { readonly usage: { kind?: string; register?: string } } | { readonly formula: string },
  when: When | undefined,
  days: Days,
): Num {
  if ('usage' in rule) return desk.usage.between(rule.usage, days, quantityStep(desk), when);
  const value = workFor(desk, rule.formula, days);
  return compare(value, zero) < 0 ? no('negative-usage') : value;
}
