const shanghaiMs = 8 * 3_600_000;

/** First and last day of the month before the present one, in Asia/Shanghai. */
export function lastMonth(nowMs: number): { from: string; to: string } {
  const now = new Date(nowMs + shanghaiMs);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  return { from: day(Date.UTC(year, month - 1, 1)), to: day(Date.UTC(year, month, 0)) };
}

/** Today in Asia/Shanghai. */
export function shanghaiToday(nowMs: number): string {
  return new Date(nowMs + shanghaiMs).toISOString().slice(0, 10);
}
