import { canonicalJson } from '../../protocol/log/entry.ts';
import { sha256 } from './sha256.ts';
import type { Db } from '../store/database.ts';
import { uuidv7 } from '../store/uuid.ts';

/** One act to be kept for ever. `facts` holds no secrets and no personal data beyond ids. */
export interface AuditEntry {
  readonly act: string;
  /** Absent when the server itself acted. */
  readonly actorId?: string | undefined;
  /** What it was done to: `terminal:…`, `person:…`, `keys`. */
  readonly subject: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A row as the table takes it, without its place in the chain. */
export function auditRow(entry: AuditEntry, nowMs: number) {
  return {
    id: uuidv7(nowMs),
    at: new Date(nowMs),
    act: entry.act,
    actor_id: entry.actorId ?? null,
    subject: entry.subject,
    facts: JSON.stringify(entry.facts),
  };
}

/** Writes entries in the caller's transaction; the sequencer numbers and chains them after the commit. */
export async function writeAudit(db: Db, nowMs: number, ...entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db
    .insertInto('audit')
    .values(entries.map((entry) => auditRow(entry, nowMs)))
    .execute();
}

/** What is hashed of a record. */
export interface HashedRecord {
  readonly id: string;
  readonly at: Date;
  readonly act: string;
  readonly actor_id: string | null;
  readonly subject: string;
  readonly facts: unknown;
}

/** The hash before the first record. */
export const genesisHash = sha256('Tillkeeper audit 1');

/** SHA-256 over the previous hash, the sequence number and the record in one fixed spelling. */
export function chainHash(
  previous: Uint8Array,
  sequence: number,
  record: HashedRecord,
  facts = canonicalJson(record.facts),
): Buffer {
  const fields = [sequence, record.id, record.at.toISOString(), record.act, record.actor_id, record.subject];
  return sha256(Buffer.concat([previous, Buffer.from(`${JSON.stringify(fields)}${facts}`)]));
}

/** The record as the log's leaf holds it; the same text as `entryText` of `protocol/log` gives. */
export function leafText(
  sequence: number,
  previous: number,
  record: HashedRecord,
  facts = canonicalJson(record.facts),
): string {
  const { id, at, act, actor_id: actor, subject } = record;
  return `${JSON.stringify([sequence, id, at.toISOString(), act, actor, subject, previous])}${facts}`;
}
