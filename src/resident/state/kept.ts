import type { SignedDocument } from '../../../protocol/fees/documents.ts';
import type { PageState, Payment } from './page-types.ts';

const key = 'tillkeeper.bill';

/** What one tab keeps of a bill, so that a reload and the way back from the wallet go on. Gone when the tab is closed. */
export interface KeptBill {
  /** The form of this record; another one is not read. */
  readonly form: 1;
  /** Names the code that this tab opened; reveals nothing of its secret. */
  readonly code: string;
  readonly quote?: SignedDocument;
  readonly receipt?: SignedDocument;
  readonly mustConfirm: boolean;
  readonly isConfirmed: boolean;
  readonly channel?: string;
  readonly payment?: Pick<Payment, 'payId' | 'quoteId' | 'channel' | 'totalFen' | 'sinceMs' | 'token' | 'destination'>;
}

/** The part of the browser's storage that is used. */
export type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

function keptPayment(payment: Payment | undefined): KeptBill['payment'] {
  if (payment?.token === undefined) return undefined;
  const { payId, quoteId, channel, totalFen, sinceMs, token, destination } = payment;
  const kept = { payId, quoteId, channel, totalFen, sinceMs, token };
  return destination === undefined ? kept : { ...kept, destination };
}

/** What of `state` is worth keeping; nothing when the page was opened without a code, and nothing after the end. */
export function keptOf(state: PageState): KeptBill | undefined {
  if (state.end !== undefined || state.code === undefined) return undefined;
  const payment = keptPayment(state.payment);
  return {
    form: 1,
    code: state.code,
    mustConfirm: state.mustConfirm,
    isConfirmed: state.isConfirmed,
    ...(state.quote === undefined ? {} : { quote: state.quote.document }),
    ...(state.receipt === undefined ? {} : { receipt: state.receipt.document }),
    ...(state.channel === undefined ? {} : { channel: state.channel }),
    ...(payment === undefined ? {} : { payment }),
  };
}

/** Keeps `bill` in this tab; `undefined` forgets it. A browser without storage only loses the way back after a reload. */
export function keepBill(storage: TabStorage | undefined, bill: KeptBill | undefined): void {
  try {
    if (bill === undefined) storage?.removeItem(key);
    else storage?.setItem(key, JSON.stringify(bill));
  } catch {
    // Private mode or a full disk: the page works until it is reloaded.
  }
}

/**
 * What this tab kept; `undefined` when there is nothing, or nothing of this form. Only this page writes it, and the
 * documents in it are checked again before they are shown.
 */
export function readBill(storage: TabStorage | undefined): KeptBill | undefined {
  try {
    const kept = JSON.parse(storage?.getItem(key) ?? 'null') as Partial<KeptBill> | null;
    return kept?.form === 1 && typeof kept.code === 'string' ? (kept as KeptBill) : undefined;
  } catch {
    return undefined;
  }
}
