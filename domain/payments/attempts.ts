import type { Fen } from '../money.ts';
import { err, ok, type Result } from '../result.ts';
import { Draft, liveAttempt, type Moment } from './draft.ts';
import { attemptNoOf } from './numbers.ts';
import type { AttemptRecord, LimitHold, Outcome, Snapshot } from './records.ts';
import type { AttemptKind } from './states.ts';
import { isLive } from './transitions.ts';

/** A new attempt, before it is sent. */
export interface AttemptWish {
  readonly id: string;
  readonly accountId: string;
  readonly channel: string;
  readonly kind: AttemptKind;
  readonly amountFen: Fen;
  readonly memo: Readonly<Record<string, string>>;
  /** Last four digits of a card. */
  readonly tail?: string;
  readonly bodyHash: string;
  readonly by?: string;
  readonly expiresAtMs: number;
  readonly holds: readonly LimitHold[];
  /** When the sweeper takes over, should the call's answer not have been written by then. */
  readonly lookAtMs: number;
}

/** What is still owed. */
export function leftFen({ order }: Pick<Snapshot, 'order'>): number {
  const isOwed = order.state === 'open' || order.state === 'part-paid';
  return isOwed && !order.cancelWanted ? order.amountFen - order.paidFen : 0;
}

/** The number that the next attempt of an order has at the platform. */
export function nextAttemptNo({ order }: Pick<Snapshot, 'order'>): string {
  return attemptNoOf(order.orderNo, order.attempts + 1);
}

/** Writes an attempt down as submitted: from then on its end is looked for, whatever becomes of this process. */
export function beginAttempt(
  snapshot: Snapshot,
  wish: AttemptWish,
  moment: Moment,
): Result<Outcome, 'not-in-state' | 'bad-request'> {
  if (liveAttempt(snapshot) !== undefined) return err('not-in-state', 'attempt');
  const left = leftFen(snapshot);
  if (left === 0) return err('not-in-state', 'order');
  if (wish.amountFen > left) return err('bad-request', 'amountFen');
  const draft = new Draft(snapshot, moment);
  const { nowMs } = moment;
  const { tail, lookAtMs, by, ...rest } = wish;
  const attempt: AttemptRecord = {
    ...rest,
    ...{ number: snapshot.order.attempts + 1, attemptNo: nextAttemptNo(snapshot), state: 'submitted', wanted: null },
    ...{ qr: null, link: null, transactionId: null, payer: tail ?? null, feeFen: null, reason: null },
    ...{ platformCode: null, tries: 0, nextLookAtMs: lookAtMs, createdAtMs: nowMs, updatedAtMs: nowMs },
    ...{ paidAtMs: null, refundedFen: 0 as Fen },
  };
  draft.addAttempt(attempt);
  const { channel, amountFen, attemptNo, kind } = attempt;
  const who = by === undefined ? {} : { by };
  draft.event('attempt-started', { attemptId: attempt.id, facts: { channel, kind, amountFen, attemptNo }, ...who });
  return ok(draft.done());
}

/** Marks what lives of an order to be ended or undone at its platform, durable before the platform is asked to. */
export function wantEnd(
  snapshot: Snapshot,
  wish: { readonly wanted: 'close' | 'reverse'; readonly why: string; readonly by?: string; readonly lookAtMs: number },
  moment: Moment,
): Outcome | undefined {
  const live = liveAttempt(snapshot);
  if (live === undefined || live.wanted === 'reverse' || live.wanted === wish.wanted) return undefined;
  const draft = new Draft(snapshot, moment);
  markEnd(draft, live, wish);
  return draft.done();
}

function markEnd(
  draft: Draft,
  live: AttemptRecord,
  wish: { readonly wanted: 'close' | 'reverse'; readonly why: string; readonly by?: string; readonly lookAtMs: number },
): void {
  draft.setAttempt(live.id, { wanted: wish.wanted, nextLookAtMs: wish.lookAtMs });
  const who = wish.by === undefined ? {} : { by: wish.by };
  draft.event('close-wanted', { attemptId: live.id, facts: { why: wish.why, how: wish.wanted }, ...who });
}

/** An order is to end: what lives is marked to be closed, parts go back once nothing lives any more. */
export function wantCancel(
  snapshot: Snapshot,
  wish: { readonly why: 'cancelled' | 'expired'; readonly by?: string; readonly lookAtMs: number },
  moment: Moment,
): Result<Outcome | undefined, 'not-in-state'> {
  const { order } = snapshot;
  if (order.state === 'cancelled' || order.cancelWanted) return ok(undefined);
  if (order.state !== 'open' && order.state !== 'part-paid') return err('not-in-state', 'order');
  const draft = new Draft(snapshot, moment);
  const who = wish.by === undefined ? {} : { by: wish.by };
  draft.setOrder({ cancelWanted: true });
  draft.event('cancel-wanted', { facts: { why: wish.why }, ...who });
  const live = draft.attempts.find((attempt) => isLive(attempt.state));
  if (live !== undefined && live.wanted === null) markEnd(draft, live, { ...wish, wanted: 'close' });
  return ok(draft.done());
}
