import type { TouComponent, TouTieredComponent } from '../../../../domain/tariffs/tariff.ts';
import { type Days, type Desk, quantityStep, write } from './bill.ts';
import { boundsIn, countIn, overlap, stand, type Windowed } from './bounds.ts';
import { no } from './formula.ts';
import { rowOf, slotOf, sumsByPeriod } from './hours.ts';
import { isNothing, known, millionth, type Num, over, steps, times, zero } from './numbers.ts';

type Timed = TouComponent | TouTieredComponent;

const fromMillionths = (count: number): Num => BigInt(count) * millionth;

/** What fell into each period. */
function totals(desk: Desk, part: Timed, days: Days): Num[] {
  const { usage } = desk;
  if (usage.hasHours) {
    const schedule = part.schedule ?? no('bad-tariff');
    desk.note(`${part.kind} from intervals`);
    const pieces = usage.pieces(days.from, days.to, slotOf(schedule));
    return sumsByPeriod(pieces, schedule, part.periods.length).map(fromMillionths);
  }
  desk.note(`${part.kind} from totals`);
  return part.periods.map(({ name }) => {
    if (!usage.knows(name)) no('missing-reading');
    return usage.between({ register: name }, days, quantityStep(desk));
  });
}

/** Works out a price by the time of day. */
export function tou(desk: Desk, part: TouComponent, days: Days): void {
  totals(desk, part, days).forEach((total, index) => {
    write(desk, part.id, days, times(total, known(part.periods[index]?.price ?? '0')));
  });
}

const priceAt = (part: TouTieredComponent, period: number, tier: number): Num =>
  part.prices === undefined
    ? known(part.periods[period]?.price ?? '0') + known(part.add?.[tier] ?? '0')
    : known(part.prices[period]?.[tier] ?? '0');

type Bounds = readonly (Num | null)[];
type Table = Num[][];

const tableOf = (part: TouTieredComponent): Table => part.periods.map(() => part.bounds.map(() => zero));

/** Adds so much of each period, in the ratio in which its whole falls into the tiers. */
function addByRatio(table: Table, periods: readonly Num[], bounds: Bounds, before: Num): Num {
  const whole = periods.reduce((sum, amount) => sum + amount, zero);
  if (isNothing(whole)) return before;
  bounds.forEach((_, tier) => {
    const inside = overlap(before + whole, bounds, tier) - overlap(before, bounds, tier);
    periods.forEach((amount, period) => {
      const row = table[period] as Num[];
      row[tier] = (row[tier] ?? zero) + over(times(amount, inside), whole);
    });
  });
  return before + whole;
}

/** Each part of an interval, by where the sum stood before and after it. */
function byInterval(desk: Desk, part: TouTieredComponent, days: Days, bounds: Bounds, before: Num): Table {
  const schedule = part.schedule ?? no('bad-tariff');
  const slot = slotOf(schedule);
  const edges = bounds.map((bound) => (bound === null ? Infinity : Number(steps(bound, millionth, 'half-up'))));
  const counts = part.periods.map(() => edges.map(() => 0));
  let sum = Number(steps(before, millionth, 'half-up'));
  let [known_, row] = [-1, [] as readonly number[]];
  for (const { day, minute, amount } of desk.usage.pieces(days.from, days.to, slot)) {
    if (day !== known_) [known_, row] = [day, rowOf(schedule, day)];
    const after = sum + amount;
    const cells = counts[row[Math.floor(minute / slot)] as number] as number[];
    edges.forEach((edge, tier) => {
      const low = Math.max(sum, edges[tier - 1] ?? 0);
      cells[tier] = (cells[tier] as number) + Math.max(0, Math.min(after, edge) - low);
    });
    sum = after;
  }
  return counts.map((cells) => cells.map(fromMillionths));
}

function byDay(desk: Desk, part: TouTieredComponent, days: Days, bounds: Bounds, before: Num): Table {
  const table = tableOf(part);
  const schedule = part.schedule ?? no('bad-tariff');
  let at = before;
  for (let day = days.from; day < days.to; day += 1) {
    const pieces = desk.usage.pieces(day, day + 1, slotOf(schedule));
    at = addByRatio(table, sumsByPeriod(pieces, schedule, part.periods.length).map(fromMillionths), bounds, at);
  }
  return table;
}

/** Works out a price by the time of day and the tier. */
export function touTiered(desk: Desk, part: TouTieredComponent, days: Windowed): void {
  const bounds = boundsIn(desk, part, part.bounds, days);
  const periods = totals(desk, part, days);
  const quantity = periods.reduce((sum, amount) => sum + amount, zero);
  const { before = zero, now } = countIn(desk, part.id, days, quantity);
  let table = tableOf(part);
  const split = desk.usage.hasHours ? part.split : 'by-bill-ratio';
  if (split === 'by-interval') table = byInterval(desk, part, days, bounds, before);
  else if (split === 'by-day-ratio') table = byDay(desk, part, days, bounds, before);
  else addByRatio(table, periods, bounds, before);
  const crossed = table.some((row) => row.filter((amount) => !isNothing(amount)).length > 1);
  if (crossed) desk.note(`a bound inside a stretch, ${split}`);
  table.forEach((row, period) => {
    row.forEach((amount, tier) => {
      write(desk, part.id, days, times(amount, priceAt(part, period, tier)));
    });
  });
  stand(desk, part.id, part, bounds, now);
}
