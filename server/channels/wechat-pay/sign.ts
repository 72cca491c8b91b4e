import { createDecipheriv, createHash, createHmac, createVerify, sign, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Name of the only signature scheme (API v3, "Signing"). */
export const scheme = 'WECHATPAY2-SHA256-RSA2048';
/** How far a time may be from ours, in seconds (API v3, "Verifying": five minutes). */
export const skewSeconds = 300;
/** Length of the authentication tag at the end of a ciphertext, in bytes. */
const tagBytes = 16;

/** What is signed of a request: five lines, each with its line feed, the body as sent (API v3, "Signing"). */
export interface RequestToSign {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly timestamp: number;
  readonly nonce: string;
  readonly body: string;
}

/** The text of a request that is signed. */
export function requestText({ method, target, timestamp, nonce, body }: RequestToSign): string {
  return `${method}\n${target}\n${String(timestamp)}\n${nonce}\n${body}\n`;
}

/** The bytes of an answer or a notification that are signed: time, nonce and the raw body (API v3, "Verifying"). */
export function answerBytes(timestamp: string, nonce: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
}

/** Signs with SHA256withRSA, beside the main thread: it takes a millisecond. @returns base64. */
export function signText(text: string, privateKey: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(text), privateKey, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(error);
    });
  });
}

/** Whether a SHA256withRSA signature holds. Base64 that is not written in its one canonical way does not. */
export function isSigned(bytes: Uint8Array, signature: string, publicKey: KeyObject): boolean {
  const raw = Buffer.from(signature, 'base64');
  if (raw.toString('base64') !== signature) return false;
  return createVerify('sha256').update(bytes).verify(publicKey, raw);
}

/** The Authorization header. `serial` is that of the merchant's certificate. */
export async function authorization(
  request: RequestToSign,
  mchid: string,
  serial: string,
  privateKey: KeyObject,
): Promise<string> {
  const signature = await signText(requestText(request), privateKey);
  const { nonce, timestamp } = request;
  return `${scheme} mchid="${mchid}",nonce_str="${nonce}",signature="${signature}",timestamp="${String(timestamp)}",serial_no="${serial}"`;
}

/**
 * Opens AEAD_AES_256_GCM as notifications and certificates use it; the nonce is taken as it is, 12 bytes or not.
 * @returns `undefined` when key, nonce, associated data or a single bit is wrong.
 */
export function decrypt(
  apiV3Key: string,
  nonce: string,
  associatedData: string,
  ciphertext: string,
): Buffer | undefined {
  const sealed = Buffer.from(ciphertext, 'base64');
  if (sealed.length < tagBytes || sealed.toString('base64') !== ciphertext) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(associatedData));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** How API v2 signs. */
export type SignTypeV2 = 'HMAC-SHA256' | 'MD5';

/** Signs fields as API v2 does (chapter 4.3): sorted, empty ones left out, key at the end, upper-case hex. */
export function signV2(fields: Readonly<Record<string, string>>, key: string, type: SignTypeV2): string {
  const text = Object.keys(fields)
    .filter((name) => name !== 'sign' && fields[name] !== '')
    .toSorted()
    .map((name) => `${name}=${fields[name] ?? ''}&`)
    .join('');
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(`${text}key=${key}`).digest('hex').toUpperCase();
}

/** Whether the fields carry their own right `sign`. */
export function isSignedV2(fields: Readonly<Record<string, string>>, key: string, type: SignTypeV2): boolean {
  const right = Buffer.from(signV2(fields, key, type));
  const given = Buffer.from(fields['sign'] ?? '');
  return right.length === given.length && timingSafeEqual(right, given);
}
