/**
 * The values of our CBOR subset: safe integers, byte strings, text, booleans, null, arrays, and maps with unsigned
 * integer keys. Floats, tags, undefined, indefinite lengths and text keys do not exist here.
 */
export type CborValue = number | boolean | null | string | Uint8Array | readonly CborValue[] | CborMap;

/** A map with unsigned integer keys. */
export type CborMap = ReadonlyMap<number, CborValue>;

/** Why bytes were refused. */
export type CborErrorCode =
  /** The bytes end inside a value. Sender's encoder or a cut message; ask again. */
  | 'truncated'
  /** Bytes follow after the value. */
  | 'trailing-bytes'
  /** More bytes, depth or items than the limits allow. */
  | 'too-large'
  /** A longer head than needed, unsorted or doubled map keys: not the one deterministic form. */
  | 'not-deterministic'
  /** Float, tag, undefined, indefinite length, a map key that is no unsigned integer, an integer that is not safe. */
  | 'unsupported-type'
  /** A text string that is not UTF-8. */
  | 'bad-text';

/** True for a decoded byte string. */
export function isCborBytes(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** True for a decoded map. */
export function isCborMap(value: CborValue | undefined): value is CborMap {
  return value instanceof Map;
}

/** True for a decoded array. */
export function isCborArray(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}
