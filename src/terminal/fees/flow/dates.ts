const shanghaiMs = 8 * 3_600_000;
const dayMs = 86_400_000;

/** Until when a quote is true, as people say it. Fees are counted by days of Asia/Shanghai. */
export type Until =
  /** Until the day is over: 24:00. */
  | { readonly at: 'midnight' }
  /** An instant of today. */
  | { readonly at: 'today'; readonly ms: number }
  | { readonly at: 'later'; readonly ms: number };

/** How to say an end; `nowMs` is the server's time. */
export function untilOf(validUntil: string, nowMs: number): Until {
  const ms = Date.parse(validUntil);
  const today = Math.floor((nowMs + shanghaiMs) / dayMs);
  // The last second of the day and the first instant of the next one are both 24:00.
  if (Math.floor((ms + shanghaiMs + 1_000) / dayMs) === today + 1 && (ms + shanghaiMs) % dayMs < 1)
    return { at: 'midnight' };
  if (Math.floor((ms + shanghaiMs) / dayMs) !== today) return { at: 'later', ms };
  return dayMs - ((ms + shanghaiMs) % dayMs) <= 1_000 ? { at: 'midnight' } : { at: 'today', ms };
}

/** Noon of a day in Asia/Shanghai: an instant that is on this day in every zone that a terminal may be set to. */
export function noonOf(day: string): string {
  return `${day}T12:00:00+08:00`;
}

const zone = 'Asia/Shanghai';

/** Chinese sets a space between figures and characters: 11 月 1 日. */
function spaced(text: string): string {
  return text.replaceAll(/(\d)(?=[年月日])/g, '$1 ').replaceAll(/(?<=[年月])(?=\d)/g, ' ');
}

/** The day of an instant as people say it: `10 月 20 日`, `20 Oct`; with its year when it is not the present one. */
export function dayWords(at: string, tag: string, nowMs: number): string {
  const yearOf = (ms: number): number => new Date(ms + shanghaiMs).getUTCFullYear();
  const shape = new Intl.DateTimeFormat(tag, {
    ...{ month: tag.startsWith('zh') ? 'long' : 'short', day: 'numeric', timeZone: zone },
    ...(yearOf(Date.parse(at)) === yearOf(nowMs) ? {} : { year: 'numeric' }),
  });
  return spaced(shape.format(new Date(at)));
}

/** `10 月`, `Oct`; with its year where that is not plain: `2025 年 12 月`, `Dec 2025`. */
export function monthWords(month: string, tag: string, withYear: boolean): string {
  const shape = new Intl.DateTimeFormat(tag, {
    month: 'short',
    timeZone: zone,
    ...(withYear ? { year: 'numeric' } : {}),
  });
  return spaced(shape.format(new Date(noonOf(`${month}-15`))));
}
