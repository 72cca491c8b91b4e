import { shanghai } from '../frame/shanghai.ts';
import { refundedFen } from './book.ts';
import type { Payment, Refund, Transaction } from './book.ts';
import type { Merchant } from './keys.ts';

/** Fee of every merchant: 0.60 %, in ten-thousandths. */
const feeRate = 60;
/** What every merchant's account holds before its first payment, in fen. */
const openingFen = 1_000_000;

/** Which rows a trade bill has. */
export type TradeBillType = 'ALL' | 'SUCCESS' | 'REFUND';

const allHeader =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'.split(
    ',',
  );
const refundTimes = ['退款申请时间', '退款成功时间'];
/** Columns that a bill of payments alone does not have. */
const refundColumns = new Set([
  '微信退款单号',
  '商户退款单号',
  '退款金额',
  '充值券退款金额',
  '退款类型',
  '退款状态',
  '申请退款金额',
]);
const tradeFooter = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const flowHeader =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const flowFooter = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

interface Entry {
  readonly atMs: number;
  readonly payment: Payment;
  readonly transaction: Transaction;
  readonly refund?: Refund;
}

/** The day's trade bill: UTF-8 with BOM, CRLF, every value behind a backtick, totals at the end. None: no trade that day. */
export function tradeBill(
  payments: readonly Payment[],
  merchant: Merchant,
  day: string,
  type: TradeBillType,
): Uint8Array | undefined {
  const entries = entriesOf(payments, merchant)
    .filter(({ atMs }) => shanghai(atMs).startsWith(day))
    .filter(({ refund }) => type === 'ALL' || (type === 'REFUND') === (refund !== undefined));
  if (entries.length === 0) return undefined;
  const header = headerOf(type);
  const rows = entries.map((entry) => {
    const values = valuesOf(entry, merchant);
    return header.map((column) => `\`${values[column] ?? ''}`).join(',');
  });
  return file([header.join(','), ...rows, tradeFooter, totalsOf(entries)]);
}

function headerOf(type: TradeBillType): readonly string[] {
  if (type === 'SUCCESS') return allHeader.filter((column) => !refundColumns.has(column));
  if (type === 'ALL') return allHeader;
  const at = allHeader.indexOf('代金券金额') + 1;
  return [...allHeader.slice(0, at), ...refundTimes, ...allHeader.slice(at)];
}

function valuesOf({ atMs, payment, transaction, refund }: Entry, merchant: Merchant): Record<string, string> {
  const whole = {
    交易时间: shanghai(atMs),
    公众账号ID: merchant.appId,
    商户号: merchant.mchid,
    特约商户号: '0',
    设备号: payment.device,
    微信订单号: transaction.id,
    商户订单号: payment.number,
    用户标识: payment.openid,
    交易类型: payment.type,
    付款银行: 'OTHERS',
    货币种类: 'CNY',
    代金券金额: '0.00',
    充值券退款金额: '0.00',
    商品名称: payment.description.replaceAll(',', '\\ '),
    商户数据包: payment.attach.replaceAll(',', '\\ '),
    费率: `${(feeRate / 100).toFixed(2)}%`,
  };
  if (refund === undefined) {
    const paid = yuan(payment.amountFen);
    const fee = `${yuan(feeFen(payment.amountFen))}000`;
    const none = { 微信退款单号: '0', 商户退款单号: '0', 退款金额: '0.00', 申请退款金额: '0.00' };
    return { ...whole, ...none, 交易状态: 'SUCCESS', 应结订单金额: paid, 订单金额: paid, 手续费: fee };
  }
  const back = yuan(refund.amountFen);
  return {
    ...whole,
    交易状态: refund.isReversal ? 'REVOKED' : 'REFUND',
    应结订单金额: '0.00',
    订单金额: '0.00',
    退款申请时间: shanghai(refund.createdMs),
    退款成功时间: refund.doneMs === undefined ? '' : shanghai(refund.doneMs),
    微信退款单号: refund.id,
    商户退款单号: refund.no,
    退款金额: back,
    申请退款金额: back,
    退款类型: 'ORIGINAL',
    退款状态: refund.doneMs === undefined ? 'PROCESSING' : 'SUCCESS',
    手续费: `${yuan(-feeBackFen(payment, refund))}000`,
  };
}

function totalsOf(entries: readonly Entry[]): string {
  const paid = sum(entries.map(({ payment, refund }) => (refund === undefined ? payment.amountFen : 0)));
  const back = sum(entries.map(({ refund }) => refund?.amountFen ?? 0));
  const fees = sum(
    entries.map(({ payment, refund }) =>
      refund === undefined ? feeFen(payment.amountFen) : -feeBackFen(payment, refund),
    ),
  );
  const totals = [String(entries.length), yuan(paid), yuan(back), '0.00', `${yuan(fees)}000`, yuan(paid), yuan(back)];
  return totals.map((value) => `\`${value}`).join(',');
}

/** The day's fund flow of the basic account, with a running balance. None: no flow that day. */
export function fundFlowBill(payments: readonly Payment[], merchant: Merchant, day: string): Uint8Array | undefined {
  let balance = openingFen;
  const flows = entriesOf(payments, merchant)
    .flatMap(flowsOf)
    .map((flow) => ({ ...flow, balance: (balance += flow.fen) }))
    .filter(({ atMs }) => shanghai(atMs).startsWith(day));
  if (flows.length === 0) return undefined;
  const rows = flows.map(({ atMs, id, business, fen, balance: left, remark, voucher }, at) =>
    [
      ...[shanghai(atMs), id, `${day.replaceAll('-', '')}${String(at + 1).padStart(12, '0')}`, business, business],
      ...[fen >= 0 ? '收入' : '支出', yuan(Math.abs(fen)), yuan(left), 'system', remark, voucher],
    ]
      .map((value) => `\`${value}`)
      .join(','),
  );
  const income = flows.filter(({ fen }) => fen >= 0);
  const spent = flows.filter(({ fen }) => fen < 0);
  const totals = [
    ...[String(flows.length), String(income.length), yuan(sum(income.map(({ fen }) => fen)))],
    ...[String(spent.length), yuan(-sum(spent.map(({ fen }) => fen)))],
  ];
  return file([flowHeader, ...rows, flowFooter, totals.map((value) => `\`${value}`).join(',')]);
}

interface Flow {
  readonly atMs: number;
  readonly id: string;
  readonly business: string;
  readonly fen: number;
  readonly remark: string;
  readonly voucher: string;
}

/** A payment is a row for the money and a row for the fee; a refund is one row, less the fee that comes back. */
function flowsOf({ atMs, payment, transaction, refund }: Entry): readonly Flow[] {
  if (refund !== undefined) {
    const fee = feeBackFen(payment, refund);
    const remark = `退款总金额${yuan(refund.amountFen)}元;含手续费${yuan(fee)}元`;
    return [{ atMs, id: refund.id, business: '退款', fen: fee - refund.amountFen, remark, voucher: payment.number }];
  }
  const fee = feeFen(payment.amountFen);
  const remark = `结算总金额${yuan(payment.amountFen)}元`;
  const base = { atMs, id: transaction.id, remark, voucher: payment.number };
  return [
    { ...base, business: '交易', fen: payment.amountFen },
    ...(fee === 0 ? [] : [{ ...base, business: '扣除交易手续费', fen: -fee }]),
  ];
}

/** Every payment by its success and every refund by its acceptance, oldest first. */
function entriesOf(payments: readonly Payment[], merchant: Merchant): readonly Entry[] {
  return payments
    .filter(({ mchid, transactions }) => mchid === merchant.mchid && transactions.length > 0)
    .flatMap((payment) => {
      const [first] = payment.transactions;
      const paid = payment.transactions.map((transaction) => ({ atMs: transaction.paidMs, payment, transaction }));
      if (first === undefined) return paid;
      const back = payment.refunds.map((refund) => ({ atMs: refund.createdMs, payment, transaction: first, refund }));
      return [...paid, ...back];
    })
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** The fee of a payment, rounded half up to whole fen. */
function feeFen(amountFen: number): number {
  return Math.floor((amountFen * feeRate + 5_000) / 10_000);
}

/** The share of the fee that a refund brings back: what is left for the last one, so that all of it comes back. */
function feeBackFen(payment: Payment, refund: Refund): number {
  const fee = feeFen(payment.amountFen);
  const earlier = payment.refunds.slice(0, payment.refunds.indexOf(refund));
  const before = sum(earlier.map(({ amountFen }) => feeFen(amountFen)));
  const isLast = refundedFen(payment) === payment.amountFen && payment.refunds.at(-1) === refund;
  return isLast ? fee - before : Math.min(feeFen(refund.amountFen), fee - before);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function yuan(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function file(lines: readonly string[]): Uint8Array {
  return Buffer.from(`\uFEFF${lines.join('\r\n')}\r\n`, 'utf8');
}
