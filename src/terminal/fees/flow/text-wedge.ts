import { wedgeGapMs } from '../../flow/wedge.ts';

/** Longest text of a scanner; an address with a code is some 100 characters. */
const textMax = 512;

/**
 * Collects the text of a scanner that acts as a keyboard: characters within milliseconds, ended by Enter. What came more
 * slowly, or was not ended, was a person's.
 */
export class TextWedge {
  #held = '';
  #lastMs = 0;

  /** True while characters are held; the caller calls `flush` when `holdMs` has passed without another. */
  get isHolding(): boolean {
    return this.#held !== '';
  }

  /** Takes a character; answers those that a person typed before. */
  put(character: string, atMs: number): string {
    const typed = atMs - this.#lastMs > wedgeGapMs ? this.flush() : '';
    this.#lastMs = atMs;
    if (this.#held.length < textMax) this.#held += character;
    return typed;
  }

  /** Enter: the text of a scanner, or what a person typed. */
  end(atMs: number): { readonly text?: string; readonly typed: string } {
    const isQuick = atMs - this.#lastMs <= wedgeGapMs;
    const held = this.flush();
    return isQuick && held.length > 1 ? { text: held, typed: '' } : { typed: held };
  }

  /** Gives what is held up as a person's. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}
