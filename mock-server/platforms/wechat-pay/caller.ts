import { createVerify, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { WireRequest } from '../frame/wire.ts';
import { Refusal } from './answers.ts';
import type { Merchant, PlatformSecrets } from './keys.ts';

/** How far a request's time may be from the platform's, in seconds. */
const skewSeconds = 300;

/**
 * Who calls API v3, proven by the signature over method, path with query, time, nonce and body. Throws a Refusal with the
 * platform's code: SIGN_ERROR (401) for whom it does not know, others for a request that is not well formed.
 */
export function callerOf(
  merchants: readonly Merchant[],
  secrets: PlatformSecrets,
  request: WireRequest,
  nowMs: number,
): Merchant {
  checkHeaders(secrets, request);
  const fields = authorizationFields(request.headers['authorization'] ?? '');
  const merchant = merchants.find(({ mchid }) => mchid === fields.get('mchid'));
  if (merchant === undefined) throw new Refusal(401, 'SIGN_ERROR', '商户号未设置或不存在');
  if (fields.get('serial_no') !== merchant.api.serial) throw new Refusal(401, 'SIGN_ERROR', '商户证书序列号有误');
  const timestamp = fields.get('timestamp') ?? '';
  const nonce = fields.get('nonce_str') ?? '';
  if (!/^\d{10}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > skewSeconds) {
    throw new Refusal(401, 'SIGN_ERROR', 'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟');
  }
  if (!/^\w{1,32}$/.test(nonce)) throw new Refusal(401, 'SIGN_ERROR', 'Http头Authorization中的nonce_str有误');
  const text = Buffer.concat([
    Buffer.from(`${request.method}\n${request.target}\n${timestamp}\n${nonce}\n`),
    request.body,
    Buffer.from('\n'),
  ]);
  if (
    !createVerify('RSA-SHA256')
      .update(text)
      .verify(publicKeyOf(merchant), fields.get('signature') ?? '', 'base64')
  ) {
    throw new Refusal(401, 'SIGN_ERROR', '错误的签名，验签失败');
  }
  if (request.headers['wechatpay-serial'] === secrets.publicKeyId) merchant.usesPublicKey = true;
  return merchant;
}

/** Merchants' public keys, read once. */
const readKeys = new WeakMap<Merchant, KeyObject>();

function publicKeyOf(merchant: Merchant): KeyObject {
  const key = readKeys.get(merchant) ?? new X509Certificate(merchant.api.certificate).publicKey;
  readKeys.set(merchant, key);
  return key;
}

function checkHeaders(secrets: PlatformSecrets, { method, headers }: WireRequest): void {
  if (!/application\/json|\*\/\*/.test(headers['accept'] ?? '')) {
    throw new Refusal(406, 'PARAM_ERROR', 'Http头Accept须为application/json');
  }
  if ((headers['user-agent'] ?? '') === '') throw new Refusal(400, 'PARAM_ERROR', 'Http头缺少User-Agent');
  if (method === 'POST' && !/^application\/json\b/.test(headers['content-type'] ?? '')) {
    throw new Refusal(415, 'PARAM_ERROR', 'Http头Content-Type须为application/json');
  }
  const serial = headers['wechatpay-serial'];
  const known = [secrets.publicKeyId, ...secrets.certificates.map((certificate) => certificate.serial)];
  if (serial !== undefined && !known.includes(serial)) {
    throw new Refusal(400, 'PARAM_ERROR', 'Http头Wechatpay-Serial有误');
  }
}

/** The named fields of an Authorization header of the only scheme; their order is free. */
function authorizationFields(header: string): ReadonlyMap<string, string> {
  const match = /^WECHATPAY2-SHA256-RSA2048 (.+)$/.exec(header);
  if (match === null) throw new Refusal(401, 'SIGN_ERROR', 'Http头Authorization认证类型不正确');
  const parts = [...(match[1] ?? '').matchAll(/(\w+)="([^"]*)"(?:,\s*|$)/g)];
  if (parts.map(([part]) => part).join('') !== match[1] || parts.length !== 5) {
    throw new Refusal(401, 'SIGN_ERROR', 'Http头Authorization值格式错误');
  }
  return new Map(parts.map(([, name = '', value = '']) => [name, value]));
}
