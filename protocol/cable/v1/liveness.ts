import { noProgressMs, silenceMs, sleptMs } from './limits.ts';

/**
 * Judges whether the other side is gone. Alive means that bytes arrived lately. Only while something is owed is
 * silence a failure, and time during which this program slept does not count.
 */
export class Liveness {
  #owedSinceMs: number | undefined;
  #awakeSinceMs = -Infinity;
  #lastTickMs = -Infinity;
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

  /** Notes that the program runs; `dueMs` is when it had asked to run. */
  awake(nowMs: number, dueMs: number | undefined): void {
    const late = dueMs === undefined ? 0 : nowMs - Math.max(dueMs, this.#lastTickMs);
    if (late > sleptMs) this.#awakeSinceMs = nowMs;
    this.#lastTickMs = nowMs;
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
    return Math.max(atMs, this.#owedSinceMs ?? -Infinity, this.#awakeSinceMs);
  }
}
