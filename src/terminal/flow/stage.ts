import { liveAttemptStates } from '../../../domain/payments/states.ts';
import type { AttemptView, OrderView } from '../../../protocol/http/payments.ts';

/**
 * Where a payment stands, as its screen shows it. `sending`: the server has not answered yet. `open`: nothing was tried.
 * `asking`: the platform was asked. `qr`, `qr-over`: a code is shown, or its time has passed and the platform is asked.
 * `payer`: the customer confirms on their phone. `bank`: the card's bank decides. `checking`: nobody knows yet.
 * `switching`: the old code is being ended. `ending`: the order is being ended. `part`: a part is paid, the rest is owed.
 */
export type Stage =
  | { readonly at: 'sending' | 'open' | 'ending' | 'part' | 'paid' | 'cancelled' | 'review' | 'refunded' }
  | {
      readonly at: 'asking' | 'qr-over' | 'payer' | 'bank' | 'checking' | 'switching' | 'failed' | 'closed';
      readonly attempt: AttemptView;
    }
  | { readonly at: 'qr'; readonly attempt: AttemptView; readonly qr: string };

/** Name of a stage. */
export type StageName = Stage['at'];

/** The attempt that may still bring money. */
export function liveAttempt(order: OrderView): AttemptView | undefined {
  return order.attempts.findLast(({ state }) => (liveAttemptStates as readonly string[]).includes(state));
}

/** Where `order` stands; `nowMs` is the server's time. */
export function stageOf(order: OrderView | undefined, nowMs: number): Stage {
  if (order === undefined) return { at: 'sending' };
  switch (order.state) {
    case 'paid':
    case 'cancelled':
    case 'review':
      return { at: order.state };
    case 'part-refunded':
    case 'refunded':
      return { at: 'refunded' };
    case 'open':
    case 'part-paid':
      return openStage(order, nowMs);
  }
}

function openStage(order: OrderView, nowMs: number): Stage {
  if (order.isEnding) return { at: 'ending' };
  const live = liveAttempt(order);
  if (live !== undefined) return liveStage(live, nowMs);
  const last = order.attempts.at(-1);
  if (last?.state === 'review') return { at: 'review' };
  if (last?.state === 'failed') return { at: 'failed', attempt: last };
  if (order.state === 'part-paid') return { at: 'part' };
  return last?.state === 'closed' ? { at: 'closed', attempt: last } : { at: 'open' };
}

function liveStage(attempt: AttemptView, nowMs: number): Stage {
  if (attempt.isEnding) return { at: 'switching', attempt };
  if (attempt.state === 'unknown') return { at: 'checking', attempt };
  if (attempt.state !== 'pending') return { at: 'asking', attempt };
  if (attempt.kind === 'card') return { at: 'bank', attempt };
  if (attempt.kind === 'scan' || attempt.qr === undefined) return { at: 'payer', attempt };
  return Date.parse(attempt.expiresAt) > nowMs ? { at: 'qr', attempt, qr: attempt.qr } : { at: 'qr-over', attempt };
}

/** The server's `certaintyWaitMs`: how long after its time a code may still turn out to be paid. */
const certaintyMs = 60_000;

/** By when a code that is being ended is over, epoch ms of the server, for platforms that close none before its time. */
export function endsByMs(stage: Stage, order: OrderView | undefined): number | undefined {
  if (order === undefined || (stage.at !== 'switching' && stage.at !== 'ending')) return undefined;
  const live = liveAttempt(order);
  return live && Date.parse(live.expiresAt) + certaintyMs;
}

/** True when nothing more happens to the order by itself. */
export function isFinal(stage: Stage): boolean {
  return ['paid', 'cancelled', 'review', 'refunded'].includes(stage.at);
}

/** True when the server changes it without a key being pressed: it is asked now and then, in case no event comes. */
export function isWaiting(stage: Stage): boolean {
  return ['sending', 'asking', 'qr', 'qr-over', 'payer', 'bank', 'checking', 'switching', 'ending'].includes(stage.at);
}

/** True when no money is on its way but by the code that is shown: a person is to say how it goes on. */
export function standsStill(stage: Stage | undefined): boolean {
  return stage !== undefined && ['open', 'part', 'failed', 'closed', 'qr'].includes(stage.at);
}

/** True when a card may be read for it; whatever lives is ended first. */
export function takesCard(stage: Stage | undefined): boolean {
  return standsStill(stage) || stage?.at === 'qr-over' || stage?.at === 'checking';
}
