import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../../protocol/bytes.ts';
import { decodeCbor } from '../../protocol/cbor/decode.ts';
import { encodeCbor } from '../../protocol/cbor/encode.ts';
import { isCborBytes, isCborMap } from '../../protocol/cbor/value.ts';
import type { CborValue } from '../../protocol/cbor/value.ts';
import { deviceLimits } from './limits.ts';

/** Bytes of a journal head: the first half of SHA-256. */
const headBytes = 16;

/** What happened, as the journal names it. */
export type JournalType =
  | 'provisioned'
  | 'boot'
  | 'locked'
  | 'challenge'
  | 'refused'
  | 'consumed'
  | 'consumed-on-site'
  | 'unlocked'
  | 'aborted'
  | 'keyset'
  | 'order'
  | 'erased'
  | 'probation'
  | 'released'
  | 'card-key'
  | 'app-paired';

/** One journal entry before it is chained. `detail` is a reasons mask, an actions mask or an order's action. */
export interface JournalEntry {
  readonly type: JournalType;
  readonly lockEpoch: number;
  readonly timeSeconds: number;
  readonly isTimeTrusted: boolean;
  readonly result: string;
  readonly detail: number;
  /** First 16 bytes of SHA-256 of the challenge's nonce; empty where none is concerned. */
  readonly nonceHash?: Uint8Array;
  /** First 16 bytes of SHA-256 of the credential; empty where none is concerned. */
  readonly credentialHash?: Uint8Array;
}

/** The ring: the newest records, the chain's head, and the number that the next record gets. */
export interface Journal {
  readonly records: readonly Uint8Array[];
  readonly head: Uint8Array;
  readonly nextSequence: number;
}

/** A journal without a record. */
export const emptyJournal: Journal = { records: [], head: new Uint8Array(headBytes), nextSequence: 1 };

/** The first 16 bytes of SHA-256. */
export function shortHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes).slice(0, headBytes);
}

/** The journal with `entry` chained to it. A record is a CBOR map that carries the head before it under key 1. */
export function appendEntry(journal: Journal, entry: JournalEntry): Journal {
  const fields = new Map<number, CborValue>([
    [0, journal.nextSequence],
    [1, journal.head],
    [2, entry.type],
    [3, entry.lockEpoch],
    [4, entry.nonceHash ?? new Uint8Array(0)],
    [5, entry.credentialHash ?? new Uint8Array(0)],
    [6, entry.timeSeconds],
    [7, entry.isTimeTrusted],
    [8, entry.result],
    [9, entry.detail],
  ]);
  const record = encodeCbor(fields);
  return {
    records: [...journal.records, record].slice(-deviceLimits.journalRecords),
    head: shortHash(record),
    nextSequence: journal.nextSequence + 1,
  };
}

/** Sequence number of the oldest record still in the ring. */
export function oldestSequence(journal: Journal): number {
  return journal.nextSequence - journal.records.length;
}

/** True when every record carries the hash of the one before it, numbers rise by one, and the last one gives `head`. */
export function isJournalIntact(records: readonly Uint8Array[], head: Uint8Array): boolean {
  let previousHead: Uint8Array | undefined;
  let previousSequence: number | undefined;
  for (const record of records) {
    const decoded = decodeCbor(record);
    if (!decoded.ok || !isCborMap(decoded.value)) return false;
    const [sequence, linked] = [decoded.value.get(0), decoded.value.get(1)];
    if (typeof sequence !== 'number' || !isCborBytes(linked)) return false;
    if (previousHead !== undefined && !equalBytes(linked, previousHead)) return false;
    if (previousSequence !== undefined && sequence !== previousSequence + 1) return false;
    previousHead = shortHash(record);
    previousSequence = sequence;
  }
  return previousHead === undefined || equalBytes(previousHead, head);
}
