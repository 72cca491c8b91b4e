import type { Err, Ok } from '../../domain/result.ts';
import type { ApiErrorCode } from '../../protocol/http/common.ts';

/** What can go wrong on the way, besides what the server answers. */
export const transportFailureCodes = {
  offline: 'No connection could be made, or it broke; whether the server acted is unknown.',
  timeout: 'The server did not answer within the time allowed; whether it acted is unknown.',
  aborted: 'The caller gave the call up.',
  unreadable: 'The answer is not the JSON that was expected: a captive portal, a proxy, or another version.',
  'queue-full': 'As much waits to be sent as this browser may keep; nothing was put in.',
  unavailable: 'A 5xx without a body of ours: the server is starting, stopping or overloaded.',
} as const;

/** Every code that a call may fail with; `shared.failure` has a sentence and a next step for each. */
export type ApiFailureCode = ApiErrorCode | keyof typeof transportFailureCodes;

/** A failed call. `field` names the bad input; `status` is the HTTP status, absent when nothing came back. */
export interface ApiFailure extends Err<ApiFailureCode> {
  readonly field?: string;
  readonly next?: string;
  readonly status?: number;
}

/** What every call of the client returns; it never throws and never rejects. */
export type ApiResult<T> = Ok<T> | ApiFailure;

/** True when the same call may be sent again unchanged and might then succeed. */
export function isWorthRepeating(failure: ApiFailure): boolean {
  return [
    'offline',
    'timeout',
    'unavailable',
    'unreadable',
    'timed-out',
    'internal',
    'rate-limited',
    'in-progress',
  ].includes(failure.error);
}

/** Makes a failure without a server's answer. */
export function failure(error: ApiFailureCode, more: Omit<ApiFailure, 'ok' | 'error'> = {}): ApiFailure {
  return { ok: false, error, ...more };
}
