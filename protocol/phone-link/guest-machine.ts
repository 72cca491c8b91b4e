import type { Content } from './content.ts';
import { type CloseWord, failureOfBye, type LinkFailure } from './failures.ts';
import { firstAnswerMs, graceMs, lostMs, phoneGivesUpMs, rtcBudgetMs, rtcRoundsMax } from './limits.ts';
import { LinkSession, type SessionEffect, type SessionEvent, type Way } from './session.ts';
import type { StreamRecord } from './stream.ts';

/** What happens to a phone's link. */
export type GuestEvent =
  | { readonly on: 'start' }
  /** The relay can be reached, and how; or no more. */
  | { readonly on: 'relay'; readonly kind: 'relay' | 'poll' | undefined }
  /** The relay says that the terminal has closed this link. A hint only. */
  | { readonly on: 'over'; readonly why: CloseWord }
  /** The relay gave the terminal's hello: it is the one of the code, or not. */
  | { readonly on: 'hello'; readonly isRight: boolean }
  /** Authentic content; `digits` with the first. */
  | { readonly on: 'content'; readonly content: Content; readonly way: Way; readonly digits?: string }
  | { readonly on: 'rtc'; readonly isUp: boolean }
  | { readonly on: 'signal'; readonly text: string }
  | { readonly on: 'send'; readonly text: string }
  | { readonly on: 'close'; readonly text: string }
  /** The terminal said goodbye. */
  | { readonly on: 'bye'; readonly reason: string }
  /** The page can be seen again, or the network is another one. */
  | { readonly on: 'return' }
  | { readonly on: 'tick' };

/** What a phone's link wants done, in this order. */
export type GuestEffect =
  | SessionEffect
  /** Send the first message; always the same bytes. */
  | { readonly do: 'first' }
  | { readonly do: 'rtc-start' }
  | { readonly do: 'rtc-stop' }
  | { readonly do: 'wipe' };

/** The phone's side as a page sees it. */
export interface GuestView {
  readonly phase: 'joining' | 'joined' | 'over';
  readonly digits: string | undefined;
  readonly carrier: 'none' | 'relay' | 'poll' | 'rtc';
  readonly failure: LinkFailure | undefined;
}

/** A session that a page before this one began. */
export interface KeptSession {
  readonly digits: string;
  readonly stream: StreamRecord;
}

const firstsOfPhoneMax = 2;
/** After so long without any event the page was frozen; the silence of that time is not the other side's. */
const frozenMs = 10_000;

/**
 * The phone's side, pure: events in, effects out, time as an argument. Obligations:
 * - nothing is believed but what opens under keys agreed with the terminal of the code; the relay's words only explain;
 * - WebRTC begins when something is on the screen, has three seconds, and nobody waits for it;
 * - silence has a limit, and every end a word.
 */
export class GuestMachine {
  readonly #hasRtc: boolean;
  #session: LinkSession | undefined;
  #digits: string | undefined;
  #kind: 'relay' | 'poll' | undefined;
  #isHelloRight = false;
  #firsts = 0;
  #answerAtMs = Infinity;
  #isAnswered = false;
  #isOver = false;
  #isWiped = false;
  #failure: LinkFailure | undefined;
  #wipeAtMs = Infinity;
  #lostFromMs = 0;
  #isShown = false;
  #rtcUntilMs = Infinity;
  #rtcAgainAtMs = Infinity;
  #rtcRounds = 0;
  #isRtcUp = false;
  #hasRtcFailed = false;
  #nowMs = 0;
  #effects: GuestEffect[] = [];

  constructor(options: { readonly hasRtc: boolean; readonly nowMs: number; readonly kept?: KeptSession | undefined }) {
    this.#hasRtc = options.hasRtc;
    this.#nowMs = options.nowMs;
    if (options.kept === undefined) return;
    this.#digits = options.kept.digits;
    this.#session = new LinkSession('phone', options.nowMs, options.kept.stream);
    this.#isShown = options.kept.stream.inNext > 0;
  }

  /** Takes one event at `nowMs`, which never goes back. */
  handle(event: GuestEvent, nowMs: number): GuestEffect[] {
    if (nowMs - this.#nowMs > frozenMs) this.#lostFromMs = nowMs;
    this.#nowMs = nowMs;
    if (!this.#isWiped) this.#take(event);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #take(event: GuestEvent): void {
    switch (event.on) {
      case 'start':
        this.#lostFromMs = this.#nowMs;
        break;
      case 'relay':
        this.#relay(event.kind);
        break;
      case 'over':
        this.#relaySaysOver(event.why);
        break;
      case 'hello':
        this.#hello(event.isRight);
        break;
      case 'content':
        this.#content(event.content, event.way, event.digits);
        break;
      case 'rtc':
        this.#rtc(event.isUp);
        break;
      case 'signal':
        if (!this.#isOver) this.#forSession(event);
        break;
      case 'send':
        if (!this.#isOver) this.#forSession(event);
        break;
      case 'close':
        this.#close(event.text);
        break;
      case 'bye':
        if (!this.#isOver) this.#end(failureOfBye(event.reason));
        break;
      case 'return':
        this.#lostFromMs = this.#nowMs;
        this.#startRtc();
        break;
      case 'tick':
        this.#tick();
        break;
    }
    this.#wipeWhenTold();
  }

  /** What the page shows. */
  get view(): GuestView {
    const isJoined = this.#session !== undefined;
    return {
      phase: this.#isOver ? 'over' : isJoined ? 'joined' : 'joining',
      digits: this.#digits,
      carrier: this.#isOver ? 'none' : this.#isRtcUp ? 'rtc' : (this.#kind ?? 'none'),
      failure: this.#failure ?? (this.#isLost ? this.#lostWord : undefined),
    };
  }

  /** What a reload goes on from; `undefined` before the terminal has answered. */
  get kept(): KeptSession | undefined {
    if (this.#session === undefined || this.#digits === undefined || this.#isOver) return undefined;
    return { digits: this.#digits, stream: this.#session.record };
  }

  /** True when `send` will keep another message; before the terminal has answered there is nobody to say it to. */
  get hasRoom(): boolean {
    return !this.#isOver && this.#session?.hasRoom === true;
  }

  /** When `tick` is due next. */
  get wakeAtMs(): number {
    if (this.#isWiped) return Infinity;
    const due = [this.#wipeAtMs, this.#session?.wakeAtMs ?? Infinity];
    if (!this.#isOver) {
      due.push(this.#answerAtMs, this.#rtcUntilMs, this.#rtcAgainAtMs);
      if (this.#isLost) due.push(this.#nowMs + frozenMs / 2);
      else if (this.#session !== undefined || !this.#isHelloRight) due.push(this.#quietFromMs + lostMs);
    }
    return Math.min(...due);
  }

  /** The last sign of life, or the moment since which one may be expected. */
  get #quietFromMs(): number {
    return Math.max(this.#lostFromMs, this.#isAnswered ? (this.#session?.heardAtMs ?? 0) : 0);
  }

  get #isLost(): boolean {
    return !this.#isOver && this.#session !== undefined && this.#nowMs >= this.#quietFromMs + lostMs;
  }

  get #lostWord(): LinkFailure {
    return this.#kind === undefined && this.#hasRtcFailed ? 'separated' : 'no-connection';
  }

  #relay(kind: 'relay' | 'poll' | undefined): void {
    this.#kind = kind;
    this.#forSession({ on: 'way', way: 'relay', isUp: kind !== undefined });
    if (kind === undefined) return;
    this.#startRtc();
  }

  #relaySaysOver(why: CloseWord): void {
    if (this.#isOver || this.#isRtcUp) return;
    if (this.#session === undefined) this.#end(why === 'done' ? 'expired' : why);
    else this.#end(why === 'two-phones' ? why : 'ended');
  }

  #hello(isRight: boolean): void {
    if (this.#isOver || this.#session !== undefined) return;
    if (!isRight) {
      this.#end('not-this-terminal');
      return;
    }
    this.#isHelloRight = true;
    this.#sendFirst();
  }

  #sendFirst(): void {
    this.#effects.push({ do: 'first' });
    if (this.#firsts === 0) this.#firsts = 1;
    if (this.#answerAtMs === Infinity) this.#answerAtMs = this.#nowMs + firstAnswerMs;
  }

  #content(content: Content, way: Way, digits: string | undefined): void {
    this.#isAnswered = true;
    this.#answerAtMs = Infinity;
    if (content.kind === 'refusal') {
      const { text } = content;
      if (!this.#isOver) this.#end(text === 'two-phones' || text === 'expired' ? text : 'used');
      return;
    }
    if (this.#session === undefined) this.#join(digits);
    this.#forSession({ on: 'content', content, way });
    if (content.kind !== 'message' || this.#isShown) return;
    this.#isShown = true;
    this.#startRtc();
  }

  #join(digits: string | undefined): void {
    this.#digits = digits;
    this.#session = new LinkSession('phone', this.#nowMs);
    this.#forSession({ on: 'way', way: 'relay', isUp: this.#kind !== undefined });
  }

  #forSession(event: SessionEvent): void {
    if (this.#session === undefined) return;
    for (const effect of this.#session.handle(event, this.#nowMs)) {
      this.#effects.push(effect);
      if (effect.do === 'rtc-dead') this.#rtc(false);
    }
  }

  #startRtc(): void {
    const isBusy = this.#isRtcUp || this.#rtcUntilMs !== Infinity;
    if (!this.#hasRtc || !this.#isShown || isBusy || this.#isOver || this.#kind === undefined) return;
    if (this.#rtcRounds >= rtcRoundsMax) return;
    this.#rtcRounds += 1;
    this.#rtcAgainAtMs = Infinity;
    this.#rtcUntilMs = this.#nowMs + rtcBudgetMs;
    this.#effects.push({ do: 'rtc-start' });
  }

  #rtc(isUp: boolean): void {
    const wasUp = this.#isRtcUp;
    const wasTrying = this.#rtcUntilMs !== Infinity;
    this.#isRtcUp = isUp;
    this.#rtcUntilMs = Infinity;
    this.#forSession({ on: 'way', way: 'rtc', isUp });
    if (isUp) this.#hasRtcFailed = false;
    // What worked once is tried again at once; what never worked waits for another network.
    else if (wasUp) this.#rtcAgainAtMs = this.#nowMs;
    else if (wasTrying) this.#hasRtcFailed = true;
  }

  #close(text: string): void {
    if (this.#isOver) return;
    this.#forSession({ on: 'send', text });
    this.#end(undefined);
  }

  #end(failure: LinkFailure | undefined): void {
    this.#isOver = true;
    this.#failure = failure;
    this.#wipeAtMs = this.#session === undefined ? this.#nowMs : this.#nowMs + graceMs;
  }

  #tick(): void {
    this.#forSession({ on: 'tick' });
    if (this.#isOver) return;
    if (this.#nowMs >= this.#rtcUntilMs) {
      this.#rtcUntilMs = Infinity;
      this.#hasRtcFailed = true;
      this.#effects.push({ do: 'rtc-stop' });
    }
    if (this.#nowMs >= this.#rtcAgainAtMs) {
      this.#rtcAgainAtMs = Infinity;
      this.#startRtc();
    }
    if (this.#session === undefined) this.#tickJoining();
    else if (this.#nowMs >= this.#quietFromMs + phoneGivesUpMs) this.#end(this.#lostWord);
  }

  #tickJoining(): void {
    if (this.#nowMs >= this.#answerAtMs) {
      if (this.#firsts >= firstsOfPhoneMax) return this.#end('no-connection');
      this.#firsts += 1;
      this.#answerAtMs = this.#nowMs + firstAnswerMs;
      this.#effects.push({ do: 'first' });
    }
    if (!this.#isHelloRight && this.#nowMs >= this.#lostFromMs + lostMs) this.#end('no-connection');
  }

  #wipeWhenTold(): void {
    if (!this.#isOver || this.#isWiped) return;
    const isTold = this.#session?.hasWaiting !== true;
    if (!isTold && this.#nowMs < this.#wipeAtMs) return;
    this.#isWiped = true;
    this.#effects.push({ do: 'rtc-stop' }, { do: 'wipe' });
  }
}
