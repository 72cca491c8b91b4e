import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { type Checkpoint, checkpointText, openCheckpoint } from '../../protocol/log/checkpoint.ts';
import { verifyConsistency } from '../../protocol/log/merkle.ts';
import { formatNote, noteKey, signNote } from '../../protocol/log/note.ts';
import { consistencyRanges, hashesOf, neededSubtrees, rangeHash } from '../../protocol/log/tree.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { verifyByNode } from '../keys/node-keys.ts';
import { sha256 } from './sha256.ts';
import { readSubtrees } from './subtrees.ts';

const checkpointLock = 7_711_005;
/** Least time between two checkpoints. */
const everyMs = 1_000;

/** A checkpoint as kept. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

/** What signing checkpoints needs. */
export interface CheckpointContext {
  readonly pool: Pool;
  readonly keys: () => KeyRing;
  /** Unix milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
  /** Name of a log that has no checkpoint yet; afterwards its last checkpoint names it. */
  readonly firstOrigin: string;
}

/** Signs checkpoints while the log grows, at most one a second. */
export interface Checkpointer {
  /** Says that the log has grown; returns at once. */
  grown(): void;
  /** Signs now if the log has grown. Throws when the log no longer continues its last checkpoint. */
  sign(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a checkpointer. */
export function createCheckpointer(context: CheckpointContext): Checkpointer {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let lastMs = -everyMs;
  let isClosed = false;
  const sign = (): Promise<void> => {
    const mine = running.then(() => signCheckpoint(context));
    running = mine.catch(() => undefined);
    return mine;
  };
  const run = (): void => {
    timer = undefined;
    lastMs = performance.now();
    sign().catch((error: unknown) => {
      context.log.error({ err: error }, 'no checkpoint was signed');
    });
  };
  return {
    grown: () => {
      if (!isClosed) timer ??= setTimeout(run, Math.max(0, lastMs + everyMs - performance.now()));
    },
    sign,
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await sign().catch(() => undefined);
    },
  };
}

/** The newest checkpoint, or `undefined`. */
export async function lastCheckpoint(db: Pool | PoolClient): Promise<StoredCheckpoint | undefined> {
  const { rows } = await db.query<StoredCheckpoint>({
    name: 'log-last-checkpoint',
    text: 'select size, root, note from log_checkpoints order by size desc limit 1',
  });
  return rows[0];
}

const sizeText = `select coalesce((select min(seq) - 1 from audit where seq is not null and leaf is null),
  (select max(seq) from audit), 0) as size`;

async function signCheckpoint(context: CheckpointContext): Promise<void> {
  const client = await context.pool.connect();
  try {
    await client.query(`begin;select pg_advisory_xact_lock(${String(checkpointLock)})`);
    const last = await lastCheckpoint(client);
    const { rows } = await client.query<{ size: number }>(sizeText);
    const size = rows[0]?.size ?? 0;
    if (size !== (last?.size ?? 0)) await keepCheckpoint(context, client, last, size);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function keepCheckpoint(
  context: CheckpointContext,
  client: PoolClient,
  last: StoredCheckpoint | undefined,
  size: number,
): Promise<void> {
  const root = await continuedRoot(client, last, size);
  const origin = last === undefined ? context.firstOrigin : originOf(last);
  const nowMs = context.clock();
  await client.query('insert into log_checkpoints (size, root, note, at) values ($1, $2, $3, $4)', [
    size,
    root,
    signedNote(context.keys(), { origin, size, root }, nowMs),
    new Date(nowMs),
  ]);
}

/** The name that a checkpoint gives the log. */
export function originOf(checkpoint: StoredCheckpoint): string {
  return checkpoint.note.slice(0, checkpoint.note.indexOf('\n'));
}

/** Root of the tree at `size`. Throws unless the tree of the last checkpoint is its beginning: a log never signs a fork. */
async function continuedRoot(
  client: PoolClient,
  last: StoredCheckpoint | undefined,
  size: number,
): Promise<Uint8Array> {
  const from = last?.size ?? 0;
  if (size < from) throw new Error(`the log has ${String(size)} records, its last checkpoint ${String(from)}`);
  const ranges = consistencyRanges(from, size);
  const whole = { start: 0, end: size };
  const read = await readSubtrees(client, neededSubtrees([...ranges, whole]));
  const root = rangeHash(whole, read, sha256);
  if (last === undefined) return root;
  const claim = { from, to: size, fromRoot: last.root, toRoot: root, hashes: hashesOf(ranges, read, sha256) };
  if (!verifyConsistency(claim, sha256)) throw new Error(`the log does not continue its checkpoint of ${String(from)}`);
  return root;
}

/** Signed by the active key, and by replaced ones for as long as they are accepted, so that nobody is taken by surprise. */
function signedNote(ring: KeyRing, checkpoint: Checkpoint, nowMs: number): string {
  const text = checkpointText(checkpoint);
  const inForce = ring.logKeys.filter((key, i) => i === 0 || key.notAfterSeconds * 1000 > nowMs);
  const signatures = inForce.map(({ publicKey, signer }) =>
    signNote(text, noteKey(checkpoint.origin, 'ed25519', publicKey), (message) => signer.sign(message)),
  );
  return formatNote({ text, signatures });
}

/** The log's keys under its name, the active one first. */
export function logKeysOf(ring: KeyRing, origin: string) {
  return ring.logKeys.map(({ publicKey }) => noteKey(origin, 'ed25519', publicKey));
}

/** True when a kept checkpoint is signed by a key of ours and says what the row says. */
export function isOwnCheckpoint(ring: KeyRing, kept: StoredCheckpoint): boolean {
  const opened = openCheckpoint(kept.note, logKeysOf(ring, originOf(kept)), verifyByNode);
  return opened.ok && opened.value.size === kept.size && kept.root.equals(opened.value.root);
}
