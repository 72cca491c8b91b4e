import { err, ok, type Result } from '../../../domain/result.ts';
import { decodeCbor } from '../../cbor/decode.ts';
import { encodeCbor } from '../../cbor/encode.ts';
import type { CborLimits } from '../../cbor/limits.ts';
import { isCborMap, type CborMap, type CborValue } from '../../cbor/value.ts';
import { messageTypes, unlockVersion, type MessageName } from './constants.ts';
import { unlockLimits } from './limits.ts';

/** How one field stands on the wire. */
export interface FieldSpec<T> {
  /** Integer key in the map. */
  readonly key: number;
  /** True when the field may be absent. */
  readonly optional?: boolean;
  /** The field's value, or `undefined` when the wire value is not one. */
  read(value: CborValue): T | undefined;
  /** The wire value. Throws when `value` is not allowed; `read(write(v))` is always `v`. */
  write(value: T): CborValue;
}

/** One spec for every field of `M`. */
export type FieldTable<M> = { readonly [K in keyof M]-?: FieldSpec<NonNullable<M[K]>> };

/** What a decoder answers when bytes are not this message. */
export type FormatRefusal = 'malformed' | 'unsupported-version';

/** CBOR limits for payloads and bodies. */
export const payloadCborLimits: CborLimits = { bytesMax: unlockLimits.messageBytesMax, depthMax: 3, itemsMax: 128 };

const typeKey = 0;
const versionKey = 1;

/** An unsigned integer from 0 to `max`. */
export function uintField(key: number, max: number): FieldSpec<number> {
  return {
    key,
    read: (value) => (typeof value === 'number' && value >= 0 && value <= max ? value : undefined),
    write: (value) => value,
  };
}

/** A byte string of `least` to `most` bytes. */
export function bytesField(key: number, least: number, most = least): FieldSpec<Uint8Array> {
  return {
    key,
    read: (value) => (value instanceof Uint8Array && value.length >= least && value.length <= most ? value : undefined),
    write: (value) => value,
  };
}

/** A name that stands as its number in `numbers`. */
export function nameField<N extends string>(key: number, numbers: Readonly<Record<N, number>>): FieldSpec<N> {
  const names = Object.keys(numbers) as N[];
  return {
    key,
    read: (value) => names.find((name) => numbers[name] === value),
    write: (name) => numbers[name],
  };
}

/** The same field, allowed to be absent. */
export function optionalField<T>(spec: FieldSpec<T>): FieldSpec<T> {
  return { ...spec, optional: true };
}

/** The wire map of `values`. Throws with the field's name when one is missing or not allowed. */
export function fieldsToMap<M extends object>(table: FieldTable<M>, values: M): Map<number, CborValue> {
  const map = new Map<number, CborValue>();
  for (const name of Object.keys(table) as (keyof M & string)[]) {
    const spec: FieldSpec<NonNullable<M[typeof name]>> = table[name];
    const value = values[name];
    if (value === undefined || value === null) {
      if (spec.optional !== true) throw new TypeError(`${name}: missing`);
      continue;
    }
    const wire = spec.write(value);
    if (wire === undefined || spec.read(wire) === undefined) throw new RangeError(`${name}: not allowed`);
    map.set(spec.key, wire);
  }
  return map;
}

/** The values of a wire map, or `undefined` when a field is missing, wrong or unknown. `skip` lists keys read already. */
export function mapToFields<M extends object>(
  table: FieldTable<M>,
  map: CborMap,
  skip: readonly number[] = [],
): M | undefined {
  const values: Partial<M> = {};
  let found = skip.length;
  for (const name of Object.keys(table) as (keyof M & string)[]) {
    const spec: FieldSpec<NonNullable<M[typeof name]>> = table[name];
    const wire = map.get(spec.key);
    if (wire === undefined) {
      if (spec.optional !== true) return undefined;
      continue;
    }
    const value = spec.read(wire);
    if (value === undefined) return undefined;
    values[name] = value;
    found++;
  }
  return found === map.size ? (values as M) : undefined;
}

/** The payload of message `name`: type, version and fields as one map. Throws on a field that is not allowed. */
export function encodePayload<M extends object>(name: MessageName, table: FieldTable<M>, message: M): Uint8Array {
  const map = fieldsToMap(table, message);
  map.set(typeKey, messageTypes[name]).set(versionKey, unlockVersion);
  return encodeCbor(map, payloadCborLimits);
}

/** Reads the payload of message `name`. */
export function decodePayload<M extends object>(
  name: MessageName,
  table: FieldTable<M>,
  payload: Uint8Array,
): Result<M, FormatRefusal> {
  const decoded = decodeCbor(payload, payloadCborLimits);
  if (!decoded.ok) return err('malformed', decoded.error);
  const map = decoded.value;
  if (!isCborMap(map) || map.get(typeKey) !== messageTypes[name]) return err('malformed', 'type');
  if (map.get(versionKey) !== unlockVersion) return err('unsupported-version');
  const message = mapToFields(table, map, [typeKey, versionKey]);
  return message === undefined ? err('malformed', 'fields') : ok(message);
}
