import { base64UrlDecode } from '../../../protocol/bytes.ts';
import type { CloseWord } from '../../../protocol/phone-link/failures.ts';
import { holdMs, relayPath, seatHeader } from '../../../protocol/phone-link/relay-path.ts';
import type { Bytes } from '../../../protocol/phone-link/web-crypto.ts';
import type { LinkEnvironment } from '../environment.ts';
import type { Line, LineEnd, LineEvents, RelayWord } from './line.ts';

/** Calls that take longer than the relay holds them have got lost. */
const lostMs = holdMs + 5_000;
const quickMs = 4_000;
/** Envelopes that wait for the call before them; on a line this slow the others are sent again anyway. */
const waitingMax = 16;

/** The relay's answers, one of these. */
interface Reply {
  readonly seat?: string;
  readonly hello?: string;
  readonly mails?: readonly (readonly [number, string])[];
  readonly over?: RelayWord;
}

/** A line by ordinary calls, where something on the way lets no WebSocket through. */
export class PollLine implements Line {
  readonly kind = 'poll';
  readonly #environment: LinkEnvironment;
  readonly #end: LineEnd;
  readonly #events: LineEvents;
  readonly #calls = new Set<AbortController>();
  #sending: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #seat = '';
  #isUp = false;
  #isDone = false;

  constructor(environment: LinkEnvironment, end: LineEnd, events: LineEvents) {
    this.#environment = environment;
    this.#end = end;
    this.#events = events;
    this.#run().catch(() => {
      this.#down();
    });
  }

  async #run(): Promise<void> {
    const { key } = this.#end;
    const joined = await this.#call('join', { body: JSON.stringify(key === undefined ? {} : { key }) }, quickMs);
    if (joined?.seat === undefined) return;
    this.#seat = joined.seat;
    this.#isUp = true;
    this.#events.up(base64UrlDecode(joined.hello ?? '') ?? new Uint8Array(0));
    for (let after = 0; !this.#isDone;) {
      const reply = await this.#call('mail', {}, lostMs, `?after=${String(after)}`);
      for (const [number, text] of reply?.mails ?? []) {
        const frame = base64UrlDecode(text);
        after = number;
        if (frame !== undefined && !this.#isDone) this.#events.frame(frame);
      }
    }
  }

  /** One call; `undefined` when it ended the line. With a body it is a POST. Rejects when nothing gets through. */
  async #call(
    part: 'join' | 'mail' | 'close',
    init: { readonly body?: string | Bytes },
    timeoutMs: number,
    query = '',
  ): Promise<Reply | undefined> {
    const { origin, fetch, later } = this.#environment;
    const ends = new AbortController();
    const stop = later(() => {
      ends.abort();
    }, timeoutMs);
    this.#calls.add(ends);
    const type = typeof init.body === 'string' ? 'application/json' : 'application/octet-stream';
    try {
      const response = await fetch(origin + relayPath(this.#end.linkId, part) + query, {
        ...init,
        method: init.body === undefined ? 'GET' : 'POST',
        headers: { [seatHeader]: this.#seat, ...(init.body === undefined ? {} : { 'content-type': type }) },
        signal: ends.signal,
      });
      if (!response.ok) throw new TypeError(`relay: ${String(response.status)}`);
      const reply = (await response.json()) as Reply;
      if (reply.over !== undefined) this.#over(reply.over);
      return this.#isDone ? undefined : reply;
    } finally {
      stop();
      this.#calls.delete(ends);
    }
  }

  send(frame: Bytes): void {
    if (!this.#isUp || this.#isDone || this.#waiting >= waitingMax) return;
    this.#waiting += 1;
    this.#sending = this.#sending
      .then(() => this.#call('mail', { body: frame }, quickMs))
      .catch(() => {
        this.#down();
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  ask(): void {
    // The call for mail that is under way is the sign of life; it has its own limit.
  }

  shut(why: CloseWord): void {
    const { key } = this.#end;
    if (key === undefined) return;
    const body = JSON.stringify({ key, why });
    this.#sending = this.#sending.then(() => this.#call('close', { body }, quickMs)).catch(() => undefined);
  }

  close(): void {
    this.#isDone = true;
    // What is being sent still goes; only the waiting ends.
    void this.#sending.finally(() => {
      for (const call of this.#calls) call.abort();
    });
  }

  #down(): void {
    if (this.#isDone) return;
    this.close();
    this.#events.down(this.#isUp);
  }

  #over(why: RelayWord): void {
    if (this.#isDone) return;
    this.close();
    this.#events.over(why);
  }
}
