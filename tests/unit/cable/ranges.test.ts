import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBlock, encodeBlock, RangeCursor } from '../../../protocol/cable/v1/blocks.ts';
import {
  addRange,
  isRange,
  missingRanges,
  normaliseRanges,
  rangesBytes,
  type Range,
} from '../../../protocol/cable/v1/ranges.ts';

const sizeBytes = 40;
const someRanges: fc.Arbitrary<Range[]> = fc.array(
  fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 12 })).map(([start, length]): Range => [start, start + length]),
  { maxLength: 12 },
);

/** The same set, kept the simple way: one truth value a byte. */
function marked(ranges: readonly Range[]): boolean[] {
  return Array.from({ length: sizeBytes }, (_, at) => ranges.some(([start, end]) => start <= at && at < end));
}

describe('section 9.1: ranges', () => {
  test('normalised ranges hold the same bytes, sorted, none touching, none beyond the object', () => {
    fc.assert(
      fc.property(someRanges, (ranges) => {
        const out = normaliseRanges(ranges, sizeBytes);
        expect(marked(out)).toEqual(marked(ranges));
        for (const [at, [start, end]] of out.entries()) {
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThanOrEqual(sizeBytes);
          if (at > 0) expect(start).toBeGreaterThan(out[at - 1]?.[1] ?? Infinity);
        }
      }),
    );
  });

  test('what is there and what is missing make the whole', () => {
    fc.assert(
      fc.property(someRanges, (ranges) => {
        const held = normaliseRanges(ranges, sizeBytes);
        const missing = missingRanges(held, sizeBytes);
        expect(marked(missing)).toEqual(marked(held).map((isHeld) => !isHeld));
        expect(rangesBytes(held) + rangesBytes(missing)).toBe(sizeBytes);
      }),
    );
  });

  test('addRange changes nothing in place', () => {
    const before: readonly Range[] = Object.freeze([Object.freeze([3, 5] as const)]);
    expect(addRange(before, [5, 9])).toEqual([[3, 9]]);
    expect(before).toEqual([[3, 5]]);
  });

  test.each([[[1]], [[2, 2]], [[-1, 2]], [[3, 2]], ['ab'], [[1, '2']], [[1, 2, 3]]])('%j is no range', (value) => {
    expect(isRange(value as never)).toBe(false);
  });
});

describe('section 9.2: blocks', () => {
  test('a cursor gives every byte of its ranges once, in order, whatever the sizes', () => {
    fc.assert(
      fc.property(someRanges, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (ranges, sizes) => {
        const held = normaliseRanges(ranges, sizeBytes);
        const cursor = new RangeCursor(held);
        const pieces: Range[] = [];
        for (let i = 0; !cursor.isDone; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          const piece = cursor.next(size);
          if (piece === undefined) throw new Error('a cursor that is not done gave nothing');
          expect(piece[1] - piece[0]).toBeLessThanOrEqual(size);
          pieces.push(piece);
        }
        expect(cursor.next(5)).toBeUndefined();
        expect(rangesBytes(pieces)).toBe(rangesBytes(held));
        expect(normaliseRanges(pieces, sizeBytes)).toEqual(held);
        expect(pieces).toEqual([...pieces].sort((a, b) => a[0] - b[0]));
      }),
    );
  });

  test('offsets of 32 bits come back', () => {
    const body = encodeBlock(255, 0xfedc_ba98, Uint8Array.of(7));
    expect([...body]).toEqual([255, 0xfe, 0xdc, 0xba, 0x98, 7]);
    expect(decodeBlock(body)).toEqual({ transferId: 255, offset: 0xfedc_ba98, bytes: Uint8Array.of(7) });
  });
});
