import { windowMaxFrames } from './limits.ts';
import type { Frame } from './frame.ts';

const slotMask = windowMaxFrames - 1;

/** What became of a numbered frame. */
export type Reception = 'next' | 'behind-gap' | 'duplicate' | 'beyond';

/** Puts numbered frames in order again: holds those behind a gap, gives each out exactly once. */
export class ReceiveWindow {
  readonly #slots: (Frame | undefined)[] = new Array<Frame | undefined>(windowMaxFrames).fill(undefined);
  #windowFrames = 1;
  #next = 0;
  #held = 0;
  #sackLow = 0;
  #sackHigh = 0;

  /** Forgets everything and starts at number 0. */
  reset(windowFrames: number): void {
    this.#slots.fill(undefined);
    this.#windowFrames = windowFrames;
    this.#next = 0;
    this.#held = 0;
    this.#setSack();
  }

  /** The first number not received yet. */
  get ack(): number {
    return this.#next;
  }

  /** Bits 0–31 of the map of frames held behind the gap. */
  get sackLow(): number {
    return this.#sackLow;
  }

  /** Bits 32–63 of the map. */
  get sackHigh(): number {
    return this.#sackHigh;
  }

  /** True while a frame is missing before one that is here. */
  get hasGap(): boolean {
    return this.#held > 0;
  }

  /** Takes a numbered frame and gives those that are now in order to `deliver`. */
  accept(frame: Frame, deliver: (frame: Frame) => void): Reception {
    const ahead = (frame.seq - this.#next) & 0xffff;
    if (ahead >= 0x8000) return 'duplicate';
    if (ahead >= this.#windowFrames) return 'beyond';
    if (ahead > 0) {
      if (this.#slots[frame.seq & slotMask] !== undefined) return 'duplicate';
      this.#slots[frame.seq & slotMask] = frame;
      this.#held += 1;
      this.#setSack();
      return 'behind-gap';
    }
    deliver(frame);
    this.#next = (this.#next + 1) & 0xffff;
    if (this.#held > 0) this.#releaseHeld(deliver);
    return 'next';
  }

  #releaseHeld(deliver: (frame: Frame) => void): void {
    let frame = this.#slots[this.#next & slotMask];
    while (frame !== undefined) {
      this.#slots[this.#next & slotMask] = undefined;
      this.#held -= 1;
      deliver(frame);
      this.#next = (this.#next + 1) & 0xffff;
      frame = this.#slots[this.#next & slotMask];
    }
    this.#setSack();
  }

  #setSack(): void {
    let low = 0;
    let high = 0;
    for (let bit = 0; this.#held > 0 && bit < this.#windowFrames - 1; bit++) {
      if (this.#slots[(this.#next + 1 + bit) & slotMask] === undefined) continue;
      if (bit < 32) low |= 1 << bit;
      else high |= 1 << (bit - 32);
    }
    this.#sackLow = low >>> 0;
    this.#sackHigh = high >>> 0;
  }
}
