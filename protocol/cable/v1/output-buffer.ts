import { FrameEncoder, type Frame } from './frame.ts';
import { encodedMaxBytes } from './limits.ts';

/** Most bytes that one take() gives, whatever is asked for. */
export const outputMaxBytes = 64 * 1024;

/** Encoded bytes between the link and the writer: never more than one frame beyond what was asked for. */
export class OutputBuffer {
  readonly #encoder = new FrameEncoder();
  readonly #bytes = new Uint8Array(outputMaxBytes + 3 * encodedMaxBytes);
  #start = 0;
  #end = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Drops what waits. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Adds one zero, so that noise before the next frame cannot spoil it. */
  putZero(): void {
    this.#bytes[this.#end++] = 0;
  }

  /** Adds a frame and gives its length on the line in bytes. */
  put(frame: Frame): number {
    const end = this.#encoder.encode(frame, this.#bytes, this.#end);
    const length = end - this.#end;
    this.#end = end;
    return length;
  }

  /** Takes at most `maxBytes` out, as a new array; `undefined` when nothing waits. */
  take(maxBytes: number): Uint8Array | undefined {
    const length = Math.min(this.length, maxBytes);
    if (length <= 0) return undefined;
    const out = this.#bytes.slice(this.#start, this.#start + length);
    this.#start += length;
    if (this.#start === this.#end) this.clear();
    else if (this.#start > encodedMaxBytes) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return out;
  }
}
