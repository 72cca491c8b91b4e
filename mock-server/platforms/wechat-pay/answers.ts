import { createCipheriv, createPrivateKey, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import type { Merchant, PlatformSecrets } from './keys.ts';

/** Longest random text that a signature carries. */
const nonceBytes = 16;

/** A no of API v3, which becomes an answer with `code` and `message`. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: object | undefined;

  constructor(status: number, code: string, message: string, detail?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

/** A PARAM_ERROR that names the field, as the platform does. */
export function wrongField(field: string, issue: string): Refusal {
  return new Refusal(400, 'PARAM_ERROR', `参数错误：${field} ${issue}`, { field, issue, location: 'body' });
}

/** Keys as objects, by what holds their text: reading the text takes longer than signing. */
const readKeys = new WeakMap<object, KeyObject>();

function signatureOf(text: string, holder: object, pem: string): Promise<string> {
  const key = readKeys.get(holder) ?? createPrivateKey(pem);
  readKeys.set(holder, key);
  return new Promise((resolve, reject) => {
    sign('RSA-SHA256', Buffer.from(text), key, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(error);
    });
  });
}

/** Headers that sign a body: with the public key when the other side holds it, else with the newest certificate. */
export async function signatureHeaders(
  secrets: PlatformSecrets,
  usesPublicKey: boolean,
  nowMs: number,
  body: string,
): Promise<Record<string, string>> {
  const certificate = secrets.certificates.at(-1);
  if (certificate === undefined) throw new Error('the platform has no certificate');
  const [serial, holder, pem] = usesPublicKey
    ? [secrets.publicKeyId, secrets, secrets.publicKeyPrivate]
    : [certificate.serial, certificate, certificate.privateKey];
  const timestamp = String(Math.floor(nowMs / 1000));
  const nonce = randomBytes(nonceBytes).toString('hex');
  return {
    'wechatpay-serial': serial,
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': await signatureOf(`${timestamp}\n${nonce}\n${body}\n`, holder, pem),
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** A signed answer. No value: 204. */
export async function signedAnswer(
  secrets: PlatformSecrets,
  request: WireRequest,
  nowMs: number,
  value: object | undefined,
  status = value === undefined ? 204 : 200,
): Promise<WireAnswer> {
  const body = value === undefined ? '' : JSON.stringify(value);
  const headers = {
    'request-id': randomBytes(12).toString('hex').toUpperCase(),
    'cache-control': 'no-cache, must-revalidate',
    ...(value === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...(await signatureHeaders(secrets, holdsPublicKey(secrets, request), nowMs, body)),
  };
  return { status, headers, body };
}

/** Whether the caller said that it holds the platform's public key. */
export function holdsPublicKey(secrets: PlatformSecrets, request: WireRequest): boolean {
  return request.headers['wechatpay-serial'] === secrets.publicKeyId;
}

/** A refusal as an answer: signed, but for a caller whom the platform does not know (401). */
export async function refusalAnswer(
  secrets: PlatformSecrets,
  request: WireRequest,
  nowMs: number,
  refusal: Refusal,
): Promise<WireAnswer> {
  const { status, code, message, detail } = refusal;
  const value = { code, message, ...(detail === undefined ? {} : { detail }) };
  return status === 401 ? unsigned(status, value) : signedAnswer(secrets, request, nowMs, value, status);
}

/** An answer of the gateway itself, which signs nothing. */
export function unsigned(status: number, value: object): WireAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) };
}

/** Breaks an answer's signature. */
export function spoilt(answer: WireAnswer): WireAnswer {
  const signature = answer.headers['wechatpay-signature'] ?? '';
  const other = signature.startsWith('A') ? 'B' : 'A';
  return { ...answer, headers: { ...answer.headers, 'wechatpay-signature': `${other}${signature.slice(1)}` } };
}

/** Encrypts with a merchant's APIv3 key (AEAD_AES_256_GCM). */
export function sealFor(
  merchant: Merchant,
  associatedData: string,
  plain: string,
): {
  readonly algorithm: string;
  readonly nonce: string;
  readonly associated_data: string;
  readonly ciphertext: string;
} {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', merchant.apiV3Key, nonce).setAAD(Buffer.from(associatedData));
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    nonce,
    associated_data: associatedData,
    ciphertext: sealed.toString('base64'),
  };
}
