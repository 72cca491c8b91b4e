import type { Fen } from '../money.ts';
import type { PaymentEventKind } from './event-kinds.ts';
import type { AttemptKind, AttemptState, FailureReason, OrderState, RefundState } from './states.ts';

/**
 * Where an order comes from. `fee`: a resident's bills, paid on their own phone; its terminal may stand in another
 * merchant's shop and goes on serving that shop's customers meanwhile.
 */
export type OrderSource = 'terminal' | 'api' | 'fee';

/** What a customer owes, and what became of it. Times are Unix milliseconds. */
export interface OrderRecord {
  readonly merchantId: string;
  readonly id: string;
  readonly terminalId: string;
  readonly orderNo: string;
  readonly amountFen: Fen;
  readonly state: OrderState;
  /** Of the newest attempt. */
  readonly channel: string | null;
  /** Attempts that count as paid. */
  readonly parts: number;
  readonly attempts: number;
  readonly paidFen: Fen;
  readonly refundedFen: Fen;
  readonly receiptNo: string | null;
  /** Last four digits of a card, for the search. */
  readonly tail: string | null;
  readonly note: string;
  readonly bodyHash: string;
  readonly source: OrderSource;
  readonly externalRef: string | null;
  readonly apiKeyId: string | null;
  readonly cancelWanted: boolean;
  /** Keeps its terminal from beginning another order. */
  readonly isInHand: boolean;
  /** When the sweeper looks next: the earliest of its attempts, its refunds and its own end. */
  readonly nextLookAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number;
  readonly paidAtMs: number | null;
  /** Counts every change of the order or of anything that hangs on it; the guard of every write. */
  readonly version: number;
}

/** One attempt to take money over one channel. */
export interface AttemptRecord {
  readonly id: string;
  readonly accountId: string;
  readonly channel: string;
  readonly kind: AttemptKind;
  readonly number: number;
  readonly attemptNo: string;
  readonly amountFen: Fen;
  readonly state: AttemptState;
  /** `close`: it must end at the platform; `reverse`: it must be undone there, whatever became of it. */
  readonly wanted: 'close' | 'reverse' | null;
  readonly bodyHash: string;
  readonly memo: Readonly<Record<string, string>>;
  readonly qr: string | null;
  readonly link: string | null;
  readonly transactionId: string | null;
  readonly payer: string | null;
  readonly feeFen: Fen | null;
  readonly reason: FailureReason | null;
  readonly platformCode: string | null;
  readonly tries: number;
  readonly nextLookAtMs: number | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly updatedAtMs: number;
  readonly paidAtMs: number | null;
  readonly refundedFen: Fen;
  /** What it holds of limits: one line for each rule and window. */
  readonly holds: readonly LimitHold[];
}

/** A part of a limit that an attempt reserves while it lives. */
export interface LimitHold {
  readonly ruleId: string;
  /** First day of the window, `yyyy-mm-dd` in Asia/Shanghai. */
  readonly windowStart: string;
  readonly windowKind: 'day' | 'month';
}

/**
 * Why money is given back: a person, a payment that came too late, a part of a cancelled split, the API, a difference,
 * money that a platform took a second time under one number.
 */
export type RefundCause = 'merchant' | 'late' | 'part' | 'api' | 'reconciliation' | 'surplus';

/** Money given back, of one attempt. */
export interface RefundRecord {
  readonly id: string;
  readonly attemptId: string;
  readonly channel: string;
  readonly refundNo: string;
  /** Its place among the refunds of the order, from 1. */
  readonly number: number;
  readonly amountFen: Fen;
  readonly state: RefundState;
  readonly cause: RefundCause;
  readonly reason: string;
  readonly askedBy: string | null;
  readonly bodyHash: string;
  readonly memo: Readonly<Record<string, string>>;
  /** Of `surplus`: the platform's number of the payment that goes back, which is not the attempt's own. */
  readonly transactionId: string | null;
  readonly platformRefundId: string | null;
  readonly platformCode: string | null;
  readonly tries: number;
  readonly nextLookAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly doneAtMs: number | null;
}

/** An order with all that hangs on it, oldest first. Every decision is made on one of these and on nothing else. */
export interface Snapshot {
  readonly order: OrderRecord;
  readonly attempts: readonly AttemptRecord[];
  readonly refunds: readonly RefundRecord[];
}

/** One step of the story, never changed afterwards. */
export interface EventRecord {
  readonly kind: PaymentEventKind;
  readonly attemptId?: string;
  readonly refundId?: string;
  readonly by?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  /** What went over the wire. */
  readonly raw?: string;
}

/** One line of a posting: a debit is above zero, a credit below. */
export interface LedgerLine {
  readonly account: string;
  readonly amountFen: Fen;
}

/** A posting that balances. */
export interface Posting {
  readonly kind: 'payment' | 'refund' | 'late' | 'surplus' | 'difference';
  readonly attemptId: string;
  readonly refundId?: string;
  readonly lines: readonly LedgerLine[];
}

/** What happens to limits together with a change. */
export interface LimitMove {
  readonly act: 'reserve' | 'commit' | 'release';
  readonly attemptId: string;
  readonly amountFen: Fen;
  readonly hold: LimitHold;
}

/** Something that a person of the office must look at. */
export interface AlarmRecord {
  readonly kind: 'payment-differs' | 'refund-failed';
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What a decision comes to: the new order, and everything that is written with it or not at all. */
export interface Outcome {
  readonly next: Snapshot;
  readonly events: readonly EventRecord[];
  readonly postings: readonly Posting[];
  readonly limits: readonly LimitMove[];
  readonly alarms: readonly AlarmRecord[];
}
