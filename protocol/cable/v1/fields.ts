import { err, ok, type Result } from '../../../domain/result.ts';
import type { CborMap, CborValue } from '../../cbor/value.ts';

/** One field of a message body: its integer key and its check, which also narrows the type. */
export interface FieldSpec<T extends CborValue> {
  readonly key: number;
  /** What the field holds, in words, for the documentation and for error details. */
  readonly kind: string;
  /** True when `value` may stand in this field. */
  accepts(value: CborValue | undefined): value is T;
}

/** The fields of a message body by name. */
export type FieldTable = Readonly<Record<string, FieldSpec<CborValue>>>;

/** The object that a field table describes. */
export type FieldsOf<S extends FieldTable> = {
  readonly [K in keyof S]: S[K] extends FieldSpec<infer T> ? T : never;
};

const isUint = (value: CborValue | undefined, max: number): value is number =>
  typeof value === 'number' && value >= 0 && value <= max;

const isBytes = (value: CborValue | undefined, max: number, least = 0): value is Uint8Array =>
  value instanceof Uint8Array && value.length >= least && value.length <= max;

const isText = (value: CborValue | undefined, max: number): value is string =>
  typeof value === 'string' && value.length <= max;

function isListOf<T extends CborValue>(
  value: CborValue | undefined,
  max: number,
  accepts: (item: CborValue) => item is T,
): value is readonly T[] {
  return Array.isArray(value) && value.length <= max && (value as readonly CborValue[]).every(accepts);
}

/** An unsigned integer up to `max`, by default 32 bits. */
export function uint(key: number, max = 0xffff_ffff): FieldSpec<number> {
  return { key, kind: `uint ≤ ${max}`, accepts: (value): value is number => isUint(value, max) };
}

/** A signed integer of at most 32 bits. */
export function int(key: number): FieldSpec<number> {
  return {
    key,
    kind: 'int',
    accepts: (value): value is number => typeof value === 'number' && Math.abs(value) <= 0x7fff_ffff,
  };
}

/** A truth value. */
export function bool(key: number): FieldSpec<boolean> {
  return { key, kind: 'bool', accepts: (value): value is boolean => typeof value === 'boolean' };
}

/** Text of at most `max` UTF-16 units. */
export function text(key: number, max = 64): FieldSpec<string> {
  return { key, kind: `text ≤ ${max}`, accepts: (value): value is string => isText(value, max) };
}

/** Text that is one of `values`. */
export function oneOf<const V extends string>(key: number, values: readonly V[]): FieldSpec<V> {
  return {
    key,
    kind: values.map((value) => (value === '' ? 'empty' : value)).join(' | '),
    accepts: (value): value is V => values.includes(value as V),
  };
}

/** A byte string of at most `max` bytes, and at least `least`. */
export function bytes(key: number, max: number, least = 0): FieldSpec<Uint8Array> {
  const kind = least === max ? `bytes ${max}` : `bytes ≤ ${max}`;
  return { key, kind, accepts: (value): value is Uint8Array => isBytes(value, max, least) };
}

/** A list of at most `max` texts of at most `lengthMax` units each. */
export function texts(key: number, max: number, lengthMax = 64): FieldSpec<readonly string[]> {
  const isItem = (item: CborValue): item is string => isText(item, lengthMax);
  return {
    key,
    kind: `[text ≤ ${lengthMax}] ≤ ${max}`,
    accepts: (value): value is readonly string[] => isListOf(value, max, isItem),
  };
}

/** A list of at most `max` unsigned integers. */
export function uints(key: number, max: number): FieldSpec<readonly number[]> {
  const isItem = (item: CborValue): item is number => isUint(item, 0xffff_ffff);
  return { key, kind: `[uint] ≤ ${max}`, accepts: (value): value is readonly number[] => isListOf(value, max, isItem) };
}

/** A list of at most `max` byte strings of at most `lengthMax` bytes each. */
export function bytesList(key: number, max: number, lengthMax: number): FieldSpec<readonly Uint8Array[]> {
  const isItem = (item: CborValue): item is Uint8Array => isBytes(item, lengthMax);
  return {
    key,
    kind: `[bytes ≤ ${lengthMax}] ≤ ${max}`,
    accepts: (value): value is readonly Uint8Array[] => isListOf(value, max, isItem),
  };
}

/** A list of at most `max` rows that `isRow` accepts; `kind` says what a row is. */
export function rows<R extends CborValue>(
  key: number,
  max: number,
  kind: string,
  isRow: (item: CborValue) => item is R,
): FieldSpec<readonly R[]> {
  return {
    key,
    kind: `[${kind}] ≤ ${max}`,
    accepts: (value): value is readonly R[] => isListOf(value, max, isRow),
  };
}

/** Puts `values` under their keys. Throws, with the field's name, when a value does not pass its own check. */
export function encodeFields<S extends FieldTable>(table: S, values: FieldsOf<S>): CborMap {
  const map = new Map<number, CborValue>();
  for (const [name, field] of Object.entries(table)) {
    const value = (values as Readonly<Record<string, CborValue>>)[name];
    if (!field.accepts(value)) throw new TypeError(`${name}: not ${field.kind}`);
    map.set(field.key, value);
  }
  return map;
}

/** Reads a body: every field present and accepted, no other key; the detail names the field. */
export function decodeFields<S extends FieldTable>(
  table: S,
  map: CborMap,
): Result<FieldsOf<S>, 'missing-or-wrong' | 'unknown-key'> {
  const values: Record<string, CborValue> = {};
  const entries = Object.entries(table);
  for (const [name, field] of entries) {
    const value = map.get(field.key);
    if (!field.accepts(value)) return err('missing-or-wrong', name);
    values[name] = value;
  }
  if (map.size !== entries.length) return err('unknown-key');
  return ok(values as FieldsOf<S>);
}
