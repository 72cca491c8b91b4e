import type { Fen } from '../../../domain/money.ts';
import type { OrderSource } from '../../../domain/payments/records.ts';
import type { AttemptKind } from '../../../domain/payments/states.ts';
import type { OrderView, RefundView, RoutesView } from '../../../protocol/http/payments.ts';
import type { AttemptAct, RefundAct } from '../../../domain/payments/review.ts';
import type { Answer } from '../../answer.ts';
import type {
  AccountKey,
  CardCiphertext,
  CardKeyDevice,
  CardKeyResult,
  InAppPage,
  Payer,
  RawReply,
  RawRequest,
} from '../../channels/channel.ts';
import type { StoredOrder } from './store.ts';

/** Who acts on a payment: a person of the staff, a terminal, an API key, or the server itself. */
export type PaymentActor =
  | { readonly kind: 'person' | 'api-key'; readonly id: string; readonly name: string }
  | { readonly kind: 'terminal'; readonly id: string; readonly name: string }
  | { readonly kind: 'server' };

/** Where an order is. */
export interface OrderRef {
  readonly merchantId: string;
  readonly orderId: string;
}

/** A new order: what a customer owes. The same id with the same contents gives the same order again. */
export interface NewOrder {
  readonly merchantId: string;
  readonly terminalId: string;
  readonly id: string;
  readonly amountFen: Fen;
  readonly note: string;
  readonly source: OrderSource;
  readonly externalRef?: string;
  readonly apiKeyId?: string;
}

/** A new attempt. A live one of the same order is ended at its platform first; until that is certain no new one starts. */
export interface NewAttempt extends OrderRef {
  readonly id: string;
  readonly channel: string;
  readonly kind: AttemptKind;
  /** Less than what is left: a part of a split. What is left when absent. */
  readonly amountFen?: Fen;
  readonly authCode?: string;
  readonly card?: CardCiphertext;
  /** Of a link: who pays. */
  readonly payer?: Payer;
}

/** A refund. With several paid parts and no `attemptId` the newest parts are given back first, one refund each. */
export interface NewRefund extends OrderRef {
  readonly id: string;
  /** All that is left when absent. */
  readonly amountFen?: Fen;
  readonly attemptId?: string;
  readonly reason: string;
  /**
   * Nobody has confirmed it: `factor-needed` when, with this one, persons and systems gave back more of the order than
   * this. Looked at in the write itself, so that several at once do not go round it.
   */
  readonly unconfirmedMaxFen?: Fen;
}

/** A channel for a payer's own phone. `account`: the phone encrypts the payer's account to this key of the bank. */
export interface LinkChannel {
  readonly code: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly account?: AccountKey;
  /** In the platform's own browser the page first goes there, and comes back with a code of its payer. */
  readonly inApp?: InAppPage;
}

/** What a person decides about a payment in review: about one of its attempts, or about one of its refunds. */
export interface ReviewWish extends OrderRef {
  readonly on:
    | { readonly act: AttemptAct; readonly attemptId: string; readonly takenFen?: Fen | undefined }
    | { readonly act: RefundAct; readonly refundId: string };
  readonly reason: string;
}

/**
 * Orders, attempts, refunds, limits and the ledger, in the only place that changes them. Platforms are called outside
 * transactions; what was meant is durable before the call and a crash at any point is picked up by `sweep`.
 */
export interface PaymentService {
  /** With `first` its first attempt starts at once: one call from the amount to the code. */
  createOrder(
    actor: PaymentActor,
    order: NewOrder,
    first?: Omit<NewAttempt, 'merchantId' | 'orderId'>,
  ): Promise<Answer<OrderView>>;
  startAttempt(actor: PaymentActor, attempt: NewAttempt): Promise<Answer<OrderView>>;
  /** Ends the order: closes or reverses what lives, gives parts back. The view says `ending` until it is certain. */
  cancelOrder(actor: PaymentActor, ref: OrderRef): Promise<Answer<OrderView>>;
  order(ref: OrderRef): Promise<Answer<OrderView>>;
  /** The newest order of a terminal, or the one with this id: what became of the last request. */
  lastOrder(terminalId: string): Promise<Answer<OrderView>>;
  /** Every channel with why it can or cannot take the amount, the one to preselect, and a split when none can. */
  routes(merchantId: string, terminalId: string, amountFen: Fen | undefined): Promise<RoutesView>;
  /** Channels for a payer's own phone that take the amount now, in the merchant's order. */
  linkChannels(merchantId: string, terminalId: string, amountFen: Fen): Promise<readonly LinkChannel[]>;
  refund(actor: PaymentActor, refund: NewRefund): Promise<Answer<OrderView>>;
  refunds(ref: OrderRef): Promise<readonly RefundView[]>;
  /**
   * Does what a person decided about a payment in review, after asking the platform what is true now; writes the audit
   * record with it. `not-in-state` when order or platform do not allow it; the detail is that of domain/payments/review.ts.
   */
  decide(actor: PaymentActor & { readonly kind: 'person' }, wish: ReviewWish): Promise<Answer<OrderView>>;
  /** Everything that decisions about an order are made on. */
  snapshot(ref: OrderRef): Promise<StoredOrder | undefined>;
  /**
   * A key for a secure device's card reader, by the merchant's channel that takes cards; `undefined` when there is none.
   * Asks the acquirer, so it is called outside transactions.
   */
  cardKey(merchantId: string, device: CardKeyDevice): Promise<CardKeyResult | undefined>;
  /** A platform's notification for an account, as it came. */
  notified(channel: string, accountId: string, raw: RawRequest): Promise<RawReply>;
  /** Asks again about what is due: attempts, closings, refunds. @returns how many were looked at. Safe in many processes. */
  sweep(): Promise<number>;
  /** Lets every channel do its own upkeep, and closes batches. */
  tend(): Promise<void>;
  settle(
    actor: PaymentActor,
    merchantId: string,
    channel: string,
  ): Promise<Answer<{ readonly kind: string; readonly text: string }>>;
}
