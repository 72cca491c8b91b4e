import { slowMs } from './offer.ts';

/** Watches one call to the server: after `slowMs` it counts as slow, and the person may go another way without it. */
export class ServerWait {
  #isSlow = $state(false);
  #leave: () => void = () => undefined;

  /** The call under way has not been answered for `slowMs`. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** What `work` comes to, or `left` when the person did not wait for it; it then goes on unheard. */
  async watch<T>(work: Promise<T>): Promise<T | 'left'> {
    const left = new Promise<'left'>((resolve) => {
      this.#leave = () => resolve('left');
    });
    const timer = setTimeout(() => (this.#isSlow = true), slowMs);
    try {
      return await Promise.race([work, left]);
    } finally {
      clearTimeout(timer);
      this.#isSlow = false;
    }
  }

  /** The person goes another way. */
  leave(): void {
    this.#leave();
  }
}
