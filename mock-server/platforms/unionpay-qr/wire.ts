import { createHash, createPublicKey, createSign, createVerify, randomBytes } from 'node:crypto';
import type { Certified } from '../frame/authority.ts';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import type { Merchant, UnionPayKeys } from './accounts.ts';

/** Fields of a message. */
export type Fields = Readonly<Record<string, string>>;

/** What the platform answers: its code and what else it says. */
export interface Answer {
  readonly respCode: string;
  readonly more?: Fields;
}

/** A request is wrong: answered with this code. */
export class Refused extends Error {
  readonly respCode: string;

  constructor(respCode: string, why: string) {
    super(why);
    this.respCode = respCode;
  }
}

/** Texts of the codes (附录, 应答码). */
const messages: Fields = {
  '00': '成功[0000000]',
  '05': '交易已受理，请稍后查询交易结果[6154037]',
  '10': '报文格式错误[9100000]',
  '11': '验证签名失败[9100004]',
  '12': '重复交易[2040004]',
  '13': '报文交易要素缺失[9100002]',
  '30': '交易未通过，请尝试使用其他银联卡支付或联系95516[5130030]',
  '31': '商户状态不正确[6131031]',
  '34': '查无此交易[2600000]',
  '35': '原交易不存在或状态不正确[2040035]',
  '36': '与原交易信息不符[2040036]',
  '39': '交易不在受理时间范围内[2040039]',
  '64': '卡上的余额不足[1000051]',
  '69': '您的输入超时，交易失败[6100069]',
  '86': '二维码状态错误[6100086]',
  '88': '无此二维码[6100088]',
  '98': '文件不存在[6100098]',
};

/** The text that belongs to a code. */
export function messageOf(respCode: string): string {
  return messages[respCode] ?? '系统忙[6100006]';
}

/** Checks what is the same in every request. Throws `Refused`. */
export function readRequest(
  keys: UnionPayKeys,
  request: WireRequest,
): { readonly merchant: Merchant; readonly fields: Fields } {
  if (request.method !== 'POST' || !/^application\/x-www-form-urlencoded/.test(request.headers['content-type'] ?? '')) {
    throw new Refused('10', 'a form must be posted');
  }
  const pairs = [...new URLSearchParams(request.body.toString('utf8'))];
  const fields: Fields = Object.fromEntries(pairs);
  if (Object.keys(fields).length !== pairs.length) throw new Refused('10', 'a field comes twice');
  const fixed = { version: '5.1.0', encoding: 'UTF-8', signMethod: '01', accessType: '0' };
  for (const [name, value] of Object.entries(fixed)) {
    if (fields[name] !== value) throw new Refused(fields[name] === undefined ? '13' : '10', name);
  }
  const merchant = keys.merchants.find(({ merId }) => merId === fields['merId']);
  if (merchant === undefined) throw new Refused('31', 'merId');
  if (fields['certId'] !== merchant.certId || !isSigned(fields, merchant)) throw new Refused('11', 'signature');
  return { merchant, fields };
}

/** A field of a given form. Throws `Refused` when it is absent or different. */
export function fieldOf(fields: Fields, name: string, form: RegExp): string {
  const value = fields[name];
  if (value === undefined || value === '') throw new Refused('13', name);
  if (!form.test(value)) throw new Refused('10', name);
  return value;
}

/** Signs fields and writes them as an answer: `name=value` joined by `&`, sorted, not URL-encoded. */
export function writeAnswer(fields: Fields, by: Certified): WireAnswer {
  const signed = signFields(fields, by);
  const body = Object.keys(signed)
    .toSorted()
    .map((name) => `${name}=${signed[name] ?? ''}`)
    .join('&');
  return { status: 200, headers: { 'content-type': 'text/html;charset=UTF-8' }, body };
}

/** Adds the platform's certificate and its signature. */
export function signFields(fields: Fields, by: Certified, isForged = false): Fields {
  const all: Fields = { ...fields, signMethod: '01', signPubKeyCert: by.certificatePem.trimEnd() };
  const signature = isForged
    ? randomBytes(256).toString('base64')
    : createSign('RSA-SHA256').update(hexOf(all)).sign(by.privatePem, 'base64');
  return { ...all, signature };
}

/** Breaks an answer's signature and leaves everything else. */
export function spoilAnswer(answer: WireAnswer): WireAnswer {
  const wrong = `signature=${randomBytes(256).toString('base64')}`;
  return { ...answer, body: String(answer.body).replace(/signature=[^&]*/, wrong) };
}

function isSigned(fields: Fields, merchant: Merchant): boolean {
  const key = createPublicKey(merchant.certified.certificatePem);
  return createVerify('RSA-SHA256')
    .update(hexOf(fields))
    .verify(key, fields['signature'] ?? '', 'base64');
}

/** SHA-256 in hex over the sorted pairs; RSA signs this text. */
function hexOf(fields: Fields): string {
  const text = Object.entries(fields)
    .filter(([name, value]) => name !== 'signature' && value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return createHash('sha256').update(text).digest('hex');
}
