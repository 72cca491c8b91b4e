import type { FailureReason } from '../../../domain/payments/states.ts';
import { fen } from '../../../domain/money.ts';
import type { Fen } from '../../../domain/money.ts';
import type { PaidProof, PayResult, RefundResult } from '../channel.ts';
import type { FormFields } from '../shared/form.ts';
import { msFromShanghai } from '../shared/shanghai-time.ts';

/** What a response code says. `respCode` speaks of the call, `origRespCode` of the trade that a query asked about. */
export type CodeMeaning =
  | { readonly kind: 'success' }
  /** 05: accepted, the result comes later. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'doubt' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly reason: FailureReason };

const failed = (reason: FailureReason): CodeMeaning => ({ kind: 'failed', reason });
const refused: CodeMeaning = { kind: 'refused' };

/**
 * Response codes (平台接入接口规范 第5部分 附录, 应答码). A6 is a success with a defect that concerns UnionPay's own books. 42 says that
 * money moved too late; that is no clear answer to whether it stays, so it is in doubt.
 */
const meanings: Readonly<Record<string, CodeMeaning>> = {
  '00': { kind: 'success' },
  A6: { kind: 'success' },
  '05': { kind: 'accepted' },
  '12': { kind: 'duplicate' },
  '34': { kind: 'not-found' },
  '10': refused,
  '11': refused,
  '13': refused,
  '31': refused,
  '32': refused,
  '01': failed('declined'),
  '02': failed('platform'),
  '30': failed('declined'),
  '33': failed('payer-limit'),
  '35': failed('platform'),
  '36': failed('platform'),
  '38': failed('risk'),
  '39': failed('platform'),
  '40': failed('declined'),
  '60': failed('declined'),
  '61': failed('card-not-accepted'),
  '62': failed('card-not-accepted'),
  '63': failed('card-not-accepted'),
  '64': failed('insufficient-funds'),
  '65': failed('wrong-pin'),
  '66': failed('declined'),
  '67': failed('pin-tries-exceeded'),
  '68': failed('card-not-accepted'),
  '69': failed('code-expired'),
  '73': failed('card-expired'),
  '77': failed('card-not-accepted'),
  '78': failed('card-not-accepted'),
  '86': failed('code-expired'),
  '87': failed('payer-limit'),
  '88': failed('code-invalid'),
};

/** What a code means; 03, 04, 06, 37 and every code that is not listed leave it in doubt. */
export function meaningOf(code: string): CodeMeaning {
  return meanings[code] ?? { kind: 'doubt' };
}

/** A result for the code of a payment's trade; `success` and `duplicate` need a query first. */
export function resultOfTrade(code: string, message: string): PayResult | 'ask' {
  const meaning = meaningOf(code);
  switch (meaning.kind) {
    case 'success':
    case 'duplicate':
      return 'ask';
    case 'accepted':
      return { kind: 'pending' };
    case 'doubt':
      return { kind: 'unknown', why: `UnionPay answered ${code}: ${message}` };
    case 'not-found':
      return { kind: 'not-found' };
    case 'refused':
      return { kind: 'refused', code, message };
    case 'failed':
      return { kind: 'failed', reason: meaning.reason, code, message };
  }
}

/** What the answer to a query says: first whether the query itself went well, then what became of the trade. */
export function resultOfQuery(respCode: string, fields: FormFields): PayResult {
  if (meaningOf(respCode).kind !== 'success') {
    const result = resultOfTrade(respCode, fields['respMsg'] ?? '');
    if (result !== 'ask' && (result.kind === 'not-found' || result.kind === 'refused')) return result;
    return { kind: 'unknown', why: `UnionPay answered the query with ${respCode}: ${fields['respMsg'] ?? ''}` };
  }
  const code = fields['origRespCode'] ?? '';
  if (meaningOf(code).kind !== 'success') {
    const result = resultOfTrade(code, fields['origRespMsg'] ?? '');
    return result === 'ask' ? { kind: 'unknown', why: `UnionPay calls the trade a duplicate (${code}).` } : result;
  }
  const proof = proofIn(fields);
  return proof === undefined
    ? { kind: 'unknown', why: 'The answer does not say what was paid.' }
    : { kind: 'paid', proof };
}

/** The result of a refund, from the answer to a query about it. */
export function refundOfQuery(respCode: string, fields: FormFields): RefundResult {
  const result = resultOfQuery(respCode, fields);
  switch (result.kind) {
    case 'paid': {
      const { attemptNo: refundNo, amountFen, transactionId: refundId, paidAtMs: atMs } = result.proof;
      return { kind: 'done', refundId, refundNo, amountFen, atMs };
    }
    case 'pending':
      return { kind: 'processing' };
    case 'closed':
      return { kind: 'unknown', why: 'UnionPay does not close refunds.' };
    case 'failed':
      return { kind: 'failed', code: result.code, message: result.message };
    default:
      return result;
  }
}

/** What an answer or notification says about money that moved. @returns `undefined` when it does not say everything. */
export function proofIn(fields: FormFields): PaidProof | undefined {
  const { orderId, queryId, merId } = fields;
  const amountFen = fenIn(fields['txnAmt'] ?? '');
  const paidAtMs = traceMs(fields['traceTime'], fields['txnTime'] ?? '');
  if (orderId === undefined || queryId === undefined || merId === undefined) return undefined;
  if (amountFen === undefined || paidAtMs === undefined || !/^\d{20,21}$/.test(queryId)) return undefined;
  const payer = /^[\d*]{8,19}$/.test(fields['accNo'] ?? '') ? fields['accNo']?.slice(-4) : undefined;
  return {
    attemptNo: orderId,
    amountFen,
    currency: fields['currencyCode'] === '156' ? 'CNY' : (fields['currencyCode'] ?? ''),
    platformMerchantId: merId,
    transactionId: queryId,
    paidAtMs,
    ...(payer === undefined || !/^\d{4}$/.test(payer) ? {} : { payer }),
  };
}

function fenIn(text: string): Fen | undefined {
  return /^\d{1,12}$/.test(text) ? fen(Number(text)) : undefined;
}

/** `traceTime` is MMDDhhmmss; the year is that of `txnTime`, or the next when the year turned in between. */
function traceMs(traceTime: string | undefined, txnTime: string): number | undefined {
  const sentMs = msFromShanghai(txnTime);
  if (traceTime === undefined || sentMs === undefined) return sentMs;
  const year = Number(txnTime.slice(0, 4));
  const isNextYear = traceTime.slice(0, 2) === '01' && txnTime.slice(4, 6) === '12';
  return msFromShanghai(`${String(isNextYear ? year + 1 : year)}${traceTime}`);
}
