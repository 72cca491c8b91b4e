import { err, ok } from '../../domain/result.ts';
import { type CaseFile, evidenceKinds, formatCaseFile } from '../../protocol/log/case-file.ts';
import { openCheckpoint, parseCheckpoint } from '../../protocol/log/checkpoint.ts';
import { logLimits } from '../../protocol/log/limits.ts';
import { verifyConsistency } from '../../protocol/log/merkle.ts';
import { encodeVkey } from '../../protocol/log/note.ts';
import { consistencyRanges, hashesOf, inclusionRanges, neededSubtrees } from '../../protocol/log/tree.ts';
import { openGrant } from '../../protocol/unlock/v1/seal.ts';
import type { Answer } from '../answer.ts';
import { lastCheckpoint, logKeysOf, originOf, type StoredCheckpoint } from '../audit/checkpoints.ts';
import { type HashedRecord, leafText } from '../audit/records.ts';
import { sha256, sha256Hex } from '../audit/sha256.ts';
import { readSubtrees } from '../audit/subtrees.ts';
import type { Core } from '../core.ts';
import { verifyByNode } from '../keys/node-keys.ts';
import { base64url } from './unlocks/view.ts';

/** A record with its place in the log. */
interface LoggedRecord extends HashedRecord {
  readonly seq: number;
  readonly prev: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

interface TicketRow {
  readonly id: string;
  readonly number: string;
  readonly terminal_id: string;
  readonly label: string;
  readonly serial: string;
  readonly identity_public_key: Buffer;
}

/** A kept checkpoint with its witnesses' lines. */
export async function withCosignatures(core: Core, { size, note }: StoredCheckpoint): Promise<string> {
  const { rows } = await core.pool.query<{ line: string }>(
    'select line from log_cosignatures where size = $1 order by witness',
    [size],
  );
  return note + rows.map(({ line }) => `${line}\n`).join('');
}

/**
 * The case file of a ticket, by its id or number, as of the newest checkpoint. `since`: a checkpoint that the reader
 * knows; the file then proves that the log continues it.
 */
export async function makeCaseFile(core: Core, ticket: string, since?: string): Promise<Answer<string>> {
  const row = await findTicket(core, ticket);
  const newest = await lastCheckpoint(core.pool);
  if (row === undefined || newest === undefined) return err('not-found');
  const records = await recordsOf(core, row, newest.size);
  if (records.length === 0) return err('not-found');
  if (records.length > logLimits.caseFileRecordsMax) return err('too-large');
  const earlier = await earlierOf(core, newest, since);
  if (!earlier.ok) return earlier;
  const ring = core.keys();
  const origin = originOf(newest);
  const [key] = logKeysOf(ring, origin);
  const [signing] = ring.logKeys;
  if (key === undefined || signing === undefined) throw new Error('makeCaseFile: no log key');
  const keysets = await keysetsOf(core, records);
  const all = [...records, ...keysets.records].sort((a, b) => a.seq - b.seq);
  const file: CaseFile = {
    format: 1,
    madeAt: new Date(core.clock()).toISOString(),
    ticket: { id: row.id, number: row.number },
    terminal: { id: row.terminal_id, label: row.label, serial: row.serial },
    people: await peopleOf(core, all),
    keys: logKeysOf(ring, origin).map(encodeVkey),
    witnesses: await witnessKeys(core),
    checkpoint: await withCosignatures(core, newest),
    earlier: earlier.value,
    records: await provenRecords(core, all, newest.size),
    identityPublicKey: base64url(row.identity_public_key),
    rootPublicKey: base64url(ring.rootPublicKey),
    keysets: keysets.bytes.map(base64url),
    messages: await messagesOf(core, row, records),
  };
  return ok(formatCaseFile(file, key, (message) => signing.signer.sign(message)));
}

async function findTicket(core: Core, ticket: string): Promise<TicketRow | undefined> {
  const { rows } = await core.pool.query<TicketRow>(
    `select k.id, k.number, k.terminal_id, t.label, t.serial, t.identity_public_key from tickets k
     join terminals t on t.id = k.terminal_id where k.id::text = $1 or k.number = $1`,
    [ticket],
  );
  return rows[0];
}

// The run from the ticket's first record to its last, whatever stands between; the record of the terminal's key; and
// the photos of its cases.
const recordsText = `
with cases as (select id from unlock_cases where ticket_id = $1),
run as (select min(seq) as first, max(seq) as last from audit
  where subject = $2 and seq <= $3
    and (facts ->> 'ticketId' = $1::text or facts ->> 'caseId' in (select id::text from cases))),
anchor as (select min(seq) as seq from audit where subject = $2 and seq <= $3 and facts ? 'identityPublicKey')
select id, at, act, actor_id, subject, facts, seq, prev from audit, run
where (subject = $2 and (seq between run.first and run.last or seq = (select seq from anchor)))
  or (subject in (select 'case:' || id from cases) and seq <= $3)
order by seq limit $4`;

async function recordsOf(core: Core, row: TicketRow, size: number): Promise<LoggedRecord[]> {
  const { rows } = await core.pool.query<LoggedRecord>(recordsText, [
    row.id,
    `terminal:${row.terminal_id}`,
    size,
    logLimits.caseFileRecordsMax + 1,
  ]);
  return rows;
}

/** The keysets from the first that a grant was made under to the one in force at the last record, with their records. */
async function keysetsOf(core: Core, records: readonly LoggedRecord[]) {
  const sequences = records.map(({ facts }) => facts['keysetSequence']).filter((item) => typeof item === 'number');
  if (sequences.length === 0) return { bytes: [], records: [] };
  const { rows } = await core.pool.query<LoggedRecord & { bytes: Buffer }>(
    `select k.bytes, a.id, a.at, a.act, a.actor_id, a.subject, a.facts, a.seq, a.prev from keysets k
     join lateral (select * from audit where subject = 'keys' and facts ->> 'sha256' = encode(sha256(k.bytes), 'hex')
       order by seq limit 1) a on a.seq is not null
     where k.sequence >= $1 and k.created_at <= $2 order by a.seq limit 64`,
    [Math.min(...sequences), records.at(-1)?.at],
  );
  return { bytes: rows.map((row) => row.bytes), records: rows };
}

async function peopleOf(core: Core, records: readonly LoggedRecord[]): Promise<Record<string, string>> {
  const named = records.flatMap(({ actor_id: actor, facts }) => [actor, facts['technicianId'], facts['secondId']]);
  const ids = [...new Set(named.filter((id) => typeof id === 'string'))];
  const { rows } = await core.pool.query<{ id: string; name: string }>(
    'select id, name from "user" where id = any($1::text[])',
    [ids],
  );
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}

async function witnessKeys(core: Core): Promise<string[]> {
  const { rows } = await core.pool.query<{ vkey: string }>('select vkey from log_witnesses order by added_at, name');
  return rows.map(({ vkey }) => vkey);
}

async function provenRecords(core: Core, records: readonly LoggedRecord[], size: number): Promise<CaseFile['records']> {
  const ranges = records.map(({ seq }) => inclusionRanges(seq - 1, size));
  const read = await readSubtrees(core.pool, neededSubtrees(ranges.flat()));
  return records.map((record, i) => ({
    entry: leafText(record.seq, record.prev, record),
    hashes: hashesOf(ranges[i] ?? [], read, sha256).map(base64url),
  }));
}

/** Each witness's newest cosigned checkpoint, and the reader's own. */
async function earlierOf(
  core: Core,
  newest: StoredCheckpoint,
  since: string | undefined,
): Promise<Answer<CaseFile['earlier']>> {
  const { rows } = await core.pool.query<StoredCheckpoint>(
    `select size, root, note from log_checkpoints where size < $1 and size in
      (select max(size) from log_cosignatures where size <= $1 group by witness) order by size`,
    [newest.size],
  );
  const notes = await Promise.all(
    rows.map(async (row) => ({ size: row.size, text: await withCosignatures(core, row) })),
  );
  if (since !== undefined) {
    const own = await knownCheckpoint(core, newest, since);
    if (!own.ok) return own;
    if (own.value < newest.size) notes.push({ size: own.value, text: since });
  }
  const ranges = notes.map(({ size }) => consistencyRanges(size, newest.size));
  const read = await readSubtrees(core.pool, neededSubtrees(ranges.flat()));
  const proofs = ranges.map((range) => hashesOf(range, read, sha256).map(base64url));
  return ok(notes.map(({ text }, i) => ({ checkpoint: text, hashes: proofs[i] ?? [] })));
}

/** Size of a checkpoint of ours that the log continues. */
async function knownCheckpoint(core: Core, newest: StoredCheckpoint, text: string): Promise<Answer<number>> {
  const parsed = parseCheckpoint(text);
  if (!parsed.ok) return err('bad-request', 'since');
  const opened = openCheckpoint(text, logKeysOf(core.keys(), originOf(newest)), verifyByNode);
  if (!opened.ok) return err('bad-signature', 'since');
  const { size, root } = opened.value;
  if (size > newest.size) return err('bad-request', 'since: the log is shorter than this checkpoint');
  const ranges = consistencyRanges(size, newest.size);
  const read = await readSubtrees(core.pool, neededSubtrees(ranges));
  const claim = { from: size, to: newest.size, fromRoot: root, toRoot: newest.root, hashes: hashesOf(ranges, read) };
  return verifyConsistency(claim, sha256) ? ok(size) : err('bad-request', 'since: the log does not continue it');
}

interface MessageRow {
  readonly id: string;
  readonly request: Buffer | null;
  readonly receipt: Buffer | null;
  readonly response_secret: Buffer;
  readonly sealed: Buffer | null;
}

/** The messages that the records name by their hashes. */
async function messagesOf(core: Core, row: TicketRow, records: readonly LoggedRecord[]): Promise<CaseFile['messages']> {
  const byHash = new Map((await keptMessages(core, row)).map((bytes) => [sha256Hex(bytes), bytes]));
  const wanted = records.flatMap(({ facts }) =>
    evidenceKinds.flatMap((kind) => {
      const hash = facts[`${kind}Sha256`];
      return typeof hash === 'string' ? [{ kind, hash }] : [];
    }),
  );
  const kinds = new Map(wanted.map(({ kind, hash }) => [hash, kind]));
  return [...kinds].flatMap(([hash, kind]) => {
    const bytes = byHash.get(hash);
    return bytes === undefined ? [] : [{ kind, bytes: base64url(bytes) }];
  });
}

/** Every message of the ticket's terminal that is kept for its cases. */
async function keptMessages(core: Core, row: TicketRow): Promise<Uint8Array[]> {
  const [cases, orders] = await Promise.all([
    core.pool.query<MessageRow>(
      `select c.id, c.request, c.receipt, c.response_secret, g.sealed from unlock_cases c
       left join grants g on g.terminal_id = c.terminal_id and g.case_id = c.id
       where c.terminal_id = $1 and c.ticket_id = $2`,
      [row.terminal_id, row.id],
    ),
    core.pool.query<{ bytes: Buffer; report: Buffer | null }>(
      `select bytes, report from orders where terminal_id = $1
       and case_id in (select id from unlock_cases where ticket_id = $2)`,
      [row.terminal_id, row.id],
    ),
  ]);
  return [
    ...cases.rows.flatMap((kept) => [kept.request, kept.receipt, ...credentialsOf(core, kept)]),
    ...orders.rows.flatMap(({ bytes, report }) => [bytes, report]),
  ].filter((bytes) => bytes !== null);
}

/** What is kept as the case's credential: an on-site bundle as it is, a grant out of its seal. */
function credentialsOf(core: Core, { id, sealed, response_secret: kept }: MessageRow): Uint8Array[] {
  if (sealed === null) return [];
  if (kept.length === 0) return [sealed];
  try {
    const opened = openGrant(sealed, new Uint8Array(core.keys().vault.open(kept, `response:${id}`)));
    return opened.ok ? [sealed, opened.value] : [sealed];
  } catch {
    return [sealed];
  }
}
