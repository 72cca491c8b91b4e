import { describe, expect, test } from 'vitest';
import { meaningOf, refundOfError, resultOfError, resultOfStatus } from '../../../server/channels/alipay/outcomes.ts';
import type { GatewayAnswer } from '../../../server/channels/alipay/gateway.ts';

const answer = (code: string, subCode: string): GatewayAnswer => ({
  kind: 'answer',
  code,
  subCode,
  fields: { code, ...(subCode === '' ? {} : { sub_code: subCode, sub_msg: '说明' }) },
});

describe('error codes of Alipay', () => {
  test.each([
    ['40004', 'ACQ.PAYMENT_AUTH_CODE_INVALID', { kind: 'failed', reason: 'code-invalid' }],
    ['40004', 'ACQ.BUYER_BALANCE_NOT_ENOUGH', { kind: 'failed', reason: 'insufficient-funds' }],
    ['40004', 'ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH', { kind: 'failed', reason: 'insufficient-funds' }],
    ['40004', 'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR', { kind: 'failed', reason: 'payer-limit' }],
    ['40004', 'ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR', { kind: 'failed', reason: 'payer-limit' }],
    ['40004', 'ACQ.TOTAL_FEE_EXCEED', { kind: 'failed', reason: 'merchant-limit' }],
    ['40004', 'ACQ.PAYMENT_REQUEST_HAS_RISK', { kind: 'failed', reason: 'risk' }],
    ['40004', 'ACQ.PAYMENT_FAIL', { kind: 'failed', reason: 'declined' }],
    ['40004', 'ACQ.TRADE_HAS_SUCCESS', { kind: 'ask' }],
    ['40004', 'ACQ.REASON_TRADE_STATUS_INVALID', { kind: 'ask' }],
    ['40004', 'ACQ.TRADE_HAS_CLOSE', { kind: 'closed' }],
    ['40004', 'ACQ.TRADE_NOT_EXIST', { kind: 'not-found' }],
    ['40004', 'ACQ.INVALID_PARAMETER', { kind: 'refused' }],
    ['40004', 'ACQ.CONTEXT_INCONSISTENT', { kind: 'refused' }],
    ['40002', 'isv.invalid-signature', { kind: 'refused' }],
    ['40006', 'isv.insufficient-isv-permissions', { kind: 'refused' }],
    ['40004', 'ACQ.SYSTEM_ERROR', { kind: 'unknown' }],
    ['20000', 'isp.unknow-error', { kind: 'unknown' }],
    ['20000', 'aop.ACQ.SYSTEM_ERROR', { kind: 'unknown' }],
    ['40004', 'ACQ.SOMETHING_NEW', { kind: 'unknown' }],
    ['40004', '', { kind: 'unknown' }],
    ['', '', { kind: 'unknown' }],
    // A failure is one only with the code that says that the business failed.
    ['20000', 'ACQ.PAYMENT_FAIL', { kind: 'unknown' }],
  ])('%s %s', (code, subCode, meaning) => {
    expect(meaningOf(code, subCode)).toEqual(meaning);
  });

  test('the message and the code are Alipay’s own', () => {
    expect(resultOfError(answer('40004', 'ACQ.PAYMENT_FAIL'))).toEqual({
      kind: 'failed',
      reason: 'declined',
      code: 'ACQ.PAYMENT_FAIL',
      message: '说明',
    });
  });

  test.each([
    ['40004', 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', 'failed'],
    ['40004', 'ACQ.SELLER_BALANCE_NOT_ENOUGH', 'failed'],
    ['40004', 'ACQ.DISCORDANT_REPEAT_REQUEST', 'failed'],
    ['40004', 'ACQ.TRADE_NOT_EXIST', 'not-found'],
    ['40004', 'ACQ.INVALID_PARAMETER', 'refused'],
    ['40004', 'ACQ.SYSTEM_ERROR', 'unknown'],
    ['20000', 'isp.unknow-error', 'unknown'],
    ['40004', 'ACQ.SOMETHING_NEW', 'unknown'],
  ])('of a refund: %s %s is %s', (code, subCode, kind) => {
    expect(refundOfError(answer(code, subCode)).kind).toBe(kind);
  });
});

describe('states of a trade', () => {
  const paid = {
    out_trade_no: 'TK1',
    trade_no: '2026030222001',
    total_amount: '128.50',
    gmt_payment: '2026-03-02 10:00:05',
    buyer_logon_id: '159****5620',
  };
  const of = (fields: Readonly<Record<string, string>>): ReturnType<typeof resultOfStatus> =>
    resultOfStatus(fields, 'gmt_payment', '2088000000000000');
  const proof = {
    attemptNo: 'TK1',
    amountFen: 12_850,
    currency: 'CNY',
    platformMerchantId: '2088000000000000',
    transactionId: '2026030222001',
    paidAtMs: Date.parse('2026-03-02T10:00:05+08:00'),
    payer: '159****5620',
  };

  test.each([
    ['TRADE_SUCCESS', paid, { kind: 'paid', proof }],
    ['TRADE_FINISHED', paid, { kind: 'paid', proof }],
    ['TRADE_SUCCESS', { ...paid, refund_fee: '20.00' }, { kind: 'paid', proof, refundedFen: 2_000 }],
    ['TRADE_CLOSED', paid, { kind: 'paid', proof, refundedFen: 12_850 }],
    ['TRADE_CLOSED', { ...paid, gmt_payment: '' }, { kind: 'closed' }],
    ['WAIT_BUYER_PAY', paid, { kind: 'pending', transactionId: '2026030222001' }],
  ])('%s', (status, fields, result) => {
    expect(of({ ...fields, trade_status: status })).toEqual(result);
  });

  test.each([
    ['TRADE_SOMETHING', paid],
    ['', paid],
    ['TRADE_SUCCESS', { ...paid, total_amount: '1.285e2' }],
    ['TRADE_SUCCESS', { ...paid, total_amount: '128.501' }],
    ['TRADE_SUCCESS', { ...paid, trade_no: '' }],
    ['TRADE_SUCCESS', { ...paid, gmt_payment: '2026-02-30 10:00:05' }],
  ])('%s with %o is unknown', (status, fields) => {
    expect(of({ ...fields, trade_status: status }).kind).toBe('unknown');
  });
});
