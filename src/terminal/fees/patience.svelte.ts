import { isWorthRepeating } from '../../api/failures.ts';
import type { ApiFailure, ApiResult } from '../../api/failures.ts';

/** A question that the person waits for is sent so often before its failure is shown. */
const triesMax = 3;
const tryAgainMs = 1_200;
/** Pause before the first repetition of a call; it doubles up to the longest. */
const repeatFirstMs = 500;
/** Longest pause between two repetitions. */
const repeatMaxMs = 8_000;

/** Calls that are sent until the server has answered, and pauses between them. `renew` ends all that is under way. */
export class Patience {
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  #life = new AbortController();
  #wake: () => void = () => undefined;

  /** Why the call under way is being repeated. */
  trouble = $state.raw<ApiFailure>();

  /** `wait`: returns early when its signal is aborted. */
  constructor(wait: (ms: number, signal: AbortSignal) => Promise<void>) {
    this.#wait = wait;
  }

  /** Another one after each `renew`: whoever waited compares. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /** Everything that was waited for is of no interest any more. */
  renew(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.trouble = undefined;
  }

  /** Repeats at once what waits for its next try. */
  retryNow(): void {
    this.#wake();
  }

  /** Repeats a call until the server has answered it; undefined when `renew` came first. */
  async untilAnswered<T>(call: () => Promise<ApiResult<T>>): Promise<ApiResult<T> | undefined> {
    const { life } = this;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await call();
      if (life !== this.life) return undefined;
      this.trouble = answer.ok || !isWorthRepeating(answer) ? undefined : answer;
      if (this.trouble === undefined) return answer;
      await this.pause(Math.min(repeatMaxMs, repeatFirstMs * 2 ** Math.min(attempt, 10)));
      if (life !== this.life) return undefined;
    }
  }

  /** Waits, unless it is woken or renewed. */
  async pause(ms: number): Promise<void> {
    const early = new AbortController();
    this.#wake = () => early.abort();
    await this.#wait(ms, AbortSignal.any([early.signal, this.life]));
  }
}

/** Sends a question again while nobody answers, a few times. Only for calls that may be repeated. */
export async function patiently<T>(
  { pause }: { pause(ms: number, signal: AbortSignal): Promise<void> },
  call: () => Promise<ApiResult<T>>,
): Promise<ApiResult<T>> {
  for (let tries = 1; ; tries += 1) {
    const answer = await call();
    const isWorth = !answer.ok && ['offline', 'timeout', 'unavailable', 'timed-out'].includes(answer.error);
    if (!isWorth || tries >= triesMax) return answer;
    await pause(tryAgainMs * tries, new AbortController().signal);
  }
}
