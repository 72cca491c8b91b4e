import { randomBytes } from 'node:crypto';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import { underFaults } from '../frame/wire.ts';
import { Refusal, refusalAnswer, sealFor, signedAnswer, spoilt, unsigned } from './answers.ts';
import { billCall, fileCall } from './bill-calls.ts';
import { stateAt } from './book.ts';
import type { Payment } from './book.ts';
import { callerOf } from './caller.ts';
import { leftFen, startRefund, takeMoney } from './desk.ts';
import type { Call, Desk } from './desk.ts';
import type { Merchant } from './keys.ts';
import { newOrder, type OrderType, readBody, readRefund } from './orders.ts';
import { refundJson, rfc3339, transactionJson } from './shapes.ts';

/** Most refunds of one order (API v3, "Refund"). */
const refundsMax = 50;

/** Answers one request of API v3: fault, caller, work, signature. */
export async function answerV3(desk: Desk, request: WireRequest): Promise<WireAnswer> {
  const { faults, clock } = desk.tools;
  const call = callFor(desk, request);
  const shape = {
    call: call?.name ?? 'none',
    outOfOrder: (status: number) => unsigned(status, { code: 'SYSTEM_ERROR', message: '系统异常，请稍后重试' }),
    ...(call?.name === 'bill-file' ? {} : { spoil: spoilt }),
  };
  return underFaults(faults, clock, shape, async () => {
    try {
      const merchant = callerOf(desk.merchants(), desk.secrets(), request, clock.now());
      if (call === undefined) throw new Refusal(404, 'RESOURCE_NOT_EXISTS', '请求的资源不存在');
      return await call.work(merchant);
    } catch (error) {
      if (error instanceof Refusal) return await refusalAnswer(desk.secrets(), request, clock.now(), error);
      throw error;
    }
  });
}

function callFor(desk: Desk, request: WireRequest): Call | undefined {
  const url = new URL(request.target, 'http://api.invalid');
  const route = `${request.method} ${url.pathname}`;
  const [, closing] = /^POST \/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/.exec(route) ?? [];
  const [, asked] = /^GET \/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/.exec(route) ?? [];
  const [, refund] = /^GET \/v3\/refund\/domestic\/refunds\/([^/]+)$/.exec(route) ?? [];
  if (closing !== undefined) return { name: 'close', work: (merchant) => close(desk, request, merchant, closing) };
  if (asked !== undefined) {
    return { name: 'query', work: (merchant) => query(desk, request, merchant, asked, url.searchParams.get('mchid')) };
  }
  if (refund !== undefined) {
    return { name: 'query-refund', work: (merchant) => queryRefund(desk, request, merchant, refund) };
  }
  switch (route) {
    case 'POST /v3/pay/transactions/native':
      return { name: 'native', work: (merchant) => order(desk, request, merchant, 'NATIVE') };
    case 'POST /v3/pay/transactions/h5':
      return { name: 'h5', work: (merchant) => order(desk, request, merchant, 'MWEB') };
    case 'POST /v3/pay/transactions/jsapi':
      return { name: 'jsapi', work: (merchant) => order(desk, request, merchant, 'JSAPI') };
    case 'POST /v3/refund/domestic/refunds':
      return { name: 'refund', work: (merchant) => refundOrder(desk, request, merchant) };
    case 'GET /v3/certificates':
      return { name: 'certificates', work: (merchant) => certificates(desk, request, merchant) };
    case 'GET /v3/bill/tradebill':
    case 'GET /v3/bill/fundflowbill':
      return billCall(desk, request, url);
    case 'GET /v3/billdownload/file':
      return fileCall(desk, url);
    default:
      return undefined;
  }
}

function answer(desk: Desk, request: WireRequest, value: object | undefined): Promise<WireAnswer> {
  return signedAnswer(desk.secrets(), request, desk.tools.clock.now(), value);
}

async function order(desk: Desk, request: WireRequest, merchant: Merchant, type: OrderType): Promise<WireAnswer> {
  const { clock, faults } = desk.tools;
  const made = newOrder(readBody(request), merchant, type, clock.now());
  if (type === 'JSAPI' && !desk.knowsOpenid(merchant.appId, made.openid))
    throw new Refusal(400, 'PARAM_ERROR', '无效的openid', { field: 'payer.openid', location: 'body' });
  const known = desk.book.find(merchant.mchid, made.number);
  if (known !== undefined) refuseRepetition(known, made.made, clock.now());
  const payment = known ?? desk.book.add(made);
  if (known === undefined && faults.takeIf('notify', ({ how }) => how === 'before-answer') !== undefined) {
    await takeMoney(desk, payment, true);
  }
  if (type === 'NATIVE') return answer(desk, request, { code_url: payment.code });
  if (type === 'JSAPI') return answer(desk, request, { prepay_id: payment.code.split('=')[1] });
  return answer(desk, request, { h5_url: `${desk.tools.origin}/?code=${encodeURIComponent(payment.code)}` });
}

/** The same number with the same parameters gives the same order again; anything else is refused. */
function refuseRepetition(known: Payment, made: string, nowMs: number): void {
  const state = stateAt(known, nowMs);
  if (state === 'paid') throw new Refusal(400, 'ORDERPAID', '该订单已支付');
  if (state !== 'waiting') throw new Refusal(400, 'ORDER_CLOSED', '该订单已关闭');
  if (known.made !== made) throw new Refusal(400, 'INVALID_REQUEST', '请求重入时，参数与首次请求时不一致');
}

async function query(
  desk: Desk,
  request: WireRequest,
  merchant: Merchant,
  number: string,
  mchid: string | null,
): Promise<WireAnswer> {
  if (mchid !== merchant.mchid)
    throw new Refusal(400, 'PARAM_ERROR', '商户号有误', { field: 'mchid', location: 'query' });
  const payment = desk.book.find(merchant.mchid, number);
  if (payment === undefined) throw new Refusal(404, 'ORDER_NOT_EXIST', '订单不存在');
  return answer(desk, request, transactionJson(merchant, payment, payment.transactions[0], desk.tools.clock.now()));
}

async function close(desk: Desk, request: WireRequest, merchant: Merchant, number: string): Promise<WireAnswer> {
  const { mchid } = readBody(request);
  if (mchid !== merchant.mchid)
    throw new Refusal(400, 'PARAM_ERROR', '商户号有误', { field: 'mchid', location: 'body' });
  const payment = desk.book.find(merchant.mchid, number);
  if (payment === undefined) throw new Refusal(404, 'ORDER_NOT_EXIST', '订单不存在');
  if (payment.type === 'MICROPAY') throw new Refusal(403, 'TRADE_ERROR', '付款码支付订单请使用撤销接口');
  if (payment.state === 'paid') throw new Refusal(400, 'ORDERPAID', '该订单已支付');
  payment.state = 'closed';
  desk.book.changed();
  return answer(desk, request, undefined);
}

async function refundOrder(desk: Desk, request: WireRequest, merchant: Merchant): Promise<WireAnswer> {
  const asked = readRefund(readBody(request));
  const { book } = desk;
  const payment =
    asked.outTradeNo === undefined
      ? book.findTransaction(merchant.mchid, asked.transactionId ?? '')
      : book.find(merchant.mchid, asked.outTradeNo);
  if (payment === undefined) throw new Refusal(404, 'RESOURCE_NOT_EXISTS', '订单不存在');
  const owner = book.findRefund(merchant.mchid, asked.no);
  if (owner !== undefined) {
    const known = owner.refunds.find(({ no }) => no === asked.no);
    if (known === undefined || owner !== payment || known.amountFen !== asked.amountFen) {
      throw new Refusal(400, 'INVALID_REQUEST', '同一退款单号的退款金额必须一致');
    }
    return answer(desk, request, refundJson(payment, known));
  }
  if (asked.totalFen !== payment.amountFen)
    throw new Refusal(400, 'INVALID_REQUEST', '订单金额或退款金额与之前请求不一致');
  if (payment.state !== 'paid') throw new Refusal(400, 'INVALID_REQUEST', '订单未支付，不能发起退款');
  if (payment.refunds.length >= refundsMax) throw new Refusal(400, 'INVALID_REQUEST', '退款次数超过上限');
  if (asked.amountFen > leftFen(payment, asked.transactionId))
    throw new Refusal(400, 'INVALID_REQUEST', '申请退款金额超过可退金额');
  const refund = await startRefund(desk, merchant, payment, asked);
  return answer(desk, request, refundJson(payment, refund));
}

async function queryRefund(desk: Desk, request: WireRequest, merchant: Merchant, no: string): Promise<WireAnswer> {
  const payment = desk.book.findRefund(merchant.mchid, no);
  const refund = payment?.refunds.find((one) => one.no === no);
  if (payment !== undefined && refund !== undefined) return answer(desk, request, refundJson(payment, refund));
  throw new Refusal(404, 'RESOURCE_NOT_EXISTS', '退款单不存在');
}

async function certificates(desk: Desk, request: WireRequest, merchant: Merchant): Promise<WireAnswer> {
  const nowMs = desk.tools.clock.now();
  const data = desk.secrets().certificates.map(({ serial, certificate }) => ({
    serial_no: serial,
    effective_time: rfc3339(nowMs),
    expire_time: rfc3339(nowMs + 5 * 365 * 86_400_000),
    encrypt_certificate: sealFor(merchant, 'certificate', certificate),
  }));
  return answer(
    desk,
    { ...request, headers: { ...request.headers, 'wechatpay-serial': randomBytes(4).toString('hex') } },
    { data },
  );
}
