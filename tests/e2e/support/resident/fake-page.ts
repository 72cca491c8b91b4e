import type { GuestOptions, GuestState } from '../../../../src/phone-link/contract.ts';
import type { PhoneMessage, TerminalMessage } from '../../../../protocol/phone-link/messages.ts';
import { claim } from '../../../../src/resident/environment.ts';
import { startPage } from '../../../../src/resident/start.ts';
import { ownChannel } from '../../../../src/resident/wallets.ts';

/** What a test plays in place of the terminal and the server; it lies on `globalThis.fake`. */
export interface FakeTerminal {
  /** Both wait until the page has begun to join. */
  say(message: TerminalMessage): Promise<void>;
  link(state: GuestState): Promise<void>;
  readonly sent: PhoneMessage[];
  readonly left: string[];
  hash: string | undefined;
}

const { promise: made, resolve: make } = Promise.withResolvers<GuestOptions>();
let state: GuestState = { phase: 'joining', carrier: 'none' };
const fake: FakeTerminal = {
  say: async (message) => {
    (await made).onMessage(message);
  },
  link: async (next) => {
    state = next;
    (await made).onState(next);
  },
  sent: [],
  left: [],
  hash: undefined,
};
Object.assign(globalThis, { fake });

await startPage({
  now: Date.now,
  newId: () => crypto.randomUUID(),
  makeLink: (given) => {
    make(given);
    fake.hash = given.hash;
    return {
      get state() {
        return state;
      },
      send: (message) => {
        fake.sent.push(message);
        return true;
      },
      close: () => {
        void fake.link({ phase: 'over', carrier: 'none', failure: 'ended' });
      },
    };
  },
  fetchJson: async (path) => (await fetch(path)).json() as Promise<unknown>,
  subtle: crypto.subtle,
  tab: sessionStorage,
  ownChannel: (channels) => ownChannel(channels, navigator.userAgent),
  leave: ({ url }) => fake.left.push(url),
  claim,
});
