import type { AttemptView, OrderView } from '../../../protocol/http/payments.ts';

/** An attempt that waits for the customer, with `change`. */
export function makeAttempt(change: Partial<AttemptView>): AttemptView {
  return {
    ...{ id: 'a', number: 1, attemptNo: 'TK26112400005207A1', channel: 'wechat-pay', kind: 'qr', state: 'pending' },
    ...{ isEnding: false, amountFen: 12_850, refundedFen: 0, qr: 'weixin://wxpay/bizpayurl?pr=abc' },
    ...{ createdAt: '2026-11-24T06:32:00.000Z', expiresAt: '2026-11-24T06:35:00.000Z' },
    ...change,
  };
}

/** An open order of 128.50 yuan, with `change`. */
export function makeOrder(change: Partial<OrderView>): OrderView {
  return {
    ...{ id: 'o', merchantId: 'm', terminalId: 't', orderNo: '261124-005207', state: 'open', isEnding: false },
    ...{ amountFen: 12_850, paidFen: 0, refundedFen: 0, leftFen: 12_850, note: '', source: 'terminal' },
    ...{ attempts: [], refunds: [], createdAt: '2026-11-24T06:32:00.000Z', expiresAt: '2026-11-24T06:47:00.000Z' },
    version: 1,
    ...change,
  };
}
