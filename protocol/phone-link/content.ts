import { concatBytes, readU32Be, u16Be, u32Be, utf8Decode, utf8Encode } from '../bytes.ts';
import { padBytes } from './limits.ts';
import type { Bytes } from './web-crypto.ts';

/**
 * What an envelope is for. `quiet`: only acknowledges. `message`: of the screens, numbered. `signal`: of WebRTC. `ping`:
 * asks for an answer. `refusal`: the terminal will not have this phone; the text says why.
 */
export const contentKinds = ['quiet', 'message', 'signal', 'ping', 'refusal'] as const;
/** What an envelope is for. */
export type ContentKind = (typeof contentKinds)[number];

/** What has arrived: everything below `next`, and of the 32 after `next` those whose bit is set. */
export interface Ack {
  readonly next: number;
  readonly bits: number;
}

/** The inside of an envelope. */
export interface Content {
  readonly kind: ContentKind;
  readonly ack: Ack;
  /** Number of a message; 0 of anything else. */
  readonly seq: number;
  readonly text: string;
}

const headBytes = 4 + 4 + 1 + 4 + 2;

/** Content as bytes, filled up with zeros to a multiple of 256. */
export function writeContent({ kind, ack, seq, text }: Content): Bytes {
  const body = utf8Encode(text);
  const used = headBytes + body.length;
  const fill = new Uint8Array((padBytes - (used % padBytes)) % padBytes);
  const kindByte = Uint8Array.of(contentKinds.indexOf(kind));
  return concatBytes(u32Be(ack.next), u32Be(ack.bits), kindByte, u32Be(seq), u16Be(body.length), body, fill);
}

/** Reads content; `undefined` when it is none. */
export function readContent(bytes: Uint8Array): Content | undefined {
  if (bytes.length < headBytes || bytes.length % padBytes !== 0) return undefined;
  const kind = contentKinds[bytes[8] ?? 0xff];
  const length = readU32Be(bytes, 11) & 0xffff;
  const end = headBytes + length;
  if (kind === undefined || end > bytes.length || bytes.subarray(end).some((byte) => byte !== 0)) return undefined;
  const text = utf8Decode(bytes.subarray(headBytes, end));
  if (text === undefined) return undefined;
  return { kind, ack: { next: readU32Be(bytes), bits: readU32Be(bytes, 4) }, seq: readU32Be(bytes, 9), text };
}
