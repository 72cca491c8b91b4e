import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hourChart, niceStep, shownHours } from '../../../src/merchant/today/hour-chart.ts';

const hours = (values: Readonly<Record<number, number>>): number[] =>
  Array.from({ length: 24 }, (_, hour) => values[hour] ?? 0);
const size = { width: 600, height: 172 };

describe('the scale', () => {
  test.each([
    [0, 100],
    [99, 100],
    [100, 100],
    [101, 200],
    [2_300, 2_500],
    [40_000, 50_000],
    [95_235, 100_000],
    [100_000_00, 100_000_00],
  ])('a step for %i fen is %i', (fen, step) => {
    expect(niceStep(fen)).toBe(step);
  });

  test('the highest bar ends at or below the top line, and above the half of the picture', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50_000_000 }), { minLength: 24, maxLength: 24 }), (values) => {
        const chart = hourChart({ hours: values, usual: undefined, openHour: undefined, ...size });
        const top = Math.min(...chart.bars.map((bar) => bar.y));
        const topLine = Math.min(...chart.lines.map((line) => line.y));
        expect(top).toBeGreaterThanOrEqual(topLine - 1e-6);
        if (Math.max(...values) >= 100) expect(chart.baseY - top).toBeGreaterThan((chart.baseY - topLine) / 2 - 1e-6);
        for (const bar of chart.bars) {
          expect(bar.x).toBeGreaterThanOrEqual(chart.left);
          expect(bar.x + bar.width).toBeLessThanOrEqual(chart.right + 1e-6);
        }
      }),
    );
  });

  test('a bar’s height is its amount against the lines', () => {
    const chart = hourChart({
      hours: hours({ 9: 100_000, 12: 200_000 }),
      usual: undefined,
      openHour: undefined,
      ...size,
    });
    const line = chart.lines.find(({ fen }) => fen === 100_000);
    expect(chart.bars.find(({ hour }) => hour === 9)?.y).toBeCloseTo(line?.y ?? Number.NaN);
    expect(chart.bars.find(({ hour }) => hour === 12)?.isTop).toBe(true);
  });
});

describe('the hours', () => {
  test('begin with the first and end with the last that is paid, usual or open', () => {
    const usual = hours({ 7: 100, 21: 100 });
    expect(shownHours({ hours: hours({ 8: 100 }), usual, openHour: 14 })).toEqual({ first: 7, last: 21 });
  });

  test('are eight at least, and within the day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 23 }), (hour) => {
        const { first, last } = shownHours({ hours: hours({ [hour]: 100 }), usual: undefined, openHour: undefined });
        expect(last - first).toBeGreaterThanOrEqual(7);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(last).toBeLessThanOrEqual(23);
        expect(first <= hour && hour <= last).toBe(true);
      }),
    );
  });

  test('of an empty day are those of a shop', () => {
    expect(shownHours({ hours: hours({}), usual: undefined, openHour: undefined })).toEqual({ first: 8, last: 20 });
  });

  test('are labelled as often as there is room', () => {
    const usual = hours({ 7: 100, 21: 100 });
    const labels = (width: number): number =>
      hourChart({ hours: hours({}), usual, openHour: undefined, width, height: 128 }).bars.filter((bar) => bar.label)
        .length;
    expect(labels(600)).toBe(15);
    expect(labels(358)).toBe(8);
  });

  test('the open one is marked', () => {
    const chart = hourChart({ hours: hours({ 14: 500 }), usual: undefined, openHour: 14, ...size });
    expect(chart.bars.filter(({ isOpen }) => isOpen).map(({ hour }) => hour)).toEqual([14]);
  });
});
