import { err, ok, type Result } from '../../../domain/result.ts';
import { cobsEncode } from './cobs.ts';
import { crc32c } from './crc32c.ts';
import { bodyMaxBytes, blockHeadBytes, crcBytes, headerBytes, rawMaxBytes, sackBytes } from './limits.ts';

/** Kind of a frame: the low four bits of its first byte (docs/cable-protocol.md, section 3.2). */
export const frameKinds = {
  open: 1,
  openAck: 2,
  message: 3,
  block: 4,
  ack: 5,
  ping: 6,
  pong: 7,
  close: 8,
} as const;
/** Number of a frame kind. */
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

/** Set in the first byte when the selective acknowledgement map follows the header. */
const sackFlag = 0x80;
const reservedBits = 0x70;

/** Body sizes that each kind may have, in bytes: [least, most]. */
const bodySizes: Readonly<Record<FrameKind, readonly [number, number]>> = {
  [frameKinds.open]: [1, 64],
  [frameKinds.openAck]: [1, 64],
  [frameKinds.message]: [1, bodyMaxBytes],
  [frameKinds.block]: [blockHeadBytes + 1, bodyMaxBytes],
  [frameKinds.ack]: [0, 0],
  [frameKinds.ping]: [4, 4],
  [frameKinds.pong]: [4, 4],
  [frameKinds.close]: [2, 2],
};

/** One frame. `sackLow` and `sackHigh` hold bits 0–31 and 32–63; both 0 means that the map is left out. */
export interface Frame {
  readonly kind: FrameKind;
  /** Low 16 bits of the link's number. */
  readonly linkId: number;
  /** Number of this MESSAGE or BLOCK; for other kinds the number that the next one will get. */
  readonly seq: number;
  /** Number of the first MESSAGE or BLOCK that the sender of this frame has not received yet. */
  readonly ack: number;
  /** Bit i: number ack + 1 + i has been received. */
  readonly sackLow: number;
  readonly sackHigh: number;
  readonly body: Uint8Array;
}

/** Why raw bytes were not a frame. The receiver drops them; the sender's window brings them again. */
export type FrameErrorCode = 'too-short' | 'bad-crc' | 'unknown-kind' | 'reserved-bits' | 'bad-body';

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * Reads the raw bytes `raw[0..length)` between two zeros, COBS undone. The body is a copy. The CRC is judged before
 * any field, so that noise is always 'bad-crc' or 'too-short'.
 */
export function decodeFrame(raw: Uint8Array, length = raw.length): Result<Frame, FrameErrorCode> {
  if (length < headerBytes + crcBytes) return err('too-short');
  const bodyEnd = length - crcBytes;
  if (crc32c(raw, 0, bodyEnd) !== readU32(raw, bodyEnd)) return err('bad-crc');
  const first = raw[0] as number;
  if ((first & reservedBits) !== 0) return err('reserved-bits');
  const kind = (first & 0x0f) as FrameKind;
  const sizes: readonly [number, number] | undefined = bodySizes[kind];
  if (sizes === undefined) return err('unknown-kind');
  const hasSack = (first & sackFlag) !== 0;
  const bodyStart = hasSack ? headerBytes + sackBytes : headerBytes;
  const bodyLength = bodyEnd - bodyStart;
  if (bodyLength < sizes[0] || bodyLength > sizes[1]) return err('bad-body');
  return ok({
    kind,
    linkId: readU16(raw, 1),
    seq: readU16(raw, 3),
    ack: readU16(raw, 5),
    sackHigh: hasSack ? readU32(raw, 7) : 0,
    sackLow: hasSack ? readU32(raw, 11) : 0,
    body: raw.slice(bodyStart, bodyEnd),
  });
}

/** Writes frames in their line form. Holds one buffer, so that sending allocates nothing. */
export class FrameEncoder {
  readonly #raw = new Uint8Array(rawMaxBytes);

  /** Writes `frame`, COBS and closing zero included, to `out` from `at` on; returns the place after it. */
  encode(frame: Frame, out: Uint8Array, at: number): number {
    const length = this.#writeRaw(frame);
    const end = cobsEncode(this.#raw, length, out, at);
    out[end] = 0;
    return end + 1;
  }

  #writeRaw(frame: Frame): number {
    const raw = this.#raw;
    const hasSack = (frame.sackLow | frame.sackHigh) !== 0;
    raw[0] = frame.kind | (hasSack ? sackFlag : 0);
    raw[1] = frame.linkId >>> 8;
    raw[2] = frame.linkId;
    raw[3] = frame.seq >>> 8;
    raw[4] = frame.seq;
    raw[5] = frame.ack >>> 8;
    raw[6] = frame.ack;
    let at = headerBytes;
    if (hasSack) {
      writeU32(raw, at, frame.sackHigh);
      writeU32(raw, at + 4, frame.sackLow);
      at += sackBytes;
    }
    if (frame.body.length > bodyMaxBytes) throw new RangeError('encode.frame.body: longer than bodyMaxBytes');
    raw.set(frame.body, at);
    at += frame.body.length;
    writeU32(raw, at, crc32c(raw, 0, at));
    return at + crcBytes;
  }
}
