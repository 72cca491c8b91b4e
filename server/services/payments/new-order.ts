import { fen } from '../../../domain/money.ts';
import type { NewOrder } from './service.ts';
import type { StoredOrder } from './store.ts';

/** An order as it is right after it was made. */
export function newOrder(
  order: NewOrder,
  more: { readonly bodyHash: string; readonly nowMs: number; readonly expiresAtMs: number },
  made: { readonly orderNo: string } & StoredOrder['place'],
): StoredOrder {
  const { nowMs, expiresAtMs, bodyHash } = more;
  return {
    order: {
      ...{ merchantId: order.merchantId, id: order.id, terminalId: order.terminalId, orderNo: made.orderNo },
      ...{ amountFen: order.amountFen, state: 'open', channel: null, parts: 0, attempts: 0, paidFen: fen(0) },
      ...{ refundedFen: fen(0), receiptNo: null, tail: null, note: order.note, bodyHash, source: order.source },
      ...{ externalRef: order.externalRef ?? null, apiKeyId: order.apiKeyId ?? null, cancelWanted: false },
      ...{
        isInHand: order.source !== 'fee',
        nextLookAtMs: expiresAtMs,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        expiresAtMs,
      },
      ...{ paidAtMs: null, version: 1 },
    },
    attempts: [],
    refunds: [],
    place: { terminalLabel: made.terminalLabel, merchantName: made.merchantName },
  };
}
