import { noProgressMs, silenceMs, sleptMs } from './limits.ts';

/** Notices that this program did not run for a while (hidden tab, closed lid), so that such time is not counted. */
export class SleepGuard {
  #awakeSinceMs = -Infinity;
  #lastRunMs = -Infinity;

  /** Since when the program has run without a long pause; -Infinity when it never slept. */
  get awakeSinceMs(): number {
    return this.#awakeSinceMs;
  }

  /** Notes that the program runs; `dueMs` is when it had asked to run. */
  noteRun(nowMs: number, dueMs: number | undefined): void {
    if (dueMs !== undefined && nowMs - Math.max(dueMs, this.#lastRunMs) > sleptMs) this.#awakeSinceMs = nowMs;
    this.#lastRunMs = nowMs;
  }
}

/**
 * Judges whether the other side is gone. Alive means that bytes arrived lately. Only while something is owed is
 * silence a failure, and time during which this program slept does not count.
 */
export class Liveness {
  #owedSinceMs: number | undefined;
  readonly guard = new SleepGuard();
  lastByteAtMs = -Infinity;
  lastFrameAtMs = -Infinity;

  /** Starts over for a new link; the times of the last bytes stay, they belong to the line. */
  reset(): void {
    this.#owedSinceMs = undefined;
  }

  /** Notes whether an answer is owed to us from now on. */
  setOwed(isOwed: boolean, nowMs: number): void {
    if (!isOwed) this.#owedSinceMs = undefined;
    else this.#owedSinceMs ??= nowMs;
  }

  /** When verdict() would first say something; `undefined` while nothing is owed. */
  deadlineMs(): number | undefined {
    if (this.#owedSinceMs === undefined) return undefined;
    return Math.min(this.#since(this.lastByteAtMs) + silenceMs, this.#since(this.lastFrameAtMs) + noProgressMs);
  }

  /** Why the link must be given up now, or `undefined`. */
  verdict(nowMs: number): 'silent' | 'no-progress' | undefined {
    if (this.#owedSinceMs === undefined) return undefined;
    if (nowMs >= this.#since(this.lastByteAtMs) + silenceMs) return 'silent';
    if (nowMs >= this.#since(this.lastFrameAtMs) + noProgressMs) return 'no-progress';
    return undefined;
  }

  #since(atMs: number): number {
    return Math.max(atMs, this.#owedSinceMs ?? -Infinity, this.guard.awakeSinceMs);
  }
}
