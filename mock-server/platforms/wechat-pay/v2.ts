import { createHash, createHmac, randomBytes } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { fromShanghai, shanghaiCompact } from '../frame/shanghai.ts';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import { underFaults } from '../frame/wire.ts';
import { newOpenid, stateAt } from './book.ts';
import type { Payment } from './book.ts';
import { takeMoney } from './desk.ts';
import type { Desk } from './desk.ts';
import type { Merchant } from './keys.ts';
import { tradeState } from './shapes.ts';

type Fields = Readonly<Record<string, string>>;

/** An answer of API v2 before it is signed: what it says beside the usual fields. */
type Outcome = { readonly ok: Fields } | { readonly no: string; readonly text: string; readonly more?: Fields };

const calls: Readonly<Record<string, string>> = {
  '/pay/micropay': 'micropay',
  '/pay/orderquery': 'orderquery',
  '/secapi/pay/reverse': 'reverse',
};
/** How long a scanned code's order waits for the payer when it names no end, in milliseconds. */
const orderMs = 300_000;

/** Answers one request of API v2. `isMerchant`: it came with a client certificate, over the TLS port. */
export async function answerV2(desk: Desk, request: WireRequest, isMerchant: boolean): Promise<WireAnswer> {
  const path = request.target.split('?')[0] ?? '';
  const call = calls[path] ?? 'none';
  const shape = {
    call,
    outOfOrder: (status: number) => ({ status, headers: { 'content-type': 'text/plain' }, body: '' }),
    spoil: (answer: WireAnswer) => ({
      ...answer,
      body: String(answer.body).replace(/<sign><!\[CDATA\[./, '<sign><![CDATA[-'),
    }),
  };
  return underFaults(desk.tools.faults, desk.tools.clock, shape, async () => {
    if (request.method !== 'POST') return failing('请使用post方法');
    if (call === 'none') return { status: 404, headers: {}, body: '' };
    if (path.startsWith('/secapi/') && !isMerchant) return failing('证书验证失败');
    const fields = readXml(request.body);
    if (fields === undefined) return failing('XML格式错误');
    const merchant = desk.merchants().find(({ mchid }) => mchid === fields['mch_id']);
    if (merchant === undefined) return failing('商户号mch_id与appid不匹配');
    if (signOf(fields, merchant) !== fields['sign']) return failing('签名错误');
    if (fields['appid'] !== merchant.appId) {
      return signed(merchant, fields, { no: 'APPID_MCHID_NOT_MATCH', text: 'appid和mch_id不匹配' });
    }
    return signed(merchant, fields, await work(desk, call, merchant, fields));
  });
}

function work(desk: Desk, call: string, merchant: Merchant, fields: Fields): Promise<Outcome> | Outcome {
  const number = fields['out_trade_no'] ?? '';
  if (!/^[0-9A-Za-z_\-|*]{1,32}$/.test(number)) return { no: 'PARAM_ERROR', text: 'out_trade_no有误' };
  const nonce = fields['nonce_str'] ?? '';
  if (nonce === '' || nonce.length > 32) return { no: 'PARAM_ERROR', text: 'nonce_str有误' };
  const payment = desk.book.find(merchant.mchid, number);
  if (call === 'micropay') return micropay(desk, merchant, number, fields, payment);
  if (payment === undefined) return { no: 'ORDERNOTEXIST', text: '订单不存在' };
  return call === 'reverse' ? reverse(desk, payment) : { ok: queryFields(payment, desk.tools.clock.now()) };
}

async function micropay(
  desk: Desk,
  merchant: Merchant,
  number: string,
  fields: Fields,
  known: Payment | undefined,
): Promise<Outcome> {
  const wrong = wrongMicropay(fields);
  if (wrong !== undefined) return wrong;
  const code = fields['auth_code'] ?? '';
  if (known !== undefined) return repeated(known, code, desk.tools.clock.now());
  const nowMs = desk.tools.clock.now();
  const behaviour = desk.book.take(code, nowMs);
  if (behaviour === 'invalid') return { no: 'AUTH_CODE_INVALID', text: '请扫描微信支付被扫条码/二维码' };
  if (behaviour === 'expired') return { no: 'AUTHCODEEXPIRE', text: '二维码已过期，请刷新再试' };
  const payment = desk.book.add(newMicropay(merchant, number, fields, nowMs));
  switch (behaviour) {
    case 'pay':
      await takeMoney(desk, payment);
      return { ok: paidFields(payment) };
    case 'password':
      return { no: 'USERPAYING', text: '需要用户输入支付密码' };
    case 'insufficient':
      payment.state = 'declined';
      return { no: 'NOTENOUGH', text: '余额不足' };
    case 'decline':
      payment.state = 'declined';
      return { no: 'TRADE_ERROR', text: '交易错误，用户取消支付' };
  }
}

function wrongMicropay(fields: Fields): Outcome | undefined {
  const { body = '', total_fee: fee = '', auth_code: code = '', spbill_create_ip: address = '' } = fields;
  if (body === '' || body.length > 128) return { no: 'PARAM_ERROR', text: 'body有误' };
  if (!/^[1-9]\d{0,9}$/.test(fee)) return { no: 'PARAM_ERROR', text: 'total_fee有误' };
  if (address === '') return { no: 'LACK_PARAMS', text: '缺少参数spbill_create_ip' };
  if (!/^1[0-5]\d{16}$/.test(code)) return { no: 'AUTH_CODE_ERROR', text: '付款码参数错误' };
  return undefined;
}

function repeated(known: Payment, code: string, nowMs: number): Outcome {
  const state = stateAt(known, nowMs);
  if (known.code !== code) return { no: 'OUT_TRADE_NO_USED', text: '商户订单号重复' };
  if (state === 'paid') return { no: 'ORDERPAID', text: '订单已支付' };
  if (state === 'waiting') return { no: 'USERPAYING', text: '需要用户输入支付密码' };
  if (state === 'reversed') return { no: 'ORDERREVERSED', text: '订单已撤销' };
  return state === 'closed' ? { no: 'ORDERCLOSED', text: '订单已关闭' } : { no: 'TRADE_ERROR', text: '交易错误' };
}

function newMicropay(merchant: Merchant, number: string, fields: Fields, nowMs: number): Payment {
  return {
    ...{ mchid: merchant.mchid, number, type: 'MICROPAY', attach: fields['attach'] ?? '', notifyUrl: undefined },
    amountFen: Number(fields['total_fee']),
    description: fields['body'] ?? '',
    device: fields['device_info'] ?? '',
    createdMs: nowMs,
    expiresMs: fromShanghai(fields['time_expire'] ?? '') ?? nowMs + orderMs,
    code: fields['auth_code'] ?? '',
    openid: newOpenid(),
    ...{ made: '', state: 'waiting', transactions: [], refunds: [] },
  };
}

/** Undoes a scanned code: closes what is unpaid, gives back what is paid; again and again with the same end. */
function reverse(desk: Desk, payment: Payment): Outcome {
  if (payment.type !== 'MICROPAY') return { no: 'TRADE_ERROR', text: '该订单不支持撤销' };
  if (payment.refunds.some(({ isReversal }) => !isReversal)) return { no: 'TRADE_ERROR', text: '订单已发起退款' };
  if (payment.state === 'reversed') return { ok: { recall: 'N' } };
  const createdMs = desk.tools.clock.now();
  if (payment.state === 'paid') {
    const { amountFen } = payment;
    const whole = { no: `${payment.number}V`, amountFen, reason: '撤销', notifyUrl: undefined, createdMs };
    desk.book.giveBack(payment, { ...whole, isReversal: true }, createdMs);
  }
  payment.state = 'reversed';
  desk.book.changed();
  return { ok: { recall: 'N' } };
}

function queryFields(payment: Payment, nowMs: number): Fields {
  const state = tradeState(payment, nowMs);
  const paid = payment.transactions.length === 0 ? {} : paidFields(payment);
  return { ...paid, out_trade_no: payment.number, trade_state: state, trade_state_desc: state, attach: payment.attach };
}

function paidFields(payment: Payment): Fields {
  const [transaction] = payment.transactions;
  if (transaction === undefined) throw new Error(`${payment.number} is not paid`);
  const fee = String(transaction.toldFen);
  return {
    openid: payment.openid,
    is_subscribe: 'N',
    trade_type: payment.type,
    bank_type: 'OTHERS',
    ...{ fee_type: 'CNY', total_fee: fee, cash_fee_type: 'CNY', cash_fee: fee },
    transaction_id: transaction.id,
    out_trade_no: payment.number,
    attach: payment.attach,
    time_end: shanghaiCompact(transaction.paidMs),
  };
}

function signOf(fields: Fields, merchant: Merchant): string {
  const pairs = Object.entries(fields).filter(([name, value]) => name !== 'sign' && value !== '');
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  const text = `${pairs.map(([name, value]) => `${name}=${value}`).join('&')}&key=${merchant.apiV2Key}`;
  const isMd5 = (fields['sign_type'] ?? 'MD5') === 'MD5';
  const hash = isMd5 ? createHash('md5') : createHmac('sha256', merchant.apiV2Key);
  return hash.update(text).digest('hex').toUpperCase();
}

function signed(merchant: Merchant, asked: Fields, outcome: Outcome): WireAnswer {
  const said: Fields =
    'ok' in outcome
      ? { result_code: 'SUCCESS', ...outcome.ok }
      : { result_code: 'FAIL', err_code: outcome.no, err_code_des: outcome.text, ...outcome.more };
  const fields: Fields = {
    ...{ return_code: 'SUCCESS', return_msg: 'OK', appid: merchant.appId, mch_id: merchant.mchid },
    nonce_str: randomBytes(16).toString('hex'),
    ...(asked['sign_type'] === undefined ? {} : { sign_type: asked['sign_type'] }),
    ...said,
  };
  const sign = signOf(fields, merchant);
  return xml({ ...fields, sign });
}

function failing(text: string): WireAnswer {
  return xml({ return_code: 'FAIL', return_msg: text });
}

function xml(fields: Fields): WireAnswer {
  const parts = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: `<xml>\n${parts.join('\n')}\n</xml>`,
  };
}

function readXml(body: Buffer): Fields | undefined {
  const text = body.toString('utf8');
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return undefined;
  try {
    const parser = new XMLParser({ parseTagValue: false, processEntities: true, ignoreDeclaration: true });
    const parsed = parser.parse(text, true) as { readonly xml?: unknown };
    if (typeof parsed.xml !== 'object' || parsed.xml === null) return undefined;
    const entries = Object.entries(parsed.xml);
    return entries.every(([, value]) => typeof value === 'string') ? Object.fromEntries(entries) : undefined;
  } catch {
    return undefined;
  }
}
