import type { CloseWord } from '../../../protocol/phone-link/failures.ts';
import type { Bytes } from '../../../protocol/phone-link/web-crypto.ts';
import type { LinkEnvironment } from '../environment.ts';
import type { Line, LineEvents, RelayWord } from './line.ts';
import { PollLine } from './poll-line.ts';
import { SocketLine } from './socket-line.ts';

const pauseMs = 200;
const pauseMaxMs = 4_000;
const replacedPauseMs = 1_000;
/** A phone asks again so often whether the relay has forgotten a link, or only begun anew. */
const unknownMax = 2;
/** Together longer than the terminal's longest pause: it has to open its mailbox again before. */
const unknownMaxAfterUp = 8;
const unknownPauseMs = 800;

/** What the carrier tells. */
export interface RelayEvents {
  readonly changed: (kind: 'relay' | 'poll' | undefined) => void;
  readonly hello: (hello: Bytes) => void;
  readonly frame: (frame: Bytes) => void;
  readonly over: (why: CloseWord) => void;
}

/** What a terminal needs: opens the mailbox, or takes it again; `undefined` when the relay cannot be reached. */
export type OpenMailbox = () => Promise<string | undefined>;

/**
 * The way over the relay, by socket or by calls, kept up until it is closed. A socket that does not open gives way to
 * calls within two seconds; another network, or a page that is seen again, tries the socket first.
 */
export class RelayCarrier {
  readonly #environment: LinkEnvironment;
  readonly #linkId: string;
  readonly #openMailbox: OpenMailbox | undefined;
  readonly #events: RelayEvents;
  #line: Line | undefined;
  #isUp = false;
  #wasUp = false;
  #isClosed = false;
  #isSocketBlocked = false;
  #failures = 0;
  #unknowns = 0;
  #attempt = 0;
  #stopPause: (() => void) | undefined;

  /** Begins at once. `openMailbox` only at the terminal. */
  constructor(environment: LinkEnvironment, linkId: string, events: RelayEvents, openMailbox?: OpenMailbox) {
    this.#environment = environment;
    this.#linkId = linkId;
    this.#events = events;
    this.#openMailbox = openMailbox;
    void this.#connect();
  }

  send(frame: Bytes): void {
    if (this.#isUp) this.#line?.send(frame);
  }

  /** The page is seen again: a line that was silent proves itself now, and one that is down is tried now. */
  wake(): void {
    this.#isSocketBlocked = false;
    if (this.#isUp) this.#line?.ask();
    else if (this.#stopPause !== undefined) void this.#connect();
  }

  close(why?: CloseWord): void {
    if (why !== undefined) this.#line?.shut(why);
    this.#isClosed = true;
    this.#stopPause?.();
    this.#line?.close();
  }

  async #connect(): Promise<void> {
    this.#stopPause?.();
    this.#stopPause = undefined;
    const attempt = ++this.#attempt;
    const isTerminal = this.#openMailbox !== undefined;
    const key = await this.#openMailbox?.().catch(() => undefined);
    if (this.#isClosed || attempt !== this.#attempt) return;
    if (isTerminal && key === undefined) {
      this.#again();
      return;
    }
    const end = { linkId: this.#linkId, key };
    const Kind = this.#isSocketBlocked || this.#environment.WebSocket === undefined ? PollLine : SocketLine;
    try {
      this.#line = new Kind(this.#environment, end, this.#eventsOf(Kind === SocketLine));
    } catch {
      this.#isSocketBlocked = true;
      this.#again();
    }
  }

  #eventsOf(isSocket: boolean): LineEvents {
    return {
      up: (hello) => {
        this.#isUp = this.#wasUp = true;
        this.#failures = this.#unknowns = 0;
        this.#events.changed(this.#line?.kind ?? (isSocket ? 'relay' : 'poll'));
        this.#events.hello(hello);
      },
      frame: this.#events.frame,
      down: (wasOpen) => {
        this.#lost();
        // A socket that never opened: the next try is by calls, at once. Calls that fail too: both ways are tried again.
        this.#isSocketBlocked = isSocket && !wasOpen;
        if (this.#isSocketBlocked) void this.#connect();
        else this.#again();
      },
      over: (why) => {
        this.#lost();
        this.#relaySays(why);
      },
    };
  }

  #lost(): void {
    this.#line = undefined;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#events.changed(undefined);
  }

  #relaySays(why: RelayWord): void {
    if (why === 'replaced') this.#again(replacedPauseMs);
    else if (why === 'unknown' || why === 'forbidden') {
      const most = this.#wasUp ? unknownMaxAfterUp : unknownMax;
      // A terminal opens its mailbox again; a phone waits for that a little.
      if (this.#openMailbox !== undefined || ++this.#unknowns < most)
        this.#again(this.#wasUp ? unknownPauseMs : pauseMs * 2);
      else this.#events.over(this.#wasUp ? 'done' : 'expired');
    } else if (this.#openMailbox === undefined) this.#events.over(why);
    else this.#again();
  }

  #again(afterMs = Math.min(pauseMs * 2 ** this.#failures, pauseMaxMs)): void {
    if (this.#isClosed) return;
    this.#failures += 1;
    this.#stopPause = this.#environment.later(() => {
      void this.#connect();
    }, afterMs);
  }
}
