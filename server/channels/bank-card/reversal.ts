import type { Kept } from './journal.ts';
import { askRepeatable } from './parts.ts';
import type { Parts } from './parts.ts';
import { amountDigits, processingCodes, transactionTypes, yuanNumber } from './profile.ts';

/**
 * Why a transaction is undone, in field 39 of the reversal: no answer came; its MAC did not hold; the terminal could not
 * use it; the payer or the shop went away.
 */
export const undoReasons = { noAnswer: '98', wrongMac: 'A0', unusable: '06', cancelled: '17' } as const;

/** Refusals of a reversal after which a person must look: no purchase waits for it, and the batch is settled without it. */
const refusalsMax = 5;

/** Whether the host has refused again and again to undo this. `tend` goes on trying. */
export function isStuck({ txn }: Kept): boolean {
  return txn.state === 'due' && (txn.refusals ?? 0) >= refusalsMax;
}

/** Answers that leave nothing taken: undone, or the host never had it. */
const undone: ReadonlySet<string> = new Set(['00', '25']);

/** What came of an undoing. */
export interface Undone {
  /** The transaction now; its state says whether it is undone. */
  readonly kept: Kept | undefined;
  /** False: nobody answers, it makes no sense to go on. */
  readonly isHostThere: boolean;
}

/**
 * Undoes a purchase or void whose end is not known (0400). That it is due is durable before the first byte is sent, so a
 * late approval can no longer win, and it stays due until the host has answered.
 */
export async function undo(parts: Parts, kept: Kept, why: string): Promise<Undone> {
  const { journal } = parts;
  const due = kept.txn.state === 'due' ? kept : await journal.change(kept, { state: 'due', why });
  if (due === undefined) return { kept: await journal.get(kept.slot), isHostThere: true };
  const answer = await askRepeatable(parts, reversalOf(due));
  const isHostThere = answer.kind === 'answered' || answer.kind === 'unverified';
  if (answer.kind !== 'answered') return { kept: due, isHostThere };
  if (!undone.has(answer.code)) {
    const refused = await journal.change(due, { refusals: (due.txn.refusals ?? 0) + 1 });
    return { kept: refused ?? due, isHostThere };
  }
  return { kept: (await journal.change(due, { state: 'reversed' })) ?? (await journal.get(due.slot)), isHostThere };
}

function reversalOf({ slot, txn }: Kept) {
  const isVoid = txn.kind === 'void';
  const type = isVoid ? transactionTypes.void : transactionTypes.purchase;
  return {
    call: 'reversal',
    mti: '0400',
    fields: {
      3: isVoid ? processingCodes.back : processingCodes.purchase,
      4: amountDigits(txn.amountFen),
      11: slot.trace,
      ...(txn.entryMode === undefined ? {} : { 22: txn.entryMode }),
      25: '00',
      39: txn.why ?? undoReasons.noAnswer,
      49: yuanNumber,
      60: `${type}${slot.batch}`,
      61: `${slot.batch}${slot.trace}${slot.date.slice(4)}`,
    },
  };
}
