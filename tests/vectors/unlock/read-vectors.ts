import { readFileSync } from 'node:fs';
import { hexDecode } from '../../../protocol/bytes.ts';

/** Reads one vector file; `name` is relative to tests/vectors. The caller states its shape. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')) as T;
}

/** Bytes of a hex field. Throws when a vector file is broken. */
export function fromHex(text: string): Uint8Array {
  const bytes = hexDecode(text);
  if (bytes === undefined) throw new RangeError(`vector: not hex: ${text.slice(0, 20)}`);
  return bytes;
}
