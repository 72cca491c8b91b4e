/** Asia/Shanghai is UTC+8 without summer time since 1991; platforms know no other zone. */
const offsetMs = 8 * 3_600_000;

/** Writes Unix milliseconds as `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai. */
export function shanghaiText(ms: number): string {
  return new Date(ms + offsetMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Writes Unix milliseconds as `yyyyMMddHHmmss` in Asia/Shanghai. */
export function shanghaiDigits(ms: number): string {
  return shanghaiText(ms).replaceAll(/\D/g, '');
}

/** Writes Unix milliseconds as RFC 3339 with `+08:00`, whole seconds. */
export function shanghaiRfc3339(ms: number): string {
  return `${shanghaiText(ms).replace(' ', 'T')}+08:00`;
}

/** Writes the day, `yyyy-MM-dd`, that it is in Asia/Shanghai. */
export function shanghaiDay(ms: number): string {
  return shanghaiText(ms).slice(0, 10);
}

/**
 * Reads `yyyy-MM-dd HH:mm:ss` or `yyyyMMddHHmmss` as Asia/Shanghai. @returns Unix milliseconds; `undefined` for anything
 * else, also for days that do not exist.
 */
export function msFromShanghai(text: string): number | undefined {
  const match = /^(\d{4})-?(\d\d)-?(\d\d) ?(\d\d):?(\d\d):?(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(`${iso}+08:00`);
  return Number.isNaN(ms) || shanghaiText(ms) !== iso.replace('T', ' ') ? undefined : ms;
}

/** Reads RFC 3339 with an offset. @returns Unix milliseconds, or `undefined`. */
export function msFromRfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
