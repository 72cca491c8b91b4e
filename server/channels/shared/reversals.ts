import type { ChannelMemory, PayResult } from '../channel.ts';

/**
 * Remembers which payments the platform said it has undone. A platform may go on calling such a payment paid, or not know
 * its number any more; its word that it is undone counts. It counts for that one payment only: one that comes after the
 * reversal has another number at the platform, and is told as the payment that it is.
 */
export class Reversals {
  readonly #memory: ChannelMemory;

  constructor(memory: ChannelMemory) {
    this.#memory = memory;
  }

  /** Notes that the platform has undone an attempt; `transactionId` is its payment, absent when nothing was paid. */
  async settle(attemptNo: string, transactionId = ''): Promise<void> {
    const kept = await this.#memory.get(keyOf(attemptNo));
    if (kept === undefined) await this.#memory.put(keyOf(attemptNo), transactionId, 0);
    else if (kept.value === '' && transactionId !== '') {
      await this.#memory.put(keyOf(attemptNo), transactionId, kept.version);
    }
  }

  /** Weighs what a platform says about an attempt. What waits, fails to come or is refused passes unchanged. */
  async weigh(attemptNo: string, result: PayResult): Promise<PayResult> {
    if (result.kind !== 'paid' && result.kind !== 'failed' && result.kind !== 'not-found') return result;
    const kept = await this.#memory.get(keyOf(attemptNo));
    if (kept === undefined) return result;
    return result.kind === 'paid' && result.proof.transactionId !== kept.value ? result : { kind: 'closed' };
  }
}

function keyOf(attemptNo: string): string {
  return `reversal:${attemptNo}`;
}
