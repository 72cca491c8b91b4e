import { fen } from '../../../domain/money.ts';
import type { FailureReason } from '../../../domain/payments/states.ts';
import type { PayResult, RefundResult } from '../channel.ts';
import { objectIn, textIn, wholeNumberIn } from '../shared/json.ts';
import type { JsonObject } from '../shared/json.ts';
import { msFromRfc3339, msFromShanghai } from '../shared/shanghai-time.ts';
import type { AnswerV3 } from './api-v3.ts';

/** What an error code of a payment call means. `ask`: only a query can tell. */
export type ErrorMeaning =
  | { readonly kind: 'failed'; readonly reason: FailureReason }
  | { readonly kind: 'closed' | 'not-found' | 'refused' | 'pending' | 'ask' | 'unknown' };

const failed = (reason: FailureReason): ErrorMeaning => ({ kind: 'failed', reason });
const refused: ErrorMeaning = { kind: 'refused' };
const unknown: ErrorMeaning = { kind: 'unknown' };
const ask: ErrorMeaning = { kind: 'ask' };

/**
 * Error codes of payment calls: API v3 "Error codes" of each interface, API v2 chapter 9. Both spellings occur
 * (ORDER_NOT_EXIST, ORDERNOTEXIST). What is not listed is unknown.
 */
export const payErrors: Readonly<Record<string, ErrorMeaning>> = {
  ORDER_NOT_EXIST: { kind: 'not-found' },
  ORDERNOTEXIST: { kind: 'not-found' },
  RESOURCE_NOT_EXISTS: { kind: 'not-found' },
  ORDER_CLOSED: { kind: 'closed' },
  ORDERCLOSED: { kind: 'closed' },
  ORDERREVERSED: { kind: 'closed' },
  ORDERPAID: ask,
  ORDER_PAID: ask,
  OUT_TRADE_NO_USED: ask,
  USERPAYING: { kind: 'pending' },
  NOTENOUGH: failed('insufficient-funds'),
  NOT_ENOUGH: failed('insufficient-funds'),
  NOTSUPORTCARD: failed('card-not-accepted'),
  AUTHCODEEXPIRE: failed('code-expired'),
  AUTH_CODE_ERROR: failed('code-invalid'),
  AUTH_CODE_INVALID: failed('code-invalid'),
  BUYER_MISMATCH: failed('declined'),
  TRADE_ERROR: failed('declined'),
  ACCOUNT_ERROR: failed('declined'),
  ACCOUNTERROR: failed('declined'),
  RULE_LIMIT: failed('merchant-limit'),
  RULELIMIT: failed('merchant-limit'),
  SIGN_ERROR: refused,
  SIGNERROR: refused,
  NO_AUTH: refused,
  NOAUTH: refused,
  PARAM_ERROR: refused,
  INVALID_REQUEST: refused,
  APPID_MCHID_NOT_MATCH: refused,
  APPID_NOT_EXIST: refused,
  MCHID_NOT_EXIST: refused,
  MCH_NOT_EXISTS: refused,
  LACK_PARAMS: refused,
  NOT_UTF8: refused,
  XML_FORMAT_ERROR: refused,
  REQUIRE_POST_METHOD: refused,
  POST_DATA_EMPTY: refused,
  SYSTEM_ERROR: unknown,
  SYSTEMERROR: unknown,
  BANK_ERROR: unknown,
  BANKERROR: unknown,
  FREQUENCY_LIMITED: unknown,
  FREQUENCY_LIMIT: unknown,
  RATELIMIT_EXCEEDED: unknown,
};

/** Error codes of refund calls that are a clear no; the others mean what they mean for payments. */
export const refundErrors: Readonly<Record<string, 'failed' | 'not-found'>> = {
  NOT_ENOUGH: 'failed',
  INVALID_REQUEST: 'failed',
  USER_ACCOUNT_ABNORMAL: 'failed',
  ORDER_NOT_EXIST: 'failed',
  TRADE_OVERDUE: 'failed',
  RESOURCE_NOT_EXISTS: 'not-found',
  REFUND_NOT_EXISTS: 'not-found',
  REFUNDNOTEXIST: 'not-found',
};

/** The meaning of an error code; unknown for one that is not listed. */
export function payError(code: string): ErrorMeaning {
  return payErrors[code] ?? unknown;
}

/** A result for an error. `undefined` when only a query can tell. */
export function resultOfError(code: string, message: string): PayResult | undefined {
  const meaning = payError(code);
  switch (meaning.kind) {
    case 'failed':
      return { kind: 'failed', reason: meaning.reason, code, message };
    case 'refused':
      return { kind: 'refused', code, message };
    case 'unknown':
      return { kind: 'unknown', why: `${code}: ${message}` };
    case 'ask':
      return undefined;
    default:
      return { kind: meaning.kind };
  }
}

/**
 * A transaction as API v3 tells it in answers and notifications ("Query", trade_state). A state that the documents do not
 * list, or a paid one whose proof is not whole, is unknown.
 */
export function resultOfTransaction(transaction: JsonObject | undefined, appId: string): PayResult {
  if (textIn(transaction, 'appid') !== appId) return { kind: 'unknown', why: 'The answer is about another app id.' };
  const state = textIn(transaction, 'trade_state') ?? '';
  switch (state) {
    case 'SUCCESS':
    case 'REFUND':
      return paidOf(transaction);
    case 'NOTPAY':
    case 'USERPAYING':
      return { kind: 'pending' };
    case 'CLOSED':
    case 'REVOKED':
      return { kind: 'closed' };
    case 'PAYERROR':
      return {
        kind: 'failed',
        reason: 'declined',
        code: state,
        message: textIn(transaction, 'trade_state_desc') ?? '',
      };
    default:
      return { kind: 'unknown', why: `The state ${state.slice(0, 40)} is not listed.` };
  }
}

function paidOf(transaction: JsonObject | undefined): PayResult {
  const amount = objectIn(transaction, 'amount');
  const proof = {
    attemptNo: textIn(transaction, 'out_trade_no'),
    amountFen: wholeNumberIn(amount, 'total'),
    platformMerchantId: textIn(transaction, 'mchid'),
    transactionId: textIn(transaction, 'transaction_id'),
    paidAtMs: msFromRfc3339(textIn(transaction, 'success_time') ?? ''),
  };
  return paidWith(proof, textIn(amount, 'currency') ?? 'CNY', payerOf(textIn(transaction, 'bank_type')));
}

/** The payer's bank. `OTHERS` stands for their balance and says nothing to who reads a receipt. */
function payerOf(bankType: string | undefined): string | undefined {
  return bankType === 'OTHERS' ? undefined : bankType;
}

/** A scanned code that is paid, as API v2 tells it (chapter 9.10, micropay). */
export function resultOfMicropay(fields: Readonly<Record<string, string>>): PayResult {
  const fee = fields['total_fee'] ?? '';
  const proof = {
    attemptNo: fields['out_trade_no'],
    amountFen: /^\d{1,12}$/.test(fee) ? Number(fee) : undefined,
    platformMerchantId: fields['mch_id'],
    transactionId: fields['transaction_id'],
    paidAtMs: msFromShanghai(fields['time_end'] ?? ''),
  };
  return paidWith(proof, fields['fee_type'] ?? 'CNY', payerOf(fields['bank_type']));
}

/** A transaction as API v2 tells it (chapter 9.2, order query). */
export function resultOfQueryV2(fields: Readonly<Record<string, string>>): PayResult {
  switch (fields['trade_state']) {
    case 'SUCCESS':
    case 'REFUND':
      return resultOfMicropay(fields);
    case 'NOTPAY':
    case 'USERPAYING':
    case 'ACCEPT':
      return { kind: 'pending' };
    case 'CLOSED':
    case 'REVOKED':
      return { kind: 'closed' };
    case 'PAYERROR':
      return { kind: 'failed', reason: 'declined', code: 'PAYERROR', message: fields['trade_state_desc'] ?? '' };
    default:
      return { kind: 'unknown', why: `The state ${(fields['trade_state'] ?? '').slice(0, 40)} is not listed.` };
  }
}

/**
 * What API v2 says of an undoing (chapter 9.11, reverse). `recall` Y: it has not happened yet and must be asked for again,
 * whatever else the answer says. `undefined` when only a query can tell.
 */
export function resultOfReverse(fields: Readonly<Record<string, string>>): PayResult | undefined {
  const code = fields['err_code'] ?? '';
  if (fields['recall'] === 'Y') return { kind: 'unknown', why: 'The platform asks to undo again.' };
  if (fields['result_code'] === 'SUCCESS') return { kind: 'closed' };
  if (code === 'USERPAYING') return { kind: 'unknown', why: 'The payer is paying at this moment.' };
  return code === 'REVERSE_EXPIRE' ? undefined : resultOfError(code, fields['err_code_des'] ?? '');
}

interface LooseProof {
  readonly attemptNo: string | undefined;
  readonly amountFen: number | undefined;
  readonly platformMerchantId: string | undefined;
  readonly transactionId: string | undefined;
  readonly paidAtMs: number | undefined;
}

function paidWith(loose: LooseProof, currency: string, bank: string | undefined): PayResult {
  const { attemptNo, amountFen, platformMerchantId, transactionId, paidAtMs } = loose;
  if (
    attemptNo === undefined ||
    amountFen === undefined ||
    platformMerchantId === undefined ||
    transactionId === undefined ||
    paidAtMs === undefined
  ) {
    return { kind: 'unknown', why: 'The platform says paid and leaves out what was paid.' };
  }
  return {
    kind: 'paid',
    proof: {
      ...{ attemptNo, currency, platformMerchantId, transactionId, paidAtMs },
      amountFen: fen(amountFen),
      ...(bank === undefined || bank === '' ? {} : { payer: bank }),
    },
  };
}

/** A refund as API v3 tells it. `state` is the name of the field of its state: answers and notifications differ. */
export function resultOfRefund(refund: JsonObject | undefined, state: 'status' | 'refund_status'): RefundResult {
  const refundId = textIn(refund, 'refund_id');
  const said = textIn(refund, state) ?? '';
  switch (said) {
    case 'SUCCESS':
      return doneOf(refund, refundId);
    // ABNORMAL: the money has left the merchant and did not reach the payer; a person sends it to a bank card at the
    // platform, and then it becomes SUCCESS. Not done and not undone, so it stays open.
    case 'PROCESSING':
    case 'ABNORMAL':
      return { kind: 'processing', ...(refundId === undefined ? {} : { refundId }) };
    case 'CLOSED':
      return {
        kind: 'failed',
        code: said,
        message: 'The platform has closed the refund; the money is back with the merchant.',
      };
    default:
      return { kind: 'unknown', why: `The state ${said.slice(0, 40)} of the refund is not listed.` };
  }
}

function doneOf(refund: JsonObject | undefined, refundId: string | undefined): RefundResult {
  const refundNo = textIn(refund, 'out_refund_no');
  const amountFen = wholeNumberIn(objectIn(refund, 'amount'), 'refund');
  const atMs = msFromRfc3339(textIn(refund, 'success_time') ?? textIn(refund, 'create_time') ?? '');
  if (refundId === undefined || refundNo === undefined || amountFen === undefined || atMs === undefined) {
    return { kind: 'unknown', why: 'The platform says refunded and leaves out what.' };
  }
  return { kind: 'done', refundId, refundNo, amountFen: fen(amountFen), atMs };
}

/** What an error answer to a refund call means. */
export function resultOfRefundError(error: Extract<AnswerV3, { kind: 'error' }>, isQuery: boolean): RefundResult {
  const { code, message } = error;
  const clear = refundErrors[code];
  if (clear === 'not-found' && isQuery) return { kind: 'not-found' };
  if (clear !== undefined && !isQuery) return { kind: 'failed', code, message };
  return payError(code).kind === 'refused'
    ? { kind: 'refused', code, message }
    : { kind: 'unknown', why: `${code}: ${message}` };
}
