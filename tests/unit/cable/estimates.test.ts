import { describe, expect, test } from 'vitest';
import { BlockSizer, FlowLimit, RoundTrip } from '../../../protocol/cable/v1/estimates.ts';
import { blockLeastBytes, bodyMaxBytes } from '../../../protocol/cable/v1/limits.ts';
import { seededRandom } from './line.ts';

/** Sends `bytes` in blocks of the sizer's choice over a line that hits each byte with chance `p`. */
function feed(sizer: BlockSizer, bytes: number, p: number, random: () => number): void {
  for (let sent = 0; sent < bytes;) {
    const size = sizer.bodyBytes() + 13;
    if (random() < 1 - (1 - p) ** size) sizer.lost(size);
    else sizer.delivered(size);
    sent += size;
  }
}

describe('section 5.5: block size', () => {
  test('a clean line gets the largest blocks', () => {
    const sizer = new BlockSizer();
    feed(sizer, 1 << 20, 0, seededRandom(1));
    expect(sizer.bodyBytes()).toBe(bodyMaxBytes);
    expect(sizer.bodyBytes(1024)).toBe(1024);
  });

  test.each([
    { p: 1e-4, least: 300, most: 700 },
    { p: 1e-3, least: 128, most: 220 },
    { p: 1e-2, least: 128, most: 128 },
  ])('chance $p a byte: between $least and $most bytes', ({ p, least, most }) => {
    const sizer = new BlockSizer();
    feed(sizer, 1 << 20, p, seededRandom(2));
    expect(sizer.bodyBytes()).toBeGreaterThanOrEqual(Math.max(least, blockLeastBytes));
    expect(sizer.bodyBytes()).toBeLessThanOrEqual(most);
  });

  test('one loss on a good line costs little, and blocks grow back when the line is clean again', () => {
    const sizer = new BlockSizer();
    feed(sizer, 1 << 20, 0, seededRandom(3));
    sizer.lost(2062);
    expect(sizer.bodyBytes()).toBeGreaterThan(1500);
    feed(sizer, 1 << 18, 1e-3, seededRandom(4));
    expect(sizer.bodyBytes()).toBeLessThan(300);
    feed(sizer, 1 << 20, 0, seededRandom(5));
    expect(sizer.bodyBytes()).toBe(bodyMaxBytes);
  });
});

describe('section 5.4: when to ask', () => {
  test('from measured round trips and their variation, doubling, never later than 400 ms', () => {
    const rtt = new RoundTrip();
    expect(rtt.probeAfterMs(0)).toBe(250);
    for (let i = 0; i < 100; i++) rtt.sample(20);
    expect(rtt.smoothedMs).toBeCloseTo(20, 5);
    expect(rtt.probeAfterMs(0)).toBeCloseTo(35, 5);
    expect(rtt.probeAfterMs(1)).toBeCloseTo(70, 5);
    expect(rtt.probeAfterMs(9)).toBe(400);
    rtt.sample(100);
    expect(rtt.probeAfterMs(0)).toBeGreaterThan(100);
    expect(rtt.leastMs).toBe(20);
  });
});

describe('section 5.6: bytes on the way', () => {
  test('four frames at least, and what the line delivers in its round trip and a quarter of a second', () => {
    const flow = new FlowLimit();
    const least = flow.limitBytes(5);
    expect(least).toBeGreaterThanOrEqual(4 * bodyMaxBytes);
    const before = flow.deliveredBytes;
    flow.delivered(100_000);
    flow.sample(0, before, 100);
    expect(flow.limitBytes(10)).toBe(1_000 * 260);
  });

  test('a rate that is no longer reached is forgotten after two seconds', () => {
    const flow = new FlowLimit();
    flow.delivered(100_000);
    flow.sample(0, 0, 100);
    const before = flow.deliveredBytes;
    flow.delivered(1_000);
    flow.sample(1_000, before, 1_100);
    expect(flow.limitBytes(0)).toBe(250_000);
    flow.sample(2_900, before, 3_000);
    expect(flow.limitBytes(0)).toBe(8_264);
  });
});
