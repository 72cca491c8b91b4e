import type { ApiFailure, ApiResult } from './failures.ts';

/** Changes that come within this time are fetched once. */
export const refreshDebounceMs = 120;

/** Something fetched from the server that is shown until a newer answer comes; a failure leaves the old value in place. */
export class Resource<T> {
  readonly #load: (signal: AbortSignal) => Promise<ApiResult<T>>;
  #running: AbortController | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;

  /** The last good answer. */
  value = $state.raw<T>();
  /** Why the last try failed; undefined after a success. */
  failure = $state.raw<ApiFailure>();
  isLoading = $state(false);

  constructor(load: (signal: AbortSignal) => Promise<ApiResult<T>>) {
    this.#load = load;
  }

  /** Fetches now; an earlier fetch that still runs is given up. */
  async refresh(): Promise<void> {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.isLoading = true;
    const answer = await this.#load(running.signal);
    if (this.#running !== running) return;
    this.isLoading = false;
    this.failure = answer.ok ? undefined : answer;
    if (answer.ok) this.value = answer.value;
  }

  /** Fetches in a moment, once for several calls. */
  refreshSoon(): void {
    this.#soon ??= setTimeout(() => void this.refresh(), refreshDebounceMs);
  }

  /** Takes a value that another call has answered with. */
  take(value: T): void {
    this.#running = undefined;
    this.isLoading = false;
    this.failure = undefined;
    this.value = value;
  }

  /** Gives up what is under way. */
  stop(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#running?.abort();
    this.#running = undefined;
  }
}
