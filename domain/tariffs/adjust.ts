import type { CompiledAdjustment } from './compiled.ts';
import { addMonths, civilOf, dayInYear, dayText, lastMonthDay } from './days.ts';
import { addLine, type Days, type DraftLine, meansAccount, monthsOf, type Scope, unitsBegun } from './draft.ts';
import { Exact } from './exact.ts';
import { freeMonthsWords, limitWords, percentWords, timesWords } from './words.ts';

type AdjustmentOf<K extends CompiledAdjustment['kind']> = Extract<CompiledAdjustment, { readonly kind: K }>;

const hundred = Exact.of(100n);

function linesOf({ lines }: Scope, { of }: CompiledAdjustment): readonly DraftLine[] {
  return of === undefined ? [...lines] : lines.filter(({ componentId }) => of.has(componentId));
}

function sumOf(lines: readonly DraftLine[], ofRounded: boolean): Exact {
  return lines.reduce((sum, line) => sum.plus(ofRounded ? Exact.of(line.rounded, 100) : line.exact), Exact.zero);
}

/** The part of the bill's days that this version has. */
function shareOfBill({ bill, span }: Scope): Exact {
  return Exact.of(span.to - span.from, bill.to - bill.from);
}

function discountOf(scope: Scope, part: AdjustmentOf<'discount'>, base: Exact) {
  const { rule } = part;
  const { money } = scope.tariff;
  if (rule.by === 'percent') {
    const words = percentWords(rule.percent.text, base.toText(), money);
    return { amount: base.times(rule.percent.value).over(hundred), words };
  }
  if (rule.by === 'amount') {
    const times = rule.per === 'month' ? monthsOf(scope, scope.span) : shareOfBill(scope);
    const unit = rule.per === 'month' ? { zh: '个月', en: 'months' } : { zh: '期', en: 'bill' };
    const words = timesWords(times.toText(), unit, rule.amount.text, money);
    return { amount: rule.amount.value.times(times).min(base), words };
  }
  const months = monthsOf(scope, scope.bill);
  const isEnough = months.compare(Exact.of(rule.fromMonths)) >= 0;
  const amount = isEnough ? base.times(rule.free.value).over(months) : Exact.zero;
  return { amount, words: freeMonthsWords(rule.free.text, rule.fromMonths) };
}

function adjustDiscount(scope: Scope, part: AdjustmentOf<'discount'>): void {
  const { amount, words } = discountOf(scope, part, sumOf(linesOf(scope, part), false));
  if (amount.top <= 0n) return;
  addLine(scope, part, scope.span, { kind: 'discount', exact: amount.negated, words, basis: { rule: 'discount' } });
}

/** Days by the length of the month that they lie in. */
function monthsByDays(from: number, to: number): Exact {
  let total = Exact.zero;
  for (let day = from; day < to;) {
    const { year, month } = civilOf(day);
    const start = dayInYear(year, month * 100 + 1);
    const end = addMonths(start, 1);
    const stop = Math.min(end, to);
    total = total.plus(Exact.of(stop - day, end - start));
    day = stop;
  }
  return total;
}

type Limit = AdjustmentOf<'minimum' | 'maximum'>;

function limitAmount(scope: Scope, part: Limit): Exact {
  const { amount, per } = part;
  const { from, to } = scope.span;
  if (per === 'day') return amount.value.times(Exact.of(to - from));
  if (per === 'month') {
    const months = part.proratesDays ? monthsByDays(from, to) : unitsBegun(scope, scope.span, 1);
    return amount.value.times(months);
  }
  return amount.value.times(shareOfBill(scope));
}

function addLimit(scope: Scope, part: Limit, days: Days, limit: Exact, sum: Exact): Exact {
  const isBelow = sum.compare(limit) < 0;
  if (part.kind === 'minimum' ? !isBelow : sum.compare(limit) <= 0) return Exact.zero;
  const exact = limit.minus(sum);
  addLine(scope, part, days, {
    kind: part.kind,
    exact,
    words: limitWords(part.kind, limit.toText(), sum.toText(), scope.tariff.money),
    basis: { rule: part.kind },
  });
  return exact;
}

/** What of some lines lies on some days; a line that reaches beyond them counts by its days. */
function sumWithin(lines: readonly DraftLine[], days: Days): Exact {
  return lines.reduce((sum, line) => {
    const inside = Math.min(line.to, days.to) - Math.max(line.from, days.from);
    if (inside <= 0) return sum;
    const length = line.to - line.from;
    return sum.plus(inside === length ? line.exact : line.exact.times(Exact.of(inside, length)));
  }, Exact.zero);
}

/**
 * A year's minimum is asked for in the bill that reaches the year's end; its maximum whenever it is passed. A bill that
 * crosses the end counts for both years by days.
 */
function adjustYearly(scope: Scope, part: Limit, lines: readonly DraftLine[]): void {
  const { span, state } = scope;
  for (let day = span.from; day < span.to;) {
    const from = lastMonthDay(day, part.yearStart);
    const to = dayInYear(civilOf(from).year + 1, part.yearStart);
    const days = { from: day, to: Math.min(to, span.to) };
    const key = dayText(from);
    const total = (state.get('billed', part.id, key) ?? Exact.zero).plus(sumWithin(lines, days));
    const isDue = part.kind === 'maximum' || span.to >= to;
    const units = { bill: 1, month: 12, day: to - from }[part.per];
    const limit = part.amount.value.times(Exact.of(units));
    const added = isDue ? addLimit(scope, part, days, limit, total) : Exact.zero;
    state.set('billed', part.id, key, total.plus(added));
    day = days.to;
  }
}

function adjustLimit(scope: Scope, part: Limit): void {
  const lines = linesOf(scope, part);
  if (part.isYearly) adjustYearly(scope, part, lines);
  else addLimit(scope, part, scope.span, limitAmount(scope, part), sumOf(lines, false));
}

function addTax(
  scope: Scope,
  part: AdjustmentOf<'tax'>,
  lines: readonly DraftLine[],
  percent: string,
  suffix: string,
): void {
  const value = Exact.read(percent);
  if (value === undefined) return;
  const base = sumOf(lines, part.ofRounded);
  addLine(scope, part, scope.span, {
    kind: 'tax',
    suffix,
    exact: base.times(value).over(hundred),
    words: percentWords(percent, base.toText(), scope.tariff.money),
    basis: { rule: 'tax', of: lines.map(({ id }) => id), percent },
    taxRate: percent,
  });
}

function adjustTax(scope: Scope, part: AdjustmentOf<'tax'>): void {
  const rateOf = (line: DraftLine): string | undefined => part.percent?.text ?? line.taxRate;
  const lines = linesOf(scope, part).filter((line) => rateOf(line) !== undefined);
  if (part.perLine) {
    for (const line of lines) addTax(scope, part, [line], rateOf(line) ?? '', `:${line.id}`);
    return;
  }
  const rates = [...new Set(lines.map((line) => rateOf(line) ?? ''))];
  for (const rate of rates) {
    const ofRate = lines.filter((line) => rateOf(line) === rate);
    addTax(scope, part, ofRate, rate, rates.length === 1 ? '' : `:${rate}`);
  }
}

/** Works through a version's adjustments in their order, each on the lines before it. */
export function adjust(scope: Scope): void {
  for (const part of scope.version.adjustments) {
    if (!meansAccount(part.when, scope.input)) continue;
    if (part.kind === 'discount') adjustDiscount(scope, part);
    else if (part.kind === 'tax') adjustTax(scope, part);
    else adjustLimit(scope, part);
  }
}
