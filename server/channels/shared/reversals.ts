import type { ChannelMemory, PayResult } from '../channel.ts';

/**
 * Remembers which attempts were to be reversed. A platform may go on calling a reversed payment paid (or tell the payment
 * late); the platform's word that it is undone counts more, and while that word is outstanding nothing is sure.
 * Obligations: `ask` before the call leaves, `settle` only on an explicit yes.
 */
export class Reversals {
  readonly #memory: ChannelMemory;

  constructor(memory: ChannelMemory) {
    this.#memory = memory;
  }

  /** Notes that a reversal is about to be asked for. Safe to repeat. */
  async ask(attemptNo: string): Promise<void> {
    const kept = await this.#memory.get(keyOf(attemptNo));
    if (kept === undefined) await this.#memory.put(keyOf(attemptNo), 'asked', 0);
  }

  /** Notes that the platform has undone it. */
  async settle(attemptNo: string): Promise<void> {
    const kept = await this.#memory.get(keyOf(attemptNo));
    if (kept?.value !== 'done') await this.#memory.put(keyOf(attemptNo), 'done', kept?.version ?? 0);
  }

  /** What a platform's answer about this attempt is worth. What waits, fails to come or is refused passes unchanged. */
  async weigh(attemptNo: string, result: PayResult): Promise<PayResult> {
    if (result.kind !== 'paid' && result.kind !== 'failed' && result.kind !== 'not-found') return result;
    const kept = await this.#memory.get(keyOf(attemptNo));
    if (kept?.value === 'done') return { kind: 'closed' };
    if (kept === undefined || result.kind !== 'paid') return result;
    return { kind: 'unknown', why: 'A reversal was asked for and its end is not known; it must be asked for again.' };
  }
}

function keyOf(attemptNo: string): string {
  return `reversal:${attemptNo}`;
}
