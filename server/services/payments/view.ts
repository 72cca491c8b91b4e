import { leftFen } from '../../../domain/payments/attempts.ts';
import { fen } from '../../../domain/money.ts';
import type { AttemptRecord, OrderRecord, RefundRecord } from '../../../domain/payments/records.ts';
import { isLive, isRunning } from '../../../domain/payments/transitions.ts';
import type { AttemptView, OrderView, RefundView } from '../../../protocol/http/payments.ts';
import type { StoredOrder } from './store.ts';

const instant = (ms: number): string => new Date(ms).toISOString();

/** The entries that are there. */
function present<T extends object>(entries: { readonly [K in keyof T]: T[K] | null }): Partial<T> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null)) as Partial<T>;
}

function attemptView(attempt: AttemptRecord, order: OrderRecord): AttemptView {
  const { qr, link, transactionId, payer, reason, platformCode, paidAtMs } = attempt;
  return {
    ...{ id: attempt.id, number: attempt.number, attemptNo: attempt.attemptNo, channel: attempt.channel },
    ...{ kind: attempt.kind, state: attempt.state, amountFen: attempt.amountFen, refundedFen: attempt.refundedFen },
    isEnding: isLive(attempt.state) && (attempt.wanted !== null || order.cancelWanted),
    createdAt: instant(attempt.createdAtMs),
    expiresAt: instant(attempt.expiresAtMs),
    ...present({ qr, link, transactionId, payer, reason, platformCode }),
    ...(paidAtMs === null ? {} : { paidAt: instant(paidAtMs) }),
  };
}

/** A refund as screens and systems see it. */
export function refundView(refund: RefundRecord): RefundView {
  return {
    ...{ id: refund.id, refundNo: refund.refundNo, attemptId: refund.attemptId, channel: refund.channel },
    ...{ state: refund.state, cause: refund.cause, amountFen: refund.amountFen, reason: refund.reason },
    createdAt: instant(refund.createdAtMs),
    ...present({ by: refund.askedBy, platformCode: refund.platformCode, transactionId: refund.transactionId }),
    ...(refund.doneAtMs === null ? {} : { doneAt: instant(refund.doneAtMs) }),
  };
}

/** An order as screens and systems see it. */
export function orderView(stored: StoredOrder): OrderView {
  const { order, attempts, refunds } = stored;
  const isUndecided = order.state === 'open' || order.state === 'part-paid';
  const isGivingBack = refunds.some((refund) => refund.cause === 'part' && isRunning(refund.state));
  return {
    ...{ id: order.id, merchantId: order.merchantId, terminalId: order.terminalId, orderNo: order.orderNo },
    ...{ state: order.state, amountFen: order.amountFen, paidFen: order.paidFen, refundedFen: order.refundedFen },
    isEnding: order.cancelWanted && (isUndecided || isGivingBack),
    leftFen: fen(leftFen(stored)),
    note: order.note,
    source: order.source,
    ...present({ receiptNo: order.receiptNo, externalRef: order.externalRef }),
    attempts: attempts.map((attempt) => attemptView(attempt, order)),
    refunds: refunds.map(refundView),
    createdAt: instant(order.createdAtMs),
    expiresAt: instant(order.expiresAtMs),
    ...(order.paidAtMs === null ? {} : { paidAt: instant(order.paidAtMs) }),
    version: order.version,
  };
}
