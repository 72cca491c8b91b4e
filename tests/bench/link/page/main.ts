import type { PhoneMessage, TerminalMessage } from '../../../../protocol/phone-link/messages.ts';
import type { GuestState, HostState } from '../../../../src/phone-link/contract.ts';
import { browserEnvironment } from '../../../../src/phone-link/environment.ts';
import { createLinkGuest } from '../../../../src/phone-link/guest.ts';
import { createLinkHost } from '../../../../src/phone-link/host.ts';

/** What the tests see of a page. Times in the page's own milliseconds. */
export interface LinkPage {
  state: HostState | GuestState | undefined;
  /** When the script began. */
  readonly startedAtMs: number;
  readonly got: { readonly atMs: number; readonly message: PhoneMessage | TerminalMessage }[];
  readonly states: { readonly atMs: number; readonly state: HostState | GuestState }[];
  readonly peers: RTCPeerConnection[];
  readonly channels: RTCDataChannel[];
  host(token: string): void;
  guest(hash?: string): void;
  send(message: PhoneMessage | TerminalMessage): boolean;
  close(reason: string): void;
}

const peers: RTCPeerConnection[] = [];
const channels: RTCDataChannel[] = [];

class SeenPeer extends RTCPeerConnection {
  constructor(settings: RTCConfiguration) {
    super(settings);
    peers.push(this);
  }

  override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
    const channel = super.createDataChannel(label, options);
    channels.push(channel);
    return channel;
  }
}

const environment = { ...browserEnvironment(), PeerConnection: SeenPeer };
type Linked = { send(message: never): boolean; close(reason: never): void };
let linked: Linked | undefined;

const page: LinkPage = {
  state: undefined,
  startedAtMs: performance.now(),
  got: [],
  states: [],
  peers,
  channels,
  host: (token) => {
    linked = createLinkHost(
      {
        pageUrl: `${location.origin}/l`,
        fetch: (input, init) =>
          fetch(input, { ...init, headers: { ...(init.headers as object), authorization: `Bearer ${token}` } }),
        onState,
        onMessage,
      },
      environment,
    );
  },
  guest: (hash) => {
    linked = createLinkGuest(
      { ...(hash === undefined ? {} : { hash }), isKept: hash === undefined, onState, onMessage },
      environment,
    );
  },
  send: (message) => linked?.send(message as never) === true,
  close: (reason) => linked?.close(reason as never),
};

function onState(state: HostState | GuestState): void {
  page.state = state;
  page.states.push({ atMs: performance.now(), state });
}

function onMessage(message: PhoneMessage | TerminalMessage): void {
  page.got.push({ atMs: performance.now(), message });
}

declare global {
  var linkPage: LinkPage;
}
globalThis.linkPage = page;

// A phone begins by itself, as the real page does: with the code in its address, or with what the tab kept.
if (location.pathname === '/l') {
  const { hash } = location;
  history.replaceState(null, '', '/l');
  if (hash !== '') page.guest(hash);
  else page.guest();
}
