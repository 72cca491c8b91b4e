/** Numbers that follow from a seed: the same test everywhere, and a failing seed is all that is needed to see it again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 1_013_904_223) >>> 0;
  }

  /** 0 to `below` − 1. */
  whole(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  /** One of some. */
  pick<T>(of: readonly T[]): T {
    return of[this.whole(of.length)] as T;
  }

  /** True once in so many times. */
  once(inSoMany: number): boolean {
    return this.whole(inSoMany) === 0;
  }

  /** An entry that is there once in so many times. */
  maybe<T extends object>(inSoMany: number, entry: () => T): T | undefined {
    return this.once(inSoMany) ? entry() : undefined;
  }

  /** So many of something, at least one. */
  some<T>(most: number, one: (index: number) => T): T[] {
    return Array.from({ length: 1 + this.whole(most) }, (_, index) => one(index));
  }

  /** A decimal text below `most` with up to so many decimals. */
  decimal(most: number, decimals: number): string {
    const scale = 10 ** decimals;
    const value = this.whole(most * scale);
    return decimals === 0 ? String(value) : (value / scale).toFixed(decimals);
  }
}
