import type { FeeReceipt } from '../../../protocol/fees/documents.ts';
import type { Language } from '../../i18n/languages.ts';
import type { ResidentAfterText } from '../../i18n/resident-after.en.ts';
import type { ResidentText } from '../../i18n/resident.en.ts';
import type { BillFormats } from '../formats.ts';

/** One row of a receipt: a label and what it says. */
export type ReceiptRow = readonly [label: string, value: string];

/** A receipt as rows, for the picture and for the text that is shared; the order is the page's. */
export interface ReceiptRows {
  readonly title: string;
  readonly total: ReceiptRow;
  readonly lines: readonly ReceiptRow[];
  readonly facts: readonly ReceiptRow[];
}

/** Puts a receipt into rows. */
export function receiptRows(
  receipt: FeeReceipt,
  t: ResidentText,
  after: ResidentAfterText,
  formats: BillFormats,
  language: Language,
): ReceiptRows {
  const words = after.receipt;
  const transaction: ReceiptRow[] =
    receipt.transactionId === undefined ? [] : [[words.transaction, receipt.transactionId]];
  return {
    title: `${receipt.title[language]} ${receipt.household.label}`,
    total: [t.total, formats.yuan(receipt.totalFen)],
    lines: receipt.lines.map((line) => [line.label[language], formats.yuan(line.amountFen)]),
    facts: [
      [words.number, receipt.receiptNo],
      [words.way, receipt.channelName[language]],
      [words.at, formats.dateTime(receipt.paidAt)],
      [words.household, words.tail(receipt.household.tail)],
      [words.payee, receipt.payee.name],
      [words.terminal, `${receipt.terminal.place} ${receipt.terminal.label}`],
      ...transaction,
    ],
  };
}

/** The receipt as plain text. */
export function receiptText({ title, total, lines, facts }: ReceiptRows, paid: string): string {
  const rows = [...lines, total, ...facts].map(([label, value]) => `${label} ${value}`);
  return [`${paid} ${title}`, ...rows].join('\n');
}
