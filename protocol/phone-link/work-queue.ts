/** Inputs that wait while cryptography runs; beyond this, frames are dropped and come again. */
export const inputsMax = 256;

/** One act after the other: Web Crypto answers late, and events must not overtake each other. */
export class WorkQueue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** True when so much waits that frames should not be added. */
  get isFull(): boolean {
    return this.#waiting >= inputsMax;
  }

  /** Runs `act` after everything before it. */
  add(act: () => Promise<void>): void {
    this.#waiting += 1;
    this.#last = this.#last
      .then(act)
      .catch(this.#onError)
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Settles when everything added so far is done. */
  get idle(): Promise<void> {
    return this.#last;
  }
}
