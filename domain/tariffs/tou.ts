import type { CompiledOf, CompiledSchedule } from './compiled.ts';
import { dayText } from './days.ts';
import { addLine, type Days, type Scope } from './draft.ts';
import { Exact } from './exact.ts';
import { periodTotals, walkPeriods } from './intervals.ts';
import type { LineBasis } from './rating.ts';
import { refuse } from './refused.ts';
import { boundsFor, countUsed, inTier, positionOf, type WindowPart } from './tiers.ts';
import { periodWords, tierWords, timesWords } from './words.ts';

const million = Exact.of(1_000_000n);

function scheduleOf(schedule: CompiledSchedule | undefined): CompiledSchedule {
  return schedule ?? refuse('bad-tariff', 'schedule: intervals need one to know their period');
}

/** What fell into each period of the day: from intervals, or from totals that have the periods' names. */
function totalsByPeriod(scope: Scope, part: CompiledOf<'tou'> | CompiledOf<'tou-tiered'>, days: Days): Exact[] {
  const { book } = scope;
  if (book.hasIntervals) {
    const schedule = scheduleOf(part.schedule);
    const totals = periodTotals(book.intervals(), schedule, part.periods.length, days.from, days.to);
    return totals.map((millionths) => Exact.ofMillionths(millionths));
  }
  return part.periods.map(({ name }) => {
    if (!book.hasPeriod(name))
      refuse('missing-reading', `usage: there is neither an interval nor a total of "${name}"`);
    return book.between({ register: name }, days.from, days.to, scope.version.quantityStep);
  });
}

/** Rates one stretch by periods of the day. */
export function rateTou(scope: Scope, part: CompiledOf<'tou'>, days: Days): void {
  const { unit, money } = scope.tariff;
  totalsByPeriod(scope, part, days).forEach((total, index) => {
    const { name, label } = part.periods[index] as (typeof part.periods)[number];
    const price = part.prices[index] as (typeof part.prices)[number];
    const quantity = total.toText();
    addLine(scope, part, days, {
      suffix: `:${name}`,
      exact: total.times(price.value),
      quantity,
      unit: unit.en,
      price: price.text,
      words: periodWords(timesWords(quantity, unit, price.text, money), label, undefined),
      basis: { rule: 'tou', from: dayText(days.from), to: dayText(days.to), period: name },
    });
  });
}

/** Quantities by period and tier. */
type Cells = Exact[][];

function emptyCells(periods: number, tiers: number): Cells {
  return Array.from({ length: periods }, () => Array.from({ length: tiers }, () => Exact.zero));
}

/** Intervals in order: each is in the tier that the sum before it has reached; one that crosses a bound is cut there. */
function byInterval(
  scope: Scope,
  part: CompiledOf<'tou-tiered'>,
  days: Days,
  bounds: readonly number[],
  before: number,
): Cells {
  const counts = part.periods.map(() => bounds.map(() => 0));
  let [sum, tier] = [before, 0];
  walkPeriods(scope.book.intervals(), scheduleOf(part.schedule), days.from, days.to, (period, millionths) => {
    const row = counts[period] as number[];
    let left = millionths;
    while (sum + left > (bounds[tier] as number)) {
      const fits = Math.max(0, (bounds[tier] as number) - sum);
      row[tier] = (row[tier] as number) + fits;
      sum += fits;
      left -= fits;
      tier += 1;
    }
    row[tier] = (row[tier] as number) + left;
    sum += left;
  });
  return counts.map((row) => row.map((millionths) => Exact.ofMillionths(millionths)));
}

/** Shares what a day or a bill has in each tier among its periods. */
function byRatio(cells: Cells, periods: readonly Exact[], bounds: readonly (Exact | null)[], before: Exact): Exact {
  const total = periods.reduce((sum, period) => sum.plus(period), Exact.zero);
  const after = before.plus(total);
  if (total.isZero) return after;
  bounds.forEach((_, tier) => {
    const part = inTier(after, bounds, tier).minus(inTier(before, bounds, tier));
    if (part.isZero) return;
    const share = part.over(total);
    periods.forEach((period, index) => {
      const row = cells[index] as Exact[];
      row[tier] = (row[tier] as Exact).plus(period.times(share));
    });
  });
  return after;
}

function byDay(
  scope: Scope,
  part: CompiledOf<'tou-tiered'>,
  days: Days,
  bounds: readonly (Exact | null)[],
  before: Exact,
): Cells {
  const cells = emptyCells(part.periods.length, bounds.length);
  const sums = Array.from({ length: days.to - days.from }, () => part.periods.map(() => 0));
  walkPeriods(scope.book.intervals(), scheduleOf(part.schedule), days.from, days.to, (period, millionths, day) => {
    // An interval that began the day before and reaches over midnight counts by its parts' own days.
    const row = sums[day - days.from] as number[];
    row[period] = (row[period] as number) + millionths;
  });
  let reached = before;
  for (const row of sums) {
    const periods = row.map((millionths) => Exact.ofMillionths(millionths));
    reached = byRatio(cells, periods, bounds, reached);
  }
  return cells;
}

interface Split {
  readonly cells: Cells;
  readonly ratio: 'bill' | 'day' | undefined;
}

function splitCells(
  scope: Scope,
  part: CompiledOf<'tou-tiered'>,
  days: Days,
  periods: readonly Exact[],
  bounds: readonly (Exact | null)[],
  before: Exact,
): Split {
  if (!scope.book.hasIntervals || part.split === 'by-bill-ratio') {
    const cells = emptyCells(part.periods.length, bounds.length);
    byRatio(cells, periods, bounds, before);
    return { cells, ratio: 'bill' };
  }
  if (part.split === 'by-day-ratio') return { cells: byDay(scope, part, days, bounds, before), ratio: 'day' };
  const whole = bounds.map((bound) =>
    bound === null ? Number.POSITIVE_INFINITY : Number(bound.times(million).stepsOf(Exact.one, 'half-up')),
  );
  const start = Number(before.times(million).stepsOf(Exact.one, 'half-up'));
  return { cells: byInterval(scope, part, days, whole, start), ratio: undefined };
}

/** Rates one stretch by periods of the day and tiers. */
export function rateTouTiered(scope: Scope, part: CompiledOf<'tou-tiered'>, days: WindowPart): void {
  const { unit, money } = scope.tariff;
  const bounds = boundsFor(part.rules, part.tiers, days, scope);
  const periods = totalsByPeriod(scope, part, days);
  const quantity = periods.reduce((sum, period) => sum.plus(period), Exact.zero);
  const { before, total } = countUsed(part.id, days, quantity, scope);
  const { cells, ratio } = splitCells(scope, part, days, periods, bounds, before ?? Exact.zero);
  const addCell = (period: number, tier: number, amount: Exact): void => {
    const { name, label } = part.periods[period] as (typeof part.periods)[number];
    const price = part.prices[period]?.[tier] as (typeof part.prices)[number][number];
    const text = amount.toText();
    const basis: LineBasis = {
      rule: 'tou-tiered',
      from: dayText(days.from),
      to: dayText(days.to),
      period: name,
      tier: { index: tier, over: bounds[tier - 1]?.toText() ?? '0', upTo: bounds[tier]?.toText() ?? null },
      ...(days.key === undefined ? undefined : { window: days.key }),
      ...(before === undefined ? undefined : { usedBefore: before.toText() }),
    };
    const words = tierWords(timesWords(text, unit, price.text, money), tier, undefined, unit);
    addLine(scope, part, days, {
      suffix: `:${name}:t${String(tier + 1)}`,
      exact: amount.times(price.value),
      quantity: text,
      unit: unit.en,
      price: price.text,
      words: periodWords(words, label, ratio),
      basis,
    });
  };
  const linesBefore = scope.lines.length;
  cells.forEach((row, period) => {
    row.forEach((amount, tier) => {
      if (!amount.isZero) addCell(period, tier, amount);
    });
  });
  if (scope.lines.length === linesBefore) addCell(0, 0, Exact.zero);
  scope.positions.set(part.id, positionOf(part.id, part.rules, part.tiers, bounds, total, unit.en));
}
