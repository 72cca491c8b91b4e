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
  readonly unanswered?: PageState['unanswered'];
}

/** The part of the browser's storage that is used. */
export type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

function keptPayment(payment: Payment | undefined): KeptBill['payment'] {
  if (payment?.token === undefined) return undefined;
  const { payId, quoteId, channel, totalFen, sinceMs, token, destination } = payment;
  const kept = { payId, quoteId, channel, totalFen, sinceMs, token };
  return destination === undefined ? kept : { ...kept, destination };
}

function idOf({ payId, channel, totalFen }: NonNullable<PageState['unanswered']>): PageState['unanswered'] {
  return { payId, channel, totalFen };
}

/**
 * What of `state` is worth keeping; nothing when the page was opened without a code, and nothing after the end. Documents
 * are kept before they are checked: the terminal does not send them again.
 */
export function keptOf(state: PageState): KeptBill | undefined {
  if (state.end !== undefined || state.code === undefined) return undefined;
  const payment = keptPayment(state.payment);
  const quote = (state.check ?? state.quote)?.document;
  const receipt = state.receipt?.document ?? state.proof;
  // A payment that the terminal prepares is the same payment when it is asked for again.
  const unanswered = state.payment?.step === 'asked' ? state.payment : state.unanswered;
  return {
    form: 1,
    code: state.code,
    mustConfirm: state.mustConfirm,
    isConfirmed: state.isConfirmed,
    ...(quote === undefined ? {} : { quote }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(state.channel === undefined ? {} : { channel: state.channel }),
    ...(payment === undefined ? {} : { payment }),
    ...(unanswered === undefined ? {} : { unanswered: idOf(unanswered) }),
  };
}

/** Keeps `bill` in this tab; `undefined` forgets it. A browser without storage only loses the way back after a reload. */
export function keepBill(storage: TabStorage | undefined, bill: KeptBill | undefined): void {
  try {
    // First away with the old one: where the new one finds no room, a page must not go on from what is no longer true.
    storage?.removeItem(key);
    if (bill !== undefined) storage?.setItem(key, JSON.stringify(bill));
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
