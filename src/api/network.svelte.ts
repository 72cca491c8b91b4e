import { untrack } from 'svelte';

/** What is known about the way to the server, from the calls and the event stream themselves. */
export class NetworkState {
  readonly #now: () => number;
  /** Since when nothing gets through, epoch ms; undefined while it works or nothing was tried yet. */
  downSinceMs = $state<number>();
  /** Round trip of the last answered call, ms. */
  roundTripMs = $state<number>();
  /** When the server was last heard, epoch ms. */
  lastHeardAtMs = $state<number>();
  /** When something was last sent, epoch ms. */
  lastTriedAtMs = $state<number>();
  /** Since when calls wait and nothing comes back, epoch ms; undefined while no call waits. */
  silentSinceMs = $state<number>();
  #waiting = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** False once a call failed to get through, until one gets through again. */
  get isUp(): boolean {
    return this.downSinceMs === undefined;
  }

  /** A call is on its way. @returns what says that it waits no longer, whatever became of it; twice is harmless. */
  tried(): () => void {
    let isWaiting = true;
    const nowMs = this.#now();
    this.#waiting += 1;
    this.lastTriedAtMs = nowMs;
    // Calls begin inside effects: what is read here would call the effect, and with it the call, again and again.
    untrack(() => (this.silentSinceMs ??= nowMs));
    return () => {
      if (!isWaiting) return;
      isWaiting = false;
      this.#waiting -= 1;
      if (this.#waiting === 0) this.silentSinceMs = undefined;
    };
  }

  /** Something came back from the server. */
  heard(roundTripMs?: number): void {
    this.downSinceMs = undefined;
    this.silentSinceMs = undefined;
    this.lastHeardAtMs = this.#now();
    if (roundTripMs !== undefined) this.roundTripMs = Math.round(roundTripMs);
  }

  /** Nothing came back. */
  missed(): void {
    this.downSinceMs ??= this.#now();
  }
}
