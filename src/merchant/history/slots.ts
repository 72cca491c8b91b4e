import type { HistoryPage, HistoryRow } from '../../../protocol/http/merchant.ts';

/**
 * One page of the list. `rows` is absent while the page is out of sight: then only its size and its ends are known, and
 * it is fetched again, from `above`, when it comes near.
 */
export interface Slot {
  readonly count: number;
  /** Cursor of the row just above the page; absent for the page at the very top. */
  readonly above: string | undefined;
  readonly first: string;
  readonly last: string;
  readonly rows: readonly HistoryRow[] | undefined;
}

/** Pages that are kept, with rows or without; beyond it the far end is let go and can be fetched again. */
export const slotsMax = 1_500;
/** Pages beside the visible ones whose rows are kept. */
export const keptBeside = 8;

/** The slot of a page; undefined for one without rows. */
export function slotOf(page: Pick<HistoryPage, 'items'>, above: string | undefined): Slot | undefined {
  const first = page.items[0]?.cursor;
  const last = page.items.at(-1)?.cursor;
  if (first === undefined || last === undefined) return undefined;
  return { count: page.items.length, above, first, last, rows: page.items };
}

/** Rows of all slots. */
export function rowCount(slots: readonly Slot[]): number {
  return slots.reduce((sum, slot) => sum + slot.count, 0);
}

/** A row of the list by its index: the row, or undefined while its page is out of sight. */
export interface Line {
  readonly index: number;
  readonly row: HistoryRow | undefined;
}

/** The lines from `start` to `end` (exclusive), and the numbers of the slots that they lie in. */
export function linesOf(
  slots: readonly Slot[],
  start: number,
  end: number,
): { readonly lines: Line[]; readonly firstSlot: number; readonly lastSlot: number } {
  const lines: Line[] = [];
  let firstSlot = -1;
  let lastSlot = -1;
  let offset = 0;
  for (const [number, slot] of slots.entries()) {
    const from = Math.max(start, offset);
    const to = Math.min(end, offset + slot.count);
    if (from < to) {
      if (firstSlot < 0) firstSlot = number;
      lastSlot = number;
      for (let index = from; index < to; index += 1) lines.push({ index, row: slot.rows?.[index - offset] });
    }
    offset += slot.count;
    if (offset >= end) break;
  }
  return { lines, firstSlot, lastSlot };
}

/** Forgets the rows of slots that are far from the visible ones. The same array when nothing is to be forgotten. */
export function letGo(slots: readonly Slot[], firstSlot: number, lastSlot: number): readonly Slot[] {
  const isFar = (number: number): boolean => number < firstSlot - keptBeside || number > lastSlot + keptBeside;
  if (!slots.some((slot, number) => isFar(number) && slot.rows !== undefined)) return slots;
  return slots.map((slot, number) => (isFar(number) && slot.rows !== undefined ? { ...slot, rows: undefined } : slot));
}

/** Which part of a list is in sight: indexes of the first line and behind the last one, with some more beside. */
export function visibleRange(view: {
  /** Where the list begins, in pixels from the top of the window of sight; below zero once it is scrolled past. */
  readonly listTop: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly count: number;
  readonly beside: number;
}): { readonly start: number; readonly end: number } {
  const { listTop, height, rowHeight, count, beside } = view;
  const first = Math.floor(-listTop / rowHeight);
  const behind = Math.ceil((height - listTop) / rowHeight);
  const start = Math.min(Math.max(0, first - beside), count);
  return { start, end: Math.max(start, Math.min(count, behind + beside)) };
}
