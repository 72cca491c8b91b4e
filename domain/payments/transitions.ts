import { type AttemptState, liveAttemptStates, type RefundState } from './states.ts';

const attemptTo: Readonly<Record<AttemptState, readonly AttemptState[]>> = {
  created: ['submitted'],
  submitted: ['pending', 'unknown', 'paid', 'closed', 'failed', 'review'],
  pending: ['unknown', 'paid', 'closed', 'failed', 'review'],
  unknown: ['pending', 'paid', 'closed', 'failed', 'review'],
  paid: [],
  closed: ['paid-late', 'review'],
  failed: ['paid-late', 'review'],
  'paid-late': [],
  // Only a person leads out of here.
  review: ['paid', 'closed', 'failed', 'paid-late'],
};

const refundTo: Readonly<Record<RefundState, readonly RefundState[]>> = {
  created: ['submitted'],
  submitted: ['processing', 'unknown', 'done', 'failed'],
  processing: ['unknown', 'done', 'failed'],
  unknown: ['processing', 'done', 'failed'],
  done: [],
  // A platform that gave up may still succeed when the payer mends their account.
  failed: ['done'],
};

/** True while money may still come. */
export function isLive(state: AttemptState): boolean {
  return (liveAttemptStates as readonly AttemptState[]).includes(state);
}

/** True while an attempt holds its part of limits: money may still come of it, be it by a person's decision. */
export function mayBring(state: AttemptState): boolean {
  return isLive(state) || state === 'review';
}

/** True while a refund is neither done nor refused. */
export function isRunning(state: RefundState): boolean {
  return state !== 'done' && state !== 'failed';
}

/** True when an attempt may go from one state to another; staying is always allowed. */
export function mayAttemptBecome(from: AttemptState, to: AttemptState): boolean {
  return from === to || attemptTo[from].includes(to);
}

/** True when a refund may go from one state to another; staying is always allowed. */
export function mayRefundBecome(from: RefundState, to: RefundState): boolean {
  return from === to || refundTo[from].includes(to);
}
