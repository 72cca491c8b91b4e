import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { catchUpBatch, type LogEnd, numberBatch, type UnloggedRecord, type WaitingRecord } from './batch.ts';
import { genesisHash } from './records.ts';
import { readEdge } from './subtrees.ts';

const sequencerLock = 7_711_002;
const batchRows = 500;
const pauseMs = 40;
const retryMs = 40;

/**
 * Numbers committed audit records without a gap, chains their hashes and grows the log's tree, one batch at a time.
 * Obligations: only one process does it at a time (advisory lock); a batch is one transaction, so a crash leaves chain
 * and tree whole and the rest waiting; what was written after another act was committed comes after it; writers never
 * wait for it; records that were numbered before there was a tree are logged before any new one.
 */
export interface Sequencer {
  /** Says that there is something new; returns at once. */
  poke(): void;
  /** Runs until nothing waits. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a sequencer; it runs `pauseMs` after a poke, so that one batch serves many acts. `grown` hears of new leaves. */
export function createSequencer(pool: Pool, log: Logger, grown: () => void = () => undefined): Sequencer {
  const worker = new BatchWorker(pool, grown);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;
  const run = (): void => {
    timer = undefined;
    running = running
      .then(() => worker.drain())
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
      while (!(await worker.drain())) await new Promise((done) => setTimeout(done, retryMs));
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await running;
      await worker.drain().catch(() => undefined);
    },
  };
}

interface ChainEnd {
  readonly seq: number;
  readonly hash: Buffer;
}

interface Taken {
  readonly isHeld: boolean;
  readonly last: ChainEnd;
  readonly rows: readonly WaitingRecord[];
}

const newestAbout = (record: string, before = ''): string =>
  `(select p.seq from audit p where p.subject = ${record}.subject and p.seq is not null ${before}
    order by p.seq desc limit 1) as prev`;

/** Every statement of this text has its own snapshot, so what is read is read under the lock. */
const takeText = `begin;
select pg_try_advisory_xact_lock(${String(sequencerLock)}) as held;
select seq, hash from audit where seq is not null order by seq desc limit 1;
select a.id, a.at, a.act, a.actor_id, a.subject, a.facts, ${newestAbout('a')}
from audit a where a.seq is null order by a.arrived limit ${String(batchRows)}`;

const unloggedText = `
select a.seq, a.id, a.at, a.act, a.actor_id, a.subject, a.facts, ${newestAbout('a', 'and p.seq < a.seq')}
from audit a where a.seq is not null and a.leaf is null order by a.seq limit ${String(batchRows)}`;

/** Does the batches, and remembers where its last one ended: while nobody else sequences, the edge need not be read. */
class BatchWorker {
  readonly #pool: Pool;
  readonly #grown: () => void;
  #end: LogEnd | undefined;

  constructor(pool: Pool, grown: () => void) {
    this.#pool = pool;
    this.#grown = grown;
  }

  /** @returns false when another process holds the lock. */
  async drain(): Promise<boolean> {
    for (;;) {
      const count = await this.#batch();
      if (count === undefined) return false;
      if (count > 0) this.#grown();
      if (count < batchRows) return true;
    }
  }

  /** One batch in two round trips, whatever its size. @returns its rows, or `undefined` when another process has the lock. */
  async #batch(): Promise<number | undefined> {
    const client = await this.#pool.connect();
    try {
      const taken = await takeBatch(client);
      if (!taken.isHeld) {
        await client.query('commit');
        return undefined;
      }
      return await this.#write(client, taken);
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  async #write(client: PoolClient, { last, rows }: Taken): Promise<number> {
    const known = this.#end;
    const isKnown = known !== undefined && known.seq === last.seq && known.hash.equals(last.hash);
    if (!isKnown) {
      this.#end = undefined;
      const caughtUp = await catchUp(client);
      // Whether more waits is seen by the next batch.
      if (caughtUp > 0) return batchRows;
    }
    const end = isKnown ? known : { ...last, edge: await readEdge(client, last.seq) };
    const batch = rows.length === 0 ? { text: '', end } : numberBatch(end, rows);
    await client.query(batch.text === '' ? 'commit' : `${batch.text};commit`);
    this.#end = batch.end;
    return rows.length;
  }
}

async function takeBatch(client: PoolClient): Promise<Taken> {
  // A text of several statements gives one result for each; the library's types know only one.
  const results = (await client.query(takeText)) as unknown as readonly { readonly rows: readonly unknown[] }[];
  const [, lock, end, waiting] = results;
  const held = lock?.rows[0] as { held: boolean } | undefined;
  return {
    isHeld: held?.held === true,
    last: (end?.rows[0] as ChainEnd | undefined) ?? { seq: 0, hash: genesisHash },
    rows: (waiting?.rows ?? []) as readonly WaitingRecord[],
  };
}

/** Logs the oldest records that have a number but no leaf, and commits when there are any. @returns how many. */
async function catchUp(client: PoolClient): Promise<number> {
  const { rows } = await client.query<UnloggedRecord>(unloggedText);
  const [first] = rows;
  if (first === undefined) return 0;
  const edge = await readEdge(client, first.seq - 1);
  await client.query(`${catchUpBatch(edge, rows)};commit`);
  return rows.length;
}
