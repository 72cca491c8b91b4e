import type { CableEnd } from '../../protocol/cable/v1/link-types.ts';
import type { Ticker } from './ticker.ts';
import { ignore, writeChunkBytes } from './transport.ts';
import type { Transport } from './transport.ts';

/**
 * Carries bytes and time between a transport and the pure end of the cable.
 *
 * Obligations: one write at a time, so that unsent frames stay in the link and not in the line; the deadline is armed
 * anew after everything that may have moved it; arrived bytes are handed on before time is let pass.
 */
export class Pump {
  readonly #transport: Transport;
  readonly #end: CableEnd;
  readonly #ticker: Ticker;
  readonly #now: () => number;
  #isWriting = false;
  #isStopped = false;

  constructor(transport: Transport, end: CableEnd, ticker: Ticker, now: () => number) {
    this.#transport = transport;
    this.#end = end;
    this.#ticker = ticker;
    this.#now = now;
    transport.onBytes = (bytes) => {
      this.#end.receive(bytes, this.#now());
      this.kick();
    };
  }

  /** Writes what there is to write and arms the next deadline. The end calls it when it has new output. */
  kick(): void {
    if (this.#isStopped) return;
    if (!this.#isWriting) void this.#writeAll();
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    this.#transport.onBytes = ignore;
    this.#ticker.disarm();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      for (;;) {
        const bytes = this.#isStopped ? undefined : this.#end.takeOutput(this.#now(), writeChunkBytes);
        if (bytes === undefined || !(await this.#transport.write(bytes)).ok) return;
      }
    } finally {
      this.#isWriting = false;
      if (!this.#isStopped) this.#arm();
    }
  }

  #arm(): void {
    const deadlineMs = this.#end.deadlineMs();
    if (deadlineMs === undefined) return this.#ticker.disarm();
    this.#ticker.arm(Math.max(0, deadlineMs - this.#now()), () => {
      this.#end.tick(this.#now());
      this.kick();
    });
  }
}
