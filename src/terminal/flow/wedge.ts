import { isDigit } from './keys.ts';
import type { Digit, Key } from './keys.ts';

/** Longest pause between two digits of a scanner that acts as a keyboard; people are slower. */
export const wedgeGapMs = 60;
/** Longest that a busy terminal is waited for besides. */
const lateMaxMs = 500;
/** Digits of the shortest customer's code (protocol/http/payments.ts). */
const codeMinDigits = 16;
const codeMaxDigits = 24;

/** What a key led to: keys for the screen in order, or a whole code of a scanner. */
export interface Fed {
  readonly keys: readonly Key[];
  readonly code?: string;
}

/**
 * How long to hold what was pressed at `pressedMs` and arrived at `nowMs` (one clock, milliseconds): as late as this key
 * came, the scanner's next may come too, and until then nothing must be taken for a person's.
 */
export function holdMs(pressedMs: number, nowMs: number): number {
  return wedgeGapMs + Math.min(Math.max(nowMs - pressedMs, 0), lateMaxMs);
}

/**
 * Tells a scanner from a person: its digits come within milliseconds and end with Enter. A digit is held back until the
 * pause after it is a person's, so that a scan never presses keys of the screen by the way.
 */
export class Wedge {
  #held: Digit[] = [];
  #lastMs = 0;

  /** True while digits are held; the caller calls `flush` when `holdMs` has passed without another key. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Takes a key that was pressed at `atMs` (any clock that does not jump). */
  feed(key: Key, atMs: number): Fed {
    const isQuick = atMs - this.#lastMs <= wedgeGapMs;
    const before = isQuick ? [] : this.flush();
    this.#lastMs = atMs;
    if (isDigit(key)) return { keys: [...before, ...this.#hold(key)] };
    const held = this.flush();
    if (key === 'confirm' && held.length >= codeMinDigits) return { keys: before, code: held.join('') };
    return { keys: [...before, ...held, key] };
  }

  /** Gives the held digits up as a person's. */
  flush(): readonly Digit[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #hold(digit: Digit): readonly Digit[] {
    const tooLong = this.#held.length >= codeMaxDigits ? this.flush() : [];
    this.#held.push(digit);
    return tooLong;
  }
}
