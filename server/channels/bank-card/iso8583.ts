import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';

/**
 * ISO 8583 as terminals of the 直联 POS profile speak it: TPDU and header in BCD, binary bitmap, BCD digits, lengths in
 * BCD. Driven by a table of fields, so that a field that is not in the table can neither be sent nor taken.
 */

/** Largest message, without the two bytes of length before it. */
export const messageMaxBytes = 4096;
/** Bytes before the message type: TPDU (5) and header (6). Field 64 does not cover them. */
export const prefixBytes = 11;

/** `n`: digits in BCD; `an`, `ans`: printable ASCII; `b`: bytes, written here in lower-case hex. */
export type FieldKind = 'n' | 'an' | 'ans' | 'b';

/** How one field is written. */
export interface FieldSpec {
  readonly kind: FieldKind;
  /** Digits, characters or bytes; the most of them when `lengthDigits` is there. */
  readonly length: number;
  /** Digits of the length that stands before a variable field: LLVAR 2, LLLVAR 3. */
  readonly lengthDigits?: 2 | 3;
}

/** Field number → how it is written. */
export type FieldTable = Readonly<Record<number, FieldSpec>>;

/** A message. All values are text: digits, characters, or hex of bytes. */
export interface IsoMessage {
  /** Ten digits. */
  readonly tpdu: string;
  /** Twelve digits. */
  readonly header: string;
  /** Four digits. */
  readonly mti: string;
  readonly fields: Readonly<Record<number, string>>;
}

/**
 * Why bytes are no message; `detail` names the field. `short`: they end too early. `long`: something follows, or more
 * than `messageMaxBytes`. `digits`: a half byte is no decimal digit or the filler is not zero. `text`: a character is not
 * printable ASCII. `length`: a length beyond the table. `unknown-field`: a bit that the table does not have.
 */
export type IsoFault = 'short' | 'long' | 'digits' | 'text' | 'length' | 'unknown-field';

/** Writes a message. Throws a RangeError that names the field when a value does not fit the table: the caller's fault. */
export function encodeMessage(table: FieldTable, message: IsoMessage): Buffer {
  const numbers = Object.keys(message.fields)
    .map(Number)
    .sort((a, b) => a - b);
  const parts = [
    bcd(message.tpdu, 10, 'tpdu'),
    bcd(message.header, 12, 'header'),
    bcd(message.mti, 4, 'mti'),
    bitmapOf(numbers),
    ...numbers.map((number) => encodeField(table, number, message.fields[number] ?? '')),
  ];
  const bytes = Buffer.concat(parts);
  if (bytes.length > messageMaxBytes) throw new RangeError(`message: longer than ${String(messageMaxBytes)} bytes`);
  return bytes;
}

function bitmapOf(numbers: readonly number[]): Buffer {
  const isLong = numbers.some((number) => number > 64);
  const bitmap = Buffer.alloc(isLong ? 16 : 8);
  if (isLong) bitmap[0] = 0x80;
  for (const number of numbers) {
    if (number < 2 || number > 128) throw new RangeError(`field ${String(number)}: no such field`);
    const at = (number - 1) >> 3;
    bitmap[at] = (bitmap[at] ?? 0) | (0x80 >> ((number - 1) & 7));
  }
  return bitmap;
}

function encodeField(table: FieldTable, number: number, value: string): Buffer {
  const name = `field ${String(number)}`;
  const spec = table[number];
  if (spec === undefined) throw new RangeError(`${name}: not in the table`);
  const size = spec.kind === 'b' ? value.length / 2 : value.length;
  if (spec.lengthDigits === undefined ? size !== spec.length : size > spec.length) {
    throw new RangeError(`${name}: ${String(size)} where the table has ${String(spec.length)}`);
  }
  const body = encodeValue(spec.kind, value, name);
  if (spec.lengthDigits === undefined) return body;
  const width = spec.lengthDigits === 2 ? 2 : 4;
  return Buffer.concat([bcd(String(size).padStart(width, '0'), width, name), body]);
}

function encodeValue(kind: FieldKind, value: string, name: string): Buffer {
  if (kind === 'n') return bcd(value, value.length, name);
  if (kind === 'b') {
    if (!/^(?:[0-9a-f]{2})*$/.test(value)) throw new RangeError(`${name}: no hex`);
    return Buffer.from(value, 'hex');
  }
  if (!/^[\x20-\x7e]*$/.test(value)) throw new RangeError(`${name}: not printable ASCII`);
  return Buffer.from(value, 'latin1');
}

/** Digits two in a byte, on the left, a zero filling the last half byte (the profile's rule for odd lengths). */
function bcd(digits: string, length: number, name: string): Buffer {
  if (digits.length !== length || !/^\d*$/.test(digits)) throw new RangeError(`${name}: not ${String(length)} digits`);
  return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex');
}

/** Reads a message. Nothing may be missing and nothing may follow. */
export function decodeMessage(table: FieldTable, bytes: Uint8Array): Result<IsoMessage, IsoFault> {
  if (bytes.length > messageMaxBytes) return err('long', 'message');
  const reader = new Reader(bytes);
  const tpdu = reader.digits(10, 'tpdu');
  const header = reader.digits(12, 'header');
  const mti = reader.digits(4, 'mti');
  const numbers = reader.bitmap();
  const fields: Record<number, string> = {};
  for (const number of numbers) fields[number] = reader.field(table, number);
  reader.end();
  if (reader.fault !== undefined) return err(reader.fault.code, reader.fault.where);
  return ok({ tpdu, header, mti, fields });
}

/** Reads on from a position; after the first fault everything reads as empty and the fault stays. */
class Reader {
  fault: { readonly code: IsoFault; readonly where: string } | undefined;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  digits(count: number, where: string): string {
    const hex = this.#take(Math.ceil(count / 2), where).toString('hex');
    const isRight = /^\d*$/.test(hex) && (hex.length === count || hex.endsWith('0'));
    if (!isRight) this.#fail('digits', where);
    return hex.slice(0, count);
  }

  /** The numbers of the fields that follow; bit 1 says that a second bitmap stands behind the first. */
  bitmap(): readonly number[] {
    const first = this.#take(8, 'bitmap');
    const isLong = ((first[0] ?? 0) & 0x80) !== 0;
    const all = isLong ? Buffer.concat([first, this.#take(8, 'bitmap')]) : first;
    const numbers: number[] = [];
    for (let number = 2; number <= all.length * 8; number++) {
      if (((all[(number - 1) >> 3] ?? 0) & (0x80 >> ((number - 1) & 7))) !== 0) numbers.push(number);
    }
    return numbers;
  }

  field(table: FieldTable, number: number): string {
    const where = `field ${String(number)}`;
    const spec = table[number];
    if (spec === undefined) {
      this.#fail('unknown-field', where);
      return '';
    }
    let size = spec.length;
    if (spec.lengthDigits !== undefined) {
      size = Number(this.digits(spec.lengthDigits === 2 ? 2 : 4, where));
      if (size > spec.length) this.#fail('length', where);
    }
    if (this.fault !== undefined) return '';
    if (spec.kind === 'n') return this.digits(size, where);
    const bytes = this.#take(size, where);
    if (spec.kind === 'b') return bytes.toString('hex');
    if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) this.#fail('text', where);
    return bytes.toString('latin1');
  }

  end(): void {
    if (this.#at !== this.#bytes.length) this.#fail('long', 'message');
  }

  #take(count: number, where: string): Buffer {
    if (this.fault !== undefined) return Buffer.alloc(0);
    if (this.#at + count > this.#bytes.length) {
      this.#fail('short', where);
      return Buffer.alloc(0);
    }
    const part = Buffer.from(this.#bytes.subarray(this.#at, this.#at + count));
    this.#at += count;
    return part;
  }

  #fail(code: IsoFault, where: string): void {
    this.fault ??= { code, where };
  }
}
