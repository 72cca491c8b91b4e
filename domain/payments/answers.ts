import type { Fen } from '../money.ts';
import type { FailureReason } from './states.ts';

/** What the platform said about money that it took. Every field is the platform's word, not ours; `differenceOf` compares. */
export interface PaidProof {
  readonly attemptNo: string;
  readonly amountFen: Fen;
  readonly currency: string;
  /** The merchant's number at the platform (mchid, seller_id, merId, field 42). */
  readonly platformMerchantId: string;
  /** The platform's own number of the payment. */
  readonly transactionId: string;
  /** Unix milliseconds. */
  readonly paidAtMs: number;
  /** Name of the paying bank or wallet, or last four digits of a card; never more. */
  readonly payer?: string;
}

/** The one meaning of any answer about a payment. Only an explicit yes is paid, only an explicit no is failed. */
export type PayResult =
  | { readonly kind: 'paid'; readonly proof: PaidProof; readonly refundedFen?: Fen }
  | { readonly kind: 'pending'; readonly qr?: string; readonly link?: string; readonly transactionId?: string }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly why: string }
  /** The platform does not know the number; for a code that was shown it may come to know it still. */
  | { readonly kind: 'not-found' }
  /** Our own fault: keys, signature, configuration, rights. Nothing happened; nothing will until it is mended. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** What a refund came to. */
export type RefundResult =
  | {
      readonly kind: 'done';
      readonly refundId: string;
      readonly refundNo: string;
      readonly amountFen: Fen;
      readonly atMs: number;
    }
  | { readonly kind: 'processing'; readonly refundId?: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };
