import type { LockReason } from '../../../domain/unlock/states.ts';
import type { ActFailure } from './failure.ts';
import type { Act } from './next-act.ts';
import { usesOfAll, usesOn } from './site-work.ts';
import type { CountedUse, KeptDelegation } from './site-work.ts';

/** Why the server cannot be asked now. */
export const offlineReasons = ['no-network', 'no-answer', 'slow', 'portal', 'signed-out', 'busy'] as const;
/** Why the server cannot be asked now. */
export type OfflineReason = (typeof offlineReasons)[number];

/** Why no delegation helps on this terminal now. */
export const delegationBars = [
  'none',
  'not-listed',
  'not-yet',
  'over',
  'used-up',
  'used-up-here',
  'reasons',
  'identity-dead',
] as const;
/** Why no delegation helps on this terminal now. */
export type DelegationBar = (typeof delegationBars)[number];

/** The delegation to use, or why there is none. `number` names the one that came nearest. */
export type DelegationChoice =
  | { readonly usable: true; readonly kept: KeptDelegation; readonly usedOfAll: number }
  | { readonly usable: false; readonly why: DelegationBar; readonly number?: string };

/** The terminal as far as a delegation cares. */
export interface SiteTarget {
  readonly terminalId: string;
  readonly reasons: readonly LockReason[];
  readonly identityAlive: boolean;
}

/** The bars from the one that is nearest to working. */
const nearest: readonly DelegationBar[] = [
  'identity-dead',
  'reasons',
  'used-up-here',
  'used-up',
  'not-yet',
  'over',
  'not-listed',
  'none',
];

function barOf(
  kept: KeptDelegation,
  uses: readonly CountedUse[],
  target: SiteTarget,
  nowMs: number,
): DelegationBar | undefined {
  const { delegation } = kept.pack;
  if (!delegation.terminals.some(({ terminal }) => terminal.id === target.terminalId)) return 'not-listed';
  if (delegation.notAfter === undefined || Date.parse(delegation.notAfter) <= nowMs) return 'over';
  if (delegation.notBefore === undefined || Date.parse(delegation.notBefore) > nowMs) return 'not-yet';
  if (usesOfAll(kept, uses) >= delegation.usesMax) return 'used-up';
  if (usesOn(kept, uses, target.terminalId) >= delegation.usesPerTerminalMax) return 'used-up-here';
  if (target.reasons.some((reason) => !delegation.reasonsOk.includes(reason))) return 'reasons';
  return target.identityAlive ? undefined : 'identity-dead';
}

/** Which of the delegations on this device may be used on a terminal now; the one that lasts longest. */
export function chooseDelegation(
  all: readonly KeptDelegation[],
  uses: readonly CountedUse[],
  target: SiteTarget,
  nowMs: number,
): DelegationChoice {
  const judged = all.map((kept) => ({ kept, bar: barOf(kept, uses, target, nowMs) }));
  const end = (kept: KeptDelegation): number => Date.parse(kept.pack.delegation.notAfter ?? '');
  const [best] = judged.filter(({ bar }) => bar === undefined).sort((a, b) => end(b.kept) - end(a.kept));
  if (best !== undefined) return { usable: true, kept: best.kept, usedOfAll: usesOfAll(best.kept, uses) };
  const why = nearest.find((bar) => judged.some((one) => one.bar === bar)) ?? 'none';
  const number = judged.find(({ bar }) => bar === why)?.kept.pack.delegation.number;
  return number === undefined ? { usable: false, why } : { usable: false, why, number };
}

/** What a run sees of the way to the server when it decides whether to offer another way. */
export interface OfferView {
  readonly act: Act;
  readonly failure: ActFailure | undefined;
  readonly isNetworkUp: boolean;
  /** False when the browser itself knows of no network. */
  readonly isBrowserOnline: boolean;
  /** The server was asked more than `slowMs` ago and has not answered. */
  readonly isSlow: boolean;
  /** The person is not signed in any more. */
  readonly isSignedOut: boolean;
}

/** A server that has not answered for this long after the press counts as not answering. */
export const slowMs = 2_000;

const serverActs: ReadonlySet<Act['do']> = new Set<Act['do']>([
  'fetch-case',
  'ask',
  'send-inspection',
  'wait-approval',
  'wait-later',
]);

/** Why another way should be offered now; undefined while the server is there, or nobody needs it. */
export function offlineReason(view: OfferView): OfflineReason | undefined {
  const { act, failure, isSlow, isNetworkUp, isBrowserOnline } = view;
  if (!serverActs.has(act.do)) return undefined;
  if (view.isSignedOut || failure?.code === 'unauthenticated') return 'signed-out';
  if (failure?.from === 'server') {
    if (failure.code === 'unreadable') return 'portal';
    if (failure.code === 'unavailable' || failure.code === 'internal' || failure.code === 'timed-out') return 'busy';
    if (failure.code === 'timeout') return 'no-answer';
    if (failure.code === 'offline') return isBrowserOnline ? 'no-answer' : 'no-network';
  }
  if (!isNetworkUp) return isBrowserOnline ? 'no-answer' : 'no-network';
  return isSlow ? 'slow' : undefined;
}
