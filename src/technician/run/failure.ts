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

/** Failures of the run itself. `no-receipt`: the terminal keeps none. `no-order`: the server has none yet. `photo-missing`: its bytes are gone from this browser. */
export const pageFailures = ['no-receipt', 'no-order', 'photo-missing'] as const;

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
