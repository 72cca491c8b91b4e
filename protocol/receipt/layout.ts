import { fen, yuanFromFen } from '../../domain/money.ts';
import type { ReceiptCopy, ReceiptDocument } from '../http/receipts.ts';
import { printable, textColumns, wrap } from './width.ts';
import { type ReceiptLanguage, receiptWords } from './words.ts';

/** Widths of paper in columns: 58 mm, 72 mm and 80 mm. */
export const paperColumns = [32, 42, 48] as const;
/** A width of paper in columns. */
export type PaperColumns = (typeof paperColumns)[number];

/**
 * One line of a receipt, already as narrow as the paper. `isLarge`: twice as wide and high, so that every column counts
 * double. A `pair` has its second text at the right edge.
 */
export type ReceiptLine =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly align: 'left' | 'center' | 'right';
      readonly isLarge: boolean;
      readonly isBold: boolean;
    }
  | {
      readonly kind: 'pair';
      readonly left: string;
      readonly right: string;
      readonly isLarge: boolean;
      readonly isBold: boolean;
    }
  /** A closed sum stands on a double rule. */
  | { readonly kind: 'rule'; readonly isDouble: boolean }
  | { readonly kind: 'blank' };

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

const shanghaiOffsetMs = 8 * 3_600_000;

/** An instant in Asia/Shanghai: `2026-11-24 14:36:08`. Receipts are Chinese papers, whatever zone a screen is in. */
function shanghaiText(at: string): string {
  return new Date(Date.parse(at) + shanghaiOffsetMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** `￥1,234.50`; the sign is the one that the printers' font holds. */
function yuanText(amountFen: number): string {
  const [, sign = '', yuan = '', decimals = ''] = /^(-?)(\d+)(\.\d\d)$/.exec(yuanFromFen(fen(amountFen))) ?? [];
  return `${sign}￥${yuan.replace(/\B(?=(?:\d{3})+$)/g, ',')}${decimals}`;
}

const plain = { align: 'left', isLarge: false, isBold: false } as const;

/** A text in the middle, large where it fits so, otherwise over several lines. */
function centred(text: string, columns: number, isLarge: boolean, linesMax: number): ReceiptLine[] {
  const isWide = isLarge && textColumns(printable(text)) * 2 <= columns;
  return wrap(text, columns, linesMax).map((line) => ({
    kind: 'text',
    text: line,
    align: 'center',
    isLarge: isWide,
    isBold: isLarge,
  }));
}

/** A label and its value on one line, or the value on lines of its own when it is too long. Nothing without a value. */
function fact(label: string, value: string | undefined, columns: number): ReceiptLine[] {
  const right = printable(value ?? '');
  if (right === '') return [];
  if (textColumns(label) + 1 + textColumns(right) <= columns)
    return [{ kind: 'pair', left: label, right, isLarge: false, isBold: false }];
  return [
    ...wrap(label, columns, 2).map((text) => ({ ...plain, kind: 'text' as const, text })),
    ...wrap(right, columns, valueLinesMax).map((text) => ({
      ...plain,
      kind: 'text' as const,
      text,
      align: 'right' as const,
    })),
  ];
}

/** A sum, as large as the paper allows. */
function sum(label: string, amountFen: number, columns: number): ReceiptLine {
  const right = yuanText(amountFen);
  const isLarge = (textColumns(label) + 1 + textColumns(right)) * 2 <= columns;
  return { kind: 'pair', left: label, right, isLarge, isBold: true };
}

const rule: ReceiptLine = { kind: 'rule', isDouble: false };
const doubleRule: ReceiptLine = { kind: 'rule', isDouble: true };
const blank: ReceiptLine = { kind: 'blank' };

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
  const label = { payment: isPart ? words.thisPart : words.paid, refund: words.givenBack, settlement: words.total };
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

/** A line as text for paper of this width: indented, filled, never wider. A large line counts its columns double. */
export function lineText(line: ReceiptLine, columns: PaperColumns): string {
  switch (line.kind) {
    case 'blank':
      return '';
    case 'rule':
      return (line.isDouble ? '=' : '-').repeat(columns);
    case 'text': {
      const room = Math.floor(columns / (line.isLarge ? 2 : 1)) - textColumns(line.text);
      const indent = { left: 0, center: Math.floor(room / 2), right: room }[line.align];
      return ' '.repeat(indent) + line.text;
    }
    case 'pair': {
      const room = Math.floor(columns / (line.isLarge ? 2 : 1)) - textColumns(line.left) - textColumns(line.right);
      return line.left + ' '.repeat(room) + line.right;
    }
  }
}
