import { languageTags } from './languages.ts';
import type { Language } from './languages.ts';

/** An instant: ISO 8601 text or epoch milliseconds. */
export type Instant = string | number;

/** Times, durations and numbers as a reader of one language expects them. */
export interface Formats {
  /** `14:05:10`: where the second is evidence. */
  time(at: Instant): string;
  /** `14:05`. */
  timeShort(at: Instant): string;
  /** `24 Nov 2026`. */
  date(at: Instant): string;
  /** `24 Nov 2026, 14:05`. */
  dateTime(at: Instant): string;
  /** `Tue 24 Nov 2026, 14:05:10`. */
  dateTimeLong(at: Instant): string;
  /** The time alone when it is today, otherwise with its date. */
  dayTime(at: Instant, nowMs: number): string;
  /** A length of time in its two largest units: `0.4 s`, `24 s`, `3 min 42 s`, `1 h 05 min`, `3 d 4 h`. */
  duration(ms: number): string;
  /** How long ago, from one second upwards; never negative. */
  age(since: Instant, nowMs: number): string;
  /** `1,234`. */
  number(value: number): string;
  /** `42 %`; `share` is 0 to 1. */
  percent(share: number): string;
  /** `149 B`, `12.5 kB`, `3.4 MB`, `10.7 GB`. */
  bytes(count: number): string;
  /** `3.02 V` from millivolts. */
  volts(millivolts: number): string;
  /** `¥0.01` from fen. */
  yuan(fen: number): string;
  /** `case, mesh and drop`. */
  list(parts: readonly string[]): string;
  /** Facts side by side, with the language's own comma; what is undefined is left out. */
  row(...parts: readonly (string | undefined)[]): string;
  /** Words with the full stop of the language. */
  sentence(words: string): string;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const unitWords = {
  en: { s: 's', min: 'min', h: 'h', d: 'd' },
  zh: { s: '秒', min: '分', h: '小时', d: '天' },
} as const satisfies Record<Language, Record<string, string>>;

/** The formats of one language; `timeZone` is the reader's own when left out. */
export function createFormats(language: Language, timeZone?: string): Formats {
  const tag = languageTags[language];
  const shape = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(tag, { ...options, ...(timeZone === undefined ? {} : { timeZone }) });
  const time = shape({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const timeShort = shape({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const date = shape({ year: 'numeric', month: 'short', day: 'numeric' });
  const weekday = shape({ weekday: 'short' });
  const list = new Intl.ListFormat(tag, { type: 'conjunction' });
  const numbers = numberFormats(tag);
  const gap = language === 'zh' ? ' ' : ', ';

  return {
    ...numbers,
    time: (at) => time.format(new Date(at)),
    timeShort: (at) => timeShort.format(new Date(at)),
    date: (at) => date.format(new Date(at)),
    dateTime: (at) => `${date.format(new Date(at))}${gap}${timeShort.format(new Date(at))}`,
    dateTimeLong: (at) => {
      const day = new Date(at);
      const words =
        language === 'zh' ? `${date.format(day)} ${weekday.format(day)}` : `${weekday.format(day)} ${date.format(day)}`;
      return `${words}${gap}${time.format(day)}`;
    },
    dayTime: (at, nowMs) =>
      date.format(new Date(at)) === date.format(nowMs)
        ? time.format(new Date(at))
        : `${date.format(new Date(at))}${gap}${timeShort.format(new Date(at))}`,
    duration: (ms) => duration(ms, language),
    age: (since, nowMs) => {
      const wholeSeconds = Math.floor((nowMs - new Date(since).getTime()) / secondMs);
      return duration(Math.max(1, wholeSeconds) * secondMs, language);
    },
    list: (parts) => list.format(parts),
    row: (...parts) => parts.filter((part) => part !== undefined).join(language === 'zh' ? '，' : ', '),
    sentence: (words) => `${words}${language === 'zh' ? '。' : '.'}`,
  };
}

type NumberFormats = Pick<Formats, 'number' | 'percent' | 'bytes' | 'volts' | 'yuan'>;

function numberFormats(tag: string): NumberFormats {
  const number = new Intl.NumberFormat(tag, { maximumFractionDigits: 2 });
  const oneDigit = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
  const twoDigits = new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return {
    number: (value) => number.format(value),
    percent: (share) => `${oneDigit.format(share * 100)} %`,
    bytes: (count) => {
      if (count < 1_000) return `${number.format(count)} B`;
      if (count < 1_000_000) return `${oneDigit.format(count / 1_000)} kB`;
      if (count < 1_000_000_000) return `${oneDigit.format(count / 1_000_000)} MB`;
      return `${oneDigit.format(count / 1_000_000_000)} GB`;
    },
    volts: (millivolts) => `${twoDigits.format(millivolts / 1_000)} V`,
    yuan: (fen) => `${fen < 0 ? '−' : ''}¥${twoDigits.format(Math.abs(fen) / 100)}`,
  };
}

function duration(ms: number, language: Language): string {
  const words = unitWords[language];
  if (ms < 10 * secondMs) {
    const tenths = Math.max(0, Math.round(ms / 100)) / 10;
    return `${tenths < 1 || !Number.isInteger(tenths) ? tenths.toFixed(1) : tenths} ${words.s}`;
  }
  const seconds = Math.floor(ms / secondMs);
  if (ms < minuteMs) return `${seconds} ${words.s}`;
  if (ms < hourMs) return pair(Math.floor(ms / minuteMs), words.min, seconds % 60, words.s, language);
  if (ms < dayMs) return pair(Math.floor(ms / hourMs), words.h, Math.floor(ms / minuteMs) % 60, words.min, language);
  return `${Math.floor(ms / dayMs)} ${words.d} ${Math.floor(ms / hourMs) % 24} ${words.h}`;
}

function pair(large: number, largeWord: string, small: number, smallWord: string, language: Language): string {
  const padded = language === 'en' ? String(small).padStart(2, '0') : String(small);
  return `${large} ${largeWord} ${padded} ${smallWord}`;
}

/** Six digits in two groups of three, as the terminal's screen shows them: `418 207`. Other text is left as it is. */
export function groupDigits(digits: string): string {
  return /^\d{6}$/.test(digits) ? `${digits.slice(0, 3)} ${digits.slice(3)}` : digits;
}
