import iconv from 'iconv-lite';
import { shanghaiCompact } from '../frame/shanghai.ts';
import { writeZip } from '../frame/zip.ts';
import { settleDayOf } from './trades.ts';
import type { Trade, Trades } from './trades.ts';

/** UnionPay's usual rate, in hundredths of a percent. */
const rate = 60n;

/** A field of the ZM file: its width in bytes, and its text. Text is set left in spaces, `zero` numbers right in zeros. */
type Field = readonly [width: number, text: string, pad?: 'zero'];

/**
 * The merchant's file of a settlement day (全渠道平台接入接口规范 第3部分 文件接口, 6.1): a zip with the trades (ZM) and the errors (ZME, empty
 * here), GBK, 42 fields of fixed width with one space between, 607 bytes a line and CRLF. Made from the layout; no public
 * file shows one. @returns `undefined` when there was nothing that day.
 */
export function settlementFile(merId: string, own: readonly Trade[], all: Trades, day: string): Buffer | undefined {
  const done = own.filter(
    ({ state, doneMs }) => state === 'done' && doneMs !== undefined && settleDayOf(doneMs) === day,
  );
  if (done.length === 0) return undefined;
  const prefix = `INN${day.replaceAll('-', '').slice(2)}88`;
  const content = iconv.encode(done.map((trade) => `${line(trade, all)}\r\n`).join(''), 'gbk');
  return writeZip(
    [
      { name: Buffer.from(`${prefix}ZM_${merId}`), content },
      { name: Buffer.from(`${prefix}ZME_${merId}`), content: Buffer.alloc(0) },
    ],
    Date.parse(`${day}T00:00:00+08:00`),
  );
}

function line(trade: Trade, all: Trades): string {
  const origin = trade.origQueryId === '' ? undefined : all.byQueryId(trade.merId, trade.origQueryId);
  return [...head(trade), ...middle(trade, origin), ...tail(trade, origin)]
    .map(([width, text, pad]) => {
      if (text.length > width) throw new RangeError(`ZM: "${text}" is longer than ${String(width)}`);
      return pad === 'zero' ? text.padStart(width, '0') : text.padEnd(width, ' ');
    })
    .join(' ');
}

/** 交易代码 to 商户订单号. */
function head(trade: Trade): readonly Field[] {
  const code = { '01': 'S22', '04': 'S30', '31': 'S31' }[trade.txnType];
  return [
    [3, code],
    [11, '00010000'],
    [11, '00010344'],
    [6, trade.traceNo],
    [10, shanghaiCompact(trade.doneMs ?? 0).slice(4)],
    [19, '6216********0018'],
    [12, String(trade.amountFen), 'zero'],
    [4, '5812'],
    [2, '08'],
    [21, trade.queryIds[0] ?? ''],
    [2, ''],
    [32, trade.orderId],
  ];
}

/** 支付卡类型 to 原交易查询流水号. The merchant is owed (C) what was paid less the fee, and owes (D) what was given back. */
function middle(trade: Trade, origin: Trade | undefined): readonly Field[] {
  const isPayment = trade.txnType === '01';
  const signed = (isCredit: boolean, fen: number): string => `${isCredit ? 'C' : 'D'}${String(fen).padStart(12, '0')}`;
  return [
    [2, '01'],
    [6, origin?.traceNo ?? ''],
    [10, origin === undefined ? '' : shanghaiCompact(origin.doneMs ?? 0).slice(4)],
    [13, signed(!isPayment, feeOf(trade.amountFen))],
    [13, signed(isPayment, trade.amountFen)],
    [4, '0001'],
    [15, ''],
    [2, trade.txnType],
    [2, trade.txnSubType],
    [6, '000000'],
    [2, '01'],
    [4, ''],
    [32, ''],
    [1, '1'],
    [21, trade.origQueryId],
  ];
}

/** 商户代码 to 保留使用. */
function tail(trade: Trade, origin: Trade | undefined): readonly Field[] {
  const isPayment = trade.txnType === '01';
  const net = String(trade.amountFen - feeOf(trade.amountFen)).padStart(12, '0');
  return [
    [15, trade.merId],
    [1, '0'],
    [15, ''],
    [32, ''],
    [13, ''],
    [13, `${isPayment ? 'C' : 'D'}${net}`],
    [8, trade.termId],
    [32, ''],
    [13, `C${'0'.repeat(12)}`],
    [13, ''],
    [12, ''],
    [2, ''],
    [1, '7'],
    [32, origin?.orderId ?? ''],
    [98, ''],
  ];
}

/** Rounded half up to whole fen. */
function feeOf(amountFen: number): number {
  return Number((BigInt(amountFen) * rate + 5_000n) / 10_000n);
}
