import type { CborValue } from '../../cbor/value.ts';

/** Bytes `start` up to, not including, `end` of an object. */
export type Range = readonly [start: number, end: number];

/** True for a pair of whole numbers with 0 ≤ start < end. */
export function isRange(value: CborValue): value is Range {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [start, end] = value as readonly CborValue[];
  return typeof start === 'number' && typeof end === 'number' && start >= 0 && start < end;
}

/** `ranges` with `added` in it: sorted, no two touch. Ranges in, ranges out; nothing is changed in place. */
export function addRange(ranges: readonly Range[], added: Range): Range[] {
  let [start, end] = added;
  const out: Range[] = [];
  let isPlaced = false;
  for (const range of ranges) {
    if (range[1] < start) out.push(range);
    else if (range[0] > end) {
      if (!isPlaced) out.push([start, end]);
      isPlaced = true;
      out.push(range);
    } else {
      start = Math.min(start, range[0]);
      end = Math.max(end, range[1]);
    }
  }
  if (!isPlaced) out.push([start, end]);
  return out;
}

/** `ranges` in order, merged, cut to an object of `sizeBytes`. */
export function normaliseRanges(ranges: readonly Range[], sizeBytes: number): Range[] {
  let out: Range[] = [];
  for (const [start, end] of ranges) {
    const cut = Math.min(end, sizeBytes);
    if (start >= 0 && start < cut) out = addRange(out, [start, cut]);
  }
  return out;
}

/** What is not in `ranges` (normalised) of an object of `sizeBytes`. */
export function missingRanges(ranges: readonly Range[], sizeBytes: number): Range[] {
  const out: Range[] = [];
  let at = 0;
  for (const [start, end] of ranges) {
    if (start > at) out.push([at, start]);
    at = end;
  }
  if (at < sizeBytes) out.push([at, sizeBytes]);
  return out;
}

/** Bytes in `ranges` (normalised). */
export function rangesBytes(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}
