import type { Bytes, Subtle } from '../../protocol/phone-link/web-crypto.ts';

/** Where a guest keeps its session over a reload; of the tab, gone with it. */
export type KeptText = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What the link needs of the browser; a test brings its own. */
export interface LinkEnvironment {
  /** `undefined` in a browser without Web Crypto, or on a page that is not secure. */
  readonly subtle: Subtle | undefined;
  readonly random: (bytes: number) => Bytes;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Runs `act` later; the answer forgets it. */
  readonly later: (act: () => void, afterMs: number) => () => void;
  /** Origin of the relay, and of the page: `https://HOST`. */
  readonly origin: string;
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  /** `undefined` where there are none. */
  readonly WebSocket: (new (url: string) => WebSocket) | undefined;
  readonly PeerConnection: (new (settings: RTCConfiguration) => RTCPeerConnection) | undefined;
  readonly kept: KeptText | undefined;
  /** Calls when the page can be seen again or the network is another one; the answer ends it. */
  readonly onReturn: (act: () => void) => () => void;
}

/** The browser that this runs in. */
export function browserEnvironment(): LinkEnvironment {
  const { crypto, location, performance } = globalThis;
  return {
    subtle: (crypto as Crypto | undefined)?.subtle,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    now: () => performance.now(),
    later: (act, afterMs) => {
      const timer = setTimeout(act, afterMs);
      return () => {
        clearTimeout(timer);
      };
    },
    origin: location.origin,
    fetch: (input, init) => globalThis.fetch(input, init),
    WebSocket: globalThis.WebSocket,
    PeerConnection: globalThis.RTCPeerConnection,
    kept: keptOrNone(),
    onReturn,
  };
}

/** Storage can be forbidden as a whole; then a reload simply ends the link. */
function keptOrNone(): KeptText | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

function onReturn(act: () => void): () => void {
  const whenVisible = (): void => {
    if (document.visibilityState === 'visible') act();
  };
  const ends = new AbortController();
  const { signal } = ends;
  document.addEventListener('visibilitychange', whenVisible, { signal });
  globalThis.addEventListener('pageshow', whenVisible, { signal });
  globalThis.addEventListener('online', whenVisible, { signal });
  return () => {
    ends.abort();
  };
}
