import * as v from 'valibot';
import { base64UrlEncode, utf8Encode } from '../../protocol/bytes.ts';
import { HostEngine } from '../../protocol/phone-link/host-engine.ts';
import type { HostView } from '../../protocol/phone-link/host-machine.ts';
import {
  messageMaxBytes,
  phoneMessageSchema,
  type PhoneMessage,
  type TerminalMessage,
} from '../../protocol/phone-link/messages.ts';
import { relayPath } from '../../protocol/phone-link/relay-path.ts';
import type { Bytes, Subtle } from '../../protocol/phone-link/web-crypto.ts';
import { RelayCarrier } from './carriers/relay.ts';
import { RtcCarrier } from './carriers/rtc.ts';
import type { HostOptions, HostState, LinkHost } from './contract.ts';
import { browserEnvironment, type LinkEnvironment } from './environment.ts';
import { readMessage } from './messages.ts';
import { presentOnly } from './present.ts';
import { Wake } from './wake.ts';

/** A call for a mailbox that takes longer has got lost, as one does whose network went away under it. */
const openMs = 5_000;

function readPhoneMessage(json: unknown): PhoneMessage | undefined {
  const parsed = v.safeParse(phoneMessageSchema, json);
  return parsed.success ? parsed.output : undefined;
}

/** Begins at once: makes a code, opens its mailbox, and shows the code when a phone can come. */
export function createLinkHost(options: HostOptions, environment: LinkEnvironment = browserEnvironment()): LinkHost {
  const { subtle } = environment;
  if (subtle !== undefined) return new BrowserHost(options, environment, subtle);
  const state: HostState = { phase: 'over', carrier: 'none', failure: 'too-old' };
  environment.later(() => {
    options.onState(state);
  }, 0);
  return { state, send: () => false, close: () => undefined };
}

class BrowserHost implements LinkHost {
  readonly #options: HostOptions;
  readonly #environment: LinkEnvironment;
  readonly #engine: HostEngine;
  readonly #relays = new Map<string, RelayCarrier>();
  readonly #rtc: RtcCarrier;
  readonly #stopReturn: () => void;
  #state: HostState = { phase: 'starting', carrier: 'none' };

  constructor(options: HostOptions, environment: LinkEnvironment, subtle: Subtle) {
    this.#options = options;
    this.#environment = environment;
    const wake = new Wake(environment, () => {
      this.#engine.post({ on: 'tick' });
    });
    this.#rtc = new RtcCarrier(environment, {
      changed: (isUp) => {
        this.#engine.post({ on: 'rtc', isUp });
      },
      frame: (frame) => {
        this.#engine.frame('', 'rtc', frame);
      },
      signal: (text) => {
        this.#engine.post({ on: 'signal', text });
      },
    });
    this.#engine = new HostEngine(
      {
        subtle,
        random: environment.random,
        now: environment.now,
        pageUrl: options.pageUrl,
        site: new URL(options.pageUrl).host,
        open: (linkId, hello) => {
          this.#open(linkId, hello);
        },
        shut: (linkId, why) => {
          this.#relays.get(linkId)?.close(why);
          this.#relays.delete(linkId);
        },
        carry: (linkId, way, frame) => {
          if (way === 'rtc') this.#rtc.send(frame);
          else this.#relays.get(linkId)?.send(frame);
        },
        signal: (text) => {
          this.#rtc.signal(text);
        },
        endRtc: () => {
          this.#rtc.close();
        },
        deliver: (text) => {
          const read = readMessage(readPhoneMessage, text);
          if (read !== undefined) options.onMessage(read.message);
          return read?.bye;
        },
        changed: (view) => {
          this.#changed(view);
        },
        wakeAt: (atMs) => {
          wake.at(atMs);
        },
      },
      reportError,
    );
    this.#stopReturn = environment.onReturn(() => {
      for (const relay of this.#relays.values()) relay.wake();
    });
    this.#engine.post({ on: 'start' });
  }

  get state(): HostState {
    return this.#state;
  }

  send(message: TerminalMessage): boolean {
    const text = JSON.stringify(message);
    if (!this.#engine.hasRoom || utf8Encode(text).length > messageMaxBytes) return false;
    this.#engine.post({ on: 'send', text });
    return true;
  }

  close(reason: 'done' | 'cancelled' | 'two-phones' | 'not-same' | 'idle' | 'off'): void {
    this.#engine.post({ on: 'close', reason, text: JSON.stringify({ type: 'bye', reason }) });
  }

  #open(linkId: string, hello: Bytes): void {
    const { origin, later } = this.#environment;
    const openMailbox = async (): Promise<string | undefined> => {
      const ends = new AbortController();
      const stop = later(() => {
        ends.abort();
      }, openMs);
      try {
        const response = await this.#options.fetch(origin + relayPath(linkId), {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ hello: base64UrlEncode(hello) }),
          signal: ends.signal,
        });
        return response.ok ? ((await response.json()) as { key: string }).key : undefined;
      } finally {
        stop();
      }
    };
    const events = {
      changed: (kind: 'relay' | 'poll' | undefined) => {
        this.#engine.post({ on: 'mailbox', linkId, kind });
      },
      hello: () => undefined,
      frame: (frame: Bytes) => {
        this.#engine.frame(linkId, 'relay', frame);
      },
      over: () => undefined,
    };
    this.#relays.set(linkId, new RelayCarrier(this.#environment, linkId, events, openMailbox));
  }

  #changed(view: HostView): void {
    const state: HostState = presentOnly(view);
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    const { code, phase } = this.#state;
    this.#state = state;
    if (state.phase === 'over') this.#stopReturn();
    this.#options.onState(state);
    if (state.phase === 'joined' && phase !== 'joined') this.#rtc.offer();
    // Anew with each code, so that its addresses are those of the network of now.
    else if (state.code !== undefined && state.code !== code) this.#rtc.prepare();
  }
}
