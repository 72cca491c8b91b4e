import type { Ack } from './content.ts';
import { queueMax } from './limits.ts';

/** Messages after the next one that wait for it; as many as an acknowledgement has bits. */
const aheadMax = 32;

/** A message on its way. Times in the terminal's or phone's own monotonic milliseconds. */
export interface Outgoing {
  readonly seq: number;
  readonly text: string;
  /** Times that it was sent since the other side was last heard. */
  sends: number;
  nextAtMs: number;
  /** When it went over WebRTC alone; it goes over the relay too when no acknowledgement comes. */
  hedgeAtMs: number | undefined;
}

/** What outlives a reload of the phone's page. */
export interface StreamRecord {
  readonly inNext: number;
  /** Acknowledged, and waiting for an earlier one. */
  readonly ahead: readonly (readonly [number, string])[];
  readonly outNext: number;
  readonly out: readonly (readonly [number, string])[];
}

/** Numbered messages both ways: each arrives once and in order, whatever the carriers do. Pure; knows no time. */
export class MessageStream {
  readonly #ahead = new Map<number, string>();
  #inNext = 0;
  #outNext = 0;
  #out: Outgoing[] = [];

  constructor(record?: StreamRecord) {
    if (record === undefined) return;
    this.#inNext = record.inNext;
    for (const [seq, text] of record.ahead) this.#ahead.set(seq, text);
    this.#outNext = record.outNext;
    this.#out = record.out.map(([seq, text]) => outgoing(seq, text));
  }

  /** For the phone's storage: all that is acknowledged, for it will not come again, and all that is not yet. */
  get record(): StreamRecord {
    const out = this.#out.map(({ seq, text }) => [seq, text] as const);
    return { inNext: this.#inNext, ahead: [...this.#ahead], outNext: this.#outNext, out };
  }

  /** What is not acknowledged, oldest first. */
  get waiting(): readonly Outgoing[] {
    return this.#out;
  }

  /** True when another message may be added. */
  get hasRoom(): boolean {
    return this.#out.length < queueMax;
  }

  /** Numbers a message; `undefined` when too many wait. */
  add(text: string): Outgoing | undefined {
    if (this.#out.length >= queueMax) return undefined;
    const message = outgoing(this.#outNext++, text);
    this.#out.push(message);
    return message;
  }

  /** Forgets what the other side has. True when that is news. */
  acknowledge({ next, bits }: Ack): boolean {
    const before = this.#out.length;
    if (next > this.#outNext) return false;
    this.#out = this.#out.filter(({ seq }) => {
      const bit = seq - next - 1;
      return seq >= next && !(bit >= 0 && bit < aheadMax && (bits >>> bit) & 1);
    });
    return this.#out.length < before;
  }

  /** What this side has. */
  get ack(): Ack {
    let bits = 0;
    for (const seq of this.#ahead.keys()) bits |= 1 << (seq - this.#inNext - 1);
    return { next: this.#inNext, bits: bits >>> 0 };
  }

  /** Takes a message; the answer is what can be delivered now, in order. */
  take(seq: number, text: string): string[] {
    if (seq < this.#inNext || seq > this.#inNext + aheadMax) return [];
    this.#ahead.set(seq, text);
    const ready: string[] = [];
    for (let found = this.#ahead.get(this.#inNext); found !== undefined; found = this.#ahead.get(this.#inNext)) {
      this.#ahead.delete(this.#inNext++);
      ready.push(found);
    }
    return ready;
  }
}

function outgoing(seq: number, text: string): Outgoing {
  return { seq, text, sends: 0, nextAtMs: 0, hedgeAtMs: undefined };
}
