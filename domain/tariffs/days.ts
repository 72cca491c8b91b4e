import type { DayText } from './rating.ts';

/**
 * Days as whole numbers since 1970-01-01, in the tariff's own time zone; no clock, no zone data. Tariffs name a fixed
 * offset: Asia/Shanghai has had no summer time since 1991.
 */
export interface CivilDay {
  readonly year: number;
  /** 1 to 12, 1 to 31. */
  readonly month: number;
  readonly day: number;
}

const firstYear = 1900;
const lastYear = 2199;
const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** True for a year with 366 days. */
function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days of a month, 1 to 12. */
export function daysOfMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (monthLengths[month - 1] ?? 0);
}

/** The day's number. The Gregorian calendar counted in eras of 400 years that begin in March. */
export function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** Year, month and day of a day's number. */
export function civilOf(number: number): CivilDay {
  const shifted = number + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

const two = (value: number): string => (value < 10 ? `0${String(value)}` : String(value));

const written = new Map<number, DayText>();
const writtenMax = 4_096;

/** `yyyy-mm-dd`. A run of bills has few days, so they are written once. */
export function dayText(number: number): DayText {
  const known = written.get(number);
  if (known !== undefined) return known;
  const { year, month, day } = civilOf(number);
  const text = `${String(year)}-${two(month)}-${two(day)}`;
  if (written.size >= writtenMax) written.clear();
  written.set(number, text);
  return text;
}

const digit = (text: string, index: number): number => text.charCodeAt(index) - 48;
const pair = (text: string, index: number): number => {
  const [tens, ones] = [digit(text, index), digit(text, index + 1)];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
};

/** Reads the first ten characters as a day that exists; `undefined` otherwise. */
export function readDayPrefix(text: string): number | undefined {
  const [year, month, day] = [pair(text, 0) * 100 + pair(text, 2), pair(text, 5), pair(text, 8)];
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  const exists = year >= firstYear && year <= lastYear && month >= 1 && day >= 1 && day <= daysOfMonth(year, month);
  return exists ? dayNumber(year, month, day) : undefined;
}

/** Reads `yyyy-mm-dd`; `undefined` for anything else and for a day that does not exist. */
export function readDay(text: string): number | undefined {
  return text.length === 10 ? readDayPrefix(text) : undefined;
}

/** Reads `+hh:mm`, `-hh:mm` or `Z` from `start` on as minutes; `undefined` for anything else. */
export function readOffset(text: string, start = 0): number | undefined {
  if (text.charCodeAt(start) === 90 && text.length === start + 1) return 0;
  if (text.length !== start + 6 || text.charCodeAt(start + 3) !== 58) return undefined;
  const [hours, minutes] = [pair(text, start + 1), pair(text, start + 4)];
  if (!(hours <= 14 && minutes <= 59)) return undefined;
  const sign = text.charCodeAt(start);
  return sign === 43 ? hours * 60 + minutes : sign === 45 ? -(hours * 60 + minutes) : undefined;
}

/** Minutes since 1970 of the wall clock in the zone `zoneMinutes`; `undefined` when it is no instant. */
export function readInstant(text: string, zoneMinutes: number): number | undefined {
  const day = readDayPrefix(text);
  const [hours, minutes] = [pair(text, 11), pair(text, 14)];
  if (day === undefined || text.charCodeAt(10) !== 84 || text.charCodeAt(13) !== 58) return undefined;
  if (!(hours <= 23 && minutes <= 59)) return undefined;
  let rest = 16;
  if (text.charCodeAt(rest) === 58) {
    if (!(pair(text, 17) <= 59)) return undefined;
    rest = 19;
    if (text.charCodeAt(rest) === 46) {
      rest += 1;
      while (digit(text, rest) >= 0 && digit(text, rest) <= 9 && rest < 30) rest += 1;
    }
  }
  const offset = readOffset(text, rest);
  return offset === undefined ? undefined : day * 1440 + hours * 60 + minutes - offset + zoneMinutes;
}

/** The same day some months later; the month's last day where it has no such day. */
export function addMonths(number: number, months: number): number {
  const { year, month, day } = civilOf(number);
  const index = year * 12 + month - 1 + months;
  const [newYear, newMonth] = [Math.floor(index / 12), (((index % 12) + 12) % 12) + 1];
  return dayNumber(newYear, newMonth, Math.min(day, daysOfMonth(newYear, newMonth)));
}

/** 1 Monday … 7 Sunday. */
export function weekdayOf(number: number): number {
  return ((((number + 3) % 7) + 7) % 7) + 1;
}

/** Reads `MM-DD` as month × 100 + day; `undefined` when no year has it. 29 February exists. */
export function readMonthDay(text: string): number | undefined {
  if (text.length !== 5 || text.charCodeAt(2) !== 45) return undefined;
  const [month, day] = [pair(text, 0), pair(text, 3)];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth(2024, month) ? month * 100 + day : undefined;
}

/** The day `monthDay` (month × 100 + day) of a year; 28 February for the 29th in a short year. */
export function dayInYear(year: number, monthDay: number): number {
  const month = Math.floor(monthDay / 100);
  return dayNumber(year, month, Math.min(monthDay % 100, daysOfMonth(year, month)));
}

/** The last `monthDay` on or before a day. */
export function lastMonthDay(number: number, monthDay: number): number {
  const { year } = civilOf(number);
  const same = dayInYear(year, monthDay);
  return same <= number ? same : dayInYear(year - 1, monthDay);
}
