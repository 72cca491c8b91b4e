import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../bytes.ts';

/** SHA-256. A server passes a faster one than the default, with the same results. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Bytes of a hash of the tree. */
export const treeHashBytes = 32;

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** Hash of a leaf (RFC 6962, section 2.1). */
export function leafHash(data: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(concatBytes(leafPrefix, data));
}

/** Hash of an inner node (RFC 6962, section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(concatBytes(nodePrefix, left, right));
}

/** Root of the tree without leaves. */
export function emptyRoot(hash: Sha256 = sha256): Uint8Array {
  return hash(new Uint8Array(0));
}

/** True for a size or index that the tree can have. */
export function isTreeNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((item) => item.length === treeHashBytes);
}

// Bit operations of JavaScript stop at 32 bits, so halves and oddness are computed.
const half = (value: number): number => Math.floor(value / 2);
const isOdd = (value: number): boolean => value % 2 === 1;

/** What a proof says that a leaf stands in a tree. */
export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly root: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

/**
 * Checks an audit path (RFC 9162, section 2.1.3.2, over the tree of RFC 6962). `leaf` is the leaf's hash. False for an
 * index outside the tree, a hash of wrong length, and a hash too few or too many. Never throws.
 */
export function verifyInclusion(claim: InclusionClaim, hash: Sha256 = sha256): boolean {
  const { index, size, leaf, root, hashes } = claim;
  if (!isTreeNumber(index) || !isTreeNumber(size) || index >= size) return false;
  if (!areHashes([leaf, root]) || !areHashes(hashes)) return false;
  let node = index;
  let last = size - 1;
  let computed = leaf;
  for (const sibling of hashes) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      computed = nodeHash(sibling, computed, hash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      computed = nodeHash(computed, sibling, hash);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && equalBytes(computed, root);
}

/** What a proof says that one tree is the beginning of another. */
export interface ConsistencyClaim {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

/**
 * Checks that the tree of size `from` is the beginning of the tree of size `to` (RFC 9162, section 2.1.4.2). The empty
 * tree is the beginning of every tree and a tree of itself, both with no hashes. Never throws.
 */
export function verifyConsistency(claim: ConsistencyClaim, hash: Sha256 = sha256): boolean {
  const { from, to, fromRoot, toRoot, hashes } = claim;
  if (!isTreeNumber(from) || !isTreeNumber(to) || from > to) return false;
  if (!areHashes([fromRoot, toRoot]) || !areHashes(hashes)) return false;
  if (from === to) return hashes.length === 0 && equalBytes(fromRoot, toRoot);
  if (from === 0) return hashes.length === 0 && equalBytes(fromRoot, emptyRoot(hash));
  const roots = foldConsistency(from, to, fromRoot, hashes, hash);
  return roots !== undefined && equalBytes(roots.from, fromRoot) && equalBytes(roots.to, toRoot);
}

/** Both roots as the path gives them, or `undefined` when it is too short or too long. */
function foldConsistency(
  from: number,
  to: number,
  fromRoot: Uint8Array,
  hashes: readonly Uint8Array[],
  hash: Sha256,
): { readonly from: Uint8Array; readonly to: Uint8Array } | undefined {
  let node = from - 1;
  let last = to - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  // The old tree is one complete subtree exactly when its size is a power of two: then the path leaves its root out.
  const [start, ...path] = node === 0 ? [fromRoot, ...hashes] : hashes;
  if (start === undefined) return undefined;
  let older = start;
  let newer = start;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (isOdd(node) || node === last) {
      older = nodeHash(sibling, older, hash);
      newer = nodeHash(sibling, newer, hash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      newer = nodeHash(newer, sibling, hash);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 ? { from: older, to: newer } : undefined;
}
