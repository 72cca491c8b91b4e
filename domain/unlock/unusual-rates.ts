/** How often one technician, model or merchant unlocked: today, and on each of the days before, the quiet ones as 0. */
export interface RateSeries {
  readonly subject: string;
  readonly today: number;
  readonly before: readonly number[];
}

/** A subject whose count of today stands out. */
export interface UnusualRate {
  readonly subject: string;
  readonly today: number;
  /** What is usual: the median of the days before. */
  readonly usual: number;
  /** Robust z-score: deviation from the median in units of the scaled median absolute deviation. */
  readonly score: number;
}

/** From when on a count stands out. */
export interface RateLimits {
  /** Counts below it never do, however unusual. */
  readonly countMin: number;
  readonly scoreMin: number;
  /** Days that must be known before anything is unusual. */
  readonly daysMin: number;
}

/** The limits that the server uses. */
export const defaultRateLimits: RateLimits = { countMin: 6, scoreMin: 4, daysMin: 7 };

/** Makes the median absolute deviation of a normal distribution equal to its standard deviation. */
const madScale = 1.4826;
/** On quiet days the deviation is 0; one unlock more or less is then one unit. */
const spreadMin = 1;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** The subjects whose count of today is unusually high against their own past. */
export function unusualRates(series: readonly RateSeries[], limits: RateLimits = defaultRateLimits): UnusualRate[] {
  const unusual: UnusualRate[] = [];
  for (const { subject, today, before } of series) {
    if (today < limits.countMin || before.length < limits.daysMin) continue;
    const usual = median(before);
    const spread = Math.max(spreadMin, madScale * median(before.map((count) => Math.abs(count - usual))));
    const score = (today - usual) / spread;
    if (score >= limits.scoreMin) unusual.push({ subject, today, usual, score: Math.round(score * 10) / 10 });
  }
  return unusual;
}
