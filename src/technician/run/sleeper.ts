/** A loop's rest: ends when it is woken, or after a time. A wake-up between two rests is not lost. */
export class Sleeper {
  #wake: () => void = () => undefined;
  #isWoken = false;

  /** Woken since the last `begin`. */
  get isWoken(): boolean {
    return this.#isWoken;
  }

  /** A new round begins: from now on wake-ups count. */
  begin(): void {
    this.#isWoken = false;
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** True when something woke it before `ms` were over; undefined waits for a wake-up alone. */
  sleep(ms: number | undefined): Promise<boolean> {
    if (this.#isWoken) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => resolve(false), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
