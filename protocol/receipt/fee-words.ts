import type { ReceiptLanguage } from './words.ts';

interface FeeWords {
  readonly receipt: string;
  readonly reversal: string;
  readonly bill: string;
  readonly duplicate: string;
  readonly household: string;
  readonly tail: string;
  readonly receiptNo: string;
  readonly ofReceiptNo: string;
  readonly at: string;
  readonly channel: string;
  readonly transactionId: string;
  readonly terminal: string;
  readonly reason: string;
  readonly paid: string;
  readonly givenBack: string;
  readonly owed: string;
  readonly left: string;
  readonly more: string;
  readonly topUp: { readonly zh: string; readonly en: string };
  readonly computedAt: string;
  readonly validUntil: string;
  readonly noProof: string;
  later(amount: string, why: string): string;
}

const topUp = { zh: '预存', en: 'Paid in advance' };

/** What papers about fees say besides their figures. */
export const feeWords: Readonly<Record<ReceiptLanguage, FeeWords>> = {
  zh: {
    receipt: '缴费凭证',
    reversal: '退费凭证',
    bill: '账单',
    duplicate: '*** 补打 DUPLICATE ***',
    household: '户',
    tail: '户号尾号',
    receiptNo: '凭证号',
    ofReceiptNo: '原凭证号',
    at: '时间',
    channel: '支付方式',
    transactionId: '平台单号',
    terminal: '终端',
    reason: '原因',
    paid: '实缴',
    givenBack: '退回',
    owed: '应缴',
    left: '尚欠',
    more: '其余各项',
    topUp,
    computedAt: '计算时间',
    validUntil: '有效至',
    noProof: '此单只列应缴金额，不是缴费凭证。',
    later: (amount, why) => `过期后为 ${amount}：${why}`,
  },
  en: {
    receipt: 'Receipt',
    reversal: 'Refund',
    bill: 'Bill',
    duplicate: '*** DUPLICATE 补打 ***',
    household: 'Household',
    tail: 'Number ends',
    receiptNo: 'Receipt',
    ofReceiptNo: 'For receipt',
    at: 'Time',
    channel: 'Paid by',
    transactionId: 'Platform no.',
    terminal: 'Terminal',
    reason: 'Reason',
    paid: 'Paid',
    givenBack: 'Given back',
    owed: 'To pay',
    left: 'Still owed',
    more: 'Further items',
    topUp,
    computedAt: 'Worked out',
    validUntil: 'Valid until',
    noProof: 'This shows what is owed. It is no proof of payment.',
    later: (amount, why) => `Afterwards ${amount}: ${why}`,
  },
};
