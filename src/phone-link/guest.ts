import { utf8Encode } from '../../protocol/bytes.ts';
import { readCode } from '../../protocol/phone-link/code.ts';
import type { LinkFailure } from '../../protocol/phone-link/failures.ts';
import { GuestEngine } from '../../protocol/phone-link/guest-engine.ts';
import type { GuestView } from '../../protocol/phone-link/guest-machine.ts';
import { readKept, writeKept, type KeptLink } from '../../protocol/phone-link/kept.ts';
import type { PhoneMessage } from '../../protocol/phone-link/messages.ts';
import { readTerminalMessage } from '../../protocol/phone-link/read-terminal.ts';
import { messageMaxBytes } from '../../protocol/phone-link/words.ts';
import type { Bytes, Subtle } from '../../protocol/phone-link/web-crypto.ts';
import { RelayCarrier } from './carriers/relay.ts';
import { RtcCarrier } from './carriers/rtc.ts';
import type { GuestOptions, GuestState, LinkGuest } from './contract.ts';
import { browserEnvironment, type LinkEnvironment } from './environment.ts';
import { readMessage } from './messages.ts';
import { presentOnly } from './present.ts';
import { Wake } from './wake.ts';

const keptName = 'tillkeeper-link';

/**
 * Begins at once: with what this tab kept of its link before a reload, or with the code of `hash`; the page takes that
 * out of the address (`history.replaceState`) when it has read it.
 */
export function createLinkGuest(options: GuestOptions, environment: LinkEnvironment = browserEnvironment()): LinkGuest {
  const { subtle } = environment;
  if (subtle === undefined) return stillborn(options, environment, 'too-old');
  const kept = options.isKept ? readKept(keptText(environment)) : undefined;
  const from = kept ?? readCode(options.hash ?? '');
  if (from === undefined) return stillborn(options, environment, options.hash === undefined ? 'ended' : 'bad-code');
  return new BrowserGuest(options, environment, subtle, from);
}

function keptText(environment: LinkEnvironment): string | null {
  try {
    return environment.kept?.getItem(keptName) ?? null;
  } catch {
    return null;
  }
}

function stillborn(options: GuestOptions, environment: LinkEnvironment, failure: LinkFailure): LinkGuest {
  const state: GuestState = { phase: 'over', carrier: 'none', failure };
  environment.later(() => {
    options.onState(state);
  }, 0);
  return { state, send: () => false, close: () => undefined };
}

class BrowserGuest implements LinkGuest {
  readonly #options: GuestOptions;
  readonly #environment: LinkEnvironment;
  readonly #engine: GuestEngine;
  readonly #rtc: RtcCarrier;
  readonly #stopReturn: () => void;
  #relay: RelayCarrier | undefined;
  #state: GuestState = { phase: 'joining', carrier: 'none' };
  #keptText = '';

  constructor(options: GuestOptions, environment: LinkEnvironment, subtle: Subtle, from: KeptLink) {
    this.#options = options;
    this.#environment = environment;
    // Also a code that nobody has answered yet: its address is gone, and what is kept of another link must not go on.
    this.#keep(from);
    const wake = new Wake(environment, () => {
      this.#engine.post({ on: 'tick' });
    });
    const rtcEvents = {
      changed: (isUp: boolean) => {
        this.#engine.post({ on: 'rtc', isUp });
      },
      frame: (frame: Bytes) => {
        this.#engine.frame('rtc', frame);
      },
      signal: (text: string) => {
        this.#engine.post({ on: 'signal', text });
      },
    };
    this.#rtc = new RtcCarrier(environment, rtcEvents, 'secret' in from);
    const ports = {
      ...this.#carriers(),
      subtle,
      random: environment.random,
      now: environment.now,
      site: new URL(environment.origin).host,
      hasRtc: environment.PeerConnection !== undefined,
      deliver: (text: string) => this.#deliver(text),
      keep: (link: KeptLink | undefined) => {
        this.#keep(link);
      },
      changed: (view: GuestView) => {
        this.#changed(view);
      },
      wakeAt: (atMs: number) => {
        wake.at(atMs);
      },
    };
    this.#engine = new GuestEngine(ports, from, reportError);
    this.#stopReturn = environment.onReturn(() => {
      this.#engine.post({ on: 'return' });
      this.#relay?.wake();
    });
  }

  #carriers() {
    return {
      open: (linkId: string) => {
        this.#open(linkId);
      },
      carry: (way: 'relay' | 'rtc', frame: Uint8Array<ArrayBuffer>) => {
        if (way === 'rtc') this.#rtc.send(frame);
        else this.#relay?.send(frame);
      },
      signal: (text: string) => {
        this.#rtc.signal(text);
      },
      startRtc: () => {
        this.#rtc.start();
      },
      endRtc: () => {
        this.#rtc.close();
      },
      close: () => {
        this.#relay?.close();
        this.#rtc.close();
        this.#stopReturn();
      },
    };
  }

  get state(): GuestState {
    return this.#state;
  }

  send(message: PhoneMessage): boolean {
    const text = JSON.stringify(message);
    if (!this.#engine.hasRoom || utf8Encode(text).length > messageMaxBytes) return false;
    this.#engine.post({ on: 'send', text });
    return true;
  }

  close(reason: 'done' | 'cancelled' | 'not-mine'): void {
    this.#engine.post({ on: 'close', text: JSON.stringify({ type: 'bye', reason }) });
  }

  #open(linkId: string): void {
    this.#relay = new RelayCarrier(this.#environment, linkId, {
      changed: (kind) => {
        this.#engine.post({ on: 'relay', kind });
      },
      hello: (hello) => {
        this.#engine.hello(hello);
      },
      frame: (frame) => {
        this.#engine.frame('relay', frame);
      },
      over: (why) => {
        this.#engine.post({ on: 'over', why });
      },
    });
    this.#rtc.warm();
  }

  #deliver(text: string): { readonly bye?: string } | undefined {
    const read = readMessage(readTerminalMessage, text);
    if (read !== undefined) this.#options.onMessage(read.message);
    return read?.bye;
  }

  #keep(link: KeptLink | undefined): void {
    const text = link === undefined ? '' : writeKept(link);
    if (text === this.#keptText) return;
    this.#keptText = text;
    const { kept } = this.#environment;
    try {
      // First away with the old state: a page that went on from it would number its messages as those before.
      kept?.removeItem(keptName);
      if (text !== '') kept?.setItem(keptName, text);
    } catch {
      // Full or forbidden: a reload will end the link, nothing else changes.
    }
  }

  #changed(view: GuestView): void {
    const state: GuestState = presentOnly(view);
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.#options.onState(state);
  }
}
