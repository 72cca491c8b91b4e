import type { FrameKind } from './frame.ts';
import { windowMaxFrames } from './limits.ts';

/** One frame in the send window. */
export interface SentFrame {
  kind: FrameKind;
  seq: number;
  body: Uint8Array;
  wireBytes: number;
  /** Place of its last transmission among all transmissions of the link. */
  order: number;
  sentAtMs: number;
  /** Bytes that had been confirmed on the link when it was sent. */
  deliveredBefore: number;
  transmissions: number;
  state: 'free' | 'on-the-way' | 'lost' | 'arrived';
}

/** What an acknowledgement changed. */
export interface AckResult {
  /** Wire bytes that it newly confirmed. */
  readonly arrivedBytes: number;
  /** The latest frame newly confirmed, when it was sent only once: its times can be measured. */
  readonly sample: { readonly sentAtMs: number; readonly deliveredBefore: number } | undefined;
  /** Wire sizes of frames now proven lost. */
  readonly lost: readonly number[];
}

const noBody = new Uint8Array(0);
const slotMask = windowMaxFrames - 1;
const nothingLost: readonly number[] = [];

function freeSlot(): SentFrame {
  return {
    kind: 3,
    seq: 0,
    body: noBody,
    wireBytes: 0,
    order: 0,
    sentAtMs: 0,
    deliveredBefore: 0,
    transmissions: 0,
    state: 'free',
  };
}

/**
 * The frames sent and not yet acknowledged. The line is first in, first out: when a later transmission has arrived,
 * every earlier one that has not is lost. So losses are proven by order, never guessed from time.
 */
export class SendWindow {
  readonly #slots: SentFrame[] = Array.from({ length: windowMaxFrames }, freeSlot);
  #windowFrames = 1;
  #base = 0;
  #next = 0;
  #lastOrder = 0;
  #lostCount = 0;
  #onTheWayBytes = 0;
  #onTheWayCount = 0;

  /** Forgets everything and starts at number 0 with the window that both sides agreed on. */
  reset(windowFrames: number): void {
    for (const slot of this.#slots) {
      slot.state = 'free';
      slot.body = noBody;
    }
    this.#windowFrames = windowFrames;
    this.#base = 0;
    this.#next = 0;
    this.#lastOrder = 0;
    this.#lostCount = 0;
    this.#onTheWayBytes = 0;
    this.#onTheWayCount = 0;
  }

  /** Number that the next new frame gets. */
  get nextSeq(): number {
    return this.#next;
  }

  /** Frames in the window: on the way, lost, or arrived behind a gap. */
  get frames(): number {
    return (this.#next - this.#base) & 0xffff;
  }

  /** Wire bytes transmitted, neither confirmed nor proven lost. */
  get onTheWayBytes(): number {
    return this.#onTheWayBytes;
  }

  /** Wire bytes transmitted at least once and not confirmed. */
  get unconfirmedBytes(): number {
    let sum = 0;
    for (const slot of this.#slots) if (slot.state === 'on-the-way' || slot.state === 'lost') sum += slot.wireBytes;
    return sum;
  }

  /** Frames transmitted, neither confirmed nor proven lost. */
  get onTheWayFrames(): number {
    return this.#onTheWayCount;
  }

  /** True when a new frame may be sent. */
  get hasRoom(): boolean {
    return this.frames < this.#windowFrames;
  }

  /** Gives the next transmission its place in the order. PINGs take one too. */
  takeOrder(): number {
    return ++this.#lastOrder;
  }

  /** Takes a new frame into the window. Call only when `hasRoom`; the caller then transmits it. */
  add(kind: FrameKind, body: Uint8Array): SentFrame {
    const slot = this.#slots[this.#next & slotMask] as SentFrame;
    slot.kind = kind;
    slot.seq = this.#next;
    slot.body = body;
    slot.wireBytes = 0;
    slot.transmissions = 0;
    slot.state = 'lost';
    this.#lostCount += 1;
    this.#next = (this.#next + 1) & 0xffff;
    return slot;
  }

  /** The earliest frame that must be sent again, or `undefined`. */
  firstLost(): SentFrame | undefined {
    if (this.#lostCount === 0) return undefined;
    for (let seq = this.#base; seq !== this.#next; seq = (seq + 1) & 0xffff) {
      const slot = this.#slots[seq & slotMask] as SentFrame;
      if (slot.state === 'lost') return slot;
    }
    return undefined;
  }

  /** Notes that `frame` was put on the line now. */
  transmitted(frame: SentFrame, wireBytes: number, nowMs: number, deliveredBefore: number): void {
    if (frame.state === 'lost') this.#lostCount -= 1;
    frame.state = 'on-the-way';
    frame.wireBytes = wireBytes;
    frame.order = this.takeOrder();
    frame.sentAtMs = nowMs;
    frame.deliveredBefore = deliveredBefore;
    frame.transmissions += 1;
    this.#onTheWayBytes += wireBytes;
    this.#onTheWayCount += 1;
  }

  /** Takes the acknowledgement fields of a frame. Those that do not belong to this window change nothing. */
  acknowledge(ack: number, sackLow: number, sackHigh: number): AckResult {
    const ahead = (ack - this.#base) & 0xffff;
    if (ahead > this.frames) return { arrivedBytes: 0, sample: undefined, lost: nothingLost };
    let arrivedBytes = 0;
    let highest = 0;
    let latest: SentFrame | undefined;
    const confirm = (slot: SentFrame): void => {
      if (slot.state === 'arrived') return;
      this.#leaveLine(slot);
      slot.state = 'arrived';
      arrivedBytes += slot.wireBytes;
      if (slot.order > highest) {
        highest = slot.order;
        latest = slot;
      }
    };
    while (this.#base !== ack) {
      const slot = this.#slots[this.#base & slotMask] as SentFrame;
      confirm(slot);
      slot.state = 'free';
      slot.body = noBody;
      this.#base = (this.#base + 1) & 0xffff;
    }
    for (let bit = 0; (sackLow | sackHigh) !== 0 && bit < this.frames - 1; bit++) {
      const word = bit < 32 ? sackLow >>> bit : sackHigh >>> (bit - 32);
      if (word === 0 && bit >= 32) break;
      if ((word & 1) !== 0) confirm(this.#slots[(ack + 1 + bit) & slotMask] as SentFrame);
    }
    const sample = latest?.transmissions === 1 ? latest : undefined;
    return { arrivedBytes, sample, lost: this.proveLost(highest) };
  }

  /** A transmission of place `order` has arrived: what went before it and has not is lost. Gives the wire sizes. */
  proveLost(order: number): readonly number[] {
    if (this.#onTheWayCount === 0 || order === 0) return nothingLost;
    let lost: number[] | undefined;
    for (let seq = this.#base; seq !== this.#next; seq = (seq + 1) & 0xffff) {
      const slot = this.#slots[seq & slotMask] as SentFrame;
      if (slot.state !== 'on-the-way' || slot.order >= order) continue;
      this.#leaveLine(slot);
      slot.state = 'lost';
      this.#lostCount += 1;
      (lost ??= []).push(slot.wireBytes);
    }
    return lost ?? nothingLost;
  }

  #leaveLine(slot: SentFrame): void {
    if (slot.state === 'lost') this.#lostCount -= 1;
    if (slot.state !== 'on-the-way') return;
    this.#onTheWayBytes -= slot.wireBytes;
    this.#onTheWayCount -= 1;
  }
}
