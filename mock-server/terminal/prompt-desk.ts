import { PowerCut } from './power.ts';
import type { ReadableCard } from './cards.ts';
import type { WallClock } from './clock.ts';

/** How far a card is read, as the cable tells it. */
export type CardStage = 'waiting' | 'reading' | 'enter-pin' | 'remove-card' | 'ended';

/** The language in which the person before the device is spoken to. */
export type PromptLanguage = 'zh' | 'en';

/** What the device asks now, as its screen shows it. */
export type Prompt =
  | {
      readonly kind: 'card';
      readonly stage: CardStage;
      readonly amountFen: number;
      readonly language: PromptLanguage;
      readonly digits: number;
    }
  | { readonly kind: 'pair'; readonly code: string };

/** What may happen while the device waits for a person. */
export type Signal =
  | { readonly type: 'card'; readonly entry: 'chip' | 'contactless' | 'magstripe'; readonly card: ReadableCard }
  | { readonly type: 'removed' }
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'cancel' }
  | { readonly type: 'timeout' }
  | { readonly type: 'locked' };

/** Signals that may wait for the conversation; a person is slower than that. */
const signalsMax = 32;

interface Waiter {
  readonly deadlineMs: number;
  resolve(signal: Signal): void;
  reject(cause: Error): void;
}

/** One conversation at a time between the device and the person before it: cards, keys and time come in as signals. */
export class PromptDesk {
  readonly #wall: WallClock;
  #prompt: Prompt | undefined;
  #signals: Signal[] = [];
  #waiter: Waiter | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(wall: WallClock) {
    this.#wall = wall;
  }

  /** What is asked now; undefined when nothing is. */
  get prompt(): Prompt | undefined {
    return this.#prompt;
  }

  /** Milliseconds of the clock that deadlines are measured by. */
  nowMs(): number {
    return this.#wall();
  }

  /** Shows `prompt`; the first one begins the conversation. */
  show(prompt: Prompt): void {
    this.#prompt = prompt;
  }

  /** Ends the conversation; what was not heard is forgotten. */
  end(): void {
    this.#prompt = undefined;
    this.#signals = [];
    this.#waiter = undefined;
    clearTimeout(this.#timer);
  }

  /** Something happened. Nothing when nobody is being asked. */
  signal(signal: Signal): void {
    if (this.#prompt === undefined) return;
    const waiter = this.#waiter;
    if (waiter === undefined) {
      if (this.#signals.length < signalsMax) this.#signals.push(signal);
      return;
    }
    this.#waiter = undefined;
    clearTimeout(this.#timer);
    waiter.resolve(signal);
  }

  /** The host gave up, or its link ended. True when something was being asked. */
  cancel(): boolean {
    const isRunning = this.#prompt !== undefined;
    this.signal({ type: 'cancel' });
    return isRunning;
  }

  /** The next signal, or `timeout` when the clock reaches `deadlineMs`. Rejects with PowerCut when the power goes. */
  next(deadlineMs: number): Promise<Signal> {
    const [first] = this.#signals.splice(0, 1);
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      this.#waiter = { deadlineMs, resolve, reject };
      this.#arm(deadlineMs);
    });
  }

  /** Looks at the clock: what waited too long ends. */
  tick(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#wall() >= waiter.deadlineMs) this.signal({ type: 'timeout' });
    else this.#arm(waiter.deadlineMs);
  }

  /** The boot to which this desk belongs is over. */
  losePower(): void {
    const waiter = this.#waiter;
    this.end();
    waiter?.reject(new PowerCut('the power is off'));
  }

  #arm(deadlineMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tick(), Math.max(1, deadlineMs - this.#wall()));
    this.#timer.unref();
  }
}
