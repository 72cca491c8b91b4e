/** Most codes that one channel remembers; the oldest is forgotten first. */
const shownMax = 10_000;

/**
 * Codes that this process has shown and that may still be scanned. Platforms that make a payment only when somebody scans
 * do not know its number before; that is “waiting” and not “no such payment”. After a restart nothing is remembered, and
 * `not-found` (which the contract allows for a shown code) is answered instead.
 */
export class ShownCodes {
  readonly #untilMs = new Map<string, number>();

  /** Remembers a code until `untilMs`, Unix milliseconds. */
  show(attemptNo: string, untilMs: number): void {
    const oldest = this.#untilMs.size >= shownMax ? this.#untilMs.keys().next().value : undefined;
    if (oldest !== undefined) this.#untilMs.delete(oldest);
    this.#untilMs.set(attemptNo, untilMs);
  }

  end(attemptNo: string): void {
    this.#untilMs.delete(attemptNo);
  }

  isWaiting(attemptNo: string, nowMs: number): boolean {
    return nowMs <= (this.#untilMs.get(attemptNo) ?? -Infinity);
  }
}
