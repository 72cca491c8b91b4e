import { languageTags } from '../i18n/languages.ts';
import type { Language } from '../i18n/languages.ts';

/** Bills are of one place; a phone set to another zone must not move their days. */
const billZone = 'Asia/Shanghai';
const dayMs = 86_400_000;

/** Days and times on a bill, as its reader expects them. */
export interface BillFormats {
  /** `¥156.68` from fen, with a true minus. */
  yuan(fen: number): string;
  /** `1 Nov` from `yyyy-mm-dd`. */
  day(text: string): string;
  /** `14:36:08`. */
  time(at: string): string;
  /** `24 Nov 2026, 14:36`; in Chinese `2026-11-24 14:36`, which holds together on one line. */
  dateTime(at: string): string;
  /** When a sum stops being true: `24:00 today`, `24:00 on 25 Nov`, `16:30 today`. */
  until(at: string, nowMs: number): string;
  /** True when `at` is the end of today. */
  isTonight(at: string, nowMs: number): boolean;
  /** `2,846` from a decimal text; digits after the point stay as they are. */
  decimal(text: string): string;
}

/** `yyyy-mm-dd` in the bill's zone. */
function dayOf(ms: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: billZone }).format(ms);
}

function clockOf(ms: number): string {
  const options = { timeZone: billZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat('en-GB', options).format(ms);
}

/** The day and the clock time of an instant; midnight belongs to the day that ends with it. */
function endOf(at: string): { readonly day: string; readonly clock: string } {
  const ms = Date.parse(at);
  const clock = clockOf(ms);
  return clock === '00:00' ? { day: dayOf(ms - 1), clock: '24:00' } : { day: dayOf(ms), clock };
}

/** The formats of one language. */
export function billFormats(language: Language): BillFormats {
  const tag = languageTags[language];
  const money = new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
  const shape = (options: Intl.DateTimeFormatOptions, timeZone = billZone): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(tag, { ...options, timeZone });
  const dayShape = shape({ month: language === 'zh' ? 'long' : 'short', day: 'numeric' }, 'UTC');
  const timeShape = shape({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const dateTime = shape({
    ...{ year: 'numeric', month: 'short', day: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  const day = (text: string): string => spaced(dayShape.format(Date.parse(`${text}T00:00:00Z`)), language);
  return {
    yuan: (fen) => `${fen < 0 ? '−' : ''}¥${money.format(Math.abs(fen) / 100)}`,
    day,
    time: (at) => timeShape.format(Date.parse(at)),
    dateTime: (at) =>
      language === 'zh' ? `${dayOf(Date.parse(at))} ${clockOf(Date.parse(at))}` : dateTime.format(Date.parse(at)),
    until: (at, nowMs) => {
      const end = endOf(at);
      const isToday = end.day === dayOf(nowMs);
      if (language === 'zh') return `${isToday ? '今天' : day(end.day)} ${end.clock}`;
      return isToday ? `${end.clock} today` : `${end.clock} on ${day(end.day)}`;
    },
    isTonight: (at, nowMs) =>
      Date.parse(at) - nowMs <= dayMs && endOf(at).day === dayOf(nowMs) && clockOf(Date.parse(at)) === '00:00',
    decimal: (text) => {
      const [integer = '0', fraction] = text.split('.');
      return `${whole.format(BigInt(integer))}${fraction === undefined ? '' : `.${fraction}`}`.replace('-', '−');
    },
  };
}

/** Chinese sets a space between figures and characters: 11 月 1 日. */
function spaced(text: string, language: Language): string {
  return language === 'zh' ? text.replace(/(\d)(?=[年月日])/g, '$1 ').replace(/(?<=[年月])(?=\d)/g, ' ') : text;
}
