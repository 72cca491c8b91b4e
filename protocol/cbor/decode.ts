import { err, ok, type Result } from '../../domain/result.ts';
import { utf8Decode } from '../bytes.ts';
import { defaultCborLimits, type CborLimits } from './limits.ts';
import type { CborErrorCode, CborMap, CborValue } from './value.ts';

/** Where the reader stands; `error` is set once and then every read gives a dummy, so no exception is needed. */
interface Source {
  readonly bytes: Uint8Array;
  readonly limits: CborLimits;
  at: number;
  items: number;
  error: CborErrorCode | undefined;
}

function fail(source: Source, error: CborErrorCode): null {
  source.error ??= error;
  return null;
}

function readByte(source: Source): number {
  const byte = source.bytes[source.at++];
  if (byte === undefined) fail(source, 'truncated');
  return byte ?? 0;
}

const leastBySize: Readonly<Record<number, number>> = { 1: 24, 2: 0x100, 4: 0x10000, 8: 0x1_0000_0000 };

function readArgument(source: Source, info: number): number {
  if (info < 24) return info;
  if (info > 27) {
    fail(source, 'unsupported-type');
    return 0;
  }
  const size = 1 << (info - 24);
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + readByte(source);
  if (value > Number.MAX_SAFE_INTEGER) fail(source, 'unsupported-type');
  if (value < (leastBySize[size] ?? 0)) fail(source, 'not-deterministic');
  return value;
}

function take(source: Source, length: number): Uint8Array {
  if (length > source.bytes.length - source.at) {
    fail(source, 'truncated');
    return new Uint8Array(0);
  }
  const start = source.at;
  source.at += length;
  return source.bytes.slice(start, source.at);
}

function readText(source: Source, length: number): string {
  const text = utf8Decode(take(source, length));
  if (text === undefined) fail(source, 'bad-text');
  return text ?? '';
}

/** Every element takes at least one byte, so a count beyond the bytes left is refused before anything is made. */
function countFits(source: Source, count: number): boolean {
  if (count <= source.bytes.length - source.at) return true;
  fail(source, 'truncated');
  return false;
}

function readArray(source: Source, count: number, depth: number): CborValue[] {
  const items: CborValue[] = [];
  if (!countFits(source, count)) return items;
  for (let i = 0; i < count && source.error === undefined; i++) items.push(readValue(source, depth));
  return items;
}

function readMap(source: Source, count: number, depth: number): CborMap {
  const map = new Map<number, CborValue>();
  if (!countFits(source, count)) return map;
  let previous = -1;
  for (let i = 0; i < count && source.error === undefined; i++) {
    const key = readValue(source, depth);
    if (typeof key !== 'number' || key < 0) {
      fail(source, 'unsupported-type');
      return map;
    }
    if (key <= previous) fail(source, 'not-deterministic');
    previous = key;
    map.set(key, readValue(source, depth));
  }
  return map;
}

function readSimple(source: Source, info: number): boolean | null {
  if (info === 20) return false;
  if (info === 21) return true;
  if (info === 22) return null;
  return fail(source, 'unsupported-type');
}

function readContainer(source: Source, major: number, count: number, depth: number): CborValue {
  if (depth >= source.limits.depthMax) return fail(source, 'too-large');
  return major === 4 ? readArray(source, count, depth + 1) : readMap(source, count, depth + 1);
}

function readValue(source: Source, depth: number): CborValue {
  if (++source.items > source.limits.itemsMax) return fail(source, 'too-large');
  const initial = readByte(source);
  if (source.error !== undefined) return null;
  const major = initial >> 5;
  if (major === 7) return readSimple(source, initial & 31);
  const argument = readArgument(source, initial & 31);
  if (source.error !== undefined) return null;
  if (major === 0) return argument;
  if (major === 1) return argument < Number.MAX_SAFE_INTEGER ? -1 - argument : fail(source, 'unsupported-type');
  if (major === 2) return take(source, argument);
  if (major === 3) return readText(source, argument);
  if (major === 6) return fail(source, 'unsupported-type');
  return readContainer(source, major, argument, depth);
}

/**
 * Reads exactly one value from all of `bytes`. Takes only the deterministic form that encodeCbor makes, so
 * equal values have equal bytes. Byte strings are copies. Never throws.
 */
export function decodeCbor(
  bytes: Uint8Array,
  limits: CborLimits = defaultCborLimits,
): Result<CborValue, CborErrorCode> {
  if (bytes.length > limits.bytesMax) return err('too-large');
  const source: Source = { bytes, limits, at: 0, items: 0, error: undefined };
  const value = readValue(source, 0);
  if (source.error === undefined && source.at < bytes.length) fail(source, 'trailing-bytes');
  return source.error === undefined ? ok(value) : err(source.error);
}
