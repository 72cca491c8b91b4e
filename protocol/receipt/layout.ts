import type { ReceiptCopy, ReceiptDocument } from '../http/receipts.ts';
import { blank, centred, doubleRule, fact, plain, rule, shanghaiText, sum, yuanText } from './lines.ts';
import type { PaperColumns, ReceiptLine } from './lines.ts';
import { printable, wrap } from './width.ts';
import { type ReceiptLanguage, receiptWords } from './words.ts';

export { lineText, paperColumns } from './lines.ts';
export type { PaperColumns, ReceiptLine } from './lines.ts';

/** How a receipt is set. */
export interface ReceiptSetting {
  readonly columns: PaperColumns;
  readonly copy: ReceiptCopy;
  /** A print after the first of this copy. */
  readonly duplicate: boolean;
  readonly language: ReceiptLanguage;
}

const titleLinesMax = 2;
const addressLinesMax = 3;
const valueLinesMax = 4;
const footerLinesMax = 8;
const signatureBlankLines = 2;

function head(document: ReceiptDocument, { columns, copy, duplicate, language }: ReceiptSetting): ReceiptLine[] {
  const words = receiptWords[language];
  const copyText = copy === 'merchant' ? words.merchantCopy : words.customerCopy;
  return [
    ...centred(document.merchantName, columns, true, titleLinesMax),
    ...centred(document.merchantAddress, columns, false, addressLinesMax),
    ...centred(document.title, columns, false, titleLinesMax),
    ...centred(words[document.kind], columns, true, 1),
    ...(duplicate ? centred(words.duplicate, columns, true, 1) : []),
    ...centred(copyText, columns, false, 1),
    rule,
  ];
}

function facts(document: ReceiptDocument, { columns, language }: ReceiptSetting): ReceiptLine[] {
  const words = receiptWords[language];
  const rows: readonly (readonly [string, string | undefined])[] = [
    [words.receiptNo, document.receiptNo],
    [words.ofReceiptNo, document.ofReceiptNo],
    [words.at, shanghaiText(document.at)],
    [words.channel, document.channelName[language]],
    [words.payer, document.payer?.replace(/^(?=\d{4}$)/, '**** ')],
    [words.orderNo, document.orderNo],
    [words.refundNo, document.refundNo],
    [words.attemptNo, document.refundNo === undefined ? document.attemptNo : undefined],
    [words.transactionId, document.transactionId],
    [words.platformMerchantId, document.platformMerchantId],
    [words.terminal, document.terminalLabel],
    [words.serial, document.terminalSerial],
    [words.reason, document.reason],
  ];
  return rows.flatMap(([label, value]) => fact(label, value, columns));
}

/** What was paid, and how it adds up: other parts + this part = the order, as far as it is paid. */
function sums(document: ReceiptDocument, { columns, language }: ReceiptSetting): ReceiptLine[] {
  const words = receiptWords[language];
  const isPart = document.kind === 'payment' && document.amountFen !== document.orderAmountFen;
  const label = { payment: isPart ? words.thisPart : words.paid, refund: words.givenBack };
  return [
    rule,
    ...(isPart ? fact(words.orderTotal, yuanText(document.orderAmountFen), columns) : []),
    ...document.others.flatMap(({ channelName, amountFen }) =>
      fact(`${words.before} ${printable(channelName[language])}`, yuanText(amountFen), columns),
    ),
    sum(label[document.kind], document.amountFen, columns),
    doubleRule,
  ];
}

function signature(document: ReceiptDocument, { columns, copy, language }: ReceiptSetting): ReceiptLine[] {
  if (!document.needsSignature || copy !== 'merchant' || document.kind !== 'payment') return [];
  const words = receiptWords[language];
  return [
    blank,
    ...wrap(`${words.signature}${language === 'zh' ? '：' : ':'}`, columns, 1).map((text) => ({
      ...plain,
      kind: 'text' as const,
      text,
    })),
    ...Array.from({ length: signatureBlankLines }, () => blank),
    rule,
    ...wrap(words.consent, columns, valueLinesMax).map((text) => ({ ...plain, kind: 'text' as const, text })),
  ];
}

function foot(document: ReceiptDocument, { columns }: ReceiptSetting): ReceiptLine[] {
  const lines = document.footer.split('\n').flatMap((line) => centred(line, columns, false, footerLinesMax));
  return lines.length === 0 ? [] : [blank, ...lines.slice(0, footerLinesMax)];
}

/**
 * Sets a receipt for a width of paper. The picture on a screen and the bytes for a printer are made from these lines, so
 * that they agree to the character. Texts of merchants and payers come in as they are; no control character survives.
 */
export function layoutReceipt(document: ReceiptDocument, setting: ReceiptSetting): readonly ReceiptLine[] {
  return [
    ...head(document, setting),
    ...facts(document, setting),
    ...sums(document, setting),
    ...signature(document, setting),
    ...foot(document, setting),
  ];
}
