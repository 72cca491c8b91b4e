import { base64UrlDecode, base64UrlEncode } from '../../protocol/bytes.ts';
import { terminalStates } from '../../domain/unlock/states.ts';
import type { TerminalState } from '../../domain/unlock/states.ts';
import type { AttemptCounters } from './attempts.ts';
import type { Journal } from './journal.ts';

/** A grant that was consumed and whose act may not be finished yet. */
export interface PendingGrant {
  readonly grantHash: Uint8Array;
  readonly sealedHash: Uint8Array;
  readonly actions: number;
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
  readonly journal: Journal;
}

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
    const core = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), unpack) as CoreRecord;
    const isWhole =
      terminalStates.includes(core.state) &&
      Number.isSafeInteger(core.lockEpoch) &&
      core.nonce instanceof Uint8Array &&
      Array.isArray(core.journal.records);
    return isWhole ? core : undefined;
  } catch {
    return undefined;
  }
}
