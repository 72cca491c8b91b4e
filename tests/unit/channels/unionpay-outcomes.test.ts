import { describe, expect, test } from 'vitest';
import { meaningOf, proofIn, refundOfQuery, resultOfQuery } from '../../../server/channels/unionpay-qr/outcomes.ts';

const facts = {
  merId: '777290058167151',
  orderId: 'TK26030200000001A1',
  queryId: '602603021000051234567',
  txnTime: '20260302100000',
  traceTime: '0302100005',
  txnAmt: '12850',
  currencyCode: '156',
  accNo: '6216********0018',
};
const proof = {
  attemptNo: 'TK26030200000001A1',
  amountFen: 12_850,
  currency: 'CNY',
  platformMerchantId: '777290058167151',
  transactionId: '602603021000051234567',
  paidAtMs: Date.parse('2026-03-02T10:00:05+08:00'),
  payer: '0018',
};

describe('codes of UnionPay', () => {
  test.each([
    ['00', { kind: 'success' }],
    ['A6', { kind: 'success' }],
    ['05', { kind: 'accepted' }],
    ['03', { kind: 'doubt' }],
    ['04', { kind: 'doubt' }],
    ['06', { kind: 'doubt' }],
    ['12', { kind: 'duplicate' }],
    ['34', { kind: 'not-found' }],
    ['10', { kind: 'refused' }],
    ['11', { kind: 'refused' }],
    ['32', { kind: 'refused' }],
    ['64', { kind: 'failed', reason: 'insufficient-funds' }],
    ['65', { kind: 'failed', reason: 'wrong-pin' }],
    ['67', { kind: 'failed', reason: 'pin-tries-exceeded' }],
    ['73', { kind: 'failed', reason: 'card-expired' }],
    ['38', { kind: 'failed', reason: 'risk' }],
    ['42', { kind: 'doubt' }],
    ['ZZ', { kind: 'doubt' }],
    ['', { kind: 'doubt' }],
  ])('%s', (code, meaning) => {
    expect(meaningOf(code)).toEqual(meaning);
  });
});

describe('the code of the query and the code of the trade', () => {
  test.each([
    ['00', '00', 'paid'],
    ['00', 'A6', 'paid'],
    ['00', '05', 'pending'],
    ['00', '03', 'unknown'],
    ['00', '64', 'failed'],
    ['00', '12', 'unknown'],
    ['00', 'ZZ', 'unknown'],
    ['00', '', 'unknown'],
    ['34', '', 'not-found'],
    ['10', '', 'refused'],
    ['03', '', 'unknown'],
    // What the query could not do says nothing of the trade.
    ['64', '00', 'unknown'],
    ['01', '00', 'unknown'],
    ['05', '00', 'unknown'],
    ['12', '00', 'unknown'],
  ])('respCode %s, origRespCode %s: %s', (respCode, origRespCode, kind) => {
    expect(resultOfQuery(respCode, { ...facts, origRespCode }).kind).toBe(kind);
  });

  test.each([
    ['00', '00', 'done'],
    ['00', '05', 'processing'],
    ['00', '04', 'unknown'],
    ['00', '35', 'failed'],
    ['34', '', 'not-found'],
    ['11', '', 'refused'],
  ])('of a refund: %s, %s: %s', (respCode, origRespCode, kind) => {
    expect(refundOfQuery(respCode, { ...facts, origRespCode }).kind).toBe(kind);
  });
});

describe('what was paid', () => {
  test('is said in full', () => {
    expect(proofIn(facts)).toEqual(proof);
  });

  test('another currency is told, not translated', () => {
    expect(proofIn({ ...facts, currencyCode: '840' })?.currency).toBe('840');
  });

  test('the year turns between order and payment', () => {
    const turned = proofIn({ ...facts, txnTime: '20251231235959', traceTime: '0101000001' });
    expect(turned?.paidAtMs).toBe(Date.parse('2026-01-01T00:00:01+08:00'));
  });

  test('an encrypted account number is no payer', () => {
    expect(proofIn({ ...facts, accNo: 'cjsqgmTALZk1Rcb/l0GL' })).not.toHaveProperty('payer');
  });

  test.each([
    ['no number', { queryId: '' }],
    ['no amount', { txnAmt: '' }],
    ['an amount with a point', { txnAmt: '128.50' }],
    ['a day that does not exist', { traceTime: '0230100005' }],
  ])('%s: nothing is proven', (_name, change) => {
    expect(proofIn({ ...facts, ...change })).toBeUndefined();
  });
});
