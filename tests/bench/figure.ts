/** What a figure must reach. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One measured figure of a benchmark. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Absent for figures that only inform. */
  readonly goal?: Goal;
  /** Why it could not be measured on this machine; `value` is NaN then and the goal is not met. */
  readonly missing?: string;
}

/** A benchmark: its one-line description, and the run that yields its figures one after the other. */
export interface Benchmark {
  readonly about: string;
  run(): AsyncIterable<Figure>;
}

/** True when the figure reaches its goal, or has none. */
export function isMet({ value, goal }: Figure): boolean {
  if (goal === undefined) return true;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** A figure that this machine cannot measure, with the reason. */
export function missingFigure(name: string, unit: string, goal: Goal, reason: string): Figure {
  return { name, value: Number.NaN, unit, goal, missing: reason };
}

/** The figure as one line: name, value, unit, goal, whether it is met. */
export function figureLine(figure: Figure): string {
  const { name, value, unit, goal, missing } = figure;
  const shown = missing === undefined ? `${round(value)} ${unit}` : 'not measured';
  const bound = goal === undefined ? '' : 'atLeast' in goal ? `goal ≥ ${goal.atLeast}` : `goal ≤ ${goal.atMost}`;
  const verdict = goal === undefined ? '' : isMet(figure) ? 'met' : 'NOT MET';
  const line = `${name.padEnd(44)} ${shown.padStart(16)}  ${bound.padEnd(14)} ${verdict}`.trimEnd();
  return missing === undefined ? line : `${line} (${missing})`;
}

function round(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return String(Number(value.toFixed(digits)));
}

/** The value below which `share` (0–1) of `values` lie, by the nearest-rank rule. Throws for an empty list. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('percentile.values: is empty');
  return found;
}
