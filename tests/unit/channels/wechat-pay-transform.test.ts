import { describe, expect, test } from 'vitest';
import { resultOfBillError } from '../../../server/channels/wechat-pay/bill.ts';
import {
  payErrors,
  refundErrors,
  resultOfError,
  resultOfMicropay,
  resultOfQueryV2,
  resultOfRefund,
  resultOfRefundError,
  resultOfReverse,
  resultOfTransaction,
} from '../../../server/channels/wechat-pay/transform.ts';

const transaction = {
  appid: 'wx1',
  mchid: '1600000001',
  out_trade_no: 'TK26030200000001A1',
  transaction_id: '4200000000202603020000000001',
  success_time: '2026-03-02T10:00:00+08:00',
  bank_type: 'OTHERS',
  amount: { total: 12850, payer_total: 12850, currency: 'CNY', payer_currency: 'CNY' },
};
const proof = {
  attemptNo: 'TK26030200000001A1',
  amountFen: 12850,
  currency: 'CNY',
  platformMerchantId: '1600000001',
  transactionId: '4200000000202603020000000001',
  paidAtMs: Date.parse('2026-03-02T02:00:00Z'),
};

describe('an undoing by API v2', () => {
  test.each([
    [{ result_code: 'SUCCESS', recall: 'N' }, 'closed'],
    [{ result_code: 'SUCCESS', recall: 'Y' }, 'unknown'],
    [{ result_code: 'FAIL', err_code: 'ORDERNOTEXIST', recall: 'Y' }, 'unknown'],
    [{ result_code: 'FAIL', err_code: 'USERPAYING', recall: 'N' }, 'unknown'],
    [{ result_code: 'FAIL', err_code: 'ORDERNOTEXIST', recall: 'N' }, 'not-found'],
    [{ result_code: 'FAIL', err_code: 'NOAUTH', recall: 'N' }, 'refused'],
    [{ result_code: 'FAIL', err_code: 'REVERSE_EXPIRE', recall: 'N' }, undefined],
  ] as [Record<string, string>, string | undefined][])('%j is %s', (fields, kind) => {
    expect(resultOfReverse(fields)?.kind).toBe(kind);
  });
});

describe('trade_state of API v3', () => {
  test.each([
    ['SUCCESS', { kind: 'paid', proof }],
    ['REFUND', { kind: 'paid', proof }],
    ['NOTPAY', { kind: 'pending' }],
    ['USERPAYING', { kind: 'pending' }],
    ['CLOSED', { kind: 'closed' }],
    ['REVOKED', { kind: 'closed' }],
    ['PAYERROR', { kind: 'failed', reason: 'declined', code: 'PAYERROR', message: '' }],
    ['SOMETHING_NEW', { kind: 'unknown', why: 'The state SOMETHING_NEW is not listed.' }],
    ['success', { kind: 'unknown', why: 'The state success is not listed.' }],
  ])('%s', (state, result) => {
    expect(resultOfTransaction({ ...transaction, trade_state: state }, 'wx1')).toEqual(result);
  });

  test.each(['out_trade_no', 'transaction_id', 'success_time', 'mchid', 'amount'])(
    'paid without %s proves nothing: unknown',
    (field) => {
      const { [field as keyof typeof transaction]: _left, ...rest } = transaction;
      expect(resultOfTransaction({ ...rest, trade_state: 'SUCCESS' }, 'wx1').kind).toBe('unknown');
    },
  );

  test('the payer’s bank is named, their balance is not', () => {
    const byBank = { ...transaction, trade_state: 'SUCCESS', bank_type: 'ICBC_DEBIT' };
    expect(resultOfTransaction(byBank, 'wx1')).toEqual({ kind: 'paid', proof: { ...proof, payer: 'ICBC_DEBIT' } });
  });

  test('about another app id: unknown', () => {
    expect(resultOfTransaction({ ...transaction, trade_state: 'SUCCESS' }, 'wx2').kind).toBe('unknown');
    expect(resultOfTransaction(undefined, 'wx1').kind).toBe('unknown');
  });

  test.each([1.5, -0.5, '12850', null])('an amount of %s proves nothing', (total) => {
    const odd = { ...transaction, trade_state: 'SUCCESS', amount: { total, currency: 'CNY' } };
    expect(resultOfTransaction(odd, 'wx1').kind).toBe('unknown');
  });
});

describe('API v2', () => {
  const fields = {
    mch_id: '1600000001',
    out_trade_no: 'TK26030200000001A1',
    transaction_id: '4200000000202603020000000001',
    time_end: '20260302100000',
    total_fee: '12850',
    fee_type: 'CNY',
    bank_type: 'OTHERS',
  };
  test('micropay that is paid', () => {
    expect(resultOfMicropay(fields)).toEqual({ kind: 'paid', proof });
    expect(resultOfMicropay({ ...fields, total_fee: '128.50' }).kind).toBe('unknown');
    expect(resultOfMicropay({ ...fields, time_end: '20260231100000' }).kind).toBe('unknown');
  });

  test.each([
    ['SUCCESS', 'paid'],
    ['REFUND', 'paid'],
    ['NOTPAY', 'pending'],
    ['USERPAYING', 'pending'],
    ['ACCEPT', 'pending'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['PAYERROR', 'failed'],
    ['', 'unknown'],
  ])('trade_state %s', (state, kind) => {
    expect(resultOfQueryV2({ ...fields, trade_state: state }).kind).toBe(kind);
  });
});

describe('error codes of payment calls', () => {
  const expected: Readonly<Record<string, string>> = {
    'not-found': 'ORDER_NOT_EXIST ORDERNOTEXIST RESOURCE_NOT_EXISTS',
    closed: 'ORDER_CLOSED ORDERCLOSED ORDERREVERSED',
    ask: 'ORDERPAID ORDER_PAID OUT_TRADE_NO_USED',
    pending: 'USERPAYING',
    'failed insufficient-funds': 'NOTENOUGH NOT_ENOUGH',
    'failed card-not-accepted': 'NOTSUPORTCARD',
    'failed code-expired': 'AUTHCODEEXPIRE',
    'failed code-invalid': 'AUTH_CODE_ERROR AUTH_CODE_INVALID',
    'failed declined': 'BUYER_MISMATCH TRADE_ERROR ACCOUNT_ERROR ACCOUNTERROR',
    'failed merchant-limit': 'RULE_LIMIT RULELIMIT',
    refused:
      'SIGN_ERROR SIGNERROR NO_AUTH NOAUTH PARAM_ERROR INVALID_REQUEST APPID_MCHID_NOT_MATCH APPID_NOT_EXIST MCHID_NOT_EXIST MCH_NOT_EXISTS LACK_PARAMS NOT_UTF8 XML_FORMAT_ERROR REQUIRE_POST_METHOD POST_DATA_EMPTY',
    unknown:
      'SYSTEM_ERROR SYSTEMERROR BANK_ERROR BANKERROR FREQUENCY_LIMITED FREQUENCY_LIMIT RATELIMIT_EXCEEDED NEVER_HEARD_OF',
  };
  const rows = Object.entries(expected).flatMap(([meaning, codes]) => codes.split(' ').map((code) => [code, meaning]));

  test.each(rows)('%s: %s', (code = '', meaning) => {
    const result = resultOfError(code, 'words');
    if (result === undefined) expect(meaning).toBe('ask');
    else expect(result.kind === 'failed' ? `failed ${result.reason}` : result.kind).toBe(meaning);
  });

  test('every code of the table has a row here', () => {
    const listed = new Set(rows.map(([code]) => code));
    expect(Object.keys(payErrors).filter((code) => !listed.has(code))).toEqual([]);
  });
});

describe('refunds', () => {
  const refund = {
    refund_id: '50300000000202603020000000001',
    out_refund_no: 'TK26030200000001A1R1',
    success_time: '2026-03-02T10:05:00+08:00',
    amount: { refund: 3000, total: 12850, currency: 'CNY' },
  };
  test.each([
    ['SUCCESS', 'done'],
    ['PROCESSING', 'processing'],
    ['ABNORMAL', 'processing'],
    ['CLOSED', 'failed'],
    ['', 'unknown'],
  ])('%s: %s', (status, kind) => {
    expect(resultOfRefund({ ...refund, status }, 'status').kind).toBe(kind);
    expect(resultOfRefund({ ...refund, refund_status: status }, 'refund_status').kind).toBe(kind);
  });

  test('done tells number, amount and time of the platform', () => {
    expect(resultOfRefund({ ...refund, status: 'SUCCESS' }, 'status')).toEqual({
      kind: 'done',
      refundId: refund.refund_id,
      refundNo: refund.out_refund_no,
      amountFen: 3000,
      atMs: Date.parse('2026-03-02T02:05:00Z'),
    });
    expect(resultOfRefund({ status: 'SUCCESS' }, 'status').kind).toBe('unknown');
  });

  const errors = [
    ...Object.entries(refundErrors).map(([code, meaning]) => [
      code,
      'failed',
      meaning === 'not-found' ? meaning : 'unknown',
    ]),
    ['PARAM_ERROR', 'refused', 'refused'],
    ['SIGN_ERROR', 'refused', 'refused'],
    ['SYSTEM_ERROR', 'unknown', 'unknown'],
    ['FREQUENCY_LIMITED', 'unknown', 'unknown'],
    ['NEVER_HEARD_OF', 'unknown', 'unknown'],
  ];
  test.each(errors)('%s: asking for it is %s, asking about it %s', (code = '', asked, queried) => {
    const error = { kind: 'error', status: 400, code, message: '' } as const;
    expect(resultOfRefundError(error, false).kind).toBe(asked);
    // Only "not found" is an answer to a question; whatever else is said there decides nothing.
    const told = resultOfRefundError(error, true).kind;
    expect(told).toBe(code === 'INVALID_REQUEST' ? 'refused' : queried);
  });
});

describe('bills', () => {
  test.each([
    ['NO_STATEMENT_EXIST', 'empty'],
    ['STATEMENT_CREATING', 'not-ready'],
    ['INVALID_REQUEST', 'refused'],
    ['NO_AUTH', 'refused'],
    ['FREQUENCY_LIMITED', 'unknown'],
    ['NEVER_HEARD_OF', 'unknown'],
  ])('%s: %s', (code, kind) => {
    expect(resultOfBillError(code, '').kind).toBe(kind);
  });
});
