import type { Content } from './content.ts';
import { type CloseWord, failureOfBye, type LinkFailure } from './failures.ts';
import {
  codeLifeMs,
  codeRenewMs,
  codesMax,
  graceMs,
  hardMs,
  idleMs,
  lostMs,
  queueMax,
  saidMax,
  signalsMax,
  silentMs,
} from './limits.ts';
import { LinkSession, type SessionEffect, type SessionEvent, type Way } from './session.ts';

/** What happens to a terminal's link. */
export type HostEvent =
  | { readonly on: 'start' }
  /** Keys and secret of a new code are ready. */
  | { readonly on: 'code'; readonly linkId: string; readonly text: string }
  /** The mailbox of a code can be reached, and how; or no more. */
  | { readonly on: 'mailbox'; readonly linkId: string; readonly kind: 'relay' | 'poll' | undefined }
  /** A first message that opened: somebody has seen this code. `digest` tells one phone from another. */
  | { readonly on: 'phone'; readonly linkId: string; readonly digest: string; readonly digits: string }
  | { readonly on: 'content'; readonly content: Content; readonly way: Way }
  /** The phone goes on after a reload. */
  | { readonly on: 'epoch'; readonly way: Way }
  | { readonly on: 'rtc'; readonly isUp: boolean }
  | { readonly on: 'signal'; readonly text: string }
  | { readonly on: 'send'; readonly text: string }
  | { readonly on: 'close'; readonly reason: string; readonly text: string }
  /** The phone said goodbye. */
  | { readonly on: 'bye'; readonly reason: string }
  | { readonly on: 'tick' };

/** What a terminal's link wants done, in this order. */
export type HostEffect =
  | SessionEffect
  | { readonly do: 'make-code' }
  | { readonly do: 'open'; readonly linkId: string }
  | { readonly do: 'shut'; readonly linkId: string; readonly why: CloseWord }
  /** This phone is the one. */
  | { readonly do: 'accept'; readonly linkId: string; readonly digest: string }
  /** Tells another phone, sealed for it, that it is not. */
  | { readonly do: 'refuse'; readonly linkId: string; readonly digest: string; readonly why: CloseWord }
  | { readonly do: 'wipe' };

/** The terminal's side as a screen sees it; without the silence, which is a matter of time. */
export interface HostView {
  readonly phase: 'starting' | 'showing' | 'joined' | 'over';
  readonly code: string | undefined;
  readonly linkId: string | undefined;
  readonly digits: string | undefined;
  readonly carrier: 'none' | 'relay' | 'poll' | 'rtc';
  readonly silentMs: number | undefined;
  readonly failure: LinkFailure | undefined;
}

interface Code {
  readonly linkId: string;
  readonly text: string;
  shownAtMs: number | undefined;
  kind: 'relay' | 'poll' | undefined;
}

interface Joined {
  readonly code: Code;
  readonly digest: string;
  readonly digits: string;
  readonly session: LinkSession;
  readonly atMs: number;
}

/**
 * The terminal's side, pure: events in, effects out, time as an argument. Obligations:
 * - one phone a code: the first valid one; a second one within the code's life ends the link, and both are told;
 * - a code is good for 60 s from when it was first shown, and none is shown whose mailbox is not open;
 * - after the end the keys live only as long as somebody must still be told.
 */
export class HostMachine {
  #codes: Code[] = [];
  #made = 0;
  #isMaking = false;
  #joined: Joined | undefined;
  #queue: string[] = [];
  /** Messages and signals of the phone. */
  #said = 0;
  #signals = 0;
  #isOver = false;
  #isWiped = false;
  #failure: LinkFailure | undefined;
  #wipeAtMs = Infinity;
  /** Since when no code can be reached; the start at first. */
  #lostFromMs = 0;
  #nowMs = 0;
  #effects: HostEffect[] = [];

  /** Takes one event at `nowMs`, which never goes back. */
  handle(event: HostEvent, nowMs: number): HostEffect[] {
    this.#nowMs = nowMs;
    if (!this.#isWiped) this.#take(event);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #take(event: HostEvent): void {
    switch (event.on) {
      case 'start':
        this.#lostFromMs = this.#nowMs;
        this.#makeCode();
        break;
      case 'code':
        this.#isMaking = false;
        if (this.#joined !== undefined || this.#isOver) break;
        this.#codes.push({ linkId: event.linkId, text: event.text, shownAtMs: undefined, kind: undefined });
        this.#effects.push({ do: 'open', linkId: event.linkId });
        break;
      case 'mailbox':
        this.#mailbox(event.linkId, event.kind);
        break;
      case 'phone':
        this.#phone(event.linkId, event.digest, event.digits);
        break;
      case 'content':
        this.#session(event);
        if (this.#said > saidMax && !this.#isOver) this.#end('ended', JSON.stringify({ type: 'bye', reason: 'off' }));
        break;
      case 'signal':
        this.#session(event);
        break;
      case 'epoch':
        this.#session({ on: 'again', way: event.way });
        break;
      case 'rtc':
        this.#session({ on: 'way', way: 'rtc', isUp: event.isUp });
        break;
      case 'send':
        if (this.#isOver) break;
        if (this.#joined !== undefined) this.#session({ on: 'send', text: event.text });
        else if (this.#queue.length < queueMax) this.#queue.push(event.text);
        break;
      case 'close':
        if (!this.#isOver) this.#end(failureOfBye(event.reason), event.text);
        break;
      case 'bye':
        this.#bye(event.reason);
        break;
      case 'tick':
        this.#tick();
        break;
    }
    this.#wipeWhenTold();
  }

  /** What the screen shows. */
  get view(): HostView {
    const code = this.#shown;
    const session = this.#joined?.session;
    const silentFor = session === undefined ? 0 : this.#nowMs - session.heardAtMs;
    const kind = (this.#joined?.code ?? code)?.kind ?? 'none';
    const isShowing = this.#joined === undefined && code !== undefined;
    return {
      phase: this.#isOver ? 'over' : session !== undefined ? 'joined' : isShowing ? 'showing' : 'starting',
      code: isShowing && !this.#isOver ? code.text : undefined,
      linkId: this.#joined?.code.linkId ?? code?.linkId,
      digits: this.#joined?.digits,
      carrier: this.#isOver ? 'none' : session?.isUp('rtc') === true ? 'rtc' : kind,
      silentMs: silentFor > silentMs ? silentFor : undefined,
      failure: this.#failure ?? (this.#isLost ? 'no-connection' : undefined),
    };
  }

  /** True when `send` will keep another message. */
  get hasRoom(): boolean {
    if (this.#isOver) return false;
    return this.#joined?.session.hasRoom ?? this.#queue.length < queueMax;
  }

  /** When `tick` is due next. */
  get wakeAtMs(): number {
    if (this.#isWiped) return Infinity;
    const due = [this.#wipeAtMs, this.#joined?.session.wakeAtMs ?? Infinity];
    if (this.#joined !== undefined && !this.#isOver) {
      const { heardAtMs } = this.#joined.session;
      const silentFor = this.#nowMs - heardAtMs;
      // While the phone is away the screen counts the seconds.
      due.push(silentFor < silentMs ? heardAtMs + silentMs + 1 : this.#nowMs + 1_000, this.#joined.atMs + hardMs);
    }
    if (this.#joined === undefined && !this.#isOver) {
      if (this.#nowMs < this.#lostFromMs + lostMs) due.push(this.#lostFromMs + lostMs);
      for (const { shownAtMs } of this.#codes) if (shownAtMs !== undefined) due.push(shownAtMs + codeLifeMs);
      const newest = this.#codes.at(-1)?.shownAtMs;
      if (newest !== undefined && !this.#isMaking && this.#made < codesMax) due.push(newest + codeRenewMs);
    }
    return Math.min(...due);
  }

  /** The newest code that a phone can reach. */
  get #shown(): Code | undefined {
    return this.#codes.findLast(({ shownAtMs }) => shownAtMs !== undefined);
  }

  get #isReachable(): boolean {
    return this.#codes.some(({ kind }) => kind !== undefined);
  }

  /** A line that breaks and is there again is no news. */
  get #isLost(): boolean {
    if (this.#joined !== undefined || this.#isOver || this.#isReachable) return false;
    return this.#nowMs >= this.#lostFromMs + lostMs;
  }

  #makeCode(): void {
    this.#isMaking = true;
    this.#made += 1;
    this.#effects.push({ do: 'make-code' });
  }

  #mailbox(linkId: string, kind: 'relay' | 'poll' | undefined): void {
    const code = this.#codes.find((known) => known.linkId === linkId);
    if (code === undefined) return;
    if (code.kind !== undefined && kind === undefined) this.#lostFromMs = this.#nowMs;
    code.kind = kind;
    if (kind !== undefined) code.shownAtMs ??= this.#nowMs;
    if (this.#joined?.code === code) this.#session({ on: 'way', way: 'relay', isUp: kind !== undefined });
  }

  #phone(linkId: string, digest: string, digits: string): void {
    const code = this.#codes.find((known) => known.linkId === linkId);
    if (code === undefined) return;
    const isInTime = code.shownAtMs !== undefined && this.#nowMs < code.shownAtMs + codeLifeMs;
    const joined = this.#joined;
    if (joined === undefined) {
      if (this.#isOver) return;
      if (isInTime) this.#accept(code, digest, digits);
      else this.#effects.push({ do: 'refuse', linkId, digest, why: 'expired' });
    } else if (joined.digest === digest) {
      this.#session({ on: 'again', way: 'relay' });
    } else if (isInTime && !this.#isOver) {
      this.#effects.push({ do: 'refuse', linkId, digest, why: 'two-phones' });
      this.#end('two-phones', JSON.stringify({ type: 'bye', reason: 'two-phones' }));
    } else {
      this.#effects.push({ do: 'refuse', linkId, digest, why: this.#failure === 'two-phones' ? 'two-phones' : 'used' });
    }
  }

  #accept(code: Code, digest: string, digits: string): void {
    this.#effects.push({ do: 'accept', linkId: code.linkId, digest });
    for (const other of this.#codes) if (other !== code) this.#shut(other, 'used');
    this.#codes = [code];
    const session = new LinkSession('terminal', this.#nowMs);
    this.#joined = { code, digest, digits, session, atMs: this.#nowMs };
    const first = this.#queue.shift();
    this.#session({ on: 'way', way: 'relay', isUp: true });
    if (first === undefined) this.#session({ on: 'again', way: 'relay' });
    else this.#session({ on: 'send', text: first });
    for (const text of this.#queue) this.#session({ on: 'send', text });
    this.#queue = [];
  }

  #session(event: SessionEvent): void {
    const session = this.#joined?.session;
    if (session === undefined) return;
    this.#effects.push(...session.handle(event, this.#nowMs).filter((effect) => this.#takes(effect)));
  }

  /** After the end nothing is taken; nor is more than a person could say. */
  #takes({ do: act }: SessionEffect): boolean {
    if (act === 'deliver') return !this.#isOver && (this.#said += 1) <= saidMax;
    return act !== 'signal' || (!this.#isOver && (this.#signals += 1) <= signalsMax);
  }

  /** Nothing more is taken; what was sent, and the goodbye, is still brought to the phone for a while. */
  #end(failure: LinkFailure | undefined, goodbye?: string): void {
    if (goodbye !== undefined) this.#session({ on: 'send', text: goodbye });
    this.#isOver = true;
    this.#failure = failure;
    this.#wipeAtMs = this.#joined === undefined ? this.#nowMs : this.#nowMs + graceMs;
  }

  #bye(reason: string): void {
    if (this.#isOver) return;
    this.#end(failureOfBye(reason));
  }

  #shut({ linkId }: Code, why: CloseWord): void {
    this.#effects.push({ do: 'shut', linkId, why });
  }

  #tick(): void {
    this.#session({ on: 'tick' });
    if (this.#joined !== undefined) {
      const isIdle = this.#nowMs >= this.#joined.session.heardAtMs + idleMs;
      const isOld = this.#nowMs >= this.#joined.atMs + hardMs;
      if (!this.#isOver && (isIdle || isOld)) this.#end('ended', JSON.stringify({ type: 'bye', reason: 'idle' }));
      return;
    }
    if (this.#isOver) return;
    const old = this.#codes.filter(({ shownAtMs }) => (shownAtMs ?? Infinity) + codeLifeMs <= this.#nowMs);
    for (const code of old) this.#shut(code, 'expired');
    this.#codes = this.#codes.filter((code) => !old.includes(code));
    const newest = this.#codes.at(-1);
    const isDue = newest === undefined || (newest.shownAtMs ?? Infinity) + codeRenewMs <= this.#nowMs;
    if (isDue && !this.#isMaking) {
      if (this.#made < codesMax) this.#makeCode();
      else if (newest === undefined) this.#end('expired');
    }
  }

  #wipeWhenTold(): void {
    if (!this.#isOver || this.#isWiped) return;
    const isTold = this.#joined?.session.hasWaiting !== true;
    if (!isTold && this.#nowMs < this.#wipeAtMs) return;
    for (const code of this.#codes) this.#shut(code, this.#failure === 'two-phones' ? 'two-phones' : 'done');
    this.#isWiped = true;
    this.#effects.push({ do: 'wipe' });
  }
}
