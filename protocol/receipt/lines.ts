import { fen, yuanFromFen } from '../../domain/money.ts';
import { printable, textColumns, wrap } from './width.ts';

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

const valueLinesMax = 4;

const shanghaiOffsetMs = 8 * 3_600_000;

/** An instant in Asia/Shanghai: `2026-11-24 14:36:08`. Receipts are Chinese papers, whatever zone a screen is in. */
export function shanghaiText(at: string): string {
  return new Date(Date.parse(at) + shanghaiOffsetMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** `￥1,234.50`; the sign is the one that the printers' font holds. */
export function yuanText(amountFen: number): string {
  const [, sign = '', yuan = '', decimals = ''] = /^(-?)(\d+)(\.\d\d)$/.exec(yuanFromFen(fen(amountFen))) ?? [];
  return `${sign}￥${yuan.replace(/\B(?=(?:\d{3})+$)/g, ',')}${decimals}`;
}

/** Of an ordinary line of text. */
export const plain = { align: 'left', isLarge: false, isBold: false } as const;

/** A text in the middle, large where it fits so, otherwise over several lines. */
export function centred(text: string, columns: number, isLarge: boolean, linesMax: number): ReceiptLine[] {
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
export function fact(label: string, value: string | undefined, columns: number): ReceiptLine[] {
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
export function sum(label: string, amountFen: number, columns: number): ReceiptLine {
  const right = yuanText(amountFen);
  const isLarge = (textColumns(label) + 1 + textColumns(right)) * 2 <= columns;
  return { kind: 'pair', left: label, right, isLarge, isBold: true };
}

/** A rule between parts. */
export const rule: ReceiptLine = { kind: 'rule', isDouble: false };
/** Below a closed sum. */
export const doubleRule: ReceiptLine = { kind: 'rule', isDouble: true };
/** Nothing. */
export const blank: ReceiptLine = { kind: 'blank' };

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
