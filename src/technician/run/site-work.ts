import type { DelegationPackage } from '../../../protocol/http/field.ts';

/** The terminal's plain request as it lies before both persons, base64url. */
export interface SiteRequest {
  readonly bytes: string;
  readonly lockEpoch: number;
  readonly screenNumber: string;
  /** Mask of lock reasons. */
  readonly reasons: number;
  readonly readAtMs: number;
}

/** What the technician has signed, base64url. `useIndex` is the place in the delegation's count. */
export interface SiteSignature {
  readonly payload: string;
  readonly signature: string;
  readonly useIndex: number;
  readonly signedAtMs: number;
}

/** One use of a delegation, as far as it has come; a part of the run's record, so that a reload goes on from here. */
export interface SiteWork {
  readonly delegationId: string;
  /** What people say, such as `D-3391`. */
  readonly number: string;
  /** Id of the case that the server makes of it; made when the use was begun. */
  readonly caseId: string;
  /** Id under which the record is sent; made with `caseId`. */
  readonly recordId: string;
  readonly request?: SiteRequest;
  readonly signed?: SiteSignature;
  /** The second person's key and signature, base64url. */
  readonly second?: { readonly key: string; readonly signature: string; readonly name: string };
  /** The bundle was handed to the terminal, base64url; what came of it is known by `receipt` or `refusal` alone. */
  readonly sent?: string;
  readonly refusal?: { readonly code: string; readonly retryAtMs?: number };
  /** The terminal's receipt for the bundle, base64url. */
  readonly receipt?: string;
  /** Request, bundle and receipt are in the outbox. */
  readonly isRecorded?: boolean;
  /** Which of the kit's parts this use has; one for each use on this terminal. The first when left out. */
  readonly kitPart?: number;
  /** Place in that part of the order that comes next. */
  readonly kitAt: number;
  /** The report of the order that was carried last, base64url, and the id under which it is sent, until it is in the outbox. */
  readonly report?: { readonly id: string; readonly bytes: string };
  /** The last order of a step failed, and there is no spare. */
  readonly stuckAt?: string;
}

/** A delegation that lies on this device, with the server's last word about it. */
export interface KeptDelegation {
  readonly id: string;
  readonly pack: DelegationPackage;
  /** Epoch milliseconds of the last time that the server was heard to say that it is active. */
  readonly heardAtMs: number;
}

/** One use as this device counted it. `sent`: handed to a terminal, outcome not known; `spent`: the terminal took it. A refused one is taken off the list, and its number is used again. */
export interface CountedUse {
  readonly delegationId: string;
  readonly useIndex: number;
  readonly state: 'sent' | 'spent';
  readonly ticketId: string;
  readonly terminalId: string;
  readonly atMs: number;
}

/** The step with which the orders for one use begin. */
const firstKitStep = 'keys';

/** The orders that were made ahead for one use on a terminal; empty where there are none. */
export function kitOf(
  kept: KeptDelegation | undefined,
  terminalId: string,
  part = 0,
): DelegationPackage['terminals'][0]['orders'] {
  const orders = kept?.pack.terminals.find((terminal) => terminal.terminalId === terminalId)?.orders ?? [];
  const starts = orders.flatMap(({ step }, place) => (step === firstKitStep ? [place] : []));
  const start = starts[part];
  return start === undefined ? [] : orders.slice(start, starts[part + 1]);
}

/** Where the kit goes on after the order at `at`: past the spares of a step that is done, or to the next spare. */
export function afterOrder(
  orders: readonly { readonly step: string }[],
  at: number,
  isDone: boolean,
): { readonly kitAt: number; readonly stuckAt?: string } {
  const step = orders[at]?.step;
  if (isDone) {
    const next = orders.findIndex((order, index) => index > at && order.step !== step);
    return { kitAt: next === -1 ? orders.length : next };
  }
  return orders[at + 1]?.step === step || step === undefined ? { kitAt: at + 1 } : { kitAt: at + 1, stuckAt: step };
}

/** The number of the next use: one after the highest that went to a terminal, so the count has no gaps. */
export function nextUseIndex(kept: KeptDelegation, uses: readonly CountedUse[]): number {
  return 1 + Math.max(0, ...spentIndices(kept, uses));
}

/** Uses of one delegation on one terminal, as far as this device and the server know. */
export function usesOn(kept: KeptDelegation, uses: readonly CountedUse[], terminalId: string): number {
  return spentIndices(kept, uses, terminalId).size;
}

/** Uses of one delegation on all terminals, as far as this device and the server know. */
export function usesOfAll(kept: KeptDelegation, uses: readonly CountedUse[]): number {
  return spentIndices(kept, uses).size;
}

function spentIndices(kept: KeptDelegation, uses: readonly CountedUse[], terminalId?: string): ReadonlySet<number> {
  const here = uses.filter(({ delegationId }) => delegationId === kept.id);
  const all = [...here, ...kept.pack.delegation.uses];
  return new Set(
    all.filter((use) => terminalId === undefined || use.terminalId === terminalId).map(({ useIndex }) => useIndex),
  );
}
