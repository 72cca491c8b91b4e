import type { Page, WebSocketRoute } from 'playwright-core';

const relayPaths = '**/api/link/**';

/** Stands between pages and the relay, and can take it away from them. */
export class RelayCut {
  /** Connections and questions that found no relay. */
  refused = 0;
  #isDown = false;
  readonly #open = new Set<() => Promise<void>>();

  /** From the page's next document on. */
  async watch(page: Page): Promise<void> {
    await page.routeWebSocket(relayPaths, (socket) => {
      this.#take(socket);
    });
    await page.route(relayPaths, async (route) => {
      if (!this.#isDown) return route.fallback();
      this.refused += 1;
      return route.abort('connectionrefused');
    });
  }

  /** Closes what is open and refuses what comes. */
  async cut(): Promise<void> {
    this.#isDown = true;
    for (const close of this.#open) await close();
    this.#open.clear();
  }

  restore(): void {
    this.#isDown = false;
  }

  #take(socket: WebSocketRoute): void {
    if (this.#isDown) {
      this.refused += 1;
      void socket.close();
      return;
    }
    const server = socket.connectToServer();
    this.#open.add(async () => {
      await server.close();
      await socket.close();
    });
  }
}

/** Lets the page's direct ways be seen from outside; before its first document. */
export async function watchDirectWay(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const peers: RTCPeerConnection[] = [];
    const Known = RTCPeerConnection;
    class Seen extends Known {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        peers.push(this);
      }
    }
    Object.assign(globalThis, { RTCPeerConnection: Seen, directWays: peers });
  });
}

/** Waits until a data channel of the page is open and something came over it. */
export async function directWayOpen(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    const { directWays } = globalThis as unknown as { directWays: readonly RTCPeerConnection[] };
    for (const peer of directWays) {
      for (const one of (await peer.getStats()).values() as Iterable<Record<string, unknown>>) {
        if (one['type'] === 'data-channel' && one['state'] === 'open' && Number(one['messagesReceived']) > 0)
          return true;
      }
    }
    return false;
  });
}
