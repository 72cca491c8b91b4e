import { createSubscriber } from 'svelte/reactivity';

/** The present second, for ages and countdowns; it ticks only while something on the screen reads it. */
export class Clock {
  readonly #subscribe: () => void;
  readonly #read: () => number;

  /** `read` gives epoch milliseconds. */
  constructor(read: () => number = Date.now) {
    this.#read = read;
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(update, 1_000);
      return () => clearInterval(timer);
    });
  }

  /** Epoch milliseconds; reading it in a component makes the component follow the time. */
  get nowMs(): number {
    this.#subscribe();
    return this.#read();
  }
}

/** The one clock of the page. */
export const clock = new Clock();
