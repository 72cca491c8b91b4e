import type { ChannelFact } from '../../../domain/payments/routing.ts';
import type { LimitRule, LimitUse } from '../../../domain/payments/limits.ts';
import type { Outcome, Snapshot } from '../../../domain/payments/records.ts';
import type { AuditEntry } from '../../audit/records.ts';
import type { NewOrder, OrderRef } from './service.ts';

/** An order as it is stored, with the two names that go to platforms. */
export interface StoredOrder extends Snapshot {
  readonly place: { readonly terminalLabel: string; readonly merchantName: string };
}

/** Whether a merchant or terminal takes payments; `stopped` gives no money back either. */
export type ControlState = 'active' | 'paused' | 'stopped';

/** What an account is for routing. */
export interface AccountFact extends Pick<ChannelFact, 'channel' | 'priority' | 'feePpm'> {
  readonly id: string;
  readonly state: 'active' | 'paused';
  readonly platformMerchantId: string;
}

/** Everything that decides which channels a terminal may use now. */
export interface TerminalFacts {
  readonly merchantState: ControlState;
  readonly terminalState: ControlState;
  readonly accounts: readonly AccountFact[];
  readonly rules: readonly LimitRule[];
  readonly uses: readonly LimitUse[];
  /** Absent when the terminal is not the merchant's. */
  readonly place?: StoredOrder['place'] | null;
  /** A number that no order has; only when it was asked for. */
  readonly orderNo?: string;
}

/** What making an order came to. `there`: the id was used before. `busy`: the terminal has this order in hand. */
export type Made =
  | { readonly kind: 'made' | 'there'; readonly order: StoredOrder }
  | { readonly kind: 'busy'; readonly orderId: string }
  | { readonly kind: 'paused'; readonly what: 'merchant' | 'terminal' }
  | { readonly kind: 'not-found' }
  /** Another order has this `externalRef`. */
  | { readonly kind: 'ref-used' };

/** A notification that is written down together with what it changes, once. */
export interface Notice {
  readonly accountId: string;
  readonly id: string;
}

/** What is written in the same write as a change, or not at all. */
export interface Beside {
  /** The notification that brought it. */
  readonly notice?: Notice | undefined;
  /** The record of a person's act. */
  readonly audit?: AuditEntry | undefined;
}

/**
 * Where orders live. A change is one write, all or nothing, and only when the order is still at the version that the
 * decision was made on. Two things keep this: PostgreSQL, and the store in memory of the model's test; one conformance
 * test holds both.
 */
export interface PaymentStore {
  /** `isFirstStep`: the order's attempt is written at once, and its commit puts the order on disk too. */
  createOrder(
    order: NewOrder,
    more: { bodyHash: string; nowMs: number; expiresAtMs: number; by?: string; isFirstStep?: boolean },
  ): Promise<Made>;
  load(ref: OrderRef): Promise<StoredOrder | undefined>;
  findAttempt(attemptNo: string): Promise<StoredOrder | undefined>;
  findRefund(refundNo: string): Promise<StoredOrder | undefined>;
  lastOf(terminalId: string): Promise<StoredOrder | undefined>;
  /** `isNumbered`: with a number for a new order, and without what of limits is used. */
  facts(merchantId: string, terminalId: string, nowMs: number, isNumbered?: boolean): Promise<TerminalFacts>;
  /**
   * Writes a new order together with what was decided about it, its first attempt. `refused`: anything stands in the way
   * (the id is used, the terminal is busy, a limit has no room); nothing was written.
   */
  createWith(order: StoredOrder, outcome: Outcome, nowMs: number): Promise<'written' | 'refused'>;
  /**
   * Writes what was decided about `before`. `stale`: somebody changed the order meanwhile, decide again. `full`: a limit
   * has no room, nothing was written. `seen`: the notification was written down before. `id-used`: an id of the change
   * belongs to another order.
   */
  apply(
    before: Snapshot,
    outcome: Outcome,
    nowMs: number,
    beside?: Beside,
  ): Promise<'written' | 'stale' | 'full' | 'seen' | 'id-used'>;
  /** Takes orders that are due, at most `limit`; nobody else gets them for `leaseMs`. */
  claim(nowMs: number, leaseMs: number, limit: number): Promise<readonly OrderRef[]>;
  /** Writes down that a notification names an attempt or refund that is not ours, and calls the office, once. */
  strange(notice: Notice, facts: Readonly<Record<string, unknown>>, nowMs: number): Promise<void>;
}
