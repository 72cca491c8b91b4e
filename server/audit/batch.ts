import { canonicalJson } from '../../protocol/log/entry.ts';
import { leafHash } from '../../protocol/log/merkle.ts';
import type { SubtreeId, TreeEdge } from '../../protocol/log/tree.ts';
import { chainHash, type HashedRecord, leafText } from './records.ts';
import { sha256 } from './sha256.ts';
import { storedLevelStep } from './subtrees.ts';

/** Where chain and tree stand. */
export interface LogEnd {
  readonly seq: number;
  readonly hash: Buffer;
  readonly edge: TreeEdge;
}

/** A record to be numbered. `prev`: number of the newest numbered record about its subject, or null. */
export interface WaitingRecord extends HashedRecord {
  readonly prev: number | null;
}

/** A record that was numbered before there was a tree. */
export interface UnloggedRecord extends WaitingRecord {
  readonly seq: number;
}

/** SQL that does a batch, and where chain and tree stand after it. */
export interface Batch {
  readonly text: string;
  readonly end: LogEnd;
}

/** Collects the rows that a batch changes and the subtrees that it completes. */
class Writing {
  readonly rows: string[] = [];
  readonly #nodes: string[] = [];
  readonly #newest = new Map<string, number>();
  readonly edge: TreeEdge;

  constructor(edge: TreeEdge) {
    this.edge = edge.copy();
  }

  /** Adds the record's leaf. @returns its hash and the record before about the same subject. */
  log(seq: number, record: WaitingRecord, facts: string): { leaf: string; prev: number } {
    const prev = this.#newest.get(record.subject) ?? record.prev ?? 0;
    this.#newest.set(record.subject, seq);
    const leaf = leafHash(Buffer.from(leafText(seq, prev, record, facts)), sha256);
    this.edge.grow(leaf, (id, hash) => {
      this.#complete(id, hash);
    });
    return { leaf: hexOf(leaf), prev };
  }

  #complete({ level, index }: SubtreeId, hash: Uint8Array): void {
    if (level % storedLevelStep === 0) this.#nodes.push(`(${String(level)}, ${String(index)}, ${hexOf(hash)})`);
  }

  /** The statements. Only ids, numbers and hex of our own making are written into them. */
  text(columns: string): string {
    const set = columns.split(', ').slice(1);
    const update = `update audit set ${set.map((name) => `${name} = n.${name}`).join(', ')}
      from (values ${this.rows.join(',')}) as n (${columns}) where audit.id = n.id`;
    if (this.#nodes.length === 0) return update;
    return `${update};insert into log_nodes (level, index, hash) values ${this.#nodes.join(',')}`;
  }
}

function hexOf(bytes: Uint8Array): string {
  return `'\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}'::bytea`;
}

/** Numbers, chains and logs waiting records. */
export function numberBatch(last: LogEnd, records: readonly WaitingRecord[]): Batch {
  const writing = new Writing(last.edge);
  let { seq, hash } = last;
  for (const record of records) {
    seq += 1;
    const facts = canonicalJson(record.facts);
    hash = chainHash(hash, seq, record, facts);
    const { leaf, prev } = writing.log(seq, record, facts);
    writing.rows.push(
      `('${record.id}'::uuid, ${String(seq)}::bigint, ${hexOf(hash)}, ${leaf}, ${String(prev)}::bigint)`,
    );
  }
  return { text: writing.text('id, seq, hash, leaf, prev'), end: { seq, hash, edge: writing.edge } };
}

/** Logs records that have their numbers already. Throws when one is missing between them. */
export function catchUpBatch(edge: TreeEdge, records: readonly UnloggedRecord[]): string {
  const writing = new Writing(edge);
  for (const record of records) {
    if (record.seq !== writing.edge.size + 1)
      throw new Error(`catchUpBatch: record ${String(writing.edge.size + 1)} is missing`);
    const { leaf, prev } = writing.log(record.seq, record, canonicalJson(record.facts));
    writing.rows.push(`('${record.id}'::uuid, ${leaf}, ${String(prev)}::bigint)`);
  }
  return writing.text('id, leaf, prev');
}
