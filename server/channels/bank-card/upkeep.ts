import type { Slot } from './journal.ts';
import { isFinal } from './journal.ts';
import { sendRefund } from './refund.ts';
import { undo, undoReasons } from './reversal.ts';
import type { Parts } from './parts.ts';

/** What is not finished, brought to its end: due reversals, advices to repeat, what a crash left. */
export class Upkeep {
  readonly #parts: Parts;
  #running: Promise<boolean> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Brings at most `limit` unfinished transactions on. One run at a time in a process; who comes meanwhile waits for it.
   * @returns false when nobody answers at the host.
   */
  async run(limit: number): Promise<boolean> {
    this.#running ??= this.#run(limit).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(limit: number): Promise<boolean> {
    for (const { slot, untilMs } of await this.#parts.journal.unfinished(limit)) {
      if (!(await this.#finish(slot, untilMs))) return false;
    }
    return true;
  }

  async #finish(slot: Slot, untilMs: number): Promise<boolean> {
    const { journal, desk } = this.#parts;
    const isOver = desk.tools.clock() >= untilMs;
    const kept = await journal.get(slot);
    if (kept === undefined) {
      // The crash came between the entry and the transaction. Nobody may begin it any more.
      if (isOver) await journal.open(slot, neverSent(slot, untilMs));
      if (isOver) await journal.finish(slot);
      return true;
    }
    if (isFinal(kept.txn)) {
      await journal.finish(slot);
      return true;
    }
    if (kept.txn.state === 'armed' && !isOver) return true;
    if (kept.txn.kind === 'refund') return (await sendRefund(this.#parts, kept)).isHostThere;
    return (await undo(this.#parts, kept, undoReasons.noAnswer)).isHostThere;
  }
}

function neverSent(slot: Slot, untilMs: number) {
  return { kind: 'purchase', state: 'cancelled', number: '', date: slot.date, amountFen: 0, untilMs } as const;
}
