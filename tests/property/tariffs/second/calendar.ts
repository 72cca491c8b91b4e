// Days from the platform's own calendar, written out once; the engine counts eras of 400 years.

const dayMs = 86_400_000;
const firstDay = Date.UTC(2010, 0, 1) / dayMs;
const lastDay = Date.UTC(2045, 0, 1) / dayMs;
const written = Array.from({ length: lastDay - firstDay }, (_, index) =>
  new Date((firstDay + index) * dayMs).toISOString().slice(0, 10),
);
const numbers = new Map(written.map((text, index) => [text, firstDay + index]));

/** `yyyy-mm-dd`. */
export const textOfDay = (day: number): string => written[day - firstDay] as string;
/** The day's number; `undefined` for a day that does not exist. */
export const dayOf = (text: string): number | undefined => numbers.get(text);
/** `MM-DD`. */
export const monthDay = (day: number): string => textOfDay(day).slice(5);
/** `yyyy-mm`. */
export const monthOf = (day: number): string => textOfDay(day).slice(0, 7);
/** The year. */
export const yearOf = (day: number): number => Number(textOfDay(day).slice(0, 4));
/** 0 Sunday … 6 Saturday. */
export const weekday = (day: number): number => new Date(day * dayMs).getUTCDay();

/** The day `MM-DD` of a year; the 28th for 29 February where there is none. */
export function dayInYear(year: number, text: string): number {
  const found = dayOf(`${String(year)}-${text}`);
  return found ?? (dayOf(`${String(year)}-02-28`) as number);
}

/** The last `MM-DD` on or before a day. */
export function lastOn(day: number, text: string): number {
  const here = dayInYear(yearOf(day), text);
  return here <= day ? here : dayInYear(yearOf(day) - 1, text);
}

/** The same day of a later month, or that month's last. */
export function monthsLater(day: number, months: number): number {
  const [year = 0, month = 0, date = 0] = textOfDay(day).split('-').map(Number);
  const length = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return Date.UTC(year, month - 1 + months, Math.min(date, length)) / dayMs;
}

const periodMonths = { month: 1, quarter: 3, year: 12 } as const;
/** What a calendar unit is called. */
export type Unit = keyof typeof periodMonths;

/** Months of a unit. */
export const monthsIn = (unit: Unit): number => periodMonths[unit];

const lengths = new Map<string, number>();
/** How many days the calendar month, quarter or year has in which a day lies. */
export function unitLength(day: number, unit: Unit): number {
  const key = `${monthOf(day)} ${unit}`;
  const found = lengths.get(key);
  if (found !== undefined) return found;
  const months = periodMonths[unit];
  const [year = 0, month = 0] = monthOf(day).split('-').map(Number);
  const first = Math.floor((month - 1) / months) * months;
  const length = (Date.UTC(year, first + months, 1) - Date.UTC(year, first, 1)) / dayMs;
  lengths.set(key, length);
  return length;
}

/** Minutes since 1970 on the wall clock of a zone; `undefined` when it is no instant. */
export function minuteOf(text: string, zone: number): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 60_000) + zone;
}

/** Minutes of `+08:00`. */
export function zoneOf(text: string): number {
  if (text === 'Z') return 0;
  const [hours = 0, minutes = 0] = text.slice(1).split(':').map(Number);
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
