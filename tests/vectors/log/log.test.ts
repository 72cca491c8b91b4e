import { describe, expect, it } from 'vitest';
import { verifyConsistency, verifyInclusion, leafHash } from '../../../protocol/log/merkle.ts';
import { decodeVkey, encodeVkey, formatNote, parseNote, verifyNote } from '../../../protocol/log/note.ts';
import { rangeHash, TreeEdge } from '../../../protocol/log/tree.ts';
import { fromHex, readVectors } from '../unlock/read-vectors.ts';

interface InclusionCase {
  readonly name: string;
  readonly index: number;
  readonly size: number;
  readonly leaf: string;
  readonly root: string;
  readonly hashes: readonly string[];
  readonly valid: boolean;
}
interface ConsistencyCase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly fromRoot: string;
  readonly toRoot: string;
  readonly hashes: readonly string[];
  readonly valid: boolean;
}

const tree = readVectors<{
  leaves: string[];
  roots: string[];
  inclusion: InclusionCase[];
  consistency: ConsistencyCase[];
}>('log/rfc6962.json');

describe('RFC 6962, section 2.1', () => {
  it.each(tree.roots.map((root, size) => ({ root, size })))('root of $size leaves', ({ root, size }) => {
    const leaves = tree.leaves.slice(0, size).map((data) => leafHash(fromHex(data)));
    const edge = new TreeEdge(0, []);
    const nodes = new Map<string, Uint8Array>(leaves.map((hash, i) => [`0/${String(i)}`, hash]));
    for (const leaf of leaves)
      edge.grow(leaf, ({ level, index }, hash) => nodes.set(`${String(level)}/${String(index)}`, hash));
    const read = (id: { level: number; index: number }) =>
      nodes.get(`${String(id.level)}/${String(id.index)}`) ?? new Uint8Array(0);
    expect(edge.root).toEqual(fromHex(root));
    expect(rangeHash({ start: 0, end: size }, read)).toEqual(fromHex(root));
  });

  it.each(tree.inclusion)('inclusion: $name → $valid', ({ index, size, leaf, root, hashes, valid }) => {
    const claim = { index, size, leaf: fromHex(leaf), root: fromHex(root), hashes: hashes.map(fromHex) };
    expect(verifyInclusion(claim)).toBe(valid);
  });

  it.each(tree.consistency)('consistency: $name → $valid', ({ from, to, fromRoot, toRoot, hashes, valid }) => {
    const claim = { from, to, fromRoot: fromHex(fromRoot), toRoot: fromHex(toRoot), hashes: hashes.map(fromHex) };
    expect(verifyConsistency(claim)).toBe(valid);
  });
});

describe('a published signed note', () => {
  const { vkey, note } = readVectors<{ vkey: string; note: string }>('log/notes.json');
  const key = decodeVkey(vkey);
  const parsed = parseNote(note, 1_000);

  it('verifies under its key, and both are spelled back as they were', () => {
    if (!key.ok || !parsed.ok) throw new Error('the vector cannot be read');
    expect(verifyNote(parsed.value, [key.value])).toEqual({ ok: true, value: [key.value] });
    expect(encodeVkey(key.value)).toBe(vkey);
    expect(formatNote(parsed.value)).toBe(note);
  });

  it('holds no more after any change of one character', () => {
    if (!key.ok) throw new Error('the vector cannot be read');
    for (let at = 0; at < note.length; at++) {
      const changed = note.slice(0, at) + (note[at] === 'A' ? 'B' : 'A') + note.slice(at + 1);
      const again = parseNote(changed, 1_000);
      expect(again.ok && verifyNote(again.value, [key.value]).ok, `character ${String(at)}`).toBe(false);
    }
  });
});
