import { deflateSync } from 'node:zlib';
import type { Merchant } from './accounts.ts';
import type { UnionPayBank } from './bank.ts';
import { age, msOf, settleDayOf } from './trades.ts';
import type { Trade } from './trades.ts';
import { fieldOf, messageOf, Refused } from './wire.ts';
import type { Answer, Fields } from './wire.ts';

/** Furthest that a new trade's `txnTime` may be from the platform's clock, in milliseconds. */
const driftMaxMs = 3_600_000;
/** Life of a code whose order names none. */
const codeLivesMs = 300_000;

/** A request with the merchant that signed it. */
export interface Asked {
  readonly merchant: Merchant;
  readonly fields: Fields;
}

type Work = (bank: UnionPayBank, asked: Asked) => Answer | Promise<Answer>;

/** The calls by address, `txnType` and `txnSubType`, with the names that fault plans use. */
export const calls: Readonly<Record<string, { readonly name: string; readonly work: Work }>> = {
  'backTransReq 01 07': { name: 'apply-code', work: applyCode },
  'backTransReq 01 06': { name: 'consume', work: consume },
  'backTransReq 04 00': { name: 'refund', work: refund },
  'backTransReq 31 00': { name: 'cancel', work: cancel },
  'backTransReq 99 01': { name: 'reverse', work: reverse },
  'queryTrans 00 00': { name: 'query', work: query },
  'files 76 01': { name: 'file', work: file },
};

/** 申请二维码. The same order again is the same code, as long as nobody has paid. */
async function applyCode(bank: UnionPayBank, asked: Asked): Promise<Answer> {
  const payTimeout = asked.fields['payTimeout'] === undefined ? '' : fieldOf(asked.fields, 'payTimeout', /^\d{14}$/);
  const facts = paymentIn(asked);
  const known = bank.trades.byOrder(facts.merId, facts.orderId);
  const isSame = known?.txnTime === facts.txnTime && known.amountFen === facts.amountFen;
  if (known !== undefined && (!isSame || known.state !== 'shown')) return { respCode: '12' };
  if (known === undefined) isNow(bank, facts.txnTime);
  const codeEndsMs = payTimeout === '' ? bank.nowMs() + codeLivesMs : (msOf(payTimeout) ?? 0);
  if (codeEndsMs <= bank.nowMs()) throw new Refused('10', 'payTimeout');
  const trade = known ?? bank.open({ ...facts, txnType: '01', code: bank.newQr(), codeEndsMs, origQueryId: '' });
  await bank.payBeforeAnswer(trade);
  return { respCode: '00', more: { qrCode: trade.code } };
}

/** 消费 01/01 by a page: opens the trade, or finds it again. */
export function openPage(bank: UnionPayBank, asked: Asked, more: Pick<Trade, 'frontUrl' | 'account'>): Trade {
  const payTimeout = fieldOf(asked.fields, 'payTimeout', /^\d{14}$/);
  const facts = paymentIn(asked, /^000201$/);
  const known = bank.trades.byOrder(facts.merId, facts.orderId);
  if (known !== undefined && (known.txnTime !== facts.txnTime || known.amountFen !== facts.amountFen))
    throw new Refused('12', 'orderId');
  const codeEndsMs = msOf(payTimeout) ?? 0;
  if (codeEndsMs <= bank.nowMs()) throw new Refused('10', 'payTimeout');
  if (known === undefined) isNow(bank, facts.txnTime);
  const trade =
    known ?? bank.open({ ...facts, ...more, txnType: '01', code: bank.newQr(), codeEndsMs, origQueryId: '' });
  if (trade.state === 'shown') trade.state = 'thinking';
  return trade;
}

/** 二维码消费（被扫）. */
function consume(bank: UnionPayBank, asked: Asked): Answer {
  const code = fieldOf(asked.fields, 'qrNo', /^\d{1,20}$/);
  const facts = paymentIn(asked);
  if (bank.trades.byOrder(facts.merId, facts.orderId) !== undefined) return { respCode: '12' };
  isNow(bank, facts.txnTime);
  const behaviour = bank.takeAuthCode(code);
  const trade = bank.open({ ...facts, txnType: '01', code, codeEndsMs: bank.nowMs() + codeLivesMs, origQueryId: '' });
  const failures = { unknown: '88', expired: '86', insufficient: '64', decline: '30' };
  if (behaviour === 'pay') {
    bank.finish(trade);
    return { respCode: '00', more: bank.factsOf(trade, trade.queryIds[0] ?? '') };
  }
  if (behaviour === 'password') {
    trade.state = 'thinking';
    return { respCode: '05' };
  }
  trade.state = 'failed';
  trade.respCode = failures[behaviour];
  return { respCode: trade.respCode };
}

/** 退货. */
function refund(bank: UnionPayBank, asked: Asked): Answer {
  const facts = backIn(asked);
  const payment = bank.trades.byQueryId(facts.merId, facts.origQueryId);
  if (bank.trades.byOrder(facts.merId, facts.orderId) !== undefined) return { respCode: '12' };
  isNow(bank, facts.txnTime);
  if (payment?.state !== 'done' || payment.txnType !== '01' || payment.isCancelled === true) return { respCode: '35' };
  if (bank.trades.refundedFen(payment, facts.origQueryId) + facts.amountFen > payment.amountFen)
    return { respCode: '36' };
  const trade = bank.open({ ...facts, txnType: '04', code: '', codeEndsMs: 0 });
  bank.finish(trade);
  return { respCode: '00', more: { queryId: trade.queryIds[0] ?? '', origQryId: facts.origQueryId } };
}

/** 消费撤销: in full, on the same settlement day. The payment itself goes on being a success; the cancel stands beside it. */
function cancel(bank: UnionPayBank, asked: Asked): Answer {
  const facts = backIn(asked);
  const payment = bank.trades.byQueryId(facts.merId, facts.origQueryId);
  if (bank.trades.byOrder(facts.merId, facts.orderId) !== undefined) return { respCode: '12' };
  isNow(bank, facts.txnTime);
  if (payment?.state !== 'done' || payment.txnType !== '01' || payment.isCancelled === true) return { respCode: '35' };
  if (bank.trades.refundedFen(payment) > 0) return { respCode: '35' };
  if (facts.amountFen !== payment.amountFen) return { respCode: '36' };
  if (!isSameDay(bank, payment)) return { respCode: '39' };
  const trade = bank.open({ ...facts, txnType: '31', code: '', codeEndsMs: 0 });
  payment.isCancelled = true;
  bank.finish(trade);
  return { respCode: '00', more: { queryId: trade.queryIds[0] ?? '', origQryId: facts.origQueryId } };
}

/** 冲正, under the payment's own number and time, on the same settlement day. Afterwards the payment is not there any more. */
function reverse(bank: UnionPayBank, { merchant, fields }: Asked): Answer {
  const orderId = fieldOf(fields, 'orderId', /^[0-9A-Za-z]{8,40}$/);
  const txnTime = fieldOf(fields, 'txnTime', /^\d{14}$/);
  const payment = bank.trades.byOrder(merchant.merId, orderId);
  if (payment?.txnTime !== txnTime || payment.txnType !== '01' || payment.state === 'shown') return { respCode: '34' };
  if (payment.state === 'reversed') return { respCode: '00' };
  if (payment.isCancelled === true) return { respCode: '35' };
  if (!isSameDay(bank, payment)) return { respCode: '39' };
  payment.state = 'reversed';
  return { respCode: '00' };
}

/** 交易状态查询: `respCode` is the query's, `origRespCode` the trade's. */
function query(bank: UnionPayBank, { merchant, fields }: Asked): Answer {
  const orderId = fieldOf(fields, 'orderId', /^[0-9A-Za-z]{8,40}$/);
  const txnTime = fieldOf(fields, 'txnTime', /^\d{14}$/);
  const trade = bank.trades.byOrder(merchant.merId, orderId);
  if (trade?.txnTime !== txnTime || trade.state === 'shown' || trade.state === 'reversed') return { respCode: '34' };
  age(trade, bank.nowMs());
  const code = trade.state === 'thinking' ? '05' : trade.respCode;
  const facts = trade.state === 'done' ? bank.factsOf(trade, trade.queryIds[0] ?? '') : {};
  return {
    respCode: '00',
    more: {
      ...facts,
      txnType: trade.txnType,
      txnSubType: trade.txnSubType,
      origRespCode: code,
      origRespMsg: messageOf(code),
    },
  };
}

/** 文件传输类交易: base64 of a zlib stream of the zip. */
function file(bank: UnionPayBank, { merchant, fields }: Asked): Answer {
  const date = fieldOf(fields, 'settleDate', /^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/);
  fieldOf(fields, 'txnTime', /^\d{14}$/);
  fieldOf(fields, 'fileType', /^00$/);
  const today = settleDayOf(bank.nowMs());
  const year = Number(today.slice(0, 4)) - (date > today.slice(5).replace('-', '') ? 1 : 0);
  const day = `${String(year)}-${date.slice(0, 2)}-${date.slice(2)}`;
  const zip = bank.isFileReady(day) ? bank.file(merchant.merId, day) : undefined;
  if (zip === undefined) return { respCode: '98' };
  const more = {
    settleDate: date,
    fileType: '00',
    fileName: `${merchant.merId}_${day.replaceAll('-', '')}.zip`,
    fileContent: deflateSync(zip).toString('base64'),
  };
  return { respCode: '00', more };
}

type Facts = Pick<
  Trade,
  'merId' | 'orderId' | 'txnTime' | 'amountFen' | 'orderDesc' | 'termId' | 'backUrl' | 'txnSubType'
>;

function factsIn({ merchant, fields }: Asked, bizType = /^000000$/): Facts {
  fieldOf(fields, 'bizType', bizType);
  fieldOf(fields, 'channelType', /^0[78]$/);
  return {
    merId: merchant.merId,
    orderId: fieldOf(fields, 'orderId', /^[0-9A-Za-z]{8,40}$/),
    txnTime: fieldOf(fields, 'txnTime', /^\d{14}$/),
    amountFen: Number(fieldOf(fields, 'txnAmt', /^[1-9]\d{0,11}$/)),
    orderDesc: fields['orderDesc'] === undefined ? '' : fieldOf(fields, 'orderDesc', /^[^&={}[\]"']{1,32}$/),
    termId: fields['termId'] === undefined ? '' : fieldOf(fields, 'termId', /^[0-9A-Za-z]{8}$/),
    backUrl: fieldOf(fields, 'backUrl', /^https?:\/\/[^?#\s]+$/),
    txnSubType: fieldOf(fields, 'txnSubType', /^\d\d$/),
  };
}

function paymentIn(asked: Asked, bizType?: RegExp): Facts {
  fieldOf(asked.fields, 'currencyCode', /^156$/);
  return factsIn(asked, bizType);
}

function backIn(asked: Asked): Facts & Pick<Trade, 'origQueryId'> {
  return { ...factsIn(asked), origQueryId: fieldOf(asked.fields, 'origQryId', /^\d{20,21}$/) };
}

function isNow(bank: UnionPayBank, txnTime: string): void {
  const ms = msOf(txnTime);
  if (ms === undefined || Math.abs(ms - bank.nowMs()) > driftMaxMs) throw new Refused('10', 'txnTime');
}

function isSameDay(bank: UnionPayBank, { doneMs }: Trade): boolean {
  return doneMs === undefined || settleDayOf(doneMs) === settleDayOf(bank.nowMs());
}
