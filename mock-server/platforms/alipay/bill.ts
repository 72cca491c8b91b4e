import iconv from 'iconv-lite';
import { shanghai } from '../frame/shanghai.ts';
import { writeZip } from '../frame/zip.ts';
import { yuan } from './fields.ts';
import type { Trade } from './trades.ts';

/** One line of the bill: a payment or a refund. Amounts in fen, refunds negative; the fee is what Alipay keeps. */
interface Line {
  readonly trade: Trade;
  readonly kind: '交易' | '退款';
  readonly amountFen: number;
  readonly feeFen: number;
  readonly requestNo: string;
  readonly atMs: number;
}

const header =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
const summaryHeader =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）';
/** Alipay's usual rate, in hundredths of a percent. */
const rate = 60n;

/**
 * A day's trade bill (alipay.data.dataservice.bill.downloadurl.query, bill_type trade) as Alipay packs it: a zip with two
 * GBK files of CRLF lines under GBK names. The layout of the summary is made after descriptions; no public file shows it.
 * @returns `undefined` when there was nothing that day.
 */
export function alipayBill(sellerId: string, trades: readonly Trade[], day: string, nowMs: number): Buffer | undefined {
  const lines = trades.flatMap(linesOf).filter(({ atMs }) => shanghai(atMs).startsWith(day));
  if (lines.length === 0) return undefined;
  const account = `${sellerId}0156`;
  const name = `${account}_${day.replaceAll('-', '')}_业务明细`;
  const entry = (fileName: string, rows: readonly string[]): { name: Buffer; content: Buffer } => ({
    name: iconv.encode(fileName, 'gbk'),
    content: iconv.encode(rows.map((row) => `${row}\r\n`).join(''), 'gbk'),
  });
  return writeZip(
    [
      entry(`${name}.csv`, detail(account, day, lines, nowMs)),
      entry(`${name}(汇总).csv`, summary(account, day, lines, nowMs)),
    ],
    nowMs,
  );
}

function linesOf(trade: Trade): Line[] {
  if (trade.paidMs === undefined) return [];
  const paid: Line = {
    trade,
    kind: '交易',
    amountFen: trade.amountFen,
    feeFen: feeOf(trade.amountFen),
    requestNo: '',
    atMs: trade.paidMs,
  };
  const back = trade.refunds.map(({ requestNo, amountFen, atMs }): Line => ({
    trade,
    kind: '退款',
    amountFen: -amountFen,
    feeFen: -feeOf(amountFen),
    requestNo,
    atMs,
  }));
  return [paid, ...back];
}

function detail(account: string, day: string, lines: readonly Line[], nowMs: number): string[] {
  return [
    '#支付宝业务明细查询',
    ...heading(account, day),
    '#-----------------------------------------业务明细列表----------------------------------------',
    header,
    ...lines.map(row),
    '#-----------------------------------------业务明细列表结束------------------------------------',
    total('交易', '商家实收共', '商家优惠共', lines),
    total('退款', '商家实收退款共', '商家优惠退款共', lines),
    exportedAt(nowMs),
  ];
}

/** Text ids are followed by a TAB, so that spreadsheets keep them as text. */
function row({ trade, kind, amountFen, feeFen, requestNo, atMs }: Line): string {
  const zeros = Array.from({ length: 5 }, () => '0.00');
  return [
    `${trade.tradeNos[0] ?? ''}\t`,
    `${trade.number}\t`,
    kind,
    trade.subject.replaceAll(',', ' '),
    shanghai(trade.scannedMs ?? trade.madeMs),
    shanghai(atMs),
    `${trade.storeId}\t`,
    '',
    `${trade.operatorId}\t`,
    `${trade.terminalId}\t`,
    '*明(159****5620)',
    yuan(amountFen),
    yuan(amountFen),
    ...zeros,
    '',
    '0.00',
    '0.00',
    `${requestNo}\t`,
    yuan(-feeFen),
    '0.00',
    '',
  ].join(',');
}

function summary(account: string, day: string, lines: readonly Line[], nowMs: number): string[] {
  const stores = [...new Set(lines.map(({ trade }) => trade.storeId))].toSorted();
  return [
    '#支付宝业务汇总查询',
    ...heading(account, day),
    '#-----------------------------------------业务汇总列表----------------------------------------',
    summaryHeader,
    ...stores.map((store) =>
      summaryRow(
        `${store}\t`,
        lines.filter(({ trade }) => trade.storeId === store),
      ),
    ),
    summaryRow('合计', lines),
    '#-----------------------------------------业务汇总列表结束------------------------------------',
    exportedAt(nowMs),
  ];
}

function summaryRow(store: string, lines: readonly Line[]): string {
  const count = (kind: Line['kind']): string => String(lines.filter((line) => line.kind === kind).length);
  const amount = lines.reduce((sum, { amountFen }) => sum + amountFen, 0);
  const fee = lines.reduce((sum, { feeFen }) => sum + feeFen, 0);
  const zeros = ['0.00', '0.00', '0.00'];
  return [
    store,
    '',
    count('交易'),
    count('退款'),
    yuan(amount),
    yuan(amount),
    ...zeros,
    yuan(-fee),
    '0.00',
    yuan(amount - fee),
  ].join(',');
}

function heading(account: string, day: string): string[] {
  const start = day.replace(/^(....)-(..)-(..)$/, '$1年$2月$3日');
  const end = shanghai(Date.parse(`${day}T00:00:00+08:00`) + 86_400_000)
    .slice(0, 10)
    .replace(/^(....)-(..)-(..)$/, '$1年$2月$3日');
  return [`#账号：[${account}]`, `#起始日期：[${start} 00:00:00]   终止日期：[${end} 00:00:00]`];
}

function total(kind: Line['kind'], received: string, discount: string, lines: readonly Line[]): string {
  const own = lines.filter((line) => line.kind === kind);
  const amount = own.reduce((sum, { amountFen }) => sum + amountFen, 0);
  return `#${kind}合计：${String(own.length)}笔，${received}${yuan(amount)}元，${discount}0.00元`;
}

function exportedAt(nowMs: number): string {
  return `#导出时间：[${shanghai(nowMs).replace(/^(....)-(..)-(..)/, '$1年$2月$3日')}]`;
}

/** Rounded half up to whole fen. */
function feeOf(amountFen: number): number {
  return Number((BigInt(amountFen) * rate + 5_000n) / 10_000n);
}
