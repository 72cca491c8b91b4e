import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { chainHash, genesisHash, type HashedRecord } from './records.ts';

const sequencerLock = 7_711_002;
const batchRows = 500;
const pauseMs = 40;
const retryMs = 40;

/**
 * Numbers committed audit records without a gap and chains their hashes, one batch at a time. Obligations: only one
 * process does it at a time (advisory lock); a batch is one transaction, so a crash leaves the chain whole and the
 * rest waiting; what was written after another act was committed comes after it; writers never wait for it.
 */
export interface Sequencer {
  /** Says that there is something new; returns at once. */
  poke(): void;
  /** Runs until nothing waits. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a sequencer; it runs `pauseMs` after a poke, so that one batch serves many acts. */
export function createSequencer(pool: Pool, log: Logger): Sequencer {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;
  const run = (): void => {
    timer = undefined;
    running = running
      .then(() => drainAll(pool))
      .then(
        (isDone) => {
          if (!isDone) schedule(retryMs);
        },
        (error: unknown) => {
          log.error({ err: error }, 'audit records could not be sequenced');
        },
      );
  };
  const schedule = (delayMs: number): void => {
    if (!isClosed) timer ??= setTimeout(run, delayMs);
  };
  return {
    poke: () => {
      schedule(pauseMs);
    },
    drain: async () => {
      await running;
      while (!(await drainAll(pool))) await new Promise((done) => setTimeout(done, retryMs));
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await running;
      await drainAll(pool).catch(() => undefined);
    },
  };
}

/** @returns false when another process holds the lock. */
async function drainAll(pool: Pool): Promise<boolean> {
  for (;;) {
    const count = await sequenceBatch(pool);
    if (count === undefined) return false;
    if (count < batchRows) return true;
  }
}

/** One batch in two round trips, whatever its size. @returns its rows, or `undefined` when another process has the lock. */
async function sequenceBatch(pool: Pool): Promise<number | undefined> {
  const client = await pool.connect();
  try {
    const { isHeld, last, rows } = await takeBatch(client);
    await client.query(isHeld && rows.length > 0 ? `${numbering(last, rows)};commit` : 'commit');
    return isHeld ? rows.length : undefined;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

interface ChainEnd {
  readonly seq: number;
  readonly hash: Buffer;
}

interface Batch {
  readonly isHeld: boolean;
  readonly last: ChainEnd;
  readonly rows: readonly HashedRecord[];
}

/** Every statement of this text has its own snapshot, so what is read is read under the lock. */
const takeText = `begin;
select pg_try_advisory_xact_lock(${String(sequencerLock)}) as held;
select seq, hash from audit where seq is not null order by seq desc limit 1;
select id, at, act, actor_id, subject, facts from audit where seq is null order by arrived limit ${String(batchRows)}`;

async function takeBatch(client: PoolClient): Promise<Batch> {
  // A text of several statements gives one result for each; the library's types know only one.
  const results = (await client.query(takeText)) as unknown as readonly { readonly rows: readonly unknown[] }[];
  const [, lock, end, waiting] = results;
  const held = lock?.rows[0] as { held: boolean } | undefined;
  return {
    isHeld: held?.held === true,
    last: (end?.rows[0] as ChainEnd | undefined) ?? { seq: 0, hash: genesisHash },
    rows: (waiting?.rows ?? []) as readonly HashedRecord[],
  };
}

/** The statement that fills in numbers and hashes. Only ids, numbers and hex of our own making are written into it. */
function numbering(last: ChainEnd, rows: readonly HashedRecord[]): string {
  let { seq, hash } = last;
  const values = rows.map((row) => {
    seq += 1;
    hash = chainHash(hash, seq, row);
    return `('${row.id}'::uuid, ${String(seq)}::bigint, '\\x${hash.toString('hex')}'::bytea)`;
  });
  return `update audit set seq = n.seq, hash = n.hash from (values ${values.join(',')}) as n (id, seq, hash) where audit.id = n.id`;
}
