/** Who wants to hear about something. */
export class Listeners<T> {
  #listeners: readonly ((value: T) => void)[] = [];

  /** Adds `listener`; gives the way to remove it. */
  add(listener: (value: T) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}
