import type { Adjustment } from '../../../../domain/tariffs/tariff.ts';
import { type Days, type Desk, keep, type Line, meansHousehold, monthsOf, write } from './bill.ts';
import { dayInYear, lastOn, monthsLater, textOfDay, unitLength, yearOf } from './calendar.ts';
import { standsFor } from './components.ts';
import { no } from './formula.ts';
import {
  compare,
  known,
  least,
  type Num,
  over,
  part as partOf,
  percent,
  times,
  whole,
  yuanOf,
  zero,
} from './numbers.ts';

type Of<K extends Adjustment['kind']> = Extract<Adjustment, { readonly kind: K }>;
type Limit = Of<'minimum' | 'maximum'>;

function linesBefore(desk: Desk, part: Adjustment): Line[] {
  if (part.of === undefined) return [...desk.lines];
  const ids = standsFor(part.of, desk.version.components);
  return desk.lines.filter(({ of }) => ids.has(of));
}

const sumOf = (lines: readonly Line[]): Num => lines.reduce((sum, { exact }) => sum + exact, zero);

/** An amount for the bill, in a version's part of it. */
const forSpan = ({ bill, span }: Desk, amount: Num): Num => partOf(amount, span.to - span.from, bill.to - bill.from);

function discounted(desk: Desk, { discount }: Of<'discount'>, base: Num): Num {
  if ('percent' in discount) return percent(base, known(discount.percent));
  if ('amount' in discount) {
    const amount = known(discount.amount);
    const off = discount.per === 'bill' ? forSpan(desk, amount) : times(amount, monthsOf(desk, desk.span));
    if (compare(off, base) > 0) desk.note('a discount of more than there is');
    return least(off, base);
  }
  const months = monthsOf(desk, desk.bill);
  const isEnough = compare(months, whole(discount.fromMonths)) >= 0;
  if (isEnough) desk.note('free months');
  return isEnough ? over(times(base, known(discount.freeMonths)), months) : zero;
}

/** Months of some days: by the length of each, or each that begins as a whole one. */
function monthsCharged(desk: Desk, { prorate }: Limit, { from, to }: Days): Num {
  let count = zero;
  if (prorate === 'actual-days') {
    for (let day = from; day < to; day += 1) count += partOf(whole(1), 1, unitLength(day, 'month'));
    return count;
  }
  for (let index = 0; monthsLater(desk.bill.from, index) < to; index += 1) {
    if (monthsLater(desk.bill.from, index) >= from) count += whole(1);
  }
  return count;
}

function limitFor(desk: Desk, part: Limit): Num {
  const amount = known(part.amount);
  if (part.per === 'bill') return forSpan(desk, amount);
  if (part.per === 'day') return partOf(amount, desk.span.to - desk.span.from, 1);
  return times(amount, monthsCharged(desk, part, desk.span));
}

/** What is missing to a minimum, or what is above a maximum with its minus. */
function change({ kind }: Limit, limit: Num, sum: Num): Num {
  const gap = limit - sum;
  return (kind === 'minimum') === gap > 0n && compare(gap, zero) !== 0 ? gap : zero;
}

/** Each year that the bill touches, with the days' part of each line. */
function yearly(desk: Desk, part: Limit, lines: readonly Line[]): void {
  const row = desk.billed.get(part.id) ?? new Map<string, Num | null>();
  desk.billed.set(part.id, row);
  const start = part.yearStart ?? '01-01';
  for (let day = desk.span.from; day < desk.span.to;) {
    const from = lastOn(day, start);
    const to = dayInYear(yearOf(from) + 1, start);
    const days = { from: day, to: Math.min(to, desk.span.to) };
    const inside = lines.map((line) => {
      const common = Math.min(line.to, days.to) - Math.max(line.from, days.from);
      return common <= 0 ? zero : partOf(line.exact, common, line.to - line.from);
    });
    const before = row.get(textOfDay(from));
    if (before === null) no('bad-input');
    const sum = inside.reduce((all, one) => all + one, before ?? zero);
    const amount = known(part.amount);
    const times_ = { bill: 1, month: 12, day: to - from }[part.per];
    const isDue = part.kind === 'maximum' || desk.span.to >= to;
    const added = isDue ? change(part, partOf(amount, times_, 1), sum) : zero;
    if (days.to < desk.span.to) desk.note(`a yearly ${part.kind} over the year's end`);
    if (added !== zero) desk.note(`a yearly ${part.kind} by the ${part.per}`);
    write(desk, part.id, days, added, { kind: part.kind });
    keep(row, textOfDay(from), sum + added);
    day = days.to;
  }
}

function tax(desk: Desk, part: Of<'tax'>, lines: readonly Line[]): void {
  const rated = lines
    .map((line) => ({ line, rate: part.percent ?? line.rate }))
    .filter(({ rate }) => rate !== undefined);
  const base = (some: readonly { line: Line }[]): Num =>
    some.reduce((sum, { line }) => sum + (part.ofRounded ? yuanOf(line.fen) : line.exact), zero);
  const groups = new Map<string, typeof rated>();
  rated.forEach((one, index) => {
    const name = part.per === 'line' ? String(index) : (one.rate ?? '');
    groups.set(name, [...(groups.get(name) ?? []), one]);
  });
  if (part.per === 'bill' && groups.size > 1) desk.note('two tax rates in one bill');
  for (const some of groups.values()) {
    const rate = some[0]?.rate ?? '0';
    write(desk, part.id, desk.span, percent(base(some), known(rate)), { kind: 'tax', rate });
  }
}

/** Works out an adjustment on the lines before it. */
export function adjustment(desk: Desk, part: Adjustment): void {
  if (!meansHousehold(part.when, desk)) return;
  const lines = linesBefore(desk, part);
  if (part.kind === 'tax') {
    tax(desk, part, lines);
  } else if (part.kind === 'discount') {
    const off = discounted(desk, part, sumOf(lines));
    if (compare(off, zero) > 0) write(desk, part.id, desk.span, -off, { kind: 'discount' });
  } else if (part.window === 'year') yearly(desk, part, lines);
  else write(desk, part.id, desk.span, change(part, limitFor(desk, part), sumOf(lines)), { kind: part.kind });
}
