import { concatBytes } from '../bytes.ts';
import type { Bytes, KeyHandle, Subtle } from './web-crypto.ts';

/** Bytes of SHA-256. */
export const hashBytes = 32;
const outputMaxBytes = 255 * hashBytes;

function hmacKey(subtle: Subtle, key: Bytes): Promise<KeyHandle> {
  return subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
}

async function hmac(subtle: Subtle, key: KeyHandle, data: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle.sign('HMAC', key, data));
}

/**
 * HKDF-Extract with SHA-256 (RFC 5869, section 2.2). Web Crypto's own HKDF does both steps at once, HPKE needs each.
 * An empty salt is 32 zeros, as the RFC says; Web Crypto takes no empty key.
 */
export async function extract(subtle: Subtle, salt: Bytes, secret: Bytes): Promise<Bytes> {
  return hmac(subtle, await hmacKey(subtle, salt.length === 0 ? new Uint8Array(hashBytes) : salt), secret);
}

/** HKDF-Expand with SHA-256 (RFC 5869, section 2.3). Throws when more than 8160 bytes are asked for. */
export async function expand(subtle: Subtle, prk: Bytes, info: Bytes, length: number): Promise<Bytes> {
  if (length > outputMaxBytes) throw new RangeError('expand.length');
  const key = await hmacKey(subtle, prk);
  let block: Bytes = new Uint8Array(0);
  let out: Bytes = block;
  for (let number = 1; out.length < length; number++) {
    block = await hmac(subtle, key, concatBytes(block, info, Uint8Array.of(number)));
    out = concatBytes(out, block);
  }
  return out.slice(0, length);
}
