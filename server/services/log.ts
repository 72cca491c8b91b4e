import type { Pool } from 'pg';
import { err, ok } from '../../domain/result.ts';
import type { LogProof, Witness } from '../../protocol/http/log.ts';
import { parseCheckpoint, verifyCosignature } from '../../protocol/log/checkpoint.ts';
import { logLimits } from '../../protocol/log/limits.ts';
import { decodeVkey, encodeVkey, parseSignatureLine } from '../../protocol/log/note.ts';
import { consistencyRanges, hashesOf, inclusionRanges, neededSubtrees } from '../../protocol/log/tree.ts';
import type { Answer } from '../answer.ts';
import { lastCheckpoint, logKeysOf, originOf } from '../audit/checkpoints.ts';
import { type HashedRecord, leafText, writeAudit } from '../audit/records.ts';
import { sha256 } from '../audit/sha256.ts';
import { readSubtrees } from '../audit/subtrees.ts';
import type { Core } from '../core.ts';
import { verifyByNode } from '../keys/node-keys.ts';
import { makeCaseFile, withCosignatures } from './case-file.ts';

/** The transparency log as others see it: checkpoints, proofs, witnesses. */
export interface LogService {
  /** The newest checkpoint with the witnesses' lines. */
  checkpoint(): Promise<Answer<string>>;
  /** The log's verifier keys, one a line, the active one first. */
  keys(): Promise<string>;
  consistency(from: number, to: number): Promise<Answer<{ hashes: string[] }>>;
  inclusion(index: number, size: number): Promise<Answer<{ hashes: string[] }>>;
  /** Keeps a witness's cosignature of the checkpoint of `size`; `line` is the note's signature line. */
  cosign(size: number, line: string): Promise<Answer<{ done: true }>>;
  witnesses(): Promise<Witness[]>;
  /** Lets a witness's cosignatures in from now on. */
  addWitness(label: string, vkey: string): Promise<Answer<Witness>>;
  /** Proof for the newest record of a case, unless it is so new that no checkpoint covers it. */
  proofOf(terminalId: string, caseId: string): Promise<LogProof | undefined>;
  /** The case file of a ticket, by its id or number; `since` is a checkpoint that the reader knows. */
  caseFile(ticket: string, since?: string): Promise<Answer<string>>;
}

/** What the service is wired to. */
export interface LogContext {
  readonly core: Core;
  /** Name of a log that has no checkpoint yet. */
  readonly firstOrigin: string;
  /** Brings the log and its newest checkpoint up to what is committed. */
  readonly settle: () => Promise<void>;
}

/** Builds the service. */
export function createLogService({ core, firstOrigin, settle }: LogContext): LogService {
  const { pool } = core;
  return {
    checkpoint: () => cosignedCheckpoint(core),
    keys: async () => {
      const last = await lastCheckpoint(pool);
      const origin = last === undefined ? firstOrigin : originOf(last);
      return logKeysOf(core.keys(), origin)
        .map((key) => `${encodeVkey(key)}\n`)
        .join('');
    },
    consistency: (from, to) => consistency(pool, from, to),
    inclusion: (index, size) => inclusion(pool, index, size),
    cosign: (size, line) => cosign(core, size, line),
    witnesses: () => listWitnesses(pool),
    addWitness: (label, vkey) => addWitness(core, label, vkey),
    proofOf: (terminalId, caseId) => proofOf(core, terminalId, caseId),
    caseFile: async (ticket, since) => {
      await settle();
      return makeCaseFile(core, ticket, since);
    },
  };
}

const text = (hash: Uint8Array): string => Buffer.from(hash).toString('base64url');

async function cosignedCheckpoint(core: Core): Promise<Answer<string>> {
  const last = await lastCheckpoint(core.pool);
  return last === undefined ? err('not-found') : ok(await withCosignatures(core, last));
}

/** Proofs reach to the newest checkpoint and no further: what is not signed yet is nobody's business. */
async function signedSize(pool: Pool): Promise<number> {
  return (await lastCheckpoint(pool))?.size ?? 0;
}

async function consistency(pool: Pool, from: number, to: number): Promise<Answer<{ hashes: string[] }>> {
  if (from > to) return err('bad-request', 'from');
  if (to > (await signedSize(pool))) return err('not-found', 'to');
  const ranges = consistencyRanges(from, to);
  const read = await readSubtrees(pool, neededSubtrees(ranges));
  return ok({ hashes: hashesOf(ranges, read, sha256).map(text) });
}

async function inclusion(pool: Pool, index: number, size: number): Promise<Answer<{ hashes: string[] }>> {
  if (index >= size) return err('bad-request', 'index');
  if (size > (await signedSize(pool))) return err('not-found', 'size');
  const ranges = inclusionRanges(index, size);
  const read = await readSubtrees(pool, neededSubtrees(ranges));
  return ok({ hashes: hashesOf(ranges, read, sha256).map(text) });
}

async function listWitnesses(pool: Pool): Promise<Witness[]> {
  const { rows } = await pool.query<
    Omit<Witness, 'addedAt' | 'last'> & { added_at: Date; size: number | null; at: Date }
  >(
    `select w.name, w.label, w.vkey, w.added_at, c.size, c.at from log_witnesses w left join lateral
      (select size, at from log_cosignatures where witness = w.name order by size desc limit 1) c on true
     order by w.added_at, w.name`,
  );
  return rows.map(({ added_at, size, at, ...witness }) => ({
    ...witness,
    addedAt: added_at.toISOString(),
    ...(size === null ? {} : { last: { size, at: at.toISOString() } }),
  }));
}

async function addWitness(core: Core, label: string, vkey: string): Promise<Answer<Witness>> {
  const key = decodeVkey(vkey);
  if (!key.ok || key.value.type !== 'cosignature') return err('bad-request', 'vkey');
  const { name } = key.value;
  const present = await listWitnesses(core.pool);
  const same = present.find((witness) => witness.name === name);
  if (same !== undefined) return same.vkey === vkey ? ok(same) : err('already-exists', 'name');
  if (present.length >= logLimits.witnessesMax) return err('too-large', 'witnesses');
  const nowMs = core.clock();
  await core.db.transaction().execute(async (db) => {
    const made = { name, label, vkey, added_at: new Date(nowMs) };
    await db.insertInto('log_witnesses').values(made).execute();
    await writeAudit(db, nowMs, { act: 'witness.added', subject: 'log', facts: { name, label, vkey } });
  });
  core.bus.publish({ name: 'audit', id: name });
  return ok({ name, label, vkey, addedAt: new Date(nowMs).toISOString() });
}

async function cosign(core: Core, size: number, line: string): Promise<Answer<{ done: true }>> {
  const signature = parseSignatureLine(line);
  if (signature === undefined) return err('bad-request', 'line');
  const { rows } = await core.pool.query<{ note: string | null; vkey: string | null }>(
    `select (select note from log_checkpoints where size = $1) as note,
      (select vkey from log_witnesses where name = $2) as vkey`,
    [size, signature.name],
  );
  const { note = null, vkey = null } = rows[0] ?? {};
  if (vkey === null) return err('forbidden');
  const checkpoint = note === null ? undefined : parseCheckpoint(note);
  const key = decodeVkey(vkey);
  if (checkpoint?.ok !== true || !key.ok) return err('not-found', 'size');
  if (verifyCosignature(checkpoint.value.note.text, signature, key.value, verifyByNode) === undefined)
    return err('bad-signature', 'line');
  await core.pool.query(
    'insert into log_cosignatures (size, witness, line, at) values ($1, $2, $3, $4) on conflict do nothing',
    [size, signature.name, line, new Date(core.clock())],
  );
  return ok({ done: true });
}

async function proofOf(core: Core, terminalId: string, caseId: string): Promise<LogProof | undefined> {
  const { rows } = await core.pool.query<HashedRecord & { seq: number | null; prev: number | null }>({
    name: 'log-case-newest',
    text: `select id, at, act, actor_id, subject, facts, seq, prev from audit
      where subject = $1 and facts ->> 'caseId' = $2 order by seq desc nulls first limit 1`,
    values: [`terminal:${terminalId}`, caseId],
  });
  const [record] = rows;
  const last = await lastCheckpoint(core.pool);
  if (record === undefined || record.seq === null || record.prev === null) return undefined;
  if (last === undefined || last.size < record.seq) return undefined;
  const index = record.seq - 1;
  const ranges = inclusionRanges(index, last.size);
  const read = await readSubtrees(core.pool, neededSubtrees(ranges));
  return {
    entry: text(Buffer.from(leafText(record.seq, record.prev, record))),
    index,
    checkpoint: await withCosignatures(core, last),
    hashes: hashesOf(ranges, read, sha256).map(text),
  };
}
