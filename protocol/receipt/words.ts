/** Languages of a receipt. */
export type ReceiptLanguage = 'zh' | 'en';

interface ReceiptWords {
  readonly payment: string;
  readonly refund: string;
  readonly merchantCopy: string;
  readonly customerCopy: string;
  readonly duplicate: string;
  readonly receiptNo: string;
  readonly ofReceiptNo: string;
  readonly orderNo: string;
  readonly attemptNo: string;
  readonly refundNo: string;
  readonly transactionId: string;
  readonly platformMerchantId: string;
  readonly terminal: string;
  readonly serial: string;
  readonly channel: string;
  readonly payer: string;
  readonly at: string;
  readonly reason: string;
  readonly paid: string;
  readonly givenBack: string;
  readonly orderTotal: string;
  readonly before: string;
  readonly thisPart: string;
  readonly signature: string;
  readonly consent: string;
}

/** What a receipt says besides its figures. DUPLICATE 补打 stands in both languages, whoever reads it. */
export const receiptWords: Readonly<Record<ReceiptLanguage, ReceiptWords>> = {
  zh: {
    payment: '收款凭证',
    refund: '退款凭证',
    merchantCopy: '商户联',
    customerCopy: '顾客联',
    duplicate: '*** 补打 DUPLICATE ***',
    receiptNo: '收据号',
    ofReceiptNo: '原收据号',
    orderNo: '订单号',
    attemptNo: '商户单号',
    refundNo: '退款单号',
    transactionId: '平台单号',
    platformMerchantId: '商户号',
    terminal: '终端',
    serial: '终端序列号',
    channel: '支付方式',
    payer: '付款方',
    at: '时间',
    reason: '退款原因',
    paid: '实收',
    givenBack: '退款',
    orderTotal: '订单金额',
    before: '已付',
    thisPart: '本次',
    signature: '持卡人签名',
    consent: '本人确认以上交易，同意记入本卡账户。',
  },
  en: {
    payment: 'Payment receipt',
    refund: 'Refund receipt',
    merchantCopy: 'Merchant copy',
    customerCopy: 'Customer copy',
    duplicate: '*** DUPLICATE 补打 ***',
    receiptNo: 'Receipt',
    ofReceiptNo: 'For receipt',
    orderNo: 'Order',
    attemptNo: 'Our reference',
    refundNo: 'Refund no.',
    transactionId: 'Platform no.',
    platformMerchantId: 'Merchant no.',
    terminal: 'Terminal',
    serial: 'Serial',
    channel: 'Paid by',
    payer: 'Payer',
    at: 'Time',
    reason: 'Reason',
    paid: 'Paid',
    givenBack: 'Refunded',
    orderTotal: 'Order',
    before: 'Paid before',
    thisPart: 'This part',
    signature: 'Cardholder’s signature',
    consent: 'I confirm this transaction and agree to the charge to my card.',
  },
};
