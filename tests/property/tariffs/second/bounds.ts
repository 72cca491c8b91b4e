import type { HouseholdRule, TierRules } from '../../../../domain/tariffs/tariff.ts';
import { type Days, type Desk, keep, monthsOf, personsOn } from './bill.ts';
import { dayInYear, dayOf, lastOn, monthOf, monthsLater, textOfDay, yearOf } from './calendar.ts';
import { no, work } from './formula.ts';
import { compare, known, least, most, type Num, one, over, part, rounded, times, whole, zero } from './numbers.ts';

/** A part of a stretch that lies in one window; the bill has no name. */
export interface Windowed extends Days {
  readonly name: string | undefined;
  readonly window: Days;
}

/** The window of a day: its name, its first day, the day after its last. */
function windowOf(rules: TierRules, versionFrom: string, day: number): { name: string; window: Days } {
  if (rules.window === 'month') {
    const first = dayOf(`${monthOf(day)}-01`) as number;
    return { name: monthOf(day), window: { from: first, to: monthsLater(first, 1) } };
  }
  const start = rules.window === 'year' ? (rules.yearStart ?? '01-01') : versionFrom.slice(5);
  const from = lastOn(day, start);
  return { name: textOfDay(from), window: { from, to: dayInYear(yearOf(from) + 1, start) } };
}

/** Cuts a stretch where windows end, by looking at each day. */
export function windowed(desk: Desk, rules: TierRules, days: Days): Windowed[] {
  if (rules.window === 'bill') return [{ ...days, name: undefined, window: desk.bill }];
  const parts: Windowed[] = [];
  for (let day = days.from; day < days.to;) {
    const { name, window } = windowOf(rules, desk.version.effectiveFrom, day);
    const to = Math.min(window.to, days.to);
    parts.push({ from: day, to, name, window });
    day = to;
  }
  if (parts.length > 1) desk.note(`a bill over the end of a ${rules.window} window`);
  return parts;
}

/** Bounds for a month, some days or a year, in a stretch of a bill. */
export function scaledTo(
  desk: Desk,
  scale: TierRules['boundScale'],
  normalDays: string | undefined,
  days: Days,
  bound: Num,
): Num {
  const count = days.to - days.from;
  if (scale === 'months') return times(bound, monthsOf(desk, days));
  if (scale === 'days') return over(part(bound, count, 1), known(normalDays ?? '1'));
  if (scale === 'days-365') return part(bound, count, 365);
  return part(bound, count, desk.bill.to - desk.bill.from);
}

/** The part of a window in which somebody lived there, as so many of so many. */
function livedPart(desk: Desk, { partYear, window: kind }: TierRules, { window }: Windowed): [number, number] {
  const { movedIn, movedOut } = desk.input.account;
  const dayNamed = (text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : (dayOf(text) ?? no('bad-input'));
  const from = Math.max(window.from, dayNamed(movedIn, window.from));
  const to = Math.min(window.to, dayNamed(movedOut, window.to));
  if (to <= from) return no('bad-period');
  if (from > window.from || to < window.to) desk.note(`a part of a window by ${String(partYear)}`);
  if (partYear === 'days') return [to - from, window.to - window.from];
  const count = kind === 'month' ? 1 : 12;
  const months = Array.from({ length: count }, (_, index) => index).filter((index) => {
    const [start, end] = [monthsLater(window.from, index), monthsLater(window.from, index + 1)];
    return from < end && start < to;
  });
  return [months.length, count];
}

function peopled(desk: Desk, rule: HouseholdRule, bounds: readonly (Num | null)[], part_: Windowed): (Num | null)[] {
  const day = rule.asOf === 'bill-start' ? desk.bill.from : lastOn(part_.from, rule.asOf);
  const count = personsOn(desk, day);
  if (rule.formulas !== undefined) {
    desk.note('bounds by a formula of persons');
    return rule.formulas.map((text) => (text === null ? null : work(text, () => whole(count))));
  }
  const above = count - rule.countAbove;
  if (above <= 0) return [...bounds];
  desk.note(`bounds raised for people: ${rule.each}, ${rule.moves}`);
  const raise = rule.each === 'once' ? known(rule.add) : part(known(rule.add), above, 1);
  return bounds.map((bound, index) =>
    bound !== null && (index === 0 || rule.moves === 'all') ? bound + raise : bound,
  );
}

/** The bounds of a stretch: people first, then its length, then whole ones; none lies below the one before it. */
export function boundsIn(
  desk: Desk,
  rules: TierRules,
  plain: readonly (string | null)[],
  stretch: Windowed,
): (Num | null)[] {
  const first = plain.map((text) => (text === null ? null : known(text)));
  const raised = rules.household === undefined ? first : peopled(desk, rules.household, first, stretch);
  const goesByPart = rules.window !== 'bill' && (rules.partYear ?? 'none') !== 'none';
  const lived: readonly [number, number] = goesByPart ? livedPart(desk, rules, stretch) : [1, 1];
  let floor = zero;
  return raised.map((bound) => {
    if (bound === null) return null;
    let scaled = bound;
    if (rules.window === 'bill') scaled = scaledTo(desk, rules.boundScale, rules.normalDays, stretch, bound);
    else if (goesByPart) scaled = part(bound, ...lived);
    if (rules.boundRound === 'whole') scaled = rounded(scaled, one, 'half-up');
    if (compare(scaled, floor) <= 0 && floor > 0n) desk.note('a tier that is left empty');
    floor = most(floor, scaled);
    return floor;
  });
}

/** What of a total lies between two bounds. */
export function overlap(total: Num, bounds: readonly (Num | null)[], index: number): Num {
  const low = bounds[index - 1] ?? zero;
  const high = bounds[index] ?? null;
  return most(zero, (high === null ? total : least(total, high)) - low);
}

/** In which tier a total lies. */
export function tierAt(total: Num, bounds: readonly (Num | null)[], rules: Pick<TierRules, 'edge'>): number {
  const isAbove = (bound: Num | null): boolean =>
    bound !== null && compare(total, bound) >= (rules.edge === 'upper-exclusive' ? 0 : 1);
  return bounds.filter(isAbove).length;
}

/** Writes down how far a window has come. `before` is `undefined` in its first bill. */
export function countIn(
  desk: Desk,
  id: string,
  { name }: Windowed,
  amount: Num,
): { before: Num | undefined; now: Num } {
  if (name === undefined) return { before: undefined, now: amount };
  const row = desk.used.get(id) ?? new Map<string, Num | null>();
  desk.used.set(id, row);
  const before = row.get(name);
  if (before === null) return no('bad-input');
  if (before !== undefined) desk.note('goes on from an earlier bill');
  const now = (before ?? zero) + amount;
  keep(row, name, now);
  return { before, now };
}

/** Writes down where the household stands now. */
export function stand(desk: Desk, id: string, rules: TierRules, bounds: readonly (Num | null)[], used: Num): void {
  const current = tierAt(used, bounds, rules);
  const bound = bounds[current] ?? null;
  const window = rules.window === 'tariff-year' ? 'year' : rules.window;
  desk.positions.set(id, { window, used, current, left: bound === null ? null : bound - used });
}
