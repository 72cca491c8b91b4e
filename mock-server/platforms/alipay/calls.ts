import { shanghai } from '../frame/shanghai.ts';
import type { AlipayBank } from './bank.ts';
import { amountOf, CallRefused, numberOf, optionalTextOf, orderOf, textOf, yuan } from './fields.ts';
import { age, refundedFen } from './trades.ts';
import type { Trade } from './trades.ts';
import { failure, success } from './wire.ts';
import type { Answer, Call } from './wire.ts';

const notExist = failure('ACQ.TRADE_NOT_EXIST', '交易不存在');
const wrongState = failure('ACQ.REASON_TRADE_STATUS_INVALID', '交易状态异常');
const hasPaid = failure('ACQ.TRADE_HAS_SUCCESS', '交易已被支付');
const hasClosed = failure('ACQ.TRADE_HAS_CLOSE', '交易已经关闭');

/** What each method does, by its name; `alipay.trade.wap.pay` is a page and not here. */
export const methods: Readonly<Record<string, (bank: AlipayBank, call: Call) => Answer | Promise<Answer>>> = {
  'alipay.trade.precreate': precreate,
  'alipay.trade.pay': pay,
  'alipay.trade.query': query,
  'alipay.trade.close': close,
  'alipay.trade.cancel': cancel,
  'alipay.trade.refund': refund,
  'alipay.trade.fastpay.refund.query': queryRefund,
  'alipay.data.dataservice.bill.downloadurl.query': billAddress,
  'alipay.open.app.alipaycert.download': downloadCertificate,
};

/** A code; the trade itself comes to be when a wallet scans it. The same order again is the same code. */
async function precreate(bank: AlipayBank, call: Call): Promise<Answer> {
  const order = orderOf(call);
  const known = bank.trades.find(call.app.appId, order.number);
  if (known !== undefined && known.amountFen !== order.amountFen) {
    return failure('ACQ.CONTEXT_INCONSISTENT', '交易信息被篡改');
  }
  if (known?.state === 'paid') return hasPaid;
  if (known?.state === 'closed' || known?.state === 'reversed') return hasClosed;
  const trade = known ?? bank.open(call, order, bank.newQr());
  await bank.payBeforeAnswer(trade);
  return success({ out_trade_no: trade.number, qr_code: trade.code });
}

/** A code that a wallet shows. */
function pay(bank: AlipayBank, call: Call): Answer {
  const order = orderOf(call);
  textOf(call, 'scene', /^(bar_code|wave_code)$/);
  const code = textOf(call, 'auth_code', /^(2[5-9]|30)\d{14,22}$/);
  const known = bank.trades.find(call.app.appId, order.number);
  if (known !== undefined)
    return known.state === 'paid' ? hasPaid : known.state === 'waiting' ? waiting(known) : hasClosed;
  const behaviour = bank.takeAuthCode(code);
  if (behaviour === undefined)
    return failure('ACQ.PAYMENT_AUTH_CODE_INVALID', '支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款');
  if (behaviour === 'insufficient') return failure('ACQ.BUYER_BALANCE_NOT_ENOUGH', '买家余额不足');
  if (behaviour === 'decline') return failure('ACQ.PAYMENT_FAIL', '支付失败');
  const trade = bank.open(call, order, code);
  bank.scan(trade);
  if (behaviour === 'password') return waiting(trade);
  bank.take(trade);
  return success({ ...namesOf(trade), ...moneyOf(trade), gmt_payment: shanghai(trade.paidMs ?? 0) });
}

function query(bank: AlipayBank, call: Call): Answer {
  const trade = foundIn(bank, call);
  const isGivenBack = trade.state === 'paid' && refundedFen(trade) === trade.amountFen;
  const status = {
    waiting: 'WAIT_BUYER_PAY',
    paid: 'TRADE_SUCCESS',
    shown: '',
    closed: 'TRADE_CLOSED',
    reversed: 'TRADE_CLOSED',
  };
  return success({
    ...namesOf(trade),
    trade_status: isGivenBack ? 'TRADE_CLOSED' : status[trade.state],
    ...moneyOf(trade),
    ...(trade.paidMs === undefined ? {} : { send_pay_date: shanghai(trade.paidMs) }),
    store_id: trade.storeId,
    terminal_id: trade.terminalId,
  });
}

function close(bank: AlipayBank, call: Call): Answer {
  const trade = foundIn(bank, call);
  if (trade.state !== 'waiting') return wrongState;
  trade.state = 'closed';
  return success({ trade_no: trade.tradeNos[0], out_trade_no: trade.number });
}

/** `action` is answered only when there was a trade; a code that nobody scanned ends all the same. */
function cancel(bank: AlipayBank, call: Call): Answer {
  const number = numberOf(call);
  const trade = bank.trades.find(call.app.appId, number);
  if (trade === undefined || trade.state === 'shown') {
    if (trade !== undefined) trade.state = 'closed';
    return success({ out_trade_no: number, retry_flag: 'N' });
  }
  const isPaid = trade.paidMs !== undefined;
  if (trade.state === 'paid') bank.giveBack(trade, trade.number, trade.amountFen - refundedFen(trade));
  if (trade.state !== 'closed') trade.state = 'reversed';
  return success({
    trade_no: trade.tradeNos[0],
    out_trade_no: number,
    retry_flag: 'N',
    action: isPaid ? 'refund' : 'close',
  });
}

function refund(bank: AlipayBank, call: Call): Answer {
  const amountFen = amountOf(call, 'refund_amount');
  const requestNo = optionalTextOf(call, 'out_request_no', /^\w{1,64}$/);
  optionalTextOf(call, 'refund_reason', /^.{1,256}$/);
  const { trade, tradeNo } = paidIn(bank, call);
  if (trade.state !== 'paid') return wrongState;
  if (requestNo === '' && amountFen !== trade.amountFen)
    return failure('ACQ.INVALID_PARAMETER', '部分退款必须传入 out_request_no');
  const known = trade.refunds.find((other) => other.requestNo === (requestNo === '' ? trade.number : requestNo));
  if (known !== undefined && known.amountFen !== amountFen)
    return failure('ACQ.DISCORDANT_REPEAT_REQUEST', '请求信息不一致');
  if (known === undefined) {
    if (refundedFen(trade, tradeNo) === trade.amountFen) return wrongState;
    if (refundedFen(trade, tradeNo) + amountFen > trade.amountFen)
      return failure('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', '退款金额超限');
    bank.giveBack(trade, requestNo === '' ? trade.number : requestNo, amountFen, tradeNo);
  }
  return success({
    ...namesOf(trade),
    trade_no: tradeNo,
    fund_change: known === undefined ? 'Y' : 'N',
    refund_fee: yuan(refundedFen(trade, tradeNo)),
    gmt_refund_pay: shanghai((known ?? trade.refunds.at(-1))?.atMs ?? 0),
  });
}

/** A refund that is not there is a success without its fields. */
function queryRefund(bank: AlipayBank, call: Call): Answer {
  const requestNo = textOf(call, 'out_request_no', /^\w{1,64}$/);
  const { trade, tradeNo } = paidIn(bank, call);
  const known = trade.refunds.find((other) => {
    return other.requestNo === requestNo && (other.tradeNo ?? trade.tradeNos[0]) === tradeNo;
  });
  if (known === undefined) return success();
  return success({
    trade_no: tradeNo,
    out_trade_no: trade.number,
    out_request_no: requestNo,
    total_amount: yuan(trade.amountFen),
    refund_amount: yuan(known.amountFen),
    refund_status: 'REFUND_SUCCESS',
    gmt_refund_pay: shanghai(known.atMs),
  });
}

function billAddress(bank: AlipayBank, call: Call): Answer {
  const kind = textOf(call, 'bill_type', /^(trade|signcustomer)$/);
  const day = textOf(call, 'bill_date', /^\d{4}-\d\d-\d\d$/);
  const address = bank.billAddress(call.app, day, kind);
  return address === undefined ? failure('isp.bill_not_exist', '账单不存在') : success({ bill_download_url: address });
}

function downloadCertificate(bank: AlipayBank, call: Call): Answer {
  const sn = textOf(call, 'alipay_cert_sn', /^[0-9a-f]{32}$/);
  const bundle = bank.certificateOf(call.app, sn);
  if (bundle === undefined) return failure('isv.alipay-cert-not-exist', '支付宝公钥证书不存在');
  return success({ alipay_cert_content: Buffer.from(bundle, 'utf8').toString('base64') });
}

/** The trade that money goes back of. Alipay takes its own number of it before the merchant's. */
function paidIn(bank: AlipayBank, call: Call): { readonly trade: Trade; readonly tradeNo: string } {
  const named = optionalTextOf(call, 'trade_no', /^\d{16,64}$/);
  const trade = named === '' ? foundIn(bank, call) : bank.trades.byTradeNo(call.app.appId, named);
  if (trade === undefined) throw new CallRefused(notExist);
  return { trade, tradeNo: named === '' ? (trade.tradeNos[0] ?? '') : named };
}

/** A trade that Alipay knows: a code that was only shown is none. */
function foundIn(bank: AlipayBank, call: Call): Trade {
  const trade = bank.trades.find(call.app.appId, numberOf(call));
  // A code that was cancelled before anybody scanned never became a trade.
  if (trade === undefined || trade.tradeNos.length === 0) throw new CallRefused(notExist);
  age(trade, bank.nowMs());
  return trade;
}

function waiting(trade: Trade): Answer {
  return { code: '10003', msg: ' order success pay inprocess', ...namesOf(trade) };
}

function namesOf(trade: Trade): Readonly<Record<string, unknown>> {
  return {
    trade_no: trade.tradeNos[0],
    out_trade_no: trade.number,
    buyer_logon_id: '159****5620',
    buyer_user_id: '2088101117955611',
  };
}

function moneyOf(trade: Trade): Readonly<Record<string, unknown>> {
  const told = yuan(trade.toldFen ?? trade.amountFen);
  return {
    total_amount: told,
    receipt_amount: told,
    buyer_pay_amount: told,
    point_amount: '0.00',
    invoice_amount: told,
  };
}
