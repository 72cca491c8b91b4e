import type { Pool, PoolClient } from 'pg';
import { nodeHash } from '../../protocol/log/merkle.ts';
import { type SubtreeId, type SubtreeReader, subtreesOf, TreeEdge } from '../../protocol/log/tree.ts';
import { sha256 } from './sha256.ts';

/** Levels between two that are stored: a proof then reads at most 15 hashes for each. */
export const storedLevelStep = 4;

const readText = `
select 0 as level, seq - 1 as index, leaf as hash from audit where seq = any($1::bigint[])
union all
select n.level, n.index, n.hash from log_nodes n
join unnest($2::smallint[], $3::bigint[]) as w (level, index) on n.level = w.level and n.index = w.index`;

interface StoredRow {
  readonly level: number;
  readonly index: number;
  readonly hash: Buffer | null;
}

/** The stored subtrees of which a subtree consists. */
function storedParts({ level, index }: SubtreeId): SubtreeId[] {
  const stored = level - (level % storedLevelStep);
  const width = 2 ** (level - stored);
  return Array.from({ length: width }, (_, i) => ({ level: stored, index: index * width + i }));
}

const nameOf = ({ level, index }: SubtreeId): string => `${String(level)}/${String(index)}`;

/** Reads in one query what the given subtrees are made of. The reader throws for any other, and for a hole in the log. */
export async function readSubtrees(db: Pool | PoolClient, ids: readonly SubtreeId[]): Promise<SubtreeReader> {
  const wanted = new Map(ids.flatMap(storedParts).map((id) => [nameOf(id), id]));
  const leaves = [...wanted.values()].filter((id) => id.level === 0).map((id) => id.index + 1);
  const nodes = [...wanted.values()].filter((id) => id.level > 0);
  const levels = nodes.map((id) => id.level);
  const indexes = nodes.map((id) => id.index);
  const { rows } =
    wanted.size === 0
      ? { rows: [] as StoredRow[] }
      : await db.query<StoredRow>({ name: 'log-subtrees', text: readText, values: [leaves, levels, indexes] });
  const found = new Map(rows.map((row) => [nameOf(row), row.hash]));
  const stored = (id: SubtreeId): Uint8Array => {
    const hash = found.get(nameOf(id));
    if (hash === undefined || hash === null) throw new Error(`readSubtrees: the log has no subtree ${nameOf(id)}`);
    return hash;
  };
  return (id) => foldHalves(storedParts(id).map(stored));
}

function foldHalves(hashes: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0)] = hashes;
  if (hashes.length <= 1) return first;
  const middle = hashes.length / 2;
  return nodeHash(foldHalves(hashes.slice(0, middle)), foldHalves(hashes.slice(middle)), sha256);
}

/** The right edge of the tree at `size`, from what is stored. */
export async function readEdge(db: Pool | PoolClient, size: number): Promise<TreeEdge> {
  const ids = subtreesOf({ start: 0, end: size });
  const read = await readSubtrees(db, ids);
  return new TreeEdge(size, ids.map(read), sha256);
}
