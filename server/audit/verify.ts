import type { Pool } from 'pg';
import { chainHash, genesisHash, type HashedRecord } from './records.ts';

/** Outcome of reading the whole chain. `brokenAt` is the first sequence number that does not fit. */
export interface ChainReport {
  readonly records: number;
  readonly waiting: number;
  readonly brokenAt?: number;
  /** Hex hash of the last good record. */
  readonly head: string;
}

const pageRows = 1_000;

/** Recomputes the chain from the first record: every number present, every hash right. */
export async function verifyAuditChain(pool: Pool): Promise<ChainReport> {
  let sequence = 0;
  let hash: Buffer = genesisHash;
  for (;;) {
    const { rows } = await pool.query<HashedRecord & { seq: number; hash: Buffer }>(
      'select id, at, act, actor_id, subject, facts, seq, hash from audit where seq > $1 order by seq limit $2',
      [sequence, pageRows],
    );
    for (const row of rows) {
      const expected = chainHash(hash, sequence + 1, row);
      if (row.seq !== sequence + 1 || !expected.equals(row.hash)) {
        return {
          records: sequence,
          waiting: await countWaiting(pool),
          brokenAt: sequence + 1,
          head: hash.toString('hex'),
        };
      }
      sequence = row.seq;
      hash = expected;
    }
    if (rows.length < pageRows)
      return { records: sequence, waiting: await countWaiting(pool), head: hash.toString('hex') };
  }
}

async function countWaiting(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*) as count from audit where seq is null');
  return rows[0]?.count ?? 0;
}
