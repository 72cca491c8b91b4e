import type { WallClock } from './clock.ts';

/** What lies over the screen's own content for a while: lines from the host, and the progress of a step. */
export class Display {
  readonly #wall: WallClock;
  #lines: readonly string[] = [];
  #untilMs = 0;
  /** 0 to 100 while a step runs; -1 otherwise. */
  percent = -1;

  constructor(wall: WallClock) {
    this.#wall = wall;
  }

  /** Shows `lines` for `seconds`. */
  show(lines: readonly string[], seconds: number): void {
    this.#lines = lines;
    this.#untilMs = this.#wall() + seconds * 1000;
  }

  /** The host's lines while their time runs. */
  shown(): readonly string[] {
    return this.#wall() < this.#untilMs ? this.#lines : [];
  }
}
