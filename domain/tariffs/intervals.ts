import type { CompiledSchedule, CompiledWhen } from './compiled.ts';
import { civilOf, dayText, readInstant, weekdayOf } from './days.ts';
import { Exact } from './exact.ts';
import { tariffLimits } from './limits.ts';
import type { IntervalUsage } from './rating.ts';
import { refuse } from './refused.ts';

/**
 * Measured intervals in order, without a gap. Minutes and millionths are whole numbers, which a Float64Array keeps
 * without error up to 2^53; `totalMillionths` is checked to lie below that.
 */
export interface IntervalTable {
  readonly count: number;
  /** Minutes since 1970 on the tariff's own clock; one more entry than intervals, the end of the last. */
  readonly startMinutes: Float64Array;
  readonly millionths: Float64Array;
}

/** Whole millionths of a decimal text; NaN when it is none, negative, or finer than a millionth. */
function readMillionths(text: string): number {
  let value = 0;
  let decimals = -1;
  const end = text.length;
  if (end === 0 || end > 16) return Number.NaN;
  for (let index = 0; index < end; index += 1) {
    const code = text.charCodeAt(index) - 48;
    if (code >= 0 && code <= 9) {
      value = value * 10 + code;
      if (decimals >= 0) decimals += 1;
    } else if (code === -2 && decimals < 0 && index > 0 && index < end - 1) decimals = 0;
    else return Number.NaN;
  }
  let missing = 6 - Math.max(0, decimals);
  if (missing < 0) return Number.NaN;
  for (; missing > 0; missing -= 1) value *= 10;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

function badQuantity(interval: IntervalUsage, index: number): never {
  const place = `usage.intervals.${String(index)}.quantity`;
  if (interval.quantity.startsWith('-')) return refuse('negative-usage', `${place}: ${interval.quantity} is below 0`);
  return refuse('bad-input', `${place}: is no decimal of at most six decimals and sixteen characters`);
}

function sorted(intervals: readonly IntervalUsage[], minutes: Float64Array): readonly IntervalUsage[] {
  const order = [...intervals.keys()].sort((a, b) => (minutes[a] ?? 0) - (minutes[b] ?? 0));
  return order.map((index) => intervals[index] as IntervalUsage);
}

const clock = (minute: number): string => {
  const ofDay = minute % 1440;
  const [hours, minutes] = [Math.floor(ofDay / 60), ofDay % 60].map((part) => String(part).padStart(2, '0'));
  return `${dayText(Math.floor(minute / 1440))} ${hours ?? ''}:${minutes ?? ''}`;
};

/** Reads intervals in any order. Refuses a gap, an overlap, a quantity that is none. */
export function readIntervals(intervals: readonly IntervalUsage[], zoneMinutes: number): IntervalTable {
  const count = intervals.length;
  if (count > tariffLimits.intervalsMax) refuse('too-large', 'usage.intervals: has too many');
  const startMinutes = new Float64Array(count + 1);
  const millionths = new Float64Array(count);
  let isSorted = true;
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const interval = intervals[index] as IntervalUsage;
    const start = readInstant(interval.start, zoneMinutes);
    if (start === undefined) return refuse('bad-input', `usage.intervals.${String(index)}.start: is no instant`);
    const quantity = readMillionths(interval.quantity);
    if (Number.isNaN(quantity)) badQuantity(interval, index);
    if (!Number.isInteger(interval.minutes) || interval.minutes < 1 || interval.minutes > 1440) {
      refuse('bad-input', `usage.intervals.${String(index)}.minutes: is no whole number from 1 to 1440`);
    }
    startMinutes[index] = start;
    millionths[index] = quantity;
    total += quantity;
    const before = intervals[index - 1];
    if (before !== undefined) isSorted &&= (startMinutes[index - 1] as number) + before.minutes === start;
  }
  if (!Number.isSafeInteger(total)) refuse('too-large', 'usage.intervals: the sum is too large');
  if (!isSorted) return readUnsorted(intervals, startMinutes, zoneMinutes);
  startMinutes[count] = (startMinutes[count - 1] as number) + (intervals[count - 1] as IntervalUsage).minutes;
  return { count, startMinutes, millionths };
}

function readUnsorted(intervals: readonly IntervalUsage[], starts: Float64Array, zoneMinutes: number): IntervalTable {
  const ordered = sorted(intervals, starts);
  for (let index = 1; index < ordered.length; index += 1) {
    const [before, now] = [ordered[index - 1], ordered[index]] as [IntervalUsage, IntervalUsage];
    const end = (readInstant(before.start, zoneMinutes) ?? 0) + before.minutes;
    const start = readInstant(now.start, zoneMinutes) ?? 0;
    if (start > end) refuse('missing-reading', `usage.intervals: nothing from ${clock(end)} to ${clock(start)}`);
    if (start < end) refuse('bad-input', `usage.intervals: two overlap at ${clock(start)}`);
  }
  return readIntervals(ordered, zoneMinutes);
}

/** The first interval that begins at or after a minute. */
export function intervalAt(table: IntervalTable, minute: number): number {
  let [low, high] = [0, table.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((table.startMinutes[middle] as number) < minute) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Refuses when the days are not covered, or an interval lies across their edge. */
export function checkCover(table: IntervalTable, fromDay: number, toDay: number): void {
  const [first, last] = [table.startMinutes[0] as number, table.startMinutes[table.count] as number];
  if (first > fromDay * 1440) refuse('missing-reading', `usage.intervals: nothing before ${clock(first)}`);
  if (last < toDay * 1440) refuse('missing-reading', `usage.intervals: nothing after ${clock(last)}`);
  for (const day of [fromDay, toDay]) {
    if (table.startMinutes[intervalAt(table, day * 1440)] !== day * 1440) {
      refuse('bad-input', `usage.intervals: one lies across the beginning of ${dayText(day)}`);
    }
  }
}

/** The row of a schedule for a day. */
export function scheduleRow(schedule: CompiledSchedule, day: number): readonly number[] {
  const special = schedule.exceptions.get(day);
  if (special !== undefined && special !== 'weekend') return special;
  const isWeekend = special === 'weekend' || weekdayOf(day) >= 6;
  return schedule.rows[(isWeekend ? 12 : 0) + civilOf(day).month - 1] as readonly number[];
}

/** One part of an interval: its period, its whole millionths, its day. */
type Visit = (period: number, millionths: number, day: number) => void;

/**
 * Walks the intervals of some days in order. One that lies in two periods, or over the first or the last midnight, is cut
 * by minutes, to whole millionths that add up to it.
 */
export function walkPeriods(
  table: IntervalTable,
  schedule: CompiledSchedule,
  fromDay: number,
  toDay: number,
  visit: Visit,
): void {
  const { slotMinutes } = schedule;
  const { startMinutes, millionths } = table;
  const [first, last] = [fromDay * 1440, toDay * 1440];
  const end = intervalAt(table, last);
  const head = across(table, first);
  if (head !== undefined) walkCut(table, head, schedule, first, last, visit);
  let [day, row] = [-1, [] as readonly number[]];
  for (let index = intervalAt(table, first); index < end; index += 1) {
    const start = startMinutes[index] as number;
    const dayNow = Math.floor(start / 1440);
    if (dayNow !== day) [day, row] = [dayNow, scheduleRow(schedule, dayNow)];
    const slot = Math.floor((start - day * 1440) / slotMinutes);
    const finish = startMinutes[index + 1] as number;
    if (finish <= day * 1440 + (slot + 1) * slotMinutes) {
      visit(row[slot] as number, millionths[index] as number, day);
    } else walkCut(table, index, schedule, first, last, visit);
  }
}

/** The interval that lies across a minute. */
function across(table: IntervalTable, minute: number): number | undefined {
  const next = intervalAt(table, minute);
  return next > 0 && table.startMinutes[next] !== minute ? next - 1 : undefined;
}

/** What of an interval had come by a minute, in whole millionths. */
function cameBy({ startMinutes, millionths }: IntervalTable, index: number, minute: number): number {
  const [start, finish] = [startMinutes[index] as number, startMinutes[index + 1] as number];
  const come = BigInt(millionths[index] as number) * BigInt(minute - start);
  return Number(Exact.of(come, finish - start).stepsOf(Exact.one, 'half-up'));
}

function walkCut(
  table: IntervalTable,
  index: number,
  schedule: CompiledSchedule,
  first: number,
  last: number,
  visit: Visit,
): void {
  const stop = Math.min(last, table.startMinutes[index + 1] as number);
  let at = Math.max(first, table.startMinutes[index] as number);
  let given = cameBy(table, index, at);
  while (at < stop) {
    const day = Math.floor(at / 1440);
    const slot = Math.floor((at - day * 1440) / schedule.slotMinutes);
    const next = Math.min(stop, day * 1440 + (slot + 1) * schedule.slotMinutes);
    const upTo = cameBy(table, index, next);
    visit(scheduleRow(schedule, day)[slot] as number, upTo - given, day);
    [at, given] = [next, upTo];
  }
}

/** Whole millionths by period. */
export function periodTotals(
  table: IntervalTable,
  schedule: CompiledSchedule,
  periods: number,
  fromDay: number,
  toDay: number,
): number[] {
  const totals = Array.from({ length: periods }, () => 0);
  walkPeriods(table, schedule, fromDay, toDay, (period, millionths) => {
    totals[period] = (totals[period] as number) + millionths;
  });
  return totals;
}

/** Millionths of all intervals of some days. */
export function intervalSum(table: IntervalTable, fromDay: number, toDay: number): number {
  const beyond = (minute: number): number => {
    const index = across(table, minute);
    return index === undefined ? 0 : (table.millionths[index] as number) - cameBy(table, index, minute);
  };
  let total = beyond(fromDay * 1440) - beyond(toDay * 1440);
  const end = intervalAt(table, toDay * 1440);
  for (let index = intervalAt(table, fromDay * 1440); index < end; index += 1) {
    total += table.millionths[index] as number;
  }
  return total;
}

/** Millionths within the hours and weekdays of a condition, cut by minutes as above. */
export function hoursSum(
  table: IntervalTable,
  hours: NonNullable<CompiledWhen['hours']>,
  holidays: ReadonlySet<number>,
  fromDay: number,
  toDay: number,
): number {
  const slots = Array.from({ length: 96 }, (_, slot) => {
    const minute = slot * 15;
    return hours.spans.some(({ from, to }) => minute >= from && minute < to) ? 1 : 0;
  });
  const none = slots.map(() => 0);
  const exceptions = new Map<number, readonly number[]>();
  for (let day = fromDay; day < toDay; day += 1) {
    const isHoliday = holidays.has(day);
    const isOut = (hours.holidays === 'only' && !isHoliday) || (hours.holidays === 'except' && isHoliday);
    if (isOut || hours.weekdays[weekdayOf(day) - 1] !== true) exceptions.set(day, none);
  }
  const schedule: CompiledSchedule = { slotMinutes: 15, rows: Array.from({ length: 24 }, () => slots), exceptions };
  return periodTotals(table, schedule, 2, fromDay, toDay)[1] as number;
}
