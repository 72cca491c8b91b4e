/**
 * Text ⇄ bytes and small byte helpers for the pure zones, which have no TextEncoder, Buffer or atob.
 * Decoders are strict: what is not the one right spelling comes back as `undefined`.
 */

/** True when `a` and `b` hold the same bytes. Looks at every byte whatever it finds; the length is not a secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Below 0, 0 or above 0 as `a` stands before, with or after `b`, byte by byte; a prefix stands first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** One new array with `parts` one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let total = 0;
  for (const part of parts) total += part.length;
  const out = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `value` as two bytes, big-endian. */
export function u16Be(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value >>> 8, value);
}

/** `value` as four bytes, big-endian. */
export function u32Be(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** The unsigned number in the four bytes at `offset`, big-endian. Throws when they are not all there. */
export function readU32Be(bytes: Uint8Array, offset = 0): number {
  if (offset < 0 || offset + 4 > bytes.length) throw new RangeError('readU32Be.offset');
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(offset, offset + 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** UTF-8 of `text`. Throws on a lone surrogate, which has no UTF-8. */
export function utf8Encode(text: string): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) throw new RangeError('utf8Encode.text: lone surrogate');
    if (point < 0x80) out.push(point);
    else if (point < 0x800) out.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) out.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else {
      out.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    }
  }
  return Uint8Array.from(out);
}

/** The text of `bytes`, or `undefined` when they are not UTF-8 (overlong, surrogate, beyond U+10FFFF, cut short). */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] ?? 0;
    const extra = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (extra < 0 || (first >= 0x80 && first < 0xc2) || at + extra >= bytes.length) return undefined;
    let point = extra === 0 ? first : first & (0x3f >> extra);
    for (let i = 1; i <= extra; i++) {
      const next = bytes[at + i] ?? 0;
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 63);
    }
    const isOverlong = (extra === 2 && point < 0x800) || (extra === 3 && point < 0x10000);
    if (isOverlong || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return undefined;
    text += String.fromCodePoint(point);
    at += extra + 1;
  }
  return text;
}

const hexDigits = '0123456789abcdef';

/** Lower-case hex of `bytes`. */
export function hexEncode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15);
  return text;
}

/** The bytes of lower- or upper-case hex, or `undefined` when a digit is wrong or missing. */
export function hexDecode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const base64UrlDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const base64UrlValues = new Map([...base64UrlDigits].map((digit, value) => [digit, value]));

/** Base64url of `bytes` without padding (RFC 4648, section 5). */
export function base64UrlEncode(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const triple = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += base64UrlDigits.charAt(triple >> 18) + base64UrlDigits.charAt((triple >> 12) & 63);
    if (left > 1) text += base64UrlDigits.charAt((triple >> 6) & 63);
    if (left > 2) text += base64UrlDigits.charAt(triple & 63);
  }
  return text;
}

/** The bytes of unpadded base64url, or `undefined`: wrong character, impossible length, or stray bits at the end. */
export function base64UrlDecode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 === 1) return undefined;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  for (const digit of text) {
    const value = base64UrlValues.get(digit);
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      out[at++] = bits >> bitCount;
    }
  }
  return (bits & ((1 << bitCount) - 1)) === 0 ? out : undefined;
}
