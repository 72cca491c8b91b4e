import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cobsDecode, cobsEncode } from '../../../protocol/cable/v1/cobs.ts';
import { Deframer } from '../../../protocol/cable/v1/deframer.ts';
import { FrameEncoder, frameKinds, type Frame } from '../../../protocol/cable/v1/frame.ts';
import { encodedMaxBytes } from '../../../protocol/cable/v1/limits.ts';
import { randomBytes, seededRandom } from './line.ts';

function frameOf(seq: number, body: Uint8Array): Frame {
  return { kind: frameKinds.message, linkId: 7, seq, ack: 0, sackLow: 0, sackHigh: 0, body };
}

function lineOf(frames: readonly Frame[]): Uint8Array {
  const out = new Uint8Array(frames.length * (encodedMaxBytes + 1));
  const encoder = new FrameEncoder();
  let at = 0;
  for (const frame of frames) at = encoder.encode(frame, out, at);
  return out.slice(0, at);
}

function collector(): { frames: Frame[]; deframer: Deframer } {
  const frames: Frame[] = [];
  return { frames, deframer: new Deframer((frame) => frames.push(frame)) };
}

const seqs = (frames: readonly Frame[]): number[] => frames.map((frame) => frame.seq);

describe('COBS', () => {
  test('gives any bytes back, writes no zero and never exceeds its bound', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), fc.boolean(), (bytes, isDense) => {
        const source = isDense ? bytes.map((byte) => byte | 1) : bytes;
        const out = new Uint8Array(source.length + Math.ceil(source.length / 254) + 1);
        const end = cobsEncode(source, source.length, out, 0);
        expect(end).toBeLessThanOrEqual(out.length);
        expect(out.subarray(0, end).includes(0)).toBe(false);
        const back = new Uint8Array(out.length);
        const length = cobsDecode(out, 0, end, back);
        expect(back.subarray(0, length)).toEqual(source);
      }),
    );
  });
});

describe('section 3.4: cutting the stream into frames', () => {
  const frames = [1, 2, 3, 4].map((seq) => frameOf(seq, randomBytes(50 * seq, seededRandom(seq))));
  const line = lineOf(frames);

  test('takes pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sizes) => {
        const { frames: got, deframer } = collector();
        for (let at = 0, i = 0; at < line.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          deframer.push(line.subarray(at, at + size));
          at += size;
        }
        expect(got).toEqual(frames);
        expect(deframer.bufferedBytes).toBe(0);
      }),
    );
  });

  test('takes 64 KiB with many frames at once', () => {
    const many = Array.from({ length: 30 }, (_, seq) => frameOf(seq, randomBytes(2048, seededRandom(seq))));
    const { frames: got, deframer } = collector();
    deframer.push(lineOf(many));
    expect(got).toEqual(many);
  });

  test.each([
    { name: 'noise before, closed by a zero', before: [9, 9, 9, 0], lost: [], bad: 1 },
    { name: 'noise before, not closed', before: [9, 9, 9], lost: [1], bad: 1 },
    { name: 'zeros before', before: [0, 0, 0], lost: [], bad: 0 },
    { name: 'noise longer than any frame', before: Array<number>(5000).fill(7), lost: [1], bad: 1 },
  ])('$name costs at most the frame it touches', ({ before, lost, bad }) => {
    const { frames: got, deframer } = collector();
    deframer.push(Uint8Array.from(before));
    deframer.push(line);
    expect(seqs(got)).toEqual([1, 2, 3, 4].filter((seq) => !(lost as number[]).includes(seq)));
    expect(deframer.badFrames).toBe(bad);
  });

  test('a flipped byte costs its own frame only', () => {
    for (let at = 0; at < line.length; at++) {
      const broken = line.slice();
      broken[at] = (broken[at] ?? 0) ^ 0x55;
      const { frames: got, deframer } = collector();
      deframer.push(broken);
      deframer.push(Uint8Array.of(0));
      expect(got.length).toBeGreaterThanOrEqual(2);
      for (const frame of got) expect(frames[frame.seq - 1]).toEqual(frame);
    }
  });

  test('holds no more than one frame of an endless piece without a zero', () => {
    const { frames: got, deframer } = collector();
    const piece = new Uint8Array(65_536).fill(1);
    for (let i = 0; i < 100; i++) {
      deframer.push(piece);
      expect(deframer.bufferedBytes).toBeLessThanOrEqual(encodedMaxBytes);
    }
    deframer.push(Uint8Array.of(0));
    deframer.push(line);
    expect(seqs(got)).toEqual([1, 2, 3, 4]);
  });
});
