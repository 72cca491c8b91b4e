import { fen } from '../../../../domain/money.ts';
import { documentMaxBytes, type FeeReceipt } from '../../../../protocol/fees/documents.ts';
import { documentBytes } from '../documents/sign.ts';
import type { Words } from '../quotes/words.ts';

type Line = FeeReceipt['lines'][number];

/** What a receipt says besides its figures. What stays owed of single bills stands with the bills as well. */
export interface ReceiptNotes {
  readonly ofBills: readonly Words[];
  readonly general: readonly Words[];
}

/** One line for all principals, one for all late fees, one for the balance: the sum stays what it was. */
function linesByKind({ lines, title }: Pick<FeeReceipt, 'lines' | 'title'>): Line[] {
  const sums = new Map<Line['kind'], Line>();
  for (const { kind, words, label, amountFen } of lines) {
    const before = sums.get(kind)?.amountFen ?? 0;
    const all = { label: kind === 'top-up' ? label : title, words, kind };
    sums.set(kind, { ...all, amountFen: fen(before + amountFen) });
  }
  return [...sums.values()];
}

/**
 * A receipt that fits into one message of the phone's link. Of many bills it tells less, but never other sums: a payment
 * that came in has its receipt, however long it would be.
 */
export function fittedReceipt(receipt: Omit<FeeReceipt, 'notes'>, { ofBills, general }: ReceiptNotes): FeeReceipt {
  const short = { ...receipt, lines: linesByKind(receipt) };
  const tries = [
    [receipt, [...ofBills, ...general]],
    [short, [...ofBills, ...general]],
    [short, general],
  ] as const;
  const written = tries.map(([one, notes]) => ({ ...one, ...(notes.length === 0 ? {} : { notes: [...notes] }) }));
  const fits = written.find((one) => documentBytes(one).length <= documentMaxBytes);
  if (fits === undefined) throw new Error('fittedReceipt: too large');
  return fits;
}
