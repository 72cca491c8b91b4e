import { sha256 } from '@noble/hashes/sha2.js';
import { emptyRoot, nodeHash, type Sha256 } from './merkle.ts';

/** A complete subtree: 2^level leaves, the first one at index × 2^level. */
export interface SubtreeId {
  readonly level: number;
  readonly index: number;
}

/** Leaves from `start` to before `end`. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** Gives the hash of a complete subtree. May throw when it has none. */
export type SubtreeReader = (id: SubtreeId) => Uint8Array;

/** The largest power of two below `size`; `size` is at least 2. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/**
 * The complete subtrees of which a range consists, from left to right. The range must begin where a subtree of its
 * size may begin, as all ranges of proofs do.
 */
export function subtreesOf({ start, end }: LeafRange): SubtreeId[] {
  const found: SubtreeId[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    let width = 1;
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      level += 1;
      width *= 2;
    }
    found.push({ level, index: at / width });
    at += width;
  }
  return found;
}

/** Hash of a range: MTH of RFC 6962, section 2.1. */
export function rangeHash(range: LeafRange, read: SubtreeReader, hash: Sha256 = sha256): Uint8Array {
  const parts = subtreesOf(range).map(read);
  const last = parts.pop();
  if (last === undefined) return emptyRoot(hash);
  return parts.reduceRight((right, left) => nodeHash(left, right, hash), last);
}

/** Ranges whose hashes are the audit path of leaf `index` in a tree of `size` leaves, in the path's order. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!(index >= 0 && index < size)) throw new RangeError('inclusionRanges.index');
  const path: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
    }
  }
  return path.reverse();
}

/** Ranges whose hashes are the consistency proof from `from` to `to` leaves, in the proof's order. */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  if (!(from >= 0 && from <= to)) throw new RangeError('consistencyRanges.from');
  if (from === 0 || from === to) return [];
  const path: LeafRange[] = [];
  let [start, end] = [0, to];
  while (end !== from) {
    const middle = start + splitOf(end - start);
    if (from <= middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
    }
  }
  // The old tree's root is known to whoever asks; a lesser subtree at its right edge is not.
  if (start > 0) path.push({ start, end });
  return path.reverse();
}

/** The ranges' hashes. */
export function hashesOf(ranges: readonly LeafRange[], read: SubtreeReader, hash: Sha256 = sha256): Uint8Array[] {
  return ranges.map((range) => rangeHash(range, read, hash));
}

/** Every subtree that the ranges' hashes are made of. */
export function neededSubtrees(ranges: readonly LeafRange[]): SubtreeId[] {
  return ranges.flatMap(subtreesOf);
}

/**
 * The right edge of a growing tree: the complete subtrees that it consists of, from the largest to the smallest.
 * `grow` adds a leaf hash and tells of each subtree that it completes.
 */
export class TreeEdge {
  readonly #hash: Sha256;
  readonly #parts: { level: number; hash: Uint8Array }[];
  #size: number;

  constructor(size: number, parts: readonly Uint8Array[], hash: Sha256 = sha256) {
    const ids = subtreesOf({ start: 0, end: size });
    if (ids.length !== parts.length) throw new RangeError('TreeEdge.parts');
    this.#hash = hash;
    this.#size = size;
    this.#parts = ids.map(({ level }, i) => ({ level, hash: parts[i] ?? new Uint8Array(0) }));
  }

  get size(): number {
    return this.#size;
  }

  get root(): Uint8Array {
    const hashes = this.#parts.map((part) => part.hash);
    const last = hashes.pop();
    if (last === undefined) return emptyRoot(this.#hash);
    return hashes.reduceRight((right, left) => nodeHash(left, right, this.#hash), last);
  }

  /** An edge that grows apart from this one. */
  copy(): TreeEdge {
    return new TreeEdge(
      this.#size,
      this.#parts.map((part) => part.hash),
      this.#hash,
    );
  }

  /** Adds a leaf. `completed` hears of every subtree above the leaf that is now complete, the smallest first. */
  grow(leaf: Uint8Array, completed: (id: SubtreeId, hash: Uint8Array) => void = () => undefined): void {
    let [level, hash, index] = [0, leaf, this.#size];
    for (let left = this.#parts.at(-1); left?.level === level; left = this.#parts.at(-1)) {
      hash = nodeHash(left.hash, hash, this.#hash);
      this.#parts.pop();
      level += 1;
      index = (index - 1) / 2;
      completed({ level, index }, hash);
    }
    this.#parts.push({ level, hash });
    this.#size += 1;
  }
}
