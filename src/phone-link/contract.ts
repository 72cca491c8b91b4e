import type { LinkFailure } from '../../protocol/phone-link/failures.ts';
import type { PhoneMessage, TerminalMessage } from '../../protocol/phone-link/messages.ts';

/** What carries the sealed envelopes now. `none`: nothing does at the moment, the link tries. */
export type Carrier = 'none' | 'relay' | 'poll' | 'rtc';

export type { LinkFailure };

/** The terminal's side as a screen sees it. */
export interface HostState {
  /** `showing`: a code waits for a phone; `joined`: a phone is there; `over`: nothing more comes. */
  readonly phase: 'starting' | 'showing' | 'joined' | 'over';
  /** The address in the code; renewed by itself while `showing`. */
  readonly code?: string;
  /** 22 characters, base64url: names the link to the server, reveals nothing. */
  readonly linkId?: string;
  /** Two digits, the same on both screens, once a phone has joined. */
  readonly digits?: string;
  readonly carrier: Carrier;
  /** Milliseconds since the phone was last heard, when it is silent for longer than 6 s: it is at the wallet. */
  readonly silentMs?: number;
  readonly failure?: LinkFailure;
}

/** The terminal's side. Every method is safe at any time; after `over` they do nothing. */
export interface LinkHost {
  readonly state: HostState;
  /** Kept and sent again until the phone acknowledged it, over whatever carries. False: the queue is full or it is over. */
  send(message: TerminalMessage): boolean;
  /** Says goodbye and ends. */
  close(reason: 'done' | 'cancelled' | 'two-phones' | 'not-same' | 'idle' | 'off'): void;
}

/** The phone's side as a page sees it. */
export interface GuestState {
  readonly phase: 'joining' | 'joined' | 'over';
  readonly digits?: string;
  readonly carrier: Carrier;
  readonly failure?: LinkFailure;
}

/** The phone's side. */
export interface LinkGuest {
  readonly state: GuestState;
  send(message: PhoneMessage): boolean;
  close(reason: 'done' | 'cancelled' | 'not-mine'): void;
}

/** What a host is made with. `onMessage` gets each message of the phone once, in order, its signature of origin checked. */
export interface HostOptions {
  /** Address of the page with the code: `https://HOST/l`. */
  readonly pageUrl: string;
  /** `fetch` with this terminal's session: only a terminal that is signed in may open a mailbox on the relay. */
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly onState: (state: HostState) => void;
  readonly onMessage: (message: PhoneMessage) => void;
}

/**
 * What a guest is made with. A message counts as delivered when `onMessage` returns: what the page needs after a reload it
 * keeps by then (sessionStorage); it will not be told again.
 */
export interface GuestOptions {
  /** The part of the address after `#`, with or without it. */
  readonly hash?: string;
  /** What this tab kept goes on (sessionStorage), where it kept something; otherwise `hash` begins anew. */
  readonly isKept: boolean;
  readonly onState: (state: GuestState) => void;
  readonly onMessage: (message: TerminalMessage) => void;
}
