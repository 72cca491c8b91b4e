import type { ExportQuery, HistoryRow } from '../../../protocol/http/merchant.ts';

/** Language of a file. */
export type ExportLanguage = NonNullable<ExportQuery['language']>;

/** Columns of the file, in order. */
export const exportColumns = [
  'time',
  'kind',
  'orderNo',
  'number',
  'amount',
  'refunded',
  'channel',
  'tail',
  'terminal',
  'state',
  'reference',
  'note',
] as const;
/** A column of the file. */
export type ExportColumn = (typeof exportColumns)[number];

interface ExportWords {
  readonly sheet: string;
  readonly columns: Readonly<Record<ExportColumn, string>>;
  readonly kind: Readonly<Record<HistoryRow['kind'], string>>;
  readonly state: Readonly<Record<HistoryRow['state'], string>>;
}

/** Words of the file in both languages. Times are Asia/Shanghai, amounts in yuan. */
export const exportWords: Readonly<Record<ExportLanguage, ExportWords>> = {
  en: {
    sheet: 'Payments',
    columns: {
      time: 'Time (Asia/Shanghai)',
      kind: 'Kind',
      orderNo: 'Order',
      number: 'Receipt or refund number',
      amount: 'Amount (CNY)',
      refunded: 'Refunded (CNY)',
      channel: 'Channel',
      tail: 'Card, last four',
      terminal: 'Terminal',
      state: 'State',
      reference: 'Your reference',
      note: 'Note or reason',
    },
    kind: { payment: 'payment', refund: 'refund' },
    state: {
      open: 'open',
      'part-paid': 'paid in part',
      paid: 'paid',
      cancelled: 'closed, not paid',
      'part-refunded': 'refunded in part',
      refunded: 'refunded',
      review: 'being looked at',
      created: 'on its way',
      submitted: 'on its way',
      processing: 'on its way',
      unknown: 'not confirmed yet',
      done: 'refunded',
      failed: 'failed',
    },
  },
  zh: {
    sheet: '收款明细',
    columns: {
      time: '时间（北京时间）',
      kind: '类型',
      orderNo: '订单号',
      number: '小票号或退款号',
      amount: '金额（元）',
      refunded: '已退（元）',
      channel: '渠道',
      tail: '卡号后四位',
      terminal: '终端',
      state: '状态',
      reference: '商户单号',
      note: '备注或原因',
    },
    kind: { payment: '收款', refund: '退款' },
    state: {
      open: '进行中',
      'part-paid': '部分已付',
      paid: '已付',
      cancelled: '已关闭，未付',
      'part-refunded': '部分已退',
      refunded: '已退',
      review: '人工核查中',
      created: '退款中',
      submitted: '退款中',
      processing: '退款中',
      unknown: '尚未确认',
      done: '已退',
      failed: '失败',
    },
  },
};
