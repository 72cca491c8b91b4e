import { ackDelayMs, ackEveryFrames, openRetryMaxMs, openRetryMs, openTimeoutMs } from './limits.ts';
import { RoundTrip } from './estimates.ts';

/** When the next acknowledgement is due: at once for every second frame or a gap, else after a short wait. */
export class AckTimer {
  #dueMs = Infinity;
  #frames = 0;

  /** True when an acknowledgement must go out with the next output. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueMs;
  }

  /** When it becomes due; Infinity when nothing is to be acknowledged, or when it is due and only waits for the line. */
  deadlineMs(nowMs: number): number {
    return this.isDue(nowMs) ? Infinity : this.#dueMs;
  }

  /** A numbered frame arrived; `isUrgent` when the sender must learn of a gap or a repetition. */
  received(isUrgent: boolean, nowMs: number): void {
    this.#frames += 1;
    const isAtOnce = isUrgent || this.#frames >= ackEveryFrames;
    this.#dueMs = Math.min(this.#dueMs, isAtOnce ? nowMs : nowMs + ackDelayMs);
  }

  /** A frame, which carries the acknowledgement, was put on the line; or the link starts over. */
  clear(): void {
    this.#dueMs = Infinity;
    this.#frames = 0;
  }
}

/**
 * The questions to a quiet other side. A PING carries its place in the order of transmissions and the PONG brings it
 * back: then whatever went before it and is not acknowledged is lost.
 */
export class Prober {
  #rtt = new RoundTrip();
  #ping: { readonly order: number; readonly sentAtMs: number } | undefined;
  #unanswered = 0;
  #movedAtMs = 0;

  /** Measured round trips of this link. */
  get rtt(): RoundTrip {
    return this.#rtt;
  }

  /** True while a PING has no answer. */
  get isWaiting(): boolean {
    return this.#ping !== undefined;
  }

  /** When something was last sent or confirmed. */
  get movedAtMs(): number {
    return this.#movedAtMs;
  }

  /** Starts over for a new link. */
  reset(nowMs: number): void {
    this.#rtt = new RoundTrip();
    this.#ping = undefined;
    this.#unanswered = 0;
    this.#movedAtMs = nowMs;
  }

  /** When to ask next, given that something is on the way. */
  dueMs(): number {
    return this.#movedAtMs + this.#rtt.probeAfterMs(this.#unanswered);
  }

  /** Something numbered was sent. */
  sent(nowMs: number): void {
    this.#movedAtMs = nowMs;
  }

  /** Something sent was confirmed; `sentAtMs` when its round trip is a sample. */
  confirmed(nowMs: number, sentAtMs: number | undefined): void {
    this.#movedAtMs = nowMs;
    this.#unanswered = 0;
    if (sentAtMs !== undefined) this.#rtt.sample(nowMs - sentAtMs);
  }

  /** A PING with this place in the order was sent. */
  asked(order: number, nowMs: number): void {
    this.#ping = { order, sentAtMs: nowMs };
    this.#unanswered += 1;
    this.#movedAtMs = nowMs;
  }

  /** A PONG came back. An answer to an earlier PING counts too: on a slow line several may be on the way. */
  answered(order: number, nowMs: number): void {
    const isLatest = this.#ping !== undefined && order === this.#ping.order;
    this.confirmed(nowMs, isLatest ? this.#ping?.sentAtMs : undefined);
    if (isLatest) this.#ping = undefined;
  }
}

/** The host's repeated OPEN: when the next one is due and when nobody is going to answer. */
export class OpenTimer {
  #startedMs = Infinity;
  #pauseMs = 0;
  #retryAtMs = Infinity;

  /** When something is to be done; a repetition that is due and only waits for the line does not count. */
  deadlineMs(nowMs: number): number {
    const overMs = this.#startedMs + openTimeoutMs;
    return nowMs >= this.#retryAtMs ? overMs : Math.min(this.#retryAtMs, overMs);
  }

  /** The first OPEN is due now. */
  start(nowMs: number): void {
    this.#startedMs = nowMs;
    this.#retryAtMs = nowMs;
    this.#pauseMs = openRetryMs;
  }

  /** An answer came, or the link starts over. */
  clear(): void {
    this.#startedMs = Infinity;
    this.#retryAtMs = Infinity;
  }

  /** True when the time allowed is over. */
  isOver(nowMs: number): boolean {
    return nowMs >= this.#startedMs + openTimeoutMs;
  }

  /** True when an OPEN is due; the next one is then due after a longer pause. */
  takeRetry(nowMs: number): boolean {
    if (nowMs < this.#retryAtMs) return false;
    this.#retryAtMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, openRetryMaxMs);
    return true;
  }
}
