import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { chainHash, genesisHash, type HashedRecord } from './records.ts';

const sequencerLock = 7_711_002;
const batchRows = 500;
const pauseMs = 20;
const retryMs = 40;

/**
 * Numbers committed audit records without a gap and chains their hashes, one batch at a time. Obligations: only one
 * process does it at a time (advisory lock); a batch is one transaction, so a crash leaves the chain whole and the
 * rest waiting; records are taken in the order of time and id, and writers never wait for it.
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

async function sequenceBatch(pool: Pool): Promise<number | undefined> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_xact_lock($1) as held', [
      sequencerLock,
    ]);
    const count = rows[0]?.held === true ? await numberRows(client) : undefined;
    await client.query('commit');
    return count;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function numberRows(client: PoolClient): Promise<number> {
  const last = await client.query<{ seq: number; hash: Buffer }>(
    'select seq, hash from audit where seq is not null order by seq desc limit 1',
  );
  const { rows } = await client.query<HashedRecord>({
    name: 'audit-waiting',
    text: 'select id, at, act, actor_id, subject, facts from audit where seq is null order by at, id limit $1',
    values: [batchRows],
  });
  let { seq: sequence, hash } = last.rows[0] ?? { seq: 0, hash: genesisHash };
  const numbers: number[] = [];
  const hashes: Buffer[] = [];
  for (const row of rows) {
    sequence += 1;
    hash = chainHash(hash, sequence, row);
    numbers.push(sequence);
    hashes.push(hash);
  }
  if (rows.length > 0) {
    await client.query({
      name: 'audit-number',
      text: `update audit set seq = n.seq, hash = n.hash
        from unnest($1::uuid[], $2::bigint[], $3::bytea[]) as n (id, seq, hash) where audit.id = n.id`,
      values: [rows.map((row) => row.id), numbers, hashes],
    });
  }
  return rows.length;
}
