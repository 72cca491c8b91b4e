import type { CableErrorCode } from '../../../protocol/cable/v1/errors.ts';
import { isWorthRepeating } from '../../api/failures.ts';
import type { ApiFailure } from '../../api/failures.ts';

/** Who failed: the way to the terminal, the server, or the browser. */
export type FailureSource = 'cable' | 'server' | 'page';

/** An act that did not succeed, as the person sees it. */
export interface ActFailure {
  readonly from: FailureSource;
  /** A code of `CableErrorCode`, `ApiFailureCode`, or one of `pageFailures`. */
  readonly code: string;
  readonly detail: string;
  /** The same act may succeed later: it is repeated by itself with growing pauses. */
  readonly mayPass: boolean;
}

/** A failure on the screen: what failed, and when it is tried again by itself. */
export interface ShownFailure extends ActFailure {
  /** Failed attempts of this act in a row. */
  readonly attempts: number;
  /** Epoch milliseconds of the next attempt; undefined when only a person can go on. */
  readonly retryAtMs: number | undefined;
}

/** Failures of the run itself. */
export const pageFailures = [
  /** The terminal keeps no receipt. */
  'no-receipt',
  /** The server has no order yet. */
  'no-order',
  /** The bytes of a photo are gone from this browser. */
  'photo-missing',
  /** The delegation is not on this device any more. */
  'delegation-gone',
  /** The delegation does not list this terminal. */
  'site-not-listed',
  /** The terminal's request is no message of ours. */
  'site-request-unreadable',
  /** The request is of another terminal than the one of this ticket. */
  'site-other-terminal',
  /** The request is not signed by the key that is registered for the terminal. */
  'site-request-unsigned',
  /** The terminal's screen shows the number of another request. */
  'site-number-differs',
  /** Another ticket took the number of this use meanwhile: it is signed again with the next. */
  'use-number-taken',
] as const;

const passingCableErrors: ReadonlySet<CableErrorCode> = new Set<CableErrorCode>([
  'timeout',
  'closed',
  'busy',
  'too-soon',
  'not-in-state',
  'too-many-requests',
  'internal',
]);

/** A failed request to the terminal. */
export function cableFailure(code: CableErrorCode, detail = ''): ActFailure {
  return { from: 'cable', code, detail, mayPass: passingCableErrors.has(code) };
}

/** A failed call to the server. */
export function serverFailure(failure: ApiFailure): ActFailure {
  const detail = [failure.detail, failure.next].filter((part) => part !== undefined && part !== '').join(' ');
  return { from: 'server', code: failure.error, detail, mayPass: isWorthRepeating(failure) };
}

/** A failure of the run itself. */
export function pageFailure(code: (typeof pageFailures)[number], mayPass: boolean, detail = ''): ActFailure {
  return { from: 'page', code, detail, mayPass };
}
