import type { Kept, Slot } from './journal.ts';
import { isFinal } from './journal.ts';
import { sendRefund } from './refund.ts';
import { isStuck, undo, undoReasons } from './reversal.ts';
import type { Parts } from './parts.ts';

/** Unfinished transactions that one run looks at. */
const unfinishedMax = 500;

/** What is not finished, brought to its end: due reversals, advices to repeat, what a crash left. */
export class Upkeep {
  readonly #parts: Parts;
  #running: Promise<boolean> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Brings at most `limit` unfinished transactions on, with or without those that the host refuses to undo. One run at a
   * time in a process; who comes meanwhile waits for it. @returns false when nobody answers at the host.
   */
  async run(limit: number, withStuck: boolean): Promise<boolean> {
    this.#running ??= this.#run(limit, withStuck).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(limit: number, withStuck: boolean): Promise<boolean> {
    let left = limit;
    for (const { slot, untilMs } of await this.#parts.journal.unfinished(unfinishedMax)) {
      const kept = await this.#parts.journal.get(slot);
      if (!withStuck && kept !== undefined && isStuck(kept)) continue;
      if (left-- === 0) return true;
      if (!(await this.#finish(slot, untilMs, kept))) return false;
    }
    return true;
  }

  async #finish(slot: Slot, untilMs: number, kept: Kept | undefined): Promise<boolean> {
    const { journal, desk } = this.#parts;
    const isOver = desk.tools.clock() >= untilMs;
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
