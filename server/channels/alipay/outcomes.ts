import type { FailureReason } from '../../../domain/payments/states.ts';
import { fenFromYuan } from '../../../domain/money.ts';
import type { Fen } from '../../../domain/money.ts';
import type { PaidProof, PayResult, RefundResult } from '../channel.ts';
import { textIn } from '../shared/json.ts';
import type { JsonObject } from '../shared/json.ts';
import { msFromShanghai } from '../shared/shanghai-time.ts';
import { messageOf } from './gateway.ts';
import type { GatewayAnswer } from './gateway.ts';

/** What an error code of Alipay's trade interfaces means to us. */
export type ErrorMeaning =
  | { readonly kind: 'failed'; readonly reason: FailureReason }
  /** Paid or closed meanwhile: `alipay.trade.query` tells which amount. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown' };

/** Explicit refusals of a payment (alipay.trade.pay and alipay.trade.precreate, “业务错误码”). */
const failures: Readonly<Record<string, FailureReason>> = {
  'ACQ.PAYMENT_AUTH_CODE_INVALID': 'code-invalid',
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': 'insufficient-funds',
  'ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH': 'insufficient-funds',
  'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR': 'payer-limit',
  'ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR': 'payer-limit',
  'ACQ.BEYOND_PAY_RESTRICTION': 'merchant-limit',
  'ACQ.BEYOND_PER_RECEIPT_RESTRICTION': 'merchant-limit',
  'ACQ.TOTAL_FEE_EXCEED': 'merchant-limit',
  'ACQ.PAYMENT_REQUEST_HAS_RISK': 'risk',
  'ACQ.PAYMENT_FAIL': 'declined',
  'ACQ.ERROR_BALANCE_PAYMENT_DISABLE': 'declined',
  'ACQ.BUYER_SELLER_EQUAL': 'declined',
  'ACQ.TRADE_BUYER_NOT_MATCH': 'declined',
  'ACQ.BUYER_ENABLE_STATUS_FORBID': 'declined',
  'ACQ.PULL_MOBILE_CASHIER_FAIL': 'declined',
  'ACQ.MOBILE_PAYMENT_SWITCH_OFF': 'declined',
  'ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE': 'declined',
  'ACQ.USER_FACE_PAYMENT_SWITCH_OFF': 'declined',
  'ACQ.RESTRICTED_MERCHANT_INDUSTRY': 'platform',
};

/** Our own fault: what we sent, what we may do, what we signed with. Nothing was done. */
const refusals: ReadonlySet<string> = new Set([
  'ACQ.INVALID_PARAMETER',
  'ACQ.ACCESS_FORBIDDEN',
  'ACQ.EXIST_FORBIDDEN_WORD',
  'ACQ.PARTNER_ERROR',
  'ACQ.CONTEXT_INCONSISTENT',
  'ACQ.SELLER_NOT_EXIST',
  'ACQ.SELLER_BEEN_BLOCKED',
  'ACQ.INVALID_STORE_ID',
  'ACQ.SUB_MERCHANT_CREATE_FAIL',
  'ACQ.SUB_MERCHANT_TYPE_INVALID',
]);

/**
 * What `code` and `sub_code` of a verified answer mean. Only listed codes mean anything: everything else is unknown.
 * `isv.*` is our fault by Alipay's own naming, `isp.*` and `aop.*` theirs.
 */
export function meaningOf(code: string, subCode: string): ErrorMeaning {
  const reason = failures[subCode];
  if (code === '40004' && reason !== undefined) return { kind: 'failed', reason };
  if (subCode === 'ACQ.TRADE_HAS_SUCCESS' || subCode === 'ACQ.TRADE_STATUS_ERROR') return { kind: 'ask' };
  if (subCode === 'ACQ.REASON_TRADE_STATUS_INVALID' || subCode === 'ACQ.REASON_ILLEGAL_STATUS') return { kind: 'ask' };
  if (subCode === 'ACQ.TRADE_HAS_CLOSE') return { kind: 'closed' };
  if (subCode === 'ACQ.TRADE_NOT_EXIST') return { kind: 'not-found' };
  if (refusals.has(subCode) || subCode.startsWith('isv.')) return { kind: 'refused' };
  if (/^4000[126]$/.test(code) && subCode === '') return { kind: 'refused' };
  return { kind: 'unknown' };
}

/** The result for an answer whose meaning needs no second question; `ask` is the channel's to settle. */
export function resultOfError(answer: GatewayAnswer): PayResult | 'ask' {
  if (answer.kind === 'unknown') return answer;
  if (answer.kind === 'refused') return answer;
  const meaning = meaningOf(answer.code, answer.subCode);
  const code = answer.subCode === '' ? answer.code : answer.subCode;
  switch (meaning.kind) {
    case 'ask':
      return 'ask';
    case 'closed':
    case 'not-found':
      return { kind: meaning.kind };
    case 'failed':
      return { kind: 'failed', reason: meaning.reason, code, message: messageOf(answer.fields) };
    case 'refused':
      return { kind: 'refused', code, message: messageOf(answer.fields) };
    case 'unknown':
      return { kind: 'unknown', why: `Alipay answered ${code}: ${messageOf(answer.fields)}` };
  }
}

/** Refunds: what an explicit error means (alipay.trade.refund). Too little balance may be repeated with the same number. */
const refundFailures: ReadonlySet<string> = new Set([
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR',
  'ACQ.REFUND_FEE_ERROR',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH',
  'ACQ.TRADE_HAS_FINISHED',
  'ACQ.TRADE_STATUS_ERROR',
  'ACQ.REASON_TRADE_STATUS_INVALID',
  'ACQ.REASON_TRADE_BEEN_FREEZEN',
  'ACQ.DISCORDANT_REPEAT_REQUEST',
  'ACQ.TRADE_NOT_ALLOW_REFUND',
  'ACQ.REFUND_CHARGE_ERROR',
  'ACQ.TRADE_REFUND_TIME_OUT',
]);

/** The result of a refund's answer that is no success. */
export function refundOfError(answer: GatewayAnswer): RefundResult {
  if (answer.kind !== 'answer') return answer;
  const { code, subCode, fields } = answer;
  if (subCode === 'ACQ.TRADE_NOT_EXIST') return { kind: 'not-found' };
  if (code === '40004' && refundFailures.has(subCode))
    return { kind: 'failed', code: subCode, message: messageOf(fields) };
  if (meaningOf(code, subCode).kind === 'refused') {
    return { kind: 'refused', code: subCode === '' ? code : subCode, message: messageOf(fields) };
  }
  return { kind: 'unknown', why: `Alipay answered ${code} ${subCode}: ${messageOf(fields)}` };
}

/** An amount in yuan in a field, in fen. */
export function fenIn(fields: JsonObject, name: string): Fen | undefined {
  return fenFromYuan(textIn(fields, name) ?? '');
}

/**
 * What an answer or a notification says about money taken. Alipay trades in CNY unless `trans_currency` says otherwise.
 * @returns `undefined` when it does not say everything.
 */
export function proofIn(fields: JsonObject, paidAt: string, platformMerchantId: string): PaidProof | undefined {
  const attemptNo = textIn(fields, 'out_trade_no');
  const amountFen = fenIn(fields, 'total_amount');
  const transactionId = textIn(fields, 'trade_no');
  const paidAtMs = msFromShanghai(textIn(fields, paidAt) ?? '');
  if (attemptNo === undefined || amountFen === undefined || transactionId === undefined || paidAtMs === undefined) {
    return undefined;
  }
  const payer = textIn(fields, 'buyer_logon_id');
  return {
    attemptNo,
    amountFen,
    currency: textIn(fields, 'trans_currency') ?? 'CNY',
    platformMerchantId,
    transactionId,
    paidAtMs,
    ...(payer === undefined ? {} : { payer }),
  };
}

/**
 * What `trade_status` means (alipay.trade.query, notification). TRADE_CLOSED is either closed unpaid or given back in
 * full; a trade that was paid keeps its time of payment.
 */
export function resultOfStatus(fields: JsonObject, paidAt: string, platformMerchantId: string): PayResult {
  const status = textIn(fields, 'trade_status') ?? '';
  const proof = proofIn(fields, paidAt, platformMerchantId);
  const transactionId = textIn(fields, 'trade_no');
  if (status === 'WAIT_BUYER_PAY')
    return { kind: 'pending', ...(transactionId === undefined ? {} : { transactionId }) };
  if (status === 'TRADE_SUCCESS' || status === 'TRADE_FINISHED') {
    if (proof === undefined) return { kind: 'unknown', why: `${status} without number, amount or time.` };
    const refundedFen = fenIn(fields, 'refund_fee');
    return { kind: 'paid', proof, ...(refundedFen === undefined ? {} : { refundedFen }) };
  }
  if (status === 'TRADE_CLOSED') {
    return proof === undefined ? { kind: 'closed' } : { kind: 'paid', proof, refundedFen: proof.amountFen };
  }
  return { kind: 'unknown', why: `Alipay answered the state "${status}".` };
}
