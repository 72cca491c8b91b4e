import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../domain/result.ts';
import { base64UrlDecode, base64UrlEncode, concatBytes, equalBytes } from '../bytes.ts';
import { base45Decode, base45Encode } from './base45.ts';
import { codeLimits } from './limits.ts';

/** What a code can carry: name → the letter that stands for it. */
export const codeKinds = {
  /** What the technician asks the second person to sign. */
  siteAsk: 'S',
  /** The second person's signature. */
  siteAnswer: 'A',
  /** What the technician asks a terminal that has no cable. */
  deviceAsk: 'Q',
  /** The terminal's answer. */
  deviceAnswer: 'R',
} as const;
/** What a code can carry. */
export type CodeKind = keyof typeof codeKinds;

/** A code that was read whole. */
export interface Code {
  readonly kind: CodeKind;
  readonly bytes: Uint8Array;
}

/** One part of a code that is shown in several pictures. */
export interface CodePart {
  readonly kind: CodeKind;
  /** First four bytes of SHA-256 of the whole; tells parts of different codes apart and checks the sum. */
  readonly id: Uint8Array;
  /** 1 to `count`. */
  readonly index: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** `foreign`: no code of ours, or of a later version. `damaged`: ours, but cut short, mistyped or too large. */
export type CodeRefusal = 'foreign' | 'damaged';

const pictureTag = 'TK1:';
const textTag = 'TK1.';
const partLetter = 'M';
const idBytes = 4;
/** Letter of the kind, index, count, id. */
const partHeadBytes = 3 + idBytes;
const kindNames = Object.keys(codeKinds) as CodeKind[];

function kindOfLetter(letter: string): CodeKind | undefined {
  return kindNames.find((name) => codeKinds[name] === letter);
}

function idOf(bytes: Uint8Array): Uint8Array {
  return sha256(bytes).slice(0, idBytes);
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.length === 0 || bytes.length > codeLimits.bytesMax) throw new RangeError('code.bytes: size');
}

/**
 * The texts of the pictures that show `bytes`: one, or several that are shown in turn when one would be too dense.
 * Only characters of a QR code's alphanumeric mode. Throws when there is nothing or too much to show.
 */
export function codePictures({ kind, bytes }: Code): readonly string[] {
  checkSize(bytes);
  const single = pictureTag + codeKinds[kind] + base45Encode(bytes);
  if (single.length <= codeLimits.singleCharactersMax) return [single];
  const room = Math.floor((codeLimits.partCharactersMax - pictureTag.length - 1) / 3) * 2 - partHeadBytes;
  const count = Math.ceil(bytes.length / room);
  const size = Math.ceil(bytes.length / count);
  const id = idOf(bytes);
  return Array.from({ length: count }, (_, i) => {
    const head = Uint8Array.of(codeKinds[kind].charCodeAt(0), i + 1, count);
    const part = concatBytes(head, id, bytes.subarray(i * size, (i + 1) * size));
    return pictureTag + partLetter + base45Encode(part);
  });
}

/** The same as one text to copy and paste: no spaces and nothing that a messenger would change. */
export function codeText({ kind, bytes }: Code): string {
  checkSize(bytes);
  return textTag + codeKinds[kind] + base64UrlEncode(bytes);
}

function readPart(bytes: Uint8Array): Result<CodePart, CodeRefusal> {
  const [letter = 0, index = 0, count = 0] = bytes;
  const kind = kindOfLetter(String.fromCharCode(letter));
  const isPlausible = count >= 2 && count <= codeLimits.partsMax && index >= 1 && index <= count;
  if (kind === undefined || !isPlausible || bytes.length <= partHeadBytes) return err('damaged');
  return ok({ kind, index, count, id: bytes.slice(3, partHeadBytes), bytes: bytes.slice(partHeadBytes) });
}

/** Reads one picture or one pasted text: a whole code, or a part of one. */
export function readCode(given: string): Result<Code | CodePart, CodeRefusal> {
  // A space may be the last character of Base45; a line end never is.
  const text = given.trimStart().replace(/[\r\n]+$/, '');
  const isPicture = text.startsWith(pictureTag);
  const pasted = text.replaceAll(/\s/g, '');
  if (!isPicture && !pasted.startsWith(textTag)) return err('foreign');
  const letter = (isPicture ? text : pasted).charAt(pictureTag.length);
  const body = (isPicture ? text : pasted).slice(pictureTag.length + 1);
  if (body.length > 2 * codeLimits.bytesMax) return err('damaged');
  const bytes = isPicture ? base45Decode(body) : base64UrlDecode(body);
  if (bytes === undefined || bytes.length === 0 || bytes.length > codeLimits.bytesMax) return err('damaged');
  if (isPicture && letter === partLetter) return readPart(bytes);
  const kind = kindOfLetter(letter);
  return kind === undefined ? err('foreign') : ok({ kind, bytes });
}

/** What is there after one more reading. */
export type Collected =
  | { readonly state: 'whole'; readonly code: Code }
  | { readonly state: 'parts'; readonly have: number; readonly count: number }
  | { readonly state: 'refused'; readonly reason: CodeRefusal };

/**
 * Puts parts together, in any order and however often each is read. A part of another code starts afresh, so the
 * reader need not be told that the picture changed.
 */
export class CodeCollector {
  #parts: readonly CodePart[] = [];

  /** Takes what the camera read, or a pasted text. */
  take(text: string): Collected {
    const read = readCode(text);
    if (!read.ok) return { state: 'refused', reason: read.error };
    if (!('index' in read.value)) return { state: 'whole', code: read.value };
    return this.#join(read.value);
  }

  #join(part: CodePart): Collected {
    const { kind, id, count, index } = part;
    const isSame = (other: CodePart): boolean =>
      other.kind === kind && other.count === count && equalBytes(other.id, id);
    const others = this.#parts.filter((other) => isSame(other) && other.index !== index);
    this.#parts = [...others, part];
    if (this.#parts.length < count) return { state: 'parts', have: this.#parts.length, count };
    const bytes = concatBytes(...this.#parts.toSorted((a, b) => a.index - b.index).map((each) => each.bytes));
    this.#parts = [];
    const isSound = bytes.length <= codeLimits.bytesMax && equalBytes(idOf(bytes), id);
    return isSound ? { state: 'whole', code: { kind, bytes } } : { state: 'refused', reason: 'damaged' };
  }
}
