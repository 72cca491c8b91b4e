import type { LinkStats } from '../../protocol/cable/v1/link-types.ts';

/** What the connection card shows; a snapshot. */
export interface CableHealth {
  /** Milliseconds since the last byte arrived; undefined before the first. */
  readonly lastByteAgeMs: number | undefined;
  /** Smoothed round trip; undefined before the first measure. */
  readonly roundTripMs: number | undefined;
  /** Pieces of noise that were no frame. */
  readonly errors: number;
  readonly resends: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The last round trips, oldest first, at most 60; one per second. */
  readonly spark: readonly number[];
}

/** Round trips kept for the picture. */
export const sparkMax = 60;

/** The health that `stats` and the earlier `spark` make at `nowMs`. */
function healthOf(stats: LinkStats, spark: readonly number[], nowMs: number): CableHealth {
  return {
    lastByteAgeMs: Number.isFinite(stats.lastByteAtMs) ? Math.max(0, nowMs - stats.lastByteAtMs) : undefined,
    roundTripMs: stats.srttMs > 0 ? stats.srttMs : undefined,
    errors: stats.badFrames,
    resends: stats.resends,
    bytesIn: stats.bytesIn,
    bytesOut: stats.bytesOut,
    spark,
  };
}

/** `spark` with one more round trip, bounded. */
function sparkWith(spark: readonly number[], roundTripMs: number): readonly number[] {
  return roundTripMs > 0 ? [...spark, Math.round(roundTripMs * 10) / 10].slice(-sparkMax) : spark;
}

/** Least pause between two samples for the screen. */
const sampleMs = 1000;

/** Samples an end's health now and each second; gives the way to stop. `spark` is what was seen before. */
export function sampleHealth(
  end: { readonly stats: LinkStats },
  spark: readonly number[],
  now: () => number,
  keep: (health: CableHealth) => void,
): () => void {
  let seen = spark;
  const take = (): void => {
    const { stats } = end;
    seen = sparkWith(seen, stats.srttMs);
    keep(healthOf(stats, seen, now()));
  };
  take();
  const timer = setInterval(take, sampleMs);
  return () => clearInterval(timer);
}
