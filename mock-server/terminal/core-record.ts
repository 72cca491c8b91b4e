import { base64UrlDecode, base64UrlEncode } from '../../protocol/bytes.ts';
import { terminalStates } from '../../domain/unlock/states.ts';
import type { TerminalState } from '../../domain/unlock/states.ts';
import type { DelegationUse } from '../../protocol/unlock/v1/verify-site.ts';
import type { AttemptCounters } from './attempts.ts';
import type { Journal } from './journal.ts';

/** What an on-site unlock leaves behind while its act is not finished: the record that will get the receipt. */
export interface PendingSite {
  readonly delegationSequence: number;
  readonly request: Uint8Array;
  readonly bundle: Uint8Array;
}

/** A credential that was consumed and whose act may not be finished yet. */
export interface PendingGrant {
  /** What the receipt will name. */
  readonly grantHash: Uint8Array;
  /** SHA-256 of the bytes as they came over the cable. */
  readonly sealedHash: Uint8Array;
  readonly actions: number;
  /** Present when it was an on-site bundle. */
  readonly site?: PendingSite;
}

/** One on-site unlock, whole: what was asked, what allowed it, what was done. */
export interface SiteRecord {
  readonly request: Uint8Array;
  readonly bundle: Uint8Array;
  readonly receipt: Uint8Array;
}

/** The newest on-site records, the number that the next one gets, and up to which number the server has them all. */
export interface SiteRing {
  readonly records: readonly SiteRecord[];
  readonly next: number;
  readonly handedIn: number;
}

/** A finished order: the same bytes again get the same report. */
export interface AnsweredOrder {
  readonly sequence: number;
  /** SHA-256 of the order's bytes. */
  readonly hash: Uint8Array;
  readonly report: Uint8Array;
}

/**
 * Everything the device must not forget, as one durable record, journal included: a transition and its journal entry
 * are one write, so there is no moment between them. Secrets lie in records of their own, because they are erased.
 */
export interface CoreRecord {
  readonly state: TerminalState;
  /** Where a soft lock came from and goes back to; a soft unlock must not jump over commissioning. */
  readonly returnState: TerminalState;
  readonly lockEpoch: number;
  readonly reasons: number;
  /** Device clock, seconds; 0: unknown. */
  readonly lockedAtSeconds: number;
  /** The nonce that the next accepted grant must carry. */
  readonly nonce: Uint8Array;
  readonly freshAtSeconds: number;
  readonly bootCount: number;
  readonly identityAlive: boolean;
  readonly clockTrusted: boolean;
  /** What the clock showed at the last write. */
  readonly clockSeconds: number;
  /** The latest time that a signed message has proved. */
  readonly timeFloorSeconds: number;
  readonly attempts: AttemptCounters;
  readonly lifetimeUnlocks: number;
  readonly grantSequence: number;
  /** Delegations with a lower revocation epoch are dead. Only rises. */
  readonly revocationFloor: number;
  /** The delegation that opened this device last. */
  readonly lastDelegation: DelegationUse | null;
  /** The sequence of the delegation by which the device is BLANK; 0 when it is not, or by a grant. */
  readonly blankBy: number;
  readonly siteRecords: SiteRing;
  readonly keyset: Uint8Array;
  readonly pending: PendingGrant | null;
  /** SHA-256 of the sealed grant that gave `lastReceipt`, and the epoch it led to: its repetition is answered, not done. */
  readonly answeredGrantHash: Uint8Array;
  readonly lastReceipt: Uint8Array;
  readonly lastOrder: AnsweredOrder | null;
  readonly commissioned: number;
  readonly parameters: string;
  readonly probationUntilSeconds: number;
  readonly probationLimitFen: number;
  readonly pinTries: number;
  /** Initial key ids that were ever loaded, oldest first: none is taken twice, because its counter would begin anew. */
  readonly cardKeyIds: readonly Uint8Array[];
  readonly journal: Journal;
}

/** What a record has that was written before there was work on site. */
export const noSiteWork = {
  revocationFloor: 0,
  lastDelegation: null,
  blankBy: 0,
  siteRecords: { records: [], next: 1, handedIn: 0 },
} as const satisfies Partial<CoreRecord>;

/** What a record has that was written before there were card payments. */
export const noCardKeys = { cardKeyIds: [] } as const satisfies Partial<CoreRecord>;

interface PackedBytes {
  readonly bytes: string;
}

function pack(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: base64UrlEncode(value) } : value;
}

function unpack(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return value;
  return base64UrlDecode((value as PackedBytes).bytes);
}

/** The record's bytes in the store. */
export function encodeCore(core: CoreRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(core, pack));
}

/** The record, or `undefined` when its bytes are damaged. A device that cannot read it must lock itself. */
export function decodeCore(bytes: Uint8Array): CoreRecord | undefined {
  try {
    const stored = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), unpack) as CoreRecord;
    const core: CoreRecord = { ...noSiteWork, ...noCardKeys, ...stored };
    const isWhole =
      terminalStates.includes(core.state) &&
      Number.isSafeInteger(core.lockEpoch) &&
      core.nonce instanceof Uint8Array &&
      Array.isArray(core.journal.records) &&
      Array.isArray(core.siteRecords.records) &&
      Array.isArray(core.cardKeyIds);
    return isWhole ? core : undefined;
  } catch {
    return undefined;
  }
}
