import { cobsDecode } from './cobs.ts';
import { decodeFrame, type Frame } from './frame.ts';
import { encodedMaxBytes } from './limits.ts';

/**
 * Cuts a byte stream into frames. Its memory is one frame, whatever arrives: a piece that grows too long is dropped up
 * to the next zero. Whatever is no frame is counted, and the next zero starts afresh.
 */
export class Deframer {
  readonly #onFrame: (frame: Frame) => void;
  readonly #raw = new Uint8Array(encodedMaxBytes);
  readonly #partial = new Uint8Array(encodedMaxBytes);
  #partialLength = 0;
  #isTooLong = false;
  #badFrames = 0;

  /** `onFrame` gets each valid frame, in order, from within push(). */
  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Pieces between zeros that were no valid frame, so far. */
  get badFrames(): number {
    return this.#badFrames;
  }

  /** Bytes of the frame that is not closed yet. */
  get bufferedBytes(): number {
    return this.#partialLength;
  }

  /** Takes the next bytes of the stream, however they were cut. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const zero = chunk.indexOf(0, at);
      const end = zero < 0 ? chunk.length : zero;
      if (zero < 0) this.#keep(chunk, at, end);
      else if (this.#partialLength === 0 && !this.#isTooLong) this.#close(chunk, at, end);
      else {
        this.#keep(chunk, at, end);
        this.#closePartial();
      }
      at = end + 1;
    }
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    if (this.#isTooLong) return;
    if (this.#partialLength + end - start > encodedMaxBytes) {
      this.#isTooLong = true;
      this.#partialLength = 0;
      return;
    }
    this.#partial.set(chunk.subarray(start, end), this.#partialLength);
    this.#partialLength += end - start;
  }

  #closePartial(): void {
    const length = this.#partialLength;
    const isTooLong = this.#isTooLong;
    this.#partialLength = 0;
    this.#isTooLong = false;
    if (isTooLong) this.#badFrames += 1;
    else this.#close(this.#partial, 0, length);
  }

  #close(source: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const length = end - start > encodedMaxBytes ? -1 : cobsDecode(source, start, end, this.#raw);
    const frame = length < 0 ? undefined : decodeFrame(this.#raw, length);
    if (frame?.ok === true) this.#onFrame(frame.value);
    else this.#badFrames += 1;
  }
}
