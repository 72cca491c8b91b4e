import { type Fen, fenFromYuan, orderMaxFen } from '../../../domain/money.ts';

/** One way to read what a person typed into the search. */
export type SearchTerm =
  /** An order's number, whole. */
  | { readonly by: 'order-no'; readonly value: string }
  /** Last digits of an order's number: at least four. */
  | { readonly by: 'digits'; readonly value: string }
  /** A card's last four digits. */
  | { readonly by: 'tail'; readonly value: string }
  | { readonly by: 'amount'; readonly fen: Fen }
  /** A number that stands on the payer's side: of the attempt, of the refund, or the platform's own. */
  | { readonly by: 'attempt-no' | 'refund-no' | 'transaction'; readonly value: string }
  /** The merchant's own reference. */
  | { readonly by: 'reference'; readonly value: string };

const fullWidthZero = 0xff10;

function plain(text: string): string {
  const digits = text.replace(/[０-９]/g, (digit) => String(digit.charCodeAt(0) - fullWidthZero));
  return digits
    .replace(/[－–—]/g, '-')
    .replace(/[．。]/g, '.')
    .replace(/[￥¥,，\s]/g, '');
}

function amountTerm(text: string): SearchTerm[] {
  const fen = fenFromYuan(text);
  return fen === undefined || fen <= 0 || fen > orderMaxFen ? [] : [{ by: 'amount', fen }];
}

function digitTerms(digits: string): SearchTerm[] {
  if (digits.length < 4) return amountTerm(digits);
  const suffix: SearchTerm[] = digits.length <= 12 ? [{ by: 'digits', value: digits }] : [];
  const tail: SearchTerm[] = digits.length === 4 ? [{ by: 'tail', value: digits }] : [];
  const longer: SearchTerm[] = [
    { by: 'transaction', value: digits },
    { by: 'reference', value: digits },
  ];
  return [...suffix, ...tail, ...amountTerm(digits), ...longer];
}

/**
 * Every way to read a search, none when it is empty. Order numbers are `yyMMdd-NNNNNN`; receipts are named after them:
 * `TK-yyMMdd-NNNNNN`, `-2` for a part, `-R1` for a refund. A sign of money or a point makes it an amount and nothing else.
 */
export function searchTerms(text: string): readonly SearchTerm[] {
  const isMoney = /[￥¥]/.test(text);
  const typed = plain(text);
  if (typed === '') return [];
  if (isMoney || /^\d{1,8}\.\d{1,2}$/.test(typed)) return amountTerm(typed);
  const order = /^(?:TK-?)?(\d{6}-\d{6,12})(?:-\d{1,3})?(?:-R\d{1,3})?$/i.exec(typed)?.[1];
  if (order !== undefined) return [{ by: 'order-no', value: order }];
  const shortOrder = /^(?:TK-?)?\d{4}-(\d{4,12})$/i.exec(typed)?.[1];
  if (shortOrder !== undefined) return [{ by: 'digits', value: shortOrder }];
  const attempt = /^TK\d{14,20}A\d{1,3}$/i.test(typed);
  if (attempt) return [{ by: 'attempt-no', value: typed.toUpperCase() }];
  if (/^TK\d{14,20}(A\d{1,3})?R\d{1,3}$/i.test(typed)) return [{ by: 'refund-no', value: typed.toUpperCase() }];
  if (/^\d+$/.test(typed)) return digitTerms(typed);
  const asTyped = text.trim();
  return [
    { by: 'reference', value: asTyped },
    { by: 'transaction', value: asTyped },
  ];
}
