import { createHash, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import type { WireRequest } from '../frame/wire.ts';
import { Refusal, wrongField } from './answers.ts';
import { newOpenid } from './book.ts';
import type { Payment, Refund } from './book.ts';
import type { Merchant } from './keys.ts';

/** A code is good for two hours, a link for five minutes, an order without an end for seven days. */
const [codeMs, linkMs, orderMs] = [7_200_000, 300_000, 7 * 86_400_000];
/** An order must live at least this long, in milliseconds. */
const shortestMs = 60_000;

const text = (most: number, least = 1) => v.pipe(v.string(), v.minLength(least), v.maxLength(most));
const number = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_\-|*]{6,32}$/, '须为6到32个字符'));
const refundNumber = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_\-|*@]{1,64}$/, '须为1到64个字符'));
const amount = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000_000_000));
const url = v.pipe(v.string(), v.regex(/^https?:\/\/[^?#\s]+$/, '须为不带参数的地址'), v.maxLength(255));
const time = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/, '须为rfc3339格式'));

const orderSchema = v.object({
  appid: text(32),
  mchid: text(32),
  description: text(127),
  out_trade_no: number,
  time_expire: v.optional(time),
  attach: v.optional(text(128)),
  notify_url: url,
  amount: v.object({ total: amount, currency: v.optional(v.literal('CNY')) }),
  scene_info: v.optional(
    v.object({
      payer_client_ip: text(45),
      device_id: v.optional(text(32)),
      store_info: v.optional(v.object({ id: text(32), name: v.optional(text(256)) })),
      h5_info: v.optional(v.object({ type: v.picklist(['Wap', 'iOS', 'Android']) })),
    }),
  ),
  payer: v.optional(v.object({ openid: text(128) })),
});

const refundSchema = v.object({
  transaction_id: v.optional(text(32)),
  out_trade_no: v.optional(number),
  out_refund_no: refundNumber,
  reason: v.optional(text(80)),
  notify_url: v.optional(url),
  amount: v.object({ refund: amount, total: amount, currency: v.literal('CNY') }),
});

/** The JSON object of a request. Throws a Refusal for anything else. */
export function readBody(request: WireRequest): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new Refusal(400, 'PARAM_ERROR', '请求体不是合法的JSON');
}

function read<Schema extends v.GenericSchema>(schema: Schema, body: object): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw wrongField(v.getDotPath(issue) ?? 'body', issue.message);
}

/** By a code, by a page of a phone's browser, by a page inside the wallet. */
export type OrderType = 'NATIVE' | 'MWEB' | 'JSAPI';
const codeStarts = {
  NATIVE: 'weixin://wxpay/bizpayurl?pr=',
  MWEB: 'weixin://wap/pay?prepayid=',
  JSAPI: 'weixin://jsapi/pay?prepayid=',
} as const;

/** Checks what an order is made with. @returns the order, not yet in the book. */
export function newOrder(
  body: Readonly<Record<string, unknown>>,
  merchant: Merchant,
  type: OrderType,
  nowMs: number,
): Payment {
  const asked = read(orderSchema, body);
  if (asked.mchid !== merchant.mchid) throw new Refusal(400, 'INVALID_REQUEST', '商户号与签名商户号不一致');
  if (asked.appid !== merchant.appId) throw new Refusal(400, 'APPID_MCHID_NOT_MATCH', '商户号和appid不匹配');
  if (type === 'MWEB' && asked.scene_info?.h5_info === undefined) throw wrongField('scene_info.h5_info', '必填');
  if (type === 'JSAPI' && asked.payer === undefined) throw wrongField('payer.openid', '必填');
  const endMs = asked.time_expire === undefined ? nowMs + orderMs : Date.parse(asked.time_expire);
  if (Number.isNaN(endMs) || endMs < nowMs + shortestMs) throw wrongField('time_expire', '须晚于当前时间1分钟以上');
  const code = randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'z');
  return {
    mchid: merchant.mchid,
    number: asked.out_trade_no,
    type,
    amountFen: asked.amount.total,
    description: asked.description,
    attach: asked.attach ?? '',
    device: asked.scene_info?.device_id ?? '',
    notifyUrl: asked.notify_url,
    createdMs: nowMs,
    expiresMs: Math.min(endMs, nowMs + (type === 'MWEB' ? linkMs : codeMs)),
    code: `${codeStarts[type]}${code}`,
    openid: asked.payer?.openid ?? newOpenid(),
    made: createHash('sha256')
      .update(JSON.stringify([type, asked]))
      .digest('hex'),
    state: 'waiting',
    transactions: [],
    refunds: [],
  };
}

/** What a refund is asked with. */
export interface AskedRefund extends Pick<Refund, 'no' | 'amountFen' | 'reason' | 'notifyUrl'> {
  readonly totalFen: number;
  readonly outTradeNo: string | undefined;
  readonly transactionId: string | undefined;
}

/** Checks what a refund is asked with. */
export function readRefund(body: Readonly<Record<string, unknown>>): AskedRefund {
  const asked = read(refundSchema, body);
  if ((asked.out_trade_no === undefined) === (asked.transaction_id === undefined)) {
    throw wrongField('out_trade_no', '与transaction_id二选一');
  }
  return {
    no: asked.out_refund_no,
    amountFen: asked.amount.refund,
    totalFen: asked.amount.total,
    reason: asked.reason ?? '',
    notifyUrl: asked.notify_url,
    outTradeNo: asked.out_trade_no,
    transactionId: asked.transaction_id,
  };
}
