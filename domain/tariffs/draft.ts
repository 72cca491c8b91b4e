import { type Fen, fen } from '../money.ts';
import type {
  CompiledComponent,
  CompiledRounding,
  CompiledTariff,
  CompiledVersion,
  CompiledWhen,
  Printed,
} from './compiled.ts';
import { addMonths, civilOf, dayInYear, dayNumber, dayText, readDay } from './days.ts';
import { Exact } from './exact.ts';
import { tariffLimits } from './limits.ts';
import type { DecimalText, LineBasis, RatedLine, RateInput, TierPosition } from './rating.ts';
import { refuse } from './refused.ts';
import type { StateBook } from './state.ts';
import type { Bilingual, RoundingMode } from './tariff.ts';
import type { UsageBook } from './usage.ts';
import { daysWords } from './words.ts';

/** Days as numbers, `to` exclusive. */
export interface Days {
  readonly from: number;
  readonly to: number;
}

/** A line on its way: what it came to exactly, and how it is printed once that is known. */
export interface DraftLine extends Days {
  readonly id: string;
  readonly componentId: string;
  readonly label: Bilingual;
  readonly kind: RatedLine['kind'];
  readonly version: string;
  readonly exact: Exact;
  rounded: Fen;
  readonly words: Bilingual;
  readonly basis: LineBasis;
  readonly quantity: DecimalText | undefined;
  readonly unit: string | undefined;
  readonly price: DecimalText | undefined;
  readonly invoiceClass: string | undefined;
  readonly taxRate: DecimalText | undefined;
}

/** Everything that a component of one version may look at while it works. */
export interface Scope {
  readonly tariff: CompiledTariff;
  readonly version: CompiledVersion;
  readonly input: RateInput;
  readonly bill: Days;
  readonly span: Days;
  readonly book: UsageBook;
  readonly state: StateBook;
  readonly lines: DraftLine[];
  readonly positions: Map<string, TierPosition>;
}

const hundred = 100n;

/** Whole fen of an exact amount, rounded to `step`. */
export function fenOf(exact: Exact, step: Exact, mode: RoundingMode): Fen {
  const steps = exact.stepsOf(step, mode);
  const value = step.bottom === hundred && step.top === 1n ? steps : (steps * step.top * hundred) / step.bottom;
  if (value > 1_000_000_000_000n || value < -1_000_000_000_000n) refuse('too-large', 'an amount is too large');
  return fen(Number(value), 'line');
}

/** Adds a line, and its days to its words where the bill has several stretches. */
export function addLine(
  scope: Scope,
  part: Printed,
  days: Days,
  line: {
    readonly suffix?: string;
    readonly kind?: RatedLine['kind'];
    readonly exact: Exact;
    readonly words: Bilingual;
    readonly basis: LineBasis;
    readonly quantity?: DecimalText;
    readonly price?: DecimalText;
    readonly unit?: string;
    readonly taxRate?: DecimalText | undefined;
  },
): void {
  const { bill, lines, version } = scope;
  if (lines.length >= tariffLimits.linesMax) refuse('too-large', 'the bill has too many lines');
  const isWhole = days.from === bill.from && days.to === bill.to;
  const from = isWhole ? '' : dayText(days.from);
  const { suffix = '', exact, words, basis, quantity, price, unit } = line;
  lines.push({
    id: `${part.id}${isWhole ? '' : `:${from}`}${suffix}`,
    componentId: part.id,
    label: part.label,
    kind: line.kind ?? 'charge',
    version: version.id,
    exact,
    rounded: fenOf(exact, version.rounding.step, version.rounding.mode),
    words: isWhole ? words : daysWords(words, from, dayText(days.to - 1)),
    basis,
    from: days.from,
    to: days.to,
    quantity,
    unit,
    price,
    invoiceClass: part.invoiceClass,
    taxRate: line.taxRate ?? part.taxRate,
  });
}

/** Shares a whole number of steps among exact parts: each its whole ones, then one more to the largest remainders. */
export function apportion(parts: readonly Exact[], steps: bigint, step: Exact): bigint[] {
  const wholes = parts.map((part) => part.over(step).floor());
  const rests = parts.map((part, index) => part.over(step).minus(Exact.of(wholes[index] ?? 0n)));
  const order = [...parts.keys()].sort((a, b) => (rests[b] ?? Exact.zero).compare(rests[a] ?? Exact.zero) || a - b);
  let left = steps - wholes.reduce((sum, whole) => sum + whole, 0n);
  const result = [...wholes];
  for (let at = 0; left !== 0n && order.length > 0; at = (at + 1) % order.length) {
    const index = order[left > 0n ? at : order.length - 1 - at] ?? 0;
    result[index] = (result[index] ?? 0n) + (left > 0n ? 1n : -1n);
    left += left > 0n ? -1n : 1n;
  }
  return result;
}

/** Rounds a sum, and then its lines so that they add up to it. */
export function roundTogether(lines: readonly DraftLine[], { step, mode }: CompiledRounding): void {
  const sum = lines.reduce((total, line) => total.plus(line.exact), Exact.zero);
  const parts = apportion(
    lines.map(({ exact }) => exact),
    sum.stepsOf(step, mode),
    step,
  );
  lines.forEach((line, index) => {
    line.rounded = fenOf(step.times(Exact.of(parts[index] ?? 0n)), step, 'half-up');
  });
}

/** True when the account is one that the condition means. */
export function meansAccount(when: CompiledWhen | undefined, { account }: RateInput): boolean {
  if (when === undefined) return true;
  const { customerClass, payerObject } = when;
  return (
    (customerClass === undefined || customerClass.includes(account.customerClass ?? '')) &&
    (payerObject === undefined || payerObject.includes(account.payerObject ?? ''))
  );
}

/**
 * The stretches of a span in which a component's season is on; the whole span where it has none. Seasons that touch or
 * overlap are one stretch.
 */
export function seasonsOf({ when }: CompiledComponent, span: Days): readonly Days[] {
  const seasons = when?.seasons;
  if (seasons === undefined) return [span];
  const cuts = new Set([span.from, span.to]);
  const years = [civilOf(span.from).year, civilOf(span.to).year];
  for (let year = (years[0] ?? 0) - 1; year <= (years[1] ?? 0); year += 1) {
    for (const { from, to } of seasons) {
      // 29 February begins on 1 March where there is none.
      cuts.add(dayNumber(year, Math.floor(from / 100), from % 100));
      cuts.add(dayInYear(year, to) + 1);
    }
  }
  const days = [...cuts].filter((day) => day >= span.from && day <= span.to).sort((a, b) => a - b);
  const isOn = (day: number): boolean => {
    const civil = civilOf(day);
    const now = civil.month * 100 + civil.day;
    return seasons.some(({ from, to }) => (from <= to ? now >= from && now <= to : now >= from || now <= to));
  };
  const stretches: Days[] = [];
  days.slice(1).forEach((to, index) => {
    const from = days[index] ?? to;
    const before = stretches.at(-1);
    if (!isOn(from)) return;
    if (before?.to === from) stretches[stretches.length - 1] = { from: before.from, to };
    else stretches.push({ from, to });
  });
  return stretches;
}

/** Whole units of some months from an anchor on, and the rest by the days of the unit that it lies in. */
export function unitsBetween(anchor: number, day: number, unitMonths: number): Exact {
  let whole = 0;
  while (addMonths(anchor, (whole + 1) * unitMonths) <= day) whole += 1;
  const start = addMonths(anchor, whole * unitMonths);
  const rest = day - start;
  if (rest === 0) return Exact.of(whole);
  return Exact.of(whole).plus(Exact.of(rest, addMonths(anchor, (whole + 1) * unitMonths) - start));
}

/** Months of a stretch, counted from the bill's first day. */
export function monthsOf({ bill }: Scope, { from, to }: Days): Exact {
  return unitsBetween(bill.from, to, 1).minus(from === bill.from ? Exact.zero : unitsBetween(bill.from, from, 1));
}

/** How many units of some months, counted from the bill's first day, begin in a stretch. */
export function unitsBegun({ bill }: Scope, days: Days, months: number): Exact {
  let count = 0;
  for (let index = 0; addMonths(bill.from, index * months) < days.to; index += 1) {
    if (addMonths(bill.from, index * months) >= days.from) count += 1;
  }
  return Exact.of(count);
}

/** How many people live there on a day; from before they moved in on, the first count that is known. */
export function personsOn({ input }: Scope, day: number): number {
  const { persons = [] } = input.account;
  const dated = persons.map(({ from, count }, index) => {
    const path = `account.persons.${String(index)}`;
    if (!Number.isInteger(count) || count < 0 || count > 99)
      refuse('bad-input', `${path}.count: is no number of people`);
    return { from: readDay(from) ?? refuse('bad-input', `${path}.from: "${from}" is no day`), count };
  });
  dated.sort((a, b) => a.from - b.from);
  const found = dated.findLast(({ from }) => from <= day) ?? dated[0];
  return found?.count ?? refuse('unknown-variable', 'account.persons: how many people live there is not known');
}
