import { describe, expect, it } from 'vitest';
import { shorten, withoutAccount } from '../../../server/channels/unionpay-qr/tell.ts';

describe('what the story keeps of an exchange with UnionPay', () => {
  it.each([
    ['accNo=6216000000000018&txnAmt=100', 'accNo=…0018&txnAmt=100'],
    ['txnAmt=100&accNo=6216000000000018', 'txnAmt=100&accNo=…0018'],
    ['accNo=621600******0018', 'accNo=…0018'],
    [
      'orderId=TK26112300000001A1&queryId=612603021000001234567',
      'orderId=TK26112300000001A1&queryId=612603021000001234567',
    ],
  ])('%s', (text, kept) => {
    expect(withoutAccount(text)).toBe(kept);
  });

  it('is without certificates, files and customers’ codes', () => {
    const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
    expect(shorten(`a=1&signPubKeyCert=${certificate}&fileContent=eJw&qrNo=6221234567890123456`)).toBe(
      'a=1&signPubKeyCert=…&fileContent=…&qrNo=6221…',
    );
  });
});
