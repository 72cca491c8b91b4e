import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HistoryPage, HistoryRow } from '../../../protocol/http/merchant.ts';
import type { ApiResult } from '../../../src/api/failures.ts';
import { failure } from '../../../src/api/failures.ts';
import { HistoryList, type PageWish } from '../../../src/merchant/history/history-list.svelte.ts';
import { letGo, linesOf, type Slot, visibleRange } from '../../../src/merchant/history/slots.ts';

function row(number: number): HistoryRow {
  const id = String(number).padStart(8, '0');
  return {
    ...{ kind: 'payment', id, orderId: id, orderNo: `261124-${id}`, at: new Date(number * 1_000).toISOString() },
    ...{ amountFen: number, channel: 'wechat-pay', parts: 1, terminalId: 't', state: 'paid', refundedFen: 0 },
    cursor: id,
  } as HistoryRow;
}

/** A server with rows 1 to `newest`, newest first. */
class Rows {
  newest: number;
  calls = 0;
  fails = false;
  readonly changed = new Map<number, string>();

  constructor(newest: number) {
    this.newest = newest;
  }

  load = async ({ cursor, direction = 'older', before, limit }: PageWish): Promise<ApiResult<HistoryPage>> => {
    this.calls += 1;
    await Promise.resolve();
    if (this.fails) return failure('offline');
    const beginning = before === undefined ? this.newest + 1 : Date.parse(before) / 1_000;
    const from = cursor === undefined ? beginning : Number(cursor);
    const numbers = Array.from({ length: limit }, (_, index) =>
      direction === 'older' ? from - 1 - index : from + 1 + index,
    );
    const inside = numbers.filter((number) => number >= 1 && number <= this.newest);
    if (direction === 'newer') inside.reverse();
    const items = inside.map((number) => ({ ...row(number), state: (this.changed.get(number) ?? 'paid') as 'paid' }));
    const last = inside.at(-1);
    const isMore = direction === 'older' && last !== undefined && last > 1;
    const value = {
      items,
      ...(isMore ? { older: String(last) } : {}),
      newer: String(inside[0] ?? from),
    };
    return { ok: true, value };
  };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
/** Longer than changes are collected. */
const changesTaken = () => vi.advanceTimersByTimeAsync(200);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function open(newest: number, before?: string) {
  const server = new Rows(newest);
  const list = new HistoryList(server.load);
  await list.start(before);
  return { server, list };
}

/** Scrolls through the list by screens of twenty lines until `done`. */
async function scroll(list: HistoryList, done: (start: number) => boolean): Promise<void> {
  for (let start = 0; !done(start); start = Math.min(start + 20, list.count - 20)) {
    list.seen(start, start + 20);
    await settled();
  }
}

describe('a long list', () => {
  test('is read from the newest to the oldest row without a gap', async () => {
    const { list } = await open(1_050);
    const seen = new Set<string>();
    await scroll(list, (start) => {
      for (const { row: line } of list.lines(start, start + 20)) if (line !== undefined) seen.add(line.id);
      return list.isAtEnd && seen.size === 1_050;
    });
    expect(list.count).toBe(1_050);
  });

  test('holds the rows near what is in sight only, and fetches the others again', async () => {
    const { list, server } = await open(5_000);
    await scroll(list, (start) => start > 4_000);
    const held = list.lines(0, list.count).filter((line) => line.row !== undefined).length;
    expect(held).toBeLessThan(2_000);
    expect(list.at(0)).toBeUndefined();
    const calls = server.calls;
    list.seen(0, 20);
    await settled();
    await settled();
    expect(list.at(0)?.id).toBe(row(5_000).id);
    expect(server.calls).toBeGreaterThan(calls);
  });

  test('keeps what is read in its place when rows come above', async () => {
    const { list, server } = await open(500);
    let shift = 0;
    list.onshift = (rows) => (shift += rows);
    list.seen(50, 70);
    const before = list.at(60)?.id;
    server.newest = 503;
    list.changed('503');
    await changesTaken();
    expect(shift).toBe(3);
    expect(list.fresh).toBe(3);
    expect(list.at(60 + shift)?.id).toBe(before);
    expect(list.at(0)?.id).toBe(row(503).id);
  });

  test('shows a changed row anew', async () => {
    const { list, server } = await open(100);
    list.seen(0, 20);
    server.changed.set(95, 'refunded');
    list.changed(row(95).orderId);
    await changesTaken();
    expect(list.at(5)?.state).toBe('refunded');
  });

  test('begins at a day and grows towards the newest row too', async () => {
    const { list } = await open(1_000, new Date(501_000).toISOString());
    expect(list.at(0)?.id).toBe(row(500).id);
    expect(list.isAtTop).toBe(false);
    let shift = 0;
    list.onshift = (rows) => (shift += rows);
    for (let count = 0; count < 12 && !list.isAtTop; count += 1) {
      list.seen(0, 20);
      await settled();
    }
    expect(list.isAtTop).toBe(true);
    expect(list.at(0)?.id).toBe(row(1_000).id);
    expect(list.at(shift)?.id).toBe(row(500).id);
  });

  test('says what went wrong, and goes on when it is tried again', async () => {
    const server = new Rows(10);
    server.fails = true;
    const list = new HistoryList(server.load);
    await list.start();
    expect(list.failure?.error).toBe('offline');
    server.fails = false;
    list.retry();
    await settled();
    await settled();
    expect(list.failure).toBeUndefined();
    expect(list.count).toBe(10);
  });

  test('asks before it looks through the whole history for a rare row', async () => {
    let calls = 0;
    const list = new HistoryList(async () => {
      calls += 1;
      await Promise.resolve();
      const value = { items: [], older: String(1_000 - calls), lookedTo: new Date(calls).toISOString() };
      return { ok: true, value };
    });
    await list.start();
    expect(calls).toBe(20);
    expect(list.lookedTo).toBeDefined();
    expect(list.isAtEnd).toBe(false);
    list.lookFurther();
    await settled();
    await settled();
    expect(calls).toBe(40);
  });
});

describe('the window', () => {
  test.each([
    [
      { listTop: 0, height: 440, count: 100 },
      { start: 0, end: 12 },
    ],
    [
      { listTop: -440, height: 440, count: 100 },
      { start: 8, end: 22 },
    ],
    [
      { listTop: 300, height: 440, count: 100 },
      { start: 0, end: 6 },
    ],
    [
      { listTop: 900, height: 440, count: 100 },
      { start: 0, end: 0 },
    ],
    [
      { listTop: -4_300, height: 440, count: 100 },
      { start: 95, end: 100 },
    ],
    [
      { listTop: 0, height: 440, count: 3 },
      { start: 0, end: 3 },
    ],
  ])('%j', (view, range) => {
    expect(visibleRange({ ...view, rowHeight: 44, beside: 2 })).toEqual(range);
  });

  const slots: readonly Slot[] = Array.from({ length: 30 }, (_, index) => ({
    ...{ count: 2, above: undefined, first: `${index}a`, last: `${index}b`, rows: [row(index), row(index)] },
  }));

  test('finds lines over the borders of pages', () => {
    const { lines, firstSlot, lastSlot } = linesOf(slots, 1, 5);
    expect(lines.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect([firstSlot, lastSlot]).toEqual([0, 2]);
  });

  test('lets go of what is far and changes nothing otherwise', () => {
    const near = letGo(slots, 14, 15);
    expect(near.filter((slot) => slot.rows !== undefined)).toHaveLength(18);
    expect(letGo(near, 14, 15)).toBe(near);
  });
});
