import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SerialLine } from '../../../mock-server/terminal/line.ts';
import { LineNoise } from '../../../mock-server/terminal/line-noise.ts';
import { noiseBytes } from '../../../mock-server/terminal/noise-object.ts';

/** A line with an endless source; `lateMs` is how much too late each timer fires. */
class LineBench {
  nowMs = 0;
  delivered = 0;
  lastAtMs = 0;
  available = Infinity;
  isFull = false;
  readonly line: SerialLine;

  constructor(baud: number | undefined) {
    this.line = new SerialLine({
      baud,
      now: () => this.nowMs,
      pull: (_now, maxBytes) => {
        const size = Math.min(maxBytes, this.available);
        this.available -= size;
        return size === 0 ? undefined : new Uint8Array(size);
      },
      deliver: (bytes) => {
        this.delivered += bytes.length;
        this.lastAtMs = this.nowMs;
        return !this.isFull;
      },
    });
  }

  run(untilMs: number, lateMs: number): void {
    this.line.kick();
    while (this.nowMs < untilMs) {
      this.nowMs += 1 + lateMs;
      vi.advanceTimersByTime(1 + lateMs);
    }
  }
}

describe('a serial line', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    { baud: 9_600, lateMs: 0 },
    { baud: 115_200, lateMs: 0 },
    { baud: 115_200, lateMs: 6 },
    { baud: 115_200, lateMs: 31 },
    { baud: 921_600, lateMs: 3 },
  ])('carries $baud baud exactly, also when timers are $lateMs ms late', ({ baud, lateMs }) => {
    const bench = new LineBench(baud);
    bench.run(60_000, lateMs);
    const expected = (baud / 10) * (bench.nowMs / 1000);
    expect(bench.delivered / expected).toBeGreaterThan(0.999);
    expect(bench.delivered / expected).toBeLessThanOrEqual(1);
    bench.line.close();
  });

  test('no byte arrives before its last bit has left the wire', () => {
    const bench = new LineBench(115_200);
    bench.available = 46;
    bench.line.kick();
    expect(bench.delivered).toBe(0);
    bench.run(10, 0);
    expect(bench.delivered).toBe(46);
    expect(bench.lastAtMs).toBeGreaterThanOrEqual(46 / 11.52);
  });

  test('an idle line saves up nothing', () => {
    const bench = new LineBench(115_200);
    bench.available = 0;
    bench.run(5_000, 0);
    bench.available = Infinity;
    bench.run(6_000, 0);
    expect(bench.delivered).toBeLessThanOrEqual(11_520);
    bench.line.close();
  });

  test('a full far end stops the line without losing a byte, and without a burst afterwards', () => {
    const bench = new LineBench(115_200);
    bench.isFull = true;
    bench.run(2_000, 0);
    const before = bench.delivered;
    expect(before).toBeLessThan(100);
    bench.isFull = false;
    bench.run(3_000, 0);
    expect(bench.delivered - before).toBeLessThanOrEqual(11_520 + 46 * 2 + 11_520 / 4);
    bench.line.close();
  });

  test('another rate counts from the next chunk on', () => {
    const bench = new LineBench(9_600);
    bench.run(1_000, 0);
    const slow = bench.delivered;
    bench.line.setBaud(96_000);
    bench.run(2_000, 0);
    expect((bench.delivered - slow) / slow).toBeGreaterThan(9.8);
    bench.line.close();
  });

  test('without a rate everything goes at once', () => {
    const bench = new LineBench(undefined);
    bench.available = 5_000_000;
    bench.line.kick();
    expect(bench.delivered).toBe(5_000_000);
  });
});

describe('noise on a line', () => {
  const clean = noiseBytes(1_000_000);

  function run(seed: number, piece: number): { readonly out: Uint8Array; readonly noise: LineNoise } {
    const noise = new LineNoise({ oneIn: 10_000, seed });
    const out = new Uint8Array(clean.length);
    for (let at = 0; at < clean.length; at += piece) out.set(noise.apply(clean.subarray(at, at + piece)), at);
    return { out, noise };
  }

  test('changes about one byte in so many, and counts them', () => {
    const { out, noise } = run(1, 46);
    const changed = out.filter((byte, at) => byte !== clean[at]).length;
    expect(changed).toBe(noise.changed);
    expect(changed).toBeGreaterThan(60);
    expect(changed).toBeLessThan(150);
  });

  test('is the same for the same seed however the bytes are cut, and another for another seed', () => {
    const { out } = run(7, 46);
    expect(Buffer.compare(out, run(7, 4099).out)).toBe(0);
    expect(Buffer.compare(out, run(8, 46).out)).not.toBe(0);
  });

  test('never touches the sender’s own bytes', () => {
    const before = clean.slice();
    run(3, 1000);
    expect(Buffer.compare(clean, before)).toBe(0);
  });

  test.each([1, 0, 2.5])('one in %d is refused', (oneIn) => {
    expect(() => new LineNoise({ oneIn })).toThrow('noise.oneIn');
  });
});
