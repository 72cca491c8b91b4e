const offsetMs = 8 * 3_600_000;

/** Unix milliseconds as `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai, the zone of every platform here. */
export function shanghai(ms: number): string {
  return new Date(ms + offsetMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** The same as `yyyyMMddHHmmss`. */
export function shanghaiCompact(ms: number): string {
  return shanghai(ms).replaceAll(/\D/g, '');
}

/** `yyyy-MM-dd HH:mm:ss` or `yyyyMMddHHmmss` in Asia/Shanghai as Unix milliseconds; `undefined` when it is none. */
export function fromShanghai(text: string): number | undefined {
  const digits = text.replaceAll(/[- :]/g, '');
  if (!/^\d{14}$/.test(digits)) return undefined;
  const ms = Date.parse(digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6+08:00'));
  return Number.isNaN(ms) || shanghaiCompact(ms) !== digits ? undefined : ms;
}
