import { shanghai } from '../frame/shanghai.ts';
import type { Payment, Refund, Transaction } from './book.ts';
import { stateAt } from './book.ts';
import type { Merchant } from './keys.ts';

/** RFC 3339 in Shanghai, as the platform writes every time of API v3. */
export function rfc3339(ms: number): string {
  return `${shanghai(ms).replace(' ', 'T')}+08:00`;
}

/** The state of an order as API v3 and v2 name it. */
export function tradeState(payment: Payment, nowMs: number): string {
  const state = stateAt(payment, nowMs);
  const isPart = payment.refunds.some(({ isReversal }) => !isReversal);
  const names = {
    waiting: payment.type === 'MICROPAY' ? 'USERPAYING' : 'NOTPAY',
    paid: isPart ? 'REFUND' : 'SUCCESS',
    closed: 'CLOSED',
    declined: 'PAYERROR',
    reversed: 'REVOKED',
  } as const;
  return names[state];
}

const descriptions: Readonly<Record<string, string>> = {
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  NOTPAY: '订单未支付',
  USERPAYING: '需要用户输入支付密码',
  CLOSED: '订单已关闭',
  PAYERROR: '支付失败，用户取消支付',
  REVOKED: '订单已撤销',
};

/** An order as `query` and notifications tell it; a notification always says SUCCESS about its own transaction. */
export function transactionJson(
  merchant: Merchant,
  payment: Payment,
  transaction: Transaction | undefined,
  nowMs: number,
): Record<string, unknown> {
  const state = tradeState(payment, nowMs);
  const whole = {
    mchid: merchant.mchid,
    appid: merchant.appId,
    out_trade_no: payment.number,
    trade_type: payment.type,
    trade_state: state,
    trade_state_desc: descriptions[state] ?? '',
    attach: payment.attach,
    amount: { total: transaction?.toldFen ?? payment.amountFen, currency: 'CNY' },
    scene_info: { device_id: payment.device },
  };
  if (transaction === undefined) return whole;
  const { toldFen, id, paidMs } = transaction;
  return {
    ...whole,
    transaction_id: id,
    bank_type: 'OTHERS',
    success_time: rfc3339(paidMs),
    payer: { openid: payment.openid },
    amount: { total: toldFen, payer_total: toldFen, currency: 'CNY', payer_currency: 'CNY' },
  };
}

/** A refund as `refund` and `query refund` tell it. */
export function refundJson(payment: Payment, refund: Refund): Record<string, unknown> {
  return {
    refund_id: refund.id,
    out_refund_no: refund.no,
    transaction_id: refund.transactionId ?? payment.transactions[0]?.id ?? '',
    out_trade_no: payment.number,
    channel: 'ORIGINAL',
    user_received_account: '支付用户零钱',
    create_time: rfc3339(refund.createdMs),
    ...(refund.doneMs === undefined ? {} : { success_time: rfc3339(refund.doneMs) }),
    status: refund.doneMs === undefined ? 'PROCESSING' : 'SUCCESS',
    funds_account: 'AVAILABLE',
    amount: {
      total: payment.amountFen,
      refund: refund.amountFen,
      payer_total: payment.amountFen,
      payer_refund: refund.amountFen,
      settlement_refund: refund.amountFen,
      settlement_total: payment.amountFen,
      discount_refund: 0,
      currency: 'CNY',
    },
  };
}
