import type { IntervalUsage } from '../../../../domain/tariffs/rating.ts';
import type { Schedule, When } from '../../../../domain/tariffs/tariff.ts';
import { dayOf, minuteOf, monthDay, textOfDay, weekday } from './calendar.ts';
import { no } from './formula.ts';

/** One measured interval: minutes on the wall clock, millionths. */
interface Measured {
  readonly start: number;
  readonly end: number;
  readonly amount: number;
}

/** A part of an interval that lies in one slot of one day. */
export interface Piece {
  readonly day: number;
  readonly minute: number;
  readonly amount: number;
}

/** The intervals of a bill in order of time, without a gap from its first day to its last. */
export function measuredOf(intervals: readonly IntervalUsage[], zone: number, from: number, to: number): Measured[] {
  const all = intervals.map(({ start, minutes, quantity }): Measured => {
    const minute = minuteOf(start, zone);
    if (minute === undefined) return no('bad-input');
    if (quantity.startsWith('-')) return no('negative-usage');
    const [head = '', tail = ''] = quantity.split('.');
    if (!/^\d+(?:\.\d+)?$/.test(quantity) || tail.length > 6) return no('bad-input');
    return { start: minute, end: minute + minutes, amount: Number(head + tail.padEnd(6, '0')) };
  });
  all.sort((a, b) => a.start - b.start);
  all.slice(1).forEach(({ start }, index) => {
    const { end } = all[index] as Measured;
    if (start !== end) no(start > end ? 'missing-reading' : 'bad-input');
  });
  const [first, last] = [from * 1440, to * 1440];
  if ((all[0]?.start ?? Infinity) > first || (all.at(-1)?.end ?? 0) < last) no('missing-reading');
  for (const edge of [first, last]) {
    if (all.some(({ start, end }) => start < edge && edge < end)) no('bad-input');
  }
  return all;
}

/** What of an interval had come by a minute, in whole millionths. */
function cameBy({ start, end, amount }: Measured, minute: number): number {
  if (minute >= end) return amount;
  const length = end - start;
  return Math.floor((2 * amount * (minute - start) + length) / (2 * length));
}

/** Cuts the intervals of some days at every so many minutes of the day. */
export function piecesOf(measured: readonly Measured[], from: number, to: number, slot: number): Piece[] {
  const pieces: Piece[] = [];
  for (const interval of measured) {
    if (interval.end <= from * 1440 || interval.start >= to * 1440) continue;
    let at = Math.max(interval.start, from * 1440);
    while (at < Math.min(interval.end, to * 1440)) {
      const next = Math.min(interval.end, at - (((at % slot) + slot) % slot) + slot);
      const day = Math.floor(at / 1440);
      const amount = cameBy(interval, next) - (at === interval.start ? 0 : cameBy(interval, at));
      pieces.push({ day, minute: at - day * 1440, amount });
      at = next;
    }
  }
  return pieces;
}

/** How long a part of the day is in a schedule. */
export const slotOf = (schedule: Schedule): number => 1440 / (schedule.weekday[0]?.length ?? 24);

/** The row of a day: a special day's, or that of its month and kind of day. */
export function rowOf(schedule: Schedule, day: number): readonly number[] {
  const text = textOfDay(day);
  const special = schedule.exceptions?.findLast(({ days }) => days.includes(text));
  if (special?.row !== undefined) return special.row;
  const isWeekend = special !== undefined || weekday(day) === 0 || weekday(day) === 6;
  const month = Number(monthDay(day).slice(0, 2)) - 1;
  return (isWeekend ? schedule.weekend : schedule.weekday)[month] as readonly number[];
}

/** Millionths by period. */
export function sumsByPeriod(pieces: readonly Piece[], schedule: Schedule, count: number): number[] {
  const sums = Array.from({ length: count }, () => 0);
  const slot = slotOf(schedule);
  let [known, row] = [-1, [] as readonly number[]];
  for (const { day, minute, amount } of pieces) {
    if (day !== known) [known, row] = [day, rowOf(schedule, day)];
    const period = row[Math.floor(minute / slot)] as number;
    sums[period] = (sums[period] as number) + amount;
  }
  return sums;
}

/** True where a condition goes by the hour. */
export const goesByHour = (when: When | undefined): when is When =>
  when?.hours !== undefined || when?.weekdays !== undefined || when?.holidays !== undefined;

/** Whether a condition means a moment; it is asked once for every quarter of an hour. */
export function meansMoment(when: When, holidays: readonly string[], day: number, minute: number): boolean {
  const isHoliday = holidays.some((text) => dayOf(text) === day);
  if (when.holidays === 'only' ? !isHoliday : when.holidays === 'except' && isHoliday) return false;
  const number = weekday(day) === 0 ? 7 : weekday(day);
  if (when.weekdays !== undefined && !when.weekdays.includes(number)) return false;
  return when.hours === undefined || when.hours.some(({ from, to }) => minute >= from * 60 && minute < to * 60);
}
