/** Counts calls of one caller. */
export interface RateLimit {
  /** False when this caller has used up its calls of the present window. */
  take(caller: string): boolean;
}

const callersMax = 10_000;

/** A limit of `callsMax` in each window of `windowMs` for every caller, kept in this process. */
export function createRateLimit(
  callsMax: number,
  windowMs: number,
  clock = (): number => performance.now(),
): RateLimit {
  const windows = new Map<string, { calls: number; untilMs: number }>();
  return {
    take: (caller) => {
      const nowMs = clock();
      const known = windows.get(caller);
      if (known !== undefined && known.untilMs > nowMs) {
        known.calls += 1;
        return known.calls <= callsMax;
      }
      windows.delete(caller);
      forgetOld(windows, nowMs);
      windows.set(caller, { calls: 1, untilMs: nowMs + windowMs });
      return true;
    },
  };
}

/** Windows stand in the order in which they began. With too many callers at once the oldest is forgotten, not everybody. */
function forgetOld(windows: Map<string, { readonly untilMs: number }>, nowMs: number): void {
  for (const [caller, { untilMs }] of windows) {
    if (untilMs > nowMs && windows.size < callersMax) return;
    windows.delete(caller);
  }
}
