import { utf8Encode } from '../bytes.ts';
import { defaultCborLimits, type CborLimits } from './limits.ts';
import type { CborMap, CborValue } from './value.ts';

interface Sink {
  readonly limits: CborLimits;
  readonly parts: Uint8Array[];
  size: number;
  items: number;
}

function put(sink: Sink, bytes: Uint8Array): void {
  sink.size += bytes.length;
  if (sink.size > sink.limits.bytesMax) throw new RangeError('encodeCbor.value: more bytes than limits.bytesMax');
  sink.parts.push(bytes);
}

function head(major: number, argument: number): Uint8Array {
  const type = major << 5;
  if (argument < 24) return Uint8Array.of(type | argument);
  if (argument < 0x100) return Uint8Array.of(type | 24, argument);
  if (argument < 0x10000) return Uint8Array.of(type | 25, argument >>> 8, argument);
  const size = argument < 0x1_0000_0000 ? 4 : 8;
  const out = new Uint8Array(1 + size);
  out[0] = type | (size === 4 ? 26 : 27);
  for (let i = size, rest = argument; i > 0; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
}

function putInteger(sink: Sink, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0))
    throw new RangeError('encodeCbor.value: not a safe integer');
  put(sink, value >= 0 ? head(0, value) : head(1, -1 - value));
}

function putMap(sink: Sink, map: CborMap, depth: number): void {
  put(sink, head(5, map.size));
  const keys = [...map.keys()].sort((a, b) => a - b);
  for (const key of keys) {
    if (!Number.isSafeInteger(key) || key < 0) throw new RangeError('encodeCbor.value: map key');
    putValue(sink, key, depth);
    putValue(sink, map.get(key), depth);
  }
}

function putValue(sink: Sink, value: CborValue | undefined, depth: number): void {
  if (++sink.items > sink.limits.itemsMax) throw new RangeError('encodeCbor.value: more items than limits.itemsMax');
  if (typeof value === 'number') putInteger(sink, value);
  else if (typeof value === 'boolean') put(sink, Uint8Array.of(value ? 0xf5 : 0xf4));
  else if (value === null) put(sink, Uint8Array.of(0xf6));
  else if (typeof value === 'string') {
    const text = utf8Encode(value);
    put(sink, head(3, text.length));
    put(sink, text);
  } else if (value instanceof Uint8Array) {
    put(sink, head(2, value.length));
    put(sink, value);
  } else if (value === undefined) throw new TypeError('encodeCbor.value: undefined');
  else if (depth >= sink.limits.depthMax) throw new RangeError('encodeCbor.value: deeper than limits.depthMax');
  else if (value instanceof Map) putMap(sink, value as CborMap, depth + 1);
  else if (Array.isArray(value)) {
    put(sink, head(4, value.length));
    for (const item of value as readonly CborValue[]) putValue(sink, item, depth + 1);
  } else throw new TypeError('encodeCbor.value: not a CborValue');
}

/**
 * The one deterministic encoding of `value` (RFC 8949, section 4.2.1: shortest heads, definite lengths, sorted keys).
 * Throws on values outside the subset or beyond `limits`: what we encode we have made ourselves.
 */
export function encodeCbor(value: CborValue, limits: CborLimits = defaultCborLimits): Uint8Array<ArrayBuffer> {
  const sink: Sink = { limits, parts: [], size: 0, items: 0 };
  putValue(sink, value, 0);
  const out = new Uint8Array(sink.size);
  let at = 0;
  for (const part of sink.parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
