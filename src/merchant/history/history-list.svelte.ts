/* eslint-disable svelte/prefer-svelte-reactivity -- collected ids are handed on, never rendered */
import type { HistoryPage, HistoryRow } from '../../../protocol/http/merchant.ts';
import type { ApiFailure, ApiResult } from '../../api/failures.ts';
import { letGo, type Line, linesOf, rowCount, type Slot, slotOf, slotsMax } from './slots.ts';

/** What a page is asked for by: a cursor and a direction, or the instant to begin before. */
export interface PageWish {
  readonly cursor?: string;
  readonly direction?: 'older' | 'newer';
  readonly before?: string;
  readonly limit: number;
}

/** How to fetch a page. */
export type LoadPage = (wish: PageWish, signal: AbortSignal) => Promise<ApiResult<HistoryPage>>;

const pageRows = 100;
/** The page on top takes new rows in up to this size; it must fit into one answer when it is fetched again. */
const joinedMaxRows = 150;
/** Rows of the largest answer. */
const answerMaxRows = 200;
/** Empty pages in a row that are fetched without being asked: each is a bounded look through the database. */
const emptyPagesMax = 20;
/** Changes that come within this time are fetched once. */
const changesDebounceMs = 150;

/**
 * A list that may be a million rows long. It knows a stretch of pages around what is in sight and holds the rows of the
 * nearest ones only. It grows at both ends as one scrolls, and lets the far end go when it becomes too long.
 */
export class HistoryList {
  readonly #load: LoadPage;
  readonly #abort = new AbortController();
  #slots = $state.raw<readonly Slot[]>([]);
  #older: string | undefined;
  #newer: string | undefined;
  #before: string | undefined;
  #isBusyOlder = false;
  #isBusyNewer = false;
  readonly #refetching = new Set<string>();
  #changed = new Set<string>();
  #soon: ReturnType<typeof setTimeout> | undefined;
  #sight = { first: 0, last: 0 };

  /** True until the first answer. */
  isLoading = $state(true);
  failure = $state.raw<ApiFailure>();
  /** True when the newest row is in the list: then what is new appears on top by itself. */
  isAtTop = $state(true);
  /** True when the oldest row is in the list. */
  isAtEnd = $state(false);
  /** How far back was looked without finding anything; the reader decides whether to go on. */
  lookedTo = $state<string>();
  isLooking = $state(false);
  /** Rows that came on top since they were last seen. */
  fresh = $state(0);
  /** Called after rows came or went above, with how many: the place that is read must not move. */
  onshift: (rows: number) => void = () => undefined;

  constructor(load: LoadPage) {
    this.#load = load;
  }

  /** Rows that are known, in sight or not. */
  get count(): number {
    return rowCount(this.#slots);
  }

  /** Starts at the newest row, or at the newest one before an instant. */
  async start(before?: string): Promise<void> {
    this.#before = before;
    this.isAtTop = before === undefined;
    await this.#extendOlder();
    this.isLoading = false;
  }

  /** Starts over, at the same place. */
  async restart(): Promise<void> {
    this.#slots = [];
    this.#older = this.#newer = undefined;
    this.isAtEnd = false;
    this.lookedTo = undefined;
    this.failure = undefined;
    this.isLoading = true;
    this.#isBusyOlder = false;
    await this.start(this.#before);
  }

  /** Ends all that is under way. */
  stop(): void {
    clearTimeout(this.#soon);
    this.#abort.abort();
  }

  /** The lines from `start` to `end`, exclusive. */
  lines(start: number, end: number): readonly Line[] {
    return linesOf(this.#slots, start, end).lines;
  }

  /** The row at an index; undefined while its page is out of sight. */
  at(index: number): HistoryRow | undefined {
    return this.lines(index, index + 1)[0]?.row;
  }

  /** Tells which lines are in sight: fetches what is missing there and beyond, forgets what is far. */
  seen(start: number, end: number): void {
    const { firstSlot, lastSlot } = linesOf(this.#slots, start, end);
    if (firstSlot < 0) return;
    this.#sight = { first: firstSlot, last: lastSlot };
    this.#slots = letGo(this.#slots, firstSlot, lastSlot);
    const near = this.#slots.slice(Math.max(0, firstSlot - 1), lastSlot + 2);
    for (const slot of near) if (slot.rows === undefined) void this.#refetch(slot);
    if (lastSlot >= this.#slots.length - 3 && this.lookedTo === undefined) void this.#extendOlder();
    if (firstSlot <= 1 && !this.isAtTop) void this.#extendNewer();
  }

  /** Goes on looking back, after `lookedTo` was shown. */
  lookFurther(): void {
    this.lookedTo = undefined;
    void this.#extendOlder();
  }

  /** Tries what failed once more. */
  retry(): void {
    this.failure = undefined;
    void this.#extendOlder();
  }

  /** An order changed: shows it anew where it stands, and what is new on top. */
  changed(orderId: string): void {
    this.#changed.add(orderId);
    this.#soon ??= setTimeout(() => void this.#takeChanges(), changesDebounceMs);
  }

  /** After a gap in the stream of events anything may have changed. */
  reconnected(): void {
    for (const slot of this.#slots) if (slot.rows !== undefined) void this.#refetch(slot);
    if (this.isAtTop) void this.#extendNewer();
  }

  /** The reader has seen what is on top. */
  topSeen(): void {
    this.fresh = 0;
  }

  async #takeChanges(): Promise<void> {
    const ids = this.#changed;
    this.#changed = new Set();
    this.#soon = undefined;
    for (const slot of this.#slots)
      if (slot.rows?.some((row) => ids.has(row.orderId)) === true) void this.#refetch(slot);
    if (this.isAtTop) await this.#extendNewer();
  }

  async #extendOlder(): Promise<void> {
    if (this.#isBusyOlder || this.isAtEnd || this.failure !== undefined) return;
    this.#isBusyOlder = true;
    for (let page = 0; page < emptyPagesMax && !this.#abort.signal.aborted; page += 1) {
      const from = this.#older;
      const wish = from === undefined ? this.#firstWish() : { cursor: from, direction: 'older' as const };
      const answer = await this.#load({ ...wish, limit: pageRows }, this.#abort.signal);
      if (this.#abort.signal.aborted) return;
      if (!answer.ok) {
        this.failure = answer;
        break;
      }
      this.failure = undefined;
      if (this.#takeOlder(answer.value, from)) break;
      this.isLooking = true;
      this.lookedTo = answer.value.lookedTo;
    }
    if (!this.isLooking) this.lookedTo = undefined;
    this.isLooking = false;
    this.#isBusyOlder = false;
  }

  #firstWish(): Omit<PageWish, 'limit'> {
    return this.#before === undefined ? {} : { before: this.#before };
  }

  /** Takes a page at the bottom; false when it was empty and there is more. */
  #takeOlder(page: HistoryPage, above: string | undefined): boolean {
    this.#older = page.older;
    this.isAtEnd = page.older === undefined;
    if (this.#slots.length === 0) this.#newer = page.newer;
    const slot = slotOf(page, above);
    if (slot !== undefined) {
      this.isLooking = false;
      this.#slots = [...this.#slots, slot];
      this.#trimTop();
    }
    return slot !== undefined || this.isAtEnd;
  }

  #trimTop(): void {
    const over = this.#slots.length - slotsMax;
    if (over <= 0) return;
    const gone = rowCount(this.#slots.slice(0, over));
    this.#slots = this.#slots.slice(over);
    this.#newer = this.#slots[0]?.first;
    this.isAtTop = false;
    this.onshift(-gone);
  }

  async #extendNewer(): Promise<void> {
    if (this.#isBusyNewer) return;
    if (this.#slots.length === 0) return this.restart();
    this.#isBusyNewer = true;
    const cursor = this.#newer ?? this.#slots[0]?.first;
    const wish = cursor === undefined ? this.#firstWish() : { cursor };
    const answer = await this.#load({ ...wish, direction: 'newer', limit: pageRows }, this.#abort.signal);
    this.#isBusyNewer = false;
    if (this.#abort.signal.aborted || !answer.ok) return;
    const { value } = answer;
    const slot = slotOf(value, undefined);
    const isMore = value.newer !== undefined && (value.items.length >= pageRows || value.lookedTo !== undefined);
    if (slot !== undefined) this.#takeNewer(slot);
    else if (value.newer !== undefined) this.#newer = value.newer;
    if (isMore && this.isAtTop) await this.#extendNewer();
    else if (!isMore) this.isAtTop = true;
  }

  #takeNewer(slot: Slot): void {
    const [top, ...rest] = this.#slots;
    this.#newer = slot.first;
    // Small additions join the page on top, so that a busy day does not end in pages of one row.
    const joined = top !== undefined && top.rows !== undefined && top.count + slot.count <= joinedMaxRows;
    this.#slots = joined
      ? [
          { ...top, count: top.count + slot.count, first: slot.first, rows: [...(slot.rows ?? []), ...top.rows] },
          ...rest,
        ]
      : [slot, ...(top === undefined ? [] : [{ ...top, above: slot.last }]), ...rest];
    if (this.isAtTop) this.fresh += slot.count;
    this.onshift(slot.count);
    this.#trimBottom();
  }

  #trimBottom(): void {
    if (this.#slots.length <= slotsMax) return;
    this.#slots = this.#slots.slice(0, slotsMax);
    this.#older = this.#slots.at(-1)?.last;
    this.isAtEnd = false;
  }

  /** Fetches the rows of one page again: what is between the page above and its own last row. */
  async #refetch(slot: Slot): Promise<void> {
    if (this.#refetching.has(slot.last)) return;
    this.#refetching.add(slot.last);
    const wish = slot.above === undefined ? this.#firstWish() : { cursor: slot.above, direction: 'older' as const };
    const limit = slot.count > pageRows ? answerMaxRows : pageRows;
    const answer = await this.#load({ ...wish, limit }, this.#abort.signal);
    this.#refetching.delete(slot.last);
    if (!answer.ok || this.#abort.signal.aborted) return;
    const number = this.#slots.findIndex((candidate) => candidate.last === slot.last);
    const known = this.#slots[number];
    if (known === undefined) return;
    const behind = answer.value.items.findIndex((row) => row.cursor === known.last);
    const items = behind < 0 ? answer.value.items.slice(0, known.count) : answer.value.items.slice(0, behind + 1);
    const fetched = slotOf({ items }, known.above);
    if (fetched === undefined) return;
    this.#slots = this.#slots.map((candidate) => (candidate === known ? { ...fetched, last: known.last } : candidate));
    if (number < this.#sight.first && fetched.count !== known.count) this.onshift(fetched.count - known.count);
  }
}
