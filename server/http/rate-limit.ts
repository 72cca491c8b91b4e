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
      // Too many different callers: forgetting them all is better than keeping them all.
      if (windows.size >= callersMax) windows.clear();
      windows.set(caller, { calls: 1, untilMs: nowMs + windowMs });
      return true;
    },
  };
}
