import { randomBytes } from 'node:crypto';
import type { CloseWord } from '../../protocol/phone-link/failures.ts';
import * as limits from './limits.ts';

/** Which side of a link. */
export type Side = 'terminal' | 'phone';

/** One envelope, numbered for whoever fetches without a socket. */
export interface Mail {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Who sits on a side: a socket that takes at once, or a caller that fetches. */
export interface Seat {
  readonly id: string;
  /** Gives what waits; false: nobody takes it now, it is kept. */
  give(mails: readonly Mail[]): boolean;
  /** Somebody else has sat down here. */
  replaced(): void;
  /** The mailbox is gone. */
  over(why: CloseWord): void;
}

interface Box {
  readonly linkId: string;
  readonly terminalId: string;
  readonly key: string;
  hello: string;
  readonly openedAtMs: number;
  usedAtMs: number;
  phoneAddress: string | undefined;
  readonly waiting: Record<Side, Mail[]>;
  readonly seats: Record<Side, Seat | undefined>;
  numbers: number;
}

/** Why somebody cannot sit down. `unknown`: there is no such mailbox and none is remembered. */
export type Refusal = { readonly refused: CloseWord | 'unknown' | 'forbidden' };

/** The answer to a phone or terminal that sits down. */
export interface Seated {
  readonly hello: string;
}

/**
 * Mailboxes of sealed envelopes, in the memory of this process. They know names, sizes and times, never contents.
 * Everything has a limit: number, size, waiting envelopes, life.
 */
export class Mailboxes {
  readonly #boxes = new Map<string, Box>();
  readonly #remembered = new Map<string, { readonly why: CloseWord; readonly untilMs: number }>();
  readonly #now: () => number;
  #storedBytes = 0;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Opens a mailbox for a terminal; for the same terminal again it is the same one. `undefined`: another's, or too many. */
  open(linkId: string, terminalId: string, hello: string): { readonly key: string } | undefined {
    const known = this.#boxes.get(linkId);
    if (known !== undefined) return known.terminalId === terminalId && known.hello === hello ? known : undefined;
    const own = [...this.#boxes.values()].filter((box) => box.terminalId === terminalId);
    if (own.length >= limits.mailboxesPerTerminalMax) this.#oldest(own, 'expired');
    if (this.#boxes.size >= limits.mailboxesMax) return undefined;
    const nowMs = this.#now();
    const key = randomBytes(16).toString('base64url');
    this.#boxes.set(linkId, {
      linkId,
      terminalId,
      key,
      hello,
      openedAtMs: nowMs,
      usedAtMs: nowMs,
      phoneAddress: undefined,
      waiting: { terminal: [], phone: [] },
      seats: { terminal: undefined, phone: undefined },
      numbers: 0,
    });
    this.#remembered.delete(linkId);
    return { key };
  }

  /** Sits down as a phone. The newest phone has the seat: a page that was loaded anew must not wait for the old one. */
  joinAsPhone(linkId: string, seat: Seat, address: string): Seated | Refusal {
    const box = this.#boxes.get(linkId);
    if (box === undefined) return { refused: this.whyClosed(linkId) ?? 'unknown' };
    box.phoneAddress = address;
    return this.#sit(box, 'phone', seat);
  }

  /** Sits down as the terminal that opened it. */
  joinAsTerminal(linkId: string, seat: Seat, key: string): Seated | Refusal {
    const box = this.#boxes.get(linkId);
    if (box === undefined) return { refused: 'unknown' };
    return box.key === key ? this.#sit(box, 'terminal', seat) : { refused: 'forbidden' };
  }

  #sit(box: Box, side: Side, seat: Seat): Seated {
    const before = box.seats[side];
    box.seats[side] = seat;
    box.usedAtMs = this.#now();
    before?.replaced();
    return { hello: box.hello };
  }

  /** Gives a side that has just sat down what waits for it. */
  flush(linkId: string, side: Side): void {
    const box = this.#boxes.get(linkId);
    if (box === undefined) return;
    const waiting = box.waiting[side];
    if (waiting.length > 0 && box.seats[side]?.give(waiting) === true) this.#drop(box, side, waiting.length);
  }

  /** Gets up; does nothing for who was replaced. */
  leave(linkId: string, side: Side, seat: Seat): void {
    const box = this.#boxes.get(linkId);
    if (box?.seats[side] === seat) box.seats[side] = undefined;
  }

  /** True while this seat is the one of its side. */
  isSeated(linkId: string, side: Side, seatId: string): boolean {
    return this.#boxes.get(linkId)?.seats[side]?.id === seatId;
  }

  /** The same for who calls from there, which counts as use. */
  use(linkId: string, side: Side, seatId: string): boolean {
    const box = this.#boxes.get(linkId);
    if (box?.seats[side]?.id !== seatId) return false;
    box.usedAtMs = this.#now();
    return true;
  }

  /** An envelope from one side to the other. */
  put(linkId: string, from: Side, bytes: Uint8Array): void {
    const box = this.#boxes.get(linkId);
    if (box === undefined) return;
    const to: Side = from === 'phone' ? 'terminal' : 'phone';
    box.usedAtMs = this.#now();
    const waiting = box.waiting[to];
    const mail = { number: (box.numbers += 1), bytes };
    // Who sits there takes it at once, also while others have filled the memory.
    if (waiting.length === 0 && box.seats[to]?.give([mail]) === true) return;
    if (waiting.length >= limits.mailsMax) this.#drop(box, to, 1);
    if (this.#storedBytes + bytes.length > limits.storedMaxBytes) return;
    this.#storedBytes += bytes.length;
    waiting.push(mail);
    this.flush(linkId, to);
  }

  /** What waits for who fetches; all up to `after` has arrived and is forgotten. */
  fetch(linkId: string, side: Side, after: number): readonly Mail[] {
    const box = this.#boxes.get(linkId);
    if (box === undefined) return [];
    const waiting = box.waiting[side];
    this.#drop(box, side, waiting.filter(({ number }) => number <= after).length);
    return [...box.waiting[side]];
  }

  #drop(box: Box, side: Side, count: number): void {
    for (const { bytes } of box.waiting[side].splice(0, count)) this.#storedBytes -= bytes.length;
  }

  /** Closes a mailbox by its key. */
  close(linkId: string, key: string, why: CloseWord): boolean {
    const box = this.#boxes.get(linkId);
    if (box?.key !== key) return false;
    this.#end(box, why);
    return true;
  }

  /** Why a mailbox is no more; `undefined` while it is there. */
  whyClosed(linkId: string): CloseWord | 'unknown' | undefined {
    if (this.#boxes.has(linkId)) return undefined;
    return this.#remembered.get(linkId)?.why ?? 'unknown';
  }

  /** The address on the net of the phone that joined this terminal's link; the payment platform asks for it. */
  phoneAddress(linkId: string, terminalId: string): string | undefined {
    const box = this.#boxes.get(linkId);
    return box?.terminalId === terminalId ? box.phoneAddress : undefined;
  }

  /** Ends what is too old; to be called every few seconds. */
  sweep(): void {
    const nowMs = this.#now();
    for (const box of this.#boxes.values()) {
      const isUnjoined = box.phoneAddress === undefined && nowMs >= box.openedAtMs + limits.unjoinedMs;
      const isQuiet = nowMs >= box.usedAtMs + limits.quietMs;
      if (isUnjoined || isQuiet || nowMs >= box.openedAtMs + limits.lifeMs) this.#end(box, 'expired');
    }
    for (const [linkId, { untilMs }] of this.#remembered) if (nowMs >= untilMs) this.#remembered.delete(linkId);
  }

  /** What there is, for the log and for tests. */
  get counts(): { readonly boxes: number; readonly storedBytes: number; readonly remembered: number } {
    return { boxes: this.#boxes.size, storedBytes: this.#storedBytes, remembered: this.#remembered.size };
  }

  #oldest(boxes: readonly Box[], why: CloseWord): void {
    const [oldest] = [...boxes].sort((a, b) => a.usedAtMs - b.usedAtMs);
    if (oldest !== undefined) this.#end(oldest, why);
  }

  #end(box: Box, why: CloseWord): void {
    this.#boxes.delete(box.linkId);
    for (const side of ['terminal', 'phone'] as const) this.#drop(box, side, box.waiting[side].length);
    const [first] = this.#remembered.keys();
    if (this.#remembered.size >= limits.rememberedMax && first !== undefined) this.#remembered.delete(first);
    this.#remembered.set(box.linkId, { why, untilMs: this.#now() + limits.rememberedMs });
    for (const seat of [box.seats.terminal, box.seats.phone]) seat?.over(why);
  }
}
