import { blockHeadBytes } from './limits.ts';
import type { Range } from './ranges.ts';

/** A BLOCK body taken apart. */
export interface Block {
  readonly transferId: number;
  readonly offset: number;
  /** A view into the body. */
  readonly bytes: Uint8Array;
}

/** Body of a BLOCK: transfer id, offset (32 bits, big-endian), bytes (docs/cable-protocol.md, section 9.2). */
export function encodeBlock(transferId: number, offset: number, bytes: Uint8Array): Uint8Array {
  const body = new Uint8Array(blockHeadBytes + bytes.length);
  body[0] = transferId;
  body[1] = offset >>> 24;
  body[2] = offset >>> 16;
  body[3] = offset >>> 8;
  body[4] = offset;
  body.set(bytes, blockHeadBytes);
  return body;
}

/** Reads a BLOCK body; a frame's own check has made sure that it is long enough. */
export function decodeBlock(body: Uint8Array): Block {
  const [transferId = 0, a = 0, b = 0, c = 0, d = 0] = body;
  const offset = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return { transferId, offset, bytes: body.subarray(blockHeadBytes) };
}

/** Walks through ranges of an object in pieces whose size is decided piece by piece. */
export class RangeCursor {
  readonly #ranges: readonly Range[];
  #index = 0;
  #at: number;

  /** `ranges` must be in order. */
  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
    this.#at = ranges[0]?.[0] ?? 0;
  }

  /** True when everything was given out. */
  get isDone(): boolean {
    return this.#index >= this.#ranges.length;
  }

  /** The next piece of at most `maxBytes`; `undefined` when everything was given out. */
  next(maxBytes: number): Range | undefined {
    const range = this.#ranges[this.#index];
    if (range === undefined) return undefined;
    const start = this.#at;
    const end = Math.min(range[1], start + maxBytes);
    this.#at = end;
    if (end === range[1]) {
      this.#index += 1;
      this.#at = this.#ranges[this.#index]?.[0] ?? end;
    }
    return [start, end];
  }
}
