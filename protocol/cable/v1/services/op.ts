import type { FieldsOf, FieldTable } from '../fields.ts';

/** One operation: its number (service × 256 + method) and the fields of its parameters and its reply. */
export interface OpSpec<P extends FieldTable, R extends FieldTable> {
  readonly code: number;
  readonly params: P;
  readonly reply: R;
}

/** Defines an operation. Field keys must differ within a table. */
export function op<P extends FieldTable, R extends FieldTable>(code: number, params: P, reply: R): OpSpec<P, R> {
  assertDistinctKeys(code, params);
  assertDistinctKeys(code, reply);
  return { code, params, reply };
}

/** One event: its number and fields. */
export interface EventSpec<B extends FieldTable> {
  readonly code: number;
  readonly body: B;
}

/** Defines an event. */
export function event<B extends FieldTable>(code: number, body: B): EventSpec<B> {
  assertDistinctKeys(code, body);
  return { code, body };
}

function assertDistinctKeys(code: number, table: FieldTable): void {
  const keys = Object.values(table).map((field) => field.key);
  if (new Set(keys).size !== keys.length) throw new TypeError(`op ${code}: two fields share a key`);
}

/** The parameters object of an operation. */
export type ParamsOf<O> = O extends OpSpec<infer P, FieldTable> ? FieldsOf<P> : never;
/** The reply object of an operation. */
export type ReplyOf<O> = O extends OpSpec<FieldTable, infer R> ? FieldsOf<R> : never;
/** The body object of an event. */
export type BodyOf<E> = E extends EventSpec<infer B> ? FieldsOf<B> : never;
