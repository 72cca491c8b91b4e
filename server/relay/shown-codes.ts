import { randomBytes } from 'node:crypto';
import * as limits from './limits.ts';

interface ShownBox {
  readonly key: string;
  readonly hello: string;
  readonly address: string;
  readonly untilMs: number;
  answer: Uint8Array | undefined;
  wake: (() => void) | undefined;
}

/** What a phone that waits is told: the answer, that none has come yet, or that its mailbox is no more. */
export type Waited = { readonly answer: Uint8Array } | 'none' | 'unknown';

/**
 * Mailboxes for codes that phones show: one hello, one answer of one terminal, two minutes. Anybody may open one, so
 * everything is small and counted by address; only a terminal that is signed in may read the hello and answer.
 */
export class ShownCodes {
  readonly #boxes = new Map<string, ShownBox>();
  readonly #now: () => number;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Opens a mailbox; `undefined` when the name is taken or there are too many in all. */
  open(id: string, hello: string, address: string): { readonly key: string } | undefined {
    this.#sweep();
    if (this.#boxes.has(id)) return undefined;
    const own = [...this.#boxes].filter(([, box]) => box.address === address);
    const [oldest] = own;
    if (own.length >= limits.shownOfAddressMax && oldest !== undefined) this.#end(oldest[0]);
    if (this.#boxes.size >= limits.shownMax) return undefined;
    const key = randomBytes(16).toString('base64url');
    const untilMs = this.#now() + limits.shownLifeMs;
    this.#boxes.set(id, { key, hello, address, untilMs, answer: undefined, wake: undefined });
    return { key };
  }

  /** The hello of a phone whose code a terminal has scanned; `undefined`: too old, or never there. */
  hello(id: string): string | undefined {
    this.#sweep();
    return this.#boxes.get(id)?.hello;
  }

  /** Leaves a terminal's answer; the first one stays. */
  put(id: string, answer: Uint8Array): 'put' | 'answered' | 'unknown' {
    this.#sweep();
    const box = this.#boxes.get(id);
    if (box === undefined) return 'unknown';
    if (box.answer !== undefined) return 'answered';
    box.answer = answer;
    box.wake?.();
    return 'put';
  }

  /** Waits up to `ms` for the answer. A second call of the same phone ends the first. */
  async wait(id: string, key: string, ms: number): Promise<Waited> {
    this.#sweep();
    const box = this.#boxes.get(id);
    if (box?.key !== key) return 'unknown';
    box.wake?.();
    if (box.answer === undefined) await this.#woken(box, ms);
    return box.answer === undefined ? 'none' : { answer: box.answer };
  }

  /** How many there are, for tests. */
  get count(): number {
    this.#sweep();
    return this.#boxes.size;
  }

  #woken(box: ShownBox, ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      timer.unref();
      box.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  /** They are in the order of their opening and live equally long, so the old ones stand first. */
  #sweep(): void {
    const nowMs = this.#now();
    for (const [id, { untilMs }] of this.#boxes) {
      if (nowMs < untilMs) return;
      this.#end(id);
    }
  }

  #end(id: string): void {
    this.#boxes.get(id)?.wake?.();
    this.#boxes.delete(id);
  }
}
