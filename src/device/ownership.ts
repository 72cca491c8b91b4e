/** The part of `navigator.locks` that is used. */
export interface LocksLike {
  request<T>(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    callback: (lock: unknown) => Promise<T> | T,
  ): Promise<T>;
}

/** The part of `BroadcastChannel` that is used. */
export interface ChannelLike {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** How long another tab has to close the cable after it was asked to. */
export const yieldWaitMs = 4000;

/**
 * One tab at a time uses a cable: a Web Lock says which, a broadcast asks it to let go. Where the browser has neither,
 * every tab owns what it likes, and the port itself refuses the second.
 */
export class Ownership {
  readonly #locks: LocksLike | undefined;
  readonly #channel: ChannelLike | undefined;
  #held: { readonly key: string; readonly release: () => void } | undefined;
  /** Called when another tab asks for the cable; must close it, then call `release`. */
  onAsked: () => void = () => undefined;

  constructor(locks: LocksLike | undefined, channel: ChannelLike | undefined) {
    this.#locks = locks;
    this.#channel = channel;
    if (channel === undefined) return;
    channel.onmessage = ({ data }) => {
      if (isAsking(data) && data.key === this.#held?.key) this.onAsked();
    };
  }

  /** Takes the lock `key` if nobody has it; true when this tab holds it now. */
  async take(key: string): Promise<boolean> {
    if (this.#held?.key === key || this.#locks === undefined) return true;
    this.release();
    return this.#request(key, { ifAvailable: true });
  }

  /** Asks the tab that holds `key` to let go, and takes the lock then; false when it does not. */
  async takeOver(key: string): Promise<boolean> {
    if (this.#held?.key === key || this.#locks === undefined) return true;
    this.release();
    this.#channel?.postMessage({ type: 'asking', key });
    return this.#request(key, { signal: AbortSignal.timeout(yieldWaitMs) });
  }

  /** Lets the lock go. */
  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  /** Ends everything. */
  close(): void {
    this.release();
    this.#channel?.close();
  }

  #request(key: string, options: { ifAvailable?: boolean; signal?: AbortSignal }): Promise<boolean> {
    return new Promise((resolve) => {
      const holding = this.#locks?.request(key, options, (lock) => {
        if (lock === null) return resolve(false);
        return new Promise<void>((release) => {
          this.#held = { key, release };
          resolve(true);
        });
      });
      holding?.catch(() => resolve(false));
    });
  }
}

function isAsking(data: unknown): data is { type: 'asking'; key: string } {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === 'asking' && 'key' in data;
}
