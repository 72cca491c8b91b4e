import type { FeeReceipt, QuoteDocument } from '../fees/documents.ts';
import { blank, centred, doubleRule, fact, plain, rule, shanghaiText, sum, yuanText } from './lines.ts';
import type { PaperColumns, ReceiptLine } from './lines.ts';
import { feeWords } from './fee-words.ts';
import { wrap } from './width.ts';
import type { ReceiptLanguage } from './words.ts';

/** How a paper about fees is set. */
export interface FeePaperSetting {
  readonly columns: PaperColumns;
  readonly language: ReceiptLanguage;
  /** It was printed before. */
  readonly duplicate: boolean;
}

const titleLinesMax = 2;
const wordsLinesMax = 4;
/** Lines of amounts that one paper may have: those of twelve bills with forty lines each are cut, the sum never is. */
const amountLinesMax = 120;

type Lined = Pick<FeeReceipt['lines'][number], 'label' | 'amountFen'>;

function small(text: string, columns: number): ReceiptLine[] {
  return wrap(text, columns, wordsLinesMax).map((line) => ({ ...plain, kind: 'text', text: line }));
}

function head(document: QuoteDocument | FeeReceipt, paper: string, setting: FeePaperSetting): ReceiptLine[] {
  const { columns, language, duplicate } = setting;
  const words = feeWords[language];
  return [
    ...centred(document.payee.name, columns, true, titleLinesMax),
    ...centred(document.title[language], columns, false, titleLinesMax),
    ...centred(paper, columns, true, 1),
    ...(duplicate ? centred(words.duplicate, columns, true, 1) : []),
    rule,
    ...fact(words.household, document.household.label, columns),
    ...fact(words.tail, document.household.tail, columns),
  ];
}

function amounts(lines: readonly Lined[], { columns, language }: FeePaperSetting): ReceiptLine[] {
  const shown = lines.slice(0, amountLinesMax);
  const more = lines.slice(amountLinesMax).reduce((total, line) => total + line.amountFen, 0);
  return [
    ...shown.flatMap((line) => fact(line.label[language], yuanText(line.amountFen), columns)),
    ...(lines.length > shown.length ? fact(feeWords[language].more, yuanText(more), columns) : []),
  ];
}

/** Sets a receipt of fees, or the paper that says that one was given back. Control characters do not survive. */
export function layoutFeeReceipt(document: FeeReceipt, setting: FeePaperSetting): readonly ReceiptLine[] {
  const { columns, language } = setting;
  const words = feeWords[language];
  const isPayment = document.kind === 'payment';
  const left = document.bills.filter(({ leftFen }) => leftFen > 0);
  // The server's own words say more: that a part went to the balance, that a bill is owed again.
  const notes = document.notes?.flatMap((note) => small(note[language], columns));
  return [
    ...head(document, isPayment ? words.receipt : words.reversal, setting),
    ...fact(words.receiptNo, document.receiptNo, columns),
    ...fact(words.ofReceiptNo, document.ofReceiptNo, columns),
    ...fact(words.at, shanghaiText(document.paidAt), columns),
    ...fact(words.channel, document.channelName[language], columns),
    ...fact(words.transactionId, document.transactionId, columns),
    ...fact(words.terminal, document.terminal.label, columns),
    ...fact(words.reason, document.reason, columns),
    rule,
    ...amounts(document.lines, setting),
    sum(isPayment ? words.paid : words.givenBack, document.totalFen, columns),
    doubleRule,
    ...(notes ??
      left.flatMap((bill) => fact(`${words.left} ${bill.title[language]}`, yuanText(bill.leftFen), columns))),
  ];
}

/** Sets a bill to take home: what is owed and until when. It says that it proves no payment. */
export function layoutFeeBill(document: QuoteDocument, setting: FeePaperSetting): readonly ReceiptLine[] {
  const { columns, language } = setting;
  const words = feeWords[language];
  const { later } = document;
  const topUp: Lined[] = document.topUpFen === undefined ? [] : [{ label: words.topUp, amountFen: document.topUpFen }];
  return [
    ...head(document, words.bill, setting),
    ...fact(words.computedAt, shanghaiText(document.computedAt), columns),
    ...document.bills.flatMap((bill) => [
      rule,
      ...small(`${bill.title[language]} (${bill.from} – ${bill.to})`, columns),
      ...bill.usage.flatMap(({ from, to, quantity, unit }) =>
        small(`${to.value} − ${from.value} = ${quantity} ${unit[language]}`, columns),
      ),
      ...amounts(bill.lines, setting),
    ]),
    ...(topUp.length === 0 ? [] : [rule, ...amounts(topUp, setting)]),
    rule,
    sum(words.owed, document.totalFen, columns),
    doubleRule,
    ...fact(words.validUntil, shanghaiText(document.validUntil), columns),
    ...(later === undefined ? [] : small(words.later(yuanText(later.totalFen), later.why[language]), columns)),
    blank,
    ...small(words.noProof, columns),
  ];
}
