import type { Content, ContentKind } from './content.ts';
import { hedgeMs, pingMs, resendMaxMs, resendMs, resendsMax, silentMs } from './limits.ts';
import { MessageStream, type Outgoing, type StreamRecord } from './stream.ts';

/** How an envelope goes: over the relay, by whichever of its two forms, or directly. */
export type Way = 'relay' | 'rtc';

/** What happens to a session. A content is authentic and new; everything else was dropped before. */
export type SessionEvent =
  | { readonly on: 'send'; readonly text: string }
  | { readonly on: 'content'; readonly content: Content; readonly way: Way }
  | { readonly on: 'way'; readonly way: Way; readonly isUp: boolean }
  | { readonly on: 'signal'; readonly text: string }
  /** The other side asks anew: what it has not acknowledged goes again, and something in any case. */
  | { readonly on: 'again'; readonly way: Way }
  | { readonly on: 'tick' };

/** What a session wants done, in this order. */
export type SessionEffect =
  | { readonly do: 'seal'; readonly way: Way; readonly content: Content }
  | { readonly do: 'deliver'; readonly text: string }
  | { readonly do: 'signal'; readonly text: string }
  /** Three pings were missed: the channel counts as closed, whatever it says of itself. */
  | { readonly do: 'rtc-dead' };

/**
 * What terminal and phone do once they share keys: messages once and in order over carriers that come and go. Pure:
 * events in, effects out, time as an argument. Obligations:
 * - a message is sent again until it is acknowledged, on every carrier that comes up;
 * - what went over WebRTC alone for 400 ms goes over the relay too;
 * - a side that hears nothing stops sending after a few times and goes on when it hears something.
 */
export class LinkSession {
  readonly #isPinging: boolean;
  readonly #stream: MessageStream;
  readonly #isUp = { relay: false, rtc: false };
  #heardAtMs: number;
  #rtcHeardAtMs = 0;
  #pingAtMs = 0;
  #effects: SessionEffect[] = [];

  constructor(role: 'terminal' | 'phone', nowMs: number, record?: StreamRecord) {
    this.#isPinging = role === 'phone';
    this.#stream = new MessageStream(record);
    this.#heardAtMs = nowMs;
  }

  /** When the other side was last heard, or the session began. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Something is not acknowledged. */
  get hasWaiting(): boolean {
    return this.#stream.waiting.length > 0;
  }

  /** For the phone's storage. */
  get record(): StreamRecord {
    return this.#stream.record;
  }

  /** Whether this carrier is there. */
  isUp(way: Way): boolean {
    return this.#isUp[way];
  }

  /** True when another message may be sent. */
  get hasRoom(): boolean {
    return this.#stream.hasRoom;
  }

  /** Takes one event at `nowMs`, which never goes back. */
  handle(event: SessionEvent, nowMs: number): SessionEffect[] {
    switch (event.on) {
      case 'send':
        this.#send(event.text, nowMs);
        break;
      case 'content':
        this.#content(event.content, event.way, nowMs);
        break;
      case 'way':
        this.#way(event.way, event.isUp, nowMs);
        break;
      case 'signal':
        this.#seal(this.#isUp.relay ? 'relay' : 'rtc', 'signal', event.text);
        break;
      case 'again':
        this.#again(event.way, nowMs);
        break;
      case 'tick':
        this.#tick(nowMs);
        break;
    }
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** When `tick` is due next; `Infinity` when nothing is. */
  get wakeAtMs(): number {
    if (this.#best === undefined) return Infinity;
    const due = this.#stream.waiting.map(({ hedgeAtMs, nextAtMs, sends }) =>
      Math.min(hedgeAtMs ?? Infinity, sends < resendsMax ? nextAtMs : Infinity),
    );
    if (this.#isPinging) due.push(this.#pingAtMs);
    if (this.#isUp.rtc) due.push(this.#rtcHeardAtMs + silentMs);
    return Math.min(Infinity, ...due);
  }

  get #best(): Way | undefined {
    return this.#isUp.rtc ? 'rtc' : this.#isUp.relay ? 'relay' : undefined;
  }

  #seal(way: Way, kind: ContentKind, text = '', seq = 0): void {
    this.#effects.push({ do: 'seal', way, content: { kind, ack: this.#stream.ack, seq, text } });
  }

  #send(text: string, nowMs: number): void {
    const message = this.#stream.add(text);
    const way = this.#best;
    if (message !== undefined && way !== undefined) this.#transmit(message, way, nowMs);
  }

  #transmit(message: Outgoing, way: Way, nowMs: number): void {
    message.nextAtMs = nowMs + Math.min(resendMs * 2 ** message.sends, resendMaxMs);
    message.hedgeAtMs = way === 'rtc' ? nowMs + hedgeMs : undefined;
    message.sends += 1;
    this.#seal(way, 'message', message.text, message.seq);
  }

  #content(content: Content, way: Way, nowMs: number): void {
    this.#heardAtMs = nowMs;
    if (way === 'rtc') this.#rtcHeardAtMs = nowMs;
    this.#stream.acknowledge(content.ack);
    for (const message of this.#stream.waiting) {
      if (message.sends < resendsMax) continue;
      message.sends = 0;
      message.nextAtMs = nowMs;
    }
    if (content.kind === 'message') {
      for (const text of this.#stream.take(content.seq, content.text)) this.#effects.push({ do: 'deliver', text });
    }
    if (content.kind === 'signal') this.#effects.push({ do: 'signal', text: content.text });
    if (content.kind === 'message' || content.kind === 'ping') this.#seal(way, 'quiet');
  }

  #way(way: Way, isUp: boolean, nowMs: number): void {
    const wasUp = this.#isUp[way];
    this.#isUp[way] = isUp;
    if (!isUp || wasUp) return;
    if (way === 'rtc') this.#rtcHeardAtMs = nowMs;
    if (this.#isPinging) this.#ping(way, nowMs);
    for (const message of this.#stream.waiting) this.#transmit(message, way, nowMs);
  }

  #ping(way: Way, nowMs: number): void {
    this.#pingAtMs = nowMs + pingMs;
    this.#seal(way, 'ping');
  }

  #again(way: Way, nowMs: number): void {
    if (this.#stream.waiting.length === 0) this.#seal(way, 'quiet');
    for (const message of this.#stream.waiting) this.#transmit(message, way, nowMs);
  }

  #tick(nowMs: number): void {
    if (this.#isUp.rtc && nowMs >= this.#rtcHeardAtMs + silentMs) {
      this.#isUp.rtc = false;
      this.#effects.push({ do: 'rtc-dead' });
    }
    const way = this.#best;
    if (way === undefined) return;
    for (const message of this.#stream.waiting) this.#resend(message, way, nowMs);
    if (this.#isPinging && nowMs >= this.#pingAtMs) this.#ping(way, nowMs);
  }

  #resend(message: Outgoing, way: Way, nowMs: number): void {
    if (message.hedgeAtMs !== undefined && nowMs >= message.hedgeAtMs) {
      message.hedgeAtMs = undefined;
      if (this.#isUp.relay) this.#seal('relay', 'message', message.text, message.seq);
    }
    if (nowMs >= message.nextAtMs && message.sends < resendsMax) this.#transmit(message, way, nowMs);
  }
}
