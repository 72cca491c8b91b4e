/** What is known about the way to the server, from the calls and the event stream themselves. */
export class NetworkState {
  readonly #now: () => number;
  /** Since when nothing gets through, epoch ms; undefined while it works or nothing was tried yet. */
  downSinceMs = $state<number>();
  /** Round trip of the last answered call, ms. */
  roundTripMs = $state<number>();
  /** When the server was last heard, epoch ms. */
  lastHeardAtMs = $state<number>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** False once a call failed to get through, until one gets through again. */
  get isUp(): boolean {
    return this.downSinceMs === undefined;
  }

  /** Something came back from the server. */
  heard(roundTripMs?: number): void {
    this.downSinceMs = undefined;
    this.lastHeardAtMs = this.#now();
    if (roundTripMs !== undefined) this.roundTripMs = Math.round(roundTripMs);
  }

  /** Nothing came back. */
  missed(): void {
    this.downSinceMs ??= this.#now();
  }
}
