/** A success that carries its value. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

/** A failure that carries its code and, where it helps a person, one plain detail. */
export interface Err<E extends string> {
  readonly ok: false;
  readonly error: E;
  readonly detail?: string;
}

/** What every call that can fail for reasons outside the program returns; the codes stand in the signature. */
export type Result<T, E extends string> = Ok<T> | Err<E>;

/** Wraps a value as a success. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** Makes a failure with `error` as its code; `detail` is for the reader, never for branching. */
export function err<E extends string>(error: E, detail?: string): Err<E> {
  return detail === undefined ? { ok: false, error } : { ok: false, error, detail };
}
