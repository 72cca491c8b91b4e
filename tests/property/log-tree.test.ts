import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, u32Be } from '../../protocol/bytes.ts';
import { leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../../protocol/log/merkle.ts';
import {
  consistencyRanges,
  hashesOf,
  inclusionRanges,
  neededSubtrees,
  type SubtreeReader,
  subtreesOf,
  TreeEdge,
} from '../../protocol/log/tree.ts';
import { entryText, parseEntry } from '../../protocol/log/entry.ts';

/** MTH as RFC 6962 writes it down. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only !== undefined && leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

function leavesOf(size: number, salt: number): Uint8Array[] {
  return Array.from({ length: size }, (_, i) => leafHash(concatBytes(u32Be(salt), u32Be(i))));
}

/** Grows a tree leaf by leaf and keeps what it completes. */
function grow(leaves: readonly Uint8Array[]): { edge: TreeEdge; read: SubtreeReader } {
  const nodes = new Map(leaves.map((hash, i) => [`0/${String(i)}`, hash]));
  const edge = new TreeEdge(0, []);
  for (const leaf of leaves)
    edge.grow(leaf, ({ level, index }, hash) => nodes.set(`${String(level)}/${String(index)}`, hash));
  const read: SubtreeReader = ({ level, index }) => {
    const hash = nodes.get(`${String(level)}/${String(index)}`);
    if (hash === undefined) throw new Error(`no subtree ${String(level)}/${String(index)}`);
    return hash;
  };
  return { edge, read };
}

const sizes = fc.integer({ min: 1, max: 300 });
const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === (bit >> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte));

/** One change of a path: a bit, a hash less, one more, two exchanged. */
function mutate(hashes: readonly Uint8Array[], kind: number, at: number): Uint8Array[] | undefined {
  const place = hashes.length === 0 ? 0 : at % hashes.length;
  const extra = leafHash(u32Be(at));
  switch (kind) {
    case 0:
      return hashes.length === 0 ? undefined : hashes.map((hash, i) => (i === place ? flip(hash, at) : hash));
    case 1:
      return hashes.length === 0 ? undefined : hashes.filter((_, i) => i !== place);
    case 2:
      return [...hashes.slice(0, place), extra, ...hashes.slice(place)];
    default:
      return [...hashes, extra];
  }
}

describe('the tree', () => {
  it('grown leaf by leaf is the tree of the definition, at every size and from every size on', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, salt, cut) => {
        const leaves = leavesOf(size, salt);
        const { edge, read } = grow(leaves);
        expect(edge.root).toEqual(naiveRoot(leaves));
        const from = cut % (size + 1);
        const resumed = new TreeEdge(from, subtreesOf({ start: 0, end: from }).map(read));
        for (const leaf of leaves.slice(from)) resumed.grow(leaf);
        expect(resumed.root).toEqual(edge.root);
      }),
      { numRuns: 60 },
    );
  });

  it('proves every leaf, and nothing after any change of the proof', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.integer({ min: 0, max: 3 }), fc.nat(), (size, salt, pick, kind, at) => {
        const leaves = leavesOf(size, salt);
        const { edge, read } = grow(leaves);
        const index = pick % size;
        const hashes = hashesOf(inclusionRanges(index, size), read);
        const claim = { index, size, leaf: leaves[index] ?? new Uint8Array(0), root: edge.root, hashes };
        expect(verifyInclusion(claim)).toBe(true);
        const changed = mutate(hashes, kind, at);
        if (changed !== undefined) expect(verifyInclusion({ ...claim, hashes: changed })).toBe(false);
        expect(verifyInclusion({ ...claim, leaf: flip(claim.leaf, at) })).toBe(false);
        expect(verifyInclusion({ ...claim, root: flip(claim.root, at) })).toBe(false);
        if (size > 1) expect(verifyInclusion({ ...claim, index: (index + 1 + (at % (size - 1))) % size })).toBe(false);
        expect(verifyInclusion({ ...claim, index: index + size })).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('proves that each tree continues each smaller one, and nothing after any change', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.integer({ min: 0, max: 3 }), fc.nat(), (to, salt, pick, kind, at) => {
        const leaves = leavesOf(to, salt);
        const { edge, read } = grow(leaves);
        const from = 1 + (pick % to);
        const fromRoot = naiveRoot(leaves.slice(0, from));
        const hashes = hashesOf(consistencyRanges(from, to), read);
        const claim = { from, to, fromRoot, toRoot: edge.root, hashes };
        expect(verifyConsistency(claim)).toBe(true);
        const changed = mutate(hashes, kind, at);
        if (changed !== undefined) expect(verifyConsistency({ ...claim, hashes: changed })).toBe(false);
        expect(verifyConsistency({ ...claim, fromRoot: flip(fromRoot, at) })).toBe(false);
        expect(verifyConsistency({ ...claim, toRoot: flip(edge.root, at) })).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a tree in which one old leaf was changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), (to, pick, at) => {
        const leaves = leavesOf(to, 1);
        const from = 1 + (pick % (to - 1));
        const forged = leaves.map((leaf, i) => (i === at % from ? flip(leaf, at) : leaf));
        const { edge, read } = grow(forged);
        const hashes = hashesOf(consistencyRanges(from, to), read);
        const claim = { from, to, fromRoot: naiveRoot(leaves.slice(0, from)), toRoot: edge.root, hashes };
        expect(verifyConsistency(claim)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('asks for few subtrees, also where numbers pass 32 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), fc.double({ min: 0, max: 1, noNaN: true }), (size, part) => {
        const index = Math.min(size - 1, Math.floor(size * part));
        const ranges = inclusionRanges(index, size);
        const covered = ranges.reduce((sum, { start, end }) => sum + end - start, 1);
        expect(covered).toBe(size);
        expect(ranges.length).toBeLessThanOrEqual(51);
        expect(neededSubtrees(ranges).length).toBeLessThanOrEqual(102);
      }),
      { numRuns: 200 },
    );
  });
});

it('an entry is read only in its one spelling', () => {
  const words = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
  const facts = fc.dictionary(words, fc.oneof(words, fc.integer(), fc.boolean(), fc.constant(null), fc.array(words)));
  fc.assert(
    fc.property(fc.integer({ min: 1 }), words, words, fc.option(words), facts, (seq, id, subject, actor, given) => {
      const entry = { seq, id, at: '2026-11-23T06:00:00.000Z', act: 'x', actor, subject, prev: seq - 1, facts: given };
      const text = entryText(entry);
      expect(entryText(parseEntry(text) ?? { ...entry, act: 'unreadable' })).toBe(text);
      expect(parseEntry(`${text} `)).toBeUndefined();
      expect(parseEntry(text.replace('[', '[ '))).toBeUndefined();
    }),
  );
});
