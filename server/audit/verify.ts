import type { Pool } from 'pg';
import { canonicalJson } from '../../protocol/log/entry.ts';
import { leafHash } from '../../protocol/log/merkle.ts';
import { type SubtreeId, TreeEdge } from '../../protocol/log/tree.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { isOwnCheckpoint, type StoredCheckpoint } from './checkpoints.ts';
import { chainHash, genesisHash, type HashedRecord, leafText } from './records.ts';
import { sha256 } from './sha256.ts';
import { storedLevelStep } from './subtrees.ts';

/** Outcome of reading the whole log. `brokenAt` is the first record that does not fit; `why` says what does not. */
export interface ChainReport {
  readonly records: number;
  readonly waiting: number;
  readonly checkpoints: number;
  readonly brokenAt?: number;
  readonly why?: 'chain' | 'tree' | 'checkpoint';
  /** Hex hash of the last good record. */
  readonly head: string;
  /** Hex root of the tree of all good records. */
  readonly root: string;
}

const pageRows = 1_000;

interface VerifiedRow extends HashedRecord {
  readonly seq: number;
  readonly hash: Buffer;
  readonly leaf: Buffer | null;
  readonly prev: number | null;
}

/**
 * Recomputes chain and tree from the first record: every number present, every hash, leaf and kept subtree right, every
 * `prev` the newest before, every checkpoint the root of its size. With `ring`, the checkpoints' signatures too.
 */
export async function verifyAuditChain(pool: Pool, ring?: KeyRing): Promise<ChainReport> {
  const reading = new Reading(await readCheckpoints(pool), ring);
  for (;;) {
    const { rows } = await pool.query<VerifiedRow>(
      'select id, at, act, actor_id, subject, facts, seq, hash, leaf, prev from audit where seq > $1 order by seq limit $2',
      [reading.edge.size, pageRows],
    );
    const nodes = await readNodes(pool, reading.edge.size, rows.length);
    for (const row of rows) {
      const why = reading.take(row, nodes);
      if (why !== undefined) return report(pool, reading, { brokenAt: reading.edge.size + 1, why });
    }
    if (rows.length < pageRows) break;
  }
  const beyond = reading.firstBeyond();
  return report(pool, reading, beyond === undefined ? {} : { brokenAt: beyond, why: 'checkpoint' });
}

async function readCheckpoints(pool: Pool): Promise<Map<number, StoredCheckpoint>> {
  const { rows } = await pool.query<StoredCheckpoint>('select size, root, note from log_checkpoints');
  return new Map(rows.map((row) => [row.size, row]));
}

/** Kept subtrees that end within the page. */
async function readNodes(pool: Pool, from: number, count: number): Promise<Map<string, Buffer>> {
  const { rows } = await pool.query<{ level: number; index: number; hash: Buffer }>(
    `select level, index, hash from log_nodes
     where ((index + 1) << level) > $1 and ((index + 1) << level) <= $2`,
    [from, from + count],
  );
  return new Map(rows.map(({ level, index, hash }) => [`${String(level)}/${String(index)}`, hash]));
}

async function report(
  pool: Pool,
  reading: Reading,
  found: Pick<ChainReport, 'brokenAt' | 'why'>,
): Promise<ChainReport> {
  const { rows } = await pool.query<{ count: number }>('select count(*) as count from audit where seq is null');
  return {
    records: reading.edge.size,
    waiting: rows[0]?.count ?? 0,
    checkpoints: reading.checkpointsSeen,
    ...found,
    head: reading.hash.toString('hex'),
    root: Buffer.from(reading.edge.root).toString('hex'),
  };
}

/** Chain and tree as recomputed so far. */
class Reading {
  edge = new TreeEdge(0, [], sha256);
  hash: Buffer = genesisHash;
  checkpointsSeen = 0;
  readonly #checkpoints: ReadonlyMap<number, StoredCheckpoint>;
  readonly #ring: KeyRing | undefined;
  readonly #newest = new Map<string, number>();

  constructor(checkpoints: ReadonlyMap<number, StoredCheckpoint>, ring: KeyRing | undefined) {
    this.#checkpoints = checkpoints;
    this.#ring = ring;
  }

  /** Adds a record, unless something about it is wrong. */
  take(row: VerifiedRow, nodes: ReadonlyMap<string, Buffer>): ChainReport['why'] {
    const seq = this.edge.size + 1;
    const facts = canonicalJson(row.facts);
    const hash = chainHash(this.hash, seq, row, facts);
    if (row.seq !== seq || !hash.equals(row.hash)) return 'chain';
    const prev = this.#newest.get(row.subject) ?? 0;
    const leaf = leafHash(Buffer.from(leafText(seq, prev, row, facts)), sha256);
    if (row.prev !== prev || row.leaf?.equals(leaf) !== true) return 'tree';
    const edge = this.edge.copy();
    let isWhole = true;
    edge.grow(leaf, (id, made) => (isWhole &&= isKept(nodes, id, made)));
    if (!isWhole) return 'tree';
    const checkpoint = this.#checkpoints.get(seq);
    if (checkpoint !== undefined && !this.#isRight(checkpoint, edge.root)) return 'checkpoint';
    if (checkpoint !== undefined) this.checkpointsSeen += 1;
    this.#newest.set(row.subject, seq);
    [this.edge, this.hash] = [edge, hash];
    return undefined;
  }

  #isRight(checkpoint: StoredCheckpoint, root: Uint8Array): boolean {
    return checkpoint.root.equals(root) && (this.#ring === undefined || isOwnCheckpoint(this.#ring, checkpoint));
  }

  /** Size of a checkpoint that covers more than there is. */
  firstBeyond(): number | undefined {
    return [...this.#checkpoints.keys()].find((size) => size > this.edge.size);
  }
}

function isKept(nodes: ReadonlyMap<string, Buffer>, { level, index }: SubtreeId, hash: Uint8Array): boolean {
  return level % storedLevelStep !== 0 || nodes.get(`${String(level)}/${String(index)}`)?.equals(hash) === true;
}
