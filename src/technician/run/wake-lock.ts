/** Keeps the screen on while it is held, also after the page was hidden and shown again. Does nothing where it cannot. */
export class WakeLock {
  #isHeld = false;
  #sentinel: WakeLockSentinel | undefined;

  hold(): void {
    if (this.#isHeld || typeof document === 'undefined') return;
    this.#isHeld = true;
    document.addEventListener('visibilitychange', this.#renew);
    void this.#ask();
  }

  release(): void {
    this.#isHeld = false;
    if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', this.#renew);
    void this.#sentinel?.release();
    this.#sentinel = undefined;
  }

  readonly #renew = (): void => {
    if (this.#isHeld && !document.hidden) void this.#ask();
  };

  async #ask(): Promise<void> {
    try {
      const sentinel = await (navigator as Partial<Navigator>).wakeLock?.request('screen');
      if (this.#isHeld) this.#sentinel = sentinel;
      else await sentinel?.release();
    } catch {
      // Refused, for example on low battery: the run works without.
    }
  }
}
