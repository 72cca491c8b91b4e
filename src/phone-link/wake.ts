/** One timer, moved to whenever the machine wants to be woken. */
export class Wake {
  readonly #later: (act: () => void, afterMs: number) => () => void;
  readonly #now: () => number;
  readonly #act: () => void;
  #stop: (() => void) | undefined;

  constructor(
    environment: {
      readonly later: (act: () => void, afterMs: number) => () => void;
      readonly now: () => number;
    },
    act: () => void,
  ) {
    this.#later = environment.later;
    this.#now = environment.now;
    this.#act = act;
  }

  /** `Infinity`: not at all. */
  at(atMs: number): void {
    this.#stop?.();
    this.#stop = atMs === Infinity ? undefined : this.#later(this.#act, Math.max(0, atMs - this.#now()));
  }
}
