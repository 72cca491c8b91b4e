import type { DelegationView } from '../../../protocol/http/field.ts';

/** The groups of the list, what needs a hand first. */
export type DelegationGroupName = 'waiting' | 'active' | 'past';

/** One group and its delegations. */
export interface DelegationGroup {
  readonly name: DelegationGroupName;
  readonly delegations: readonly DelegationView[];
}

/** The newest answers of several calls as one list without doubles. */
export function mergeDelegations(lists: readonly (readonly DelegationView[])[]): readonly DelegationView[] {
  return [...new Map(lists.flat().map((delegation) => [delegation.id, delegation])).values()];
}

/** True while a signed delegation holds; the server's word is older than the clock. */
export function isInForce({ state, notAfter }: DelegationView, nowMs: number): boolean {
  return state === 'active' && notAfter !== undefined && Date.parse(notAfter) > nowMs;
}

/** The state as it is at `nowMs`: an active one whose time is over has ended, whether or not the server has said so yet. */
export function stateAt(delegation: DelegationView, nowMs: number): DelegationView['state'] {
  return delegation.state === 'active' && !isInForce(delegation, nowMs) ? 'ended' : delegation.state;
}

/** Sorts into groups: who waits longest first, then what ends soonest, then what was asked for last. */
export function delegationGroups(all: readonly DelegationView[], nowMs: number): readonly DelegationGroup[] {
  const group = (delegation: DelegationView): DelegationGroupName => {
    const state = stateAt(delegation, nowMs);
    return state === 'waiting' || state === 'active' ? state : 'past';
  };
  const asked = (delegation: DelegationView): number => Date.parse(delegation.askedAt);
  const ends = (delegation: DelegationView): number => Date.parse(delegation.notAfter ?? delegation.askedAt);
  const orders: Readonly<Record<DelegationGroupName, (a: DelegationView, b: DelegationView) => number>> = {
    waiting: (a, b) => asked(a) - asked(b),
    active: (a, b) => ends(a) - ends(b),
    past: (a, b) => asked(b) - asked(a),
  };
  return (['waiting', 'active', 'past'] as const).map((name) => ({
    name,
    delegations: all.filter((delegation) => group(delegation) === name).sort(orders[name]),
  }));
}

/** How long a delegation still holds, and which share of its time that is (0 to 1). */
export function timeLeft(delegation: DelegationView, nowMs: number): { readonly ms: number; readonly share: number } {
  const from = Date.parse(delegation.notBefore ?? delegation.askedAt);
  const to = Date.parse(delegation.notAfter ?? delegation.askedAt);
  const ms = Math.max(0, to - nowMs);
  return { ms, share: to > from ? Math.min(1, ms / (to - from)) : 0 };
}

/** What an approver wants to know of a technician's earlier delegations. */
export interface DelegationPast {
  readonly delegations: number;
  readonly uses: number;
  readonly missing: number;
  readonly doubled: number;
  readonly revoked: number;
  readonly refused: number;
}

/** Adds up the technician's delegations, all but the one that is looked at. */
export function delegationPast(all: readonly DelegationView[], exceptId: string): DelegationPast {
  const others = all.filter(({ id }) => id !== exceptId);
  const sum = (count: (delegation: DelegationView) => number): number =>
    others.reduce((total, delegation) => total + count(delegation), 0);
  return {
    delegations: others.length,
    uses: sum(({ uses }) => uses.length),
    missing: sum(({ missing }) => missing.length),
    doubled: sum(({ doubled }) => doubled.length),
    revoked: sum(({ state }) => (state === 'revoked' ? 1 : 0)),
    refused: sum(({ state }) => (state === 'refused' ? 1 : 0)),
  };
}

/** Who handed a use in. */
export type HandedInBy = 'technician' | 'terminal' | 'both';

/** Who handed a use in; both sides agree when both did. */
export function handedInBy(sources: readonly ('technician' | 'terminal')[]): HandedInBy {
  const [first = 'technician'] = sources;
  return sources.includes('technician') && sources.includes('terminal') ? 'both' : first;
}

/** The second persons of one listed terminal by name, each once: somebody may have a key on two devices. */
export function secondsOf(
  delegation: DelegationView,
  terminal: DelegationView['terminals'][number],
): readonly string[] {
  const named = delegation.seconds.filter(({ keyId }) => terminal.secondKeyIds.includes(keyId));
  return [...new Set(named.map(({ person }) => person.name))];
}

/** True for a signed delegation that a terminal without news would still take; also one that a newer one has replaced. */
export function isRevocable({ state, notAfter }: DelegationView, nowMs: number): boolean {
  return (state === 'active' || state === 'ended') && notAfter !== undefined && Date.parse(notAfter) > nowMs;
}

/** The delegations that die with a field key: those not over that its holder asked for or may confirm with it. */
export function hangingOn(keyId: string, all: readonly DelegationView[], nowMs: number): readonly DelegationView[] {
  return all.filter((delegation) => {
    const isNamed = delegation.fieldKey.id === keyId || delegation.seconds.some((second) => second.keyId === keyId);
    return isNamed && (delegation.state === 'waiting' || isRevocable(delegation, nowMs));
  });
}
