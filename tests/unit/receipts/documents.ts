import type { ReceiptDocument } from '../../../protocol/http/receipts.ts';

/** A paid WeChat code; the sketches' sale at till E1-01. */
export const payment: ReceiptDocument = {
  id: '019ab000-0000-7000-8000-000000000001',
  receiptNo: 'TK-261124-000317',
  kind: 'payment',
  title: '',
  merchantName: '东门便利店',
  merchantAddress: '桂园小区东门 1 号',
  platformMerchantId: '1900007890',
  terminalLabel: 'E1-01',
  terminalSerial: 'QT60-2551-00301',
  orderNo: '261124-000317',
  attemptNo: 'TK26112400000317A1',
  transactionId: '4200002455202611241234567890',
  channel: 'wechat-pay',
  channelName: { zh: '微信支付', en: 'WeChat Pay' },
  payer: '招商银行',
  amountFen: 12_850,
  orderAmountFen: 12_850,
  at: '2026-11-24T06:36:08.000Z',
  others: [],
  needsSignature: false,
  footer: '谢谢惠顾\n7 天内凭此收据退换',
};

/** The second part of a split, by card. */
export const cardPart: ReceiptDocument = {
  ...payment,
  receiptNo: 'TK-261124-000317-2',
  attemptNo: 'TK26112400000317A2',
  transactionId: '112438000912',
  platformMerchantId: '898110248990001',
  channel: 'bank-card',
  channelName: { zh: '银行卡', en: 'Bank card' },
  payer: '6226',
  amountFen: 31_200,
  orderAmountFen: 44_050,
  others: [{ channelName: { zh: '微信支付', en: 'WeChat Pay' }, amountFen: 12_850 }],
  needsSignature: true,
};

/** Half of it given back. */
export const refund: ReceiptDocument = {
  ...payment,
  receiptNo: 'TK-261124-000317-R1',
  kind: 'refund',
  refundNo: 'TK26112400000317A1R1',
  ofReceiptNo: 'TK-261124-000317',
  transactionId: '50300806962026112405123456789',
  amountFen: 6_425,
  at: '2026-11-24T16:00:00.000Z',
  reason: '顾客退回一件',
  title: '桂园物业收费处',
};
