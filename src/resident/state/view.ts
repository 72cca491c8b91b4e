import { namedAfterMs, slowAfterMs } from './limits.ts';
import type { PageState, PayBlock, View } from './page-types.ts';

function joiningPace({ isOnline, openedMs, nowMs }: PageState): 'quick' | 'named' | 'slow' | 'offline' {
  if (!isOnline) return 'offline';
  const waitedMs = nowMs - openedMs;
  if (waitedMs >= slowAfterMs) return 'slow';
  return waitedMs >= namedAfterMs ? 'named' : 'quick';
}

/** What is seen in `state`. Only a receipt that was checked is ever `paid`. */
export function viewOf(state: PageState): View {
  const { receipt, end, entry, payment, check, quote } = state;
  if (receipt !== undefined) return { name: 'paid' };
  if (end !== undefined) return { name: 'over', reason: end };
  if (entry === 'plain') return { name: 'plain' };
  if (entry === 'lost-back' || entry === 'other-tab') return { name: 'over', reason: entry };
  if (payment !== undefined && payment.step !== 'asked') return { name: 'checking', step: payment.step };
  const failure = check?.failure ?? payment?.way?.failure;
  if (failure !== undefined) return { name: 'over', reason: failure };
  return quote === undefined ? { name: 'joining', pace: joiningPace(state) } : { name: 'bill' };
}

/** Why the bill cannot be paid at this moment, or `undefined` when it can. */
export function payBlock(state: PageState): PayBlock | undefined {
  if (state.channel === undefined) return 'no-channel';
  if (state.mustConfirm && !state.isConfirmed) return 'confirm';
  if (!state.isOnline) return 'offline';
  return state.link.carrier === 'none' ? 'no-carrier' : undefined;
}

/** True when the time until which the sum was promised is over, by this phone's clock; only a hint. */
export function isPastValid({ quote, nowMs }: PageState): boolean {
  return quote !== undefined && nowMs >= Date.parse(quote.content.validUntil);
}
