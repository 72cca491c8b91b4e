/* eslint-disable svelte/prefer-svelte-reactivity -- listeners are called, not rendered */
import type { EventName } from '../../protocol/http/system.ts';
import { endpoints } from '../../protocol/http/paths.ts';
import type { NetworkState } from './network.svelte.ts';
import { SseParser } from './sse.ts';

/** No byte for this long (the server sends a comment every 15 s) means that the stream is dead. */
export const streamSilenceMs = 40_000;
/** Pause before the first try to connect again; it doubles up to `reconnectMaxMs`. */
export const reconnectFirstMs = 500;
/** Longest pause between two tries. */
export const reconnectMaxMs = 15_000;

/** `open`: events arrive. `waiting`: the stream broke and is tried again. `signed-out`: nobody to stream to. */
export type StreamState = 'closed' | 'connecting' | 'open' | 'waiting' | 'signed-out';

/** Called with the id of what changed; the listener fetches it anew. */
export type ChangeListener = (id: string) => void;

/** What the stream is wired to. */
export interface ServerEventsOptions {
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly network: NetworkState;
  /** Where the stream is; that of signed-in people when left out. */
  readonly path?: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** 0 to 1, spreads the tries of many browsers after a restart. */
  readonly random: () => number;
}

/**
 * The server's event stream. It reconnects for ever while it is started; whenever it opens after a failed try,
 * `onReconnect` is called, because changes may have been missed, and what was fetched meanwhile failed. Events carry
 * only ids: what counts is fetched anew.
 */
export class ServerEvents {
  readonly #options: ServerEventsOptions;
  readonly #listeners = new Map<EventName, Set<ChangeListener>>();
  readonly #reconnected = new Set<() => void>();
  #abort: AbortController | undefined;
  #attempt: AbortController | undefined;
  #wake: (() => void) | undefined;
  #isHurried = false;
  #wasOpen = false;

  state = $state<StreamState>('closed');
  /** When the next try starts, epoch ms; undefined unless `waiting`. */
  nextTryAtMs = $state<number>();
  /** Failed tries in a row. */
  attempts = $state(0);

  constructor(options: ServerEventsOptions) {
    this.#options = options;
  }

  /** Calls `listener` for each change of kind `name`; returns the way to stop it. */
  on(name: EventName, listener: ChangeListener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Calls `listener` after each opening but one at the first try; returns the way to stop it. */
  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }

  /** Connects and stays connected until `stop`. Starting twice does nothing. */
  start(): void {
    if (this.#abort !== undefined) return;
    const abort = new AbortController();
    this.#abort = abort;
    void this.#run(abort.signal);
  }

  /** Ends the stream. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#wake?.();
    this.#wasOpen = false;
    this.#isHurried = false;
    this.state = 'closed';
    this.nextTryAtMs = undefined;
  }

  /** Tries now: instead of waiting for the next try, or for a try that nobody answers. */
  retryNow(): void {
    if (this.#wake !== undefined) this.#wake();
    else if (this.state === 'connecting') {
      this.#isHurried = true;
      this.#attempt?.abort();
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.state = 'connecting';
      const end = await this.#stream(signal);
      if (signal.aborted) return;
      if (end === 'signed-out') {
        this.#abort = undefined;
        this.state = 'signed-out';
        return;
      }
      this.attempts = end === 'was-open' ? 1 : this.attempts + 1;
      await this.#pause(signal);
    }
  }

  async #stream(signal: AbortSignal): Promise<'signed-out' | 'was-open' | 'failed'> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const ended = this.#options.network.tried();
    const watch = new Watch(() => attempt.abort(), streamSilenceMs);
    try {
      const response = await this.#options.fetch(this.#options.path ?? endpoints.events[1], {
        headers: { accept: 'text/event-stream' },
        cache: 'no-store',
        credentials: 'same-origin',
        signal: AbortSignal.any([signal, attempt.signal]),
      });
      if (response.status === 401) return 'signed-out';
      if (!isEventStream(response)) return 'failed';
      ended();
      this.#opened();
      await this.#read(response.body, watch);
    } catch {
      // Broken, silent or stopped: what follows is the same.
    } finally {
      watch.end();
      ended();
      attempt.abort();
    }
    const wasOpen = this.state === 'open';
    if (!signal.aborted) this.#options.network.missed();
    return wasOpen ? 'was-open' : 'failed';
  }

  async #read(body: ReadableStream<Uint8Array>, watch: Watch): Promise<void> {
    const parser = new SseParser();
    const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      watch.reset();
      this.#options.network.heard();
      for (const event of parser.push(value)) this.#dispatch(event.name as EventName, event.data);
    }
  }

  #dispatch(name: EventName, data: string): void {
    const id = idIn(data);
    if (id !== undefined) for (const listener of this.#listeners.get(name) ?? []) listener(id);
  }

  #opened(): void {
    const isFirst = !this.#wasOpen && this.attempts === 0;
    this.state = 'open';
    this.attempts = 0;
    this.#wasOpen = true;
    this.#options.network.heard();
    if (!isFirst) for (const listener of this.#reconnected) listener();
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#isHurried) {
      this.#isHurried = false;
      return;
    }
    const longest = Math.min(reconnectMaxMs, reconnectFirstMs * 2 ** Math.min(10, this.attempts - 1));
    const waitMs = longest * (0.5 + this.#options.random() / 2);
    this.state = 'waiting';
    this.nextTryAtMs = this.#options.now() + waitMs;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    if (!signal.aborted) this.nextTryAtMs = undefined;
  }
}

class Watch {
  readonly #bark: () => void;
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bark: () => void, ms: number) {
    this.#bark = bark;
    this.#ms = ms;
    this.reset();
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#bark, this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function isEventStream(response: Response): response is Response & { body: ReadableStream<Uint8Array> } {
  const type = response.headers.get('content-type') ?? '';
  return response.ok && response.body !== null && type.startsWith('text/event-stream');
}

function idIn(data: string): string | undefined {
  try {
    const value = JSON.parse(data) as { id?: unknown };
    return typeof value.id === 'string' ? value.id : undefined;
  } catch {
    return undefined;
  }
}
