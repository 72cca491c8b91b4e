import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { prefixBytes } from './iso8583.ts';

const blockBytes = 8;
/** Bytes of a key of this profile: two DES keys, K‖K'. */
export const keyBytes = 16;

/**
 * Triple DES, ECB, no padding. Node's OpenSSL has no single DES; with one key three times triple DES is just that, so a
 * key of 8 bytes does single DES. `text` is whole blocks.
 */
function des(key: Uint8Array, text: Uint8Array, isEncrypting: boolean): Buffer {
  const tripled = Buffer.concat(
    key.length === blockBytes ? [key, key, key] : [key, Buffer.from(key).subarray(0, blockBytes)],
  );
  const cipher = isEncrypting ? createCipheriv('des-ede3', tripled, null) : createDecipheriv('des-ede3', tripled, null);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(text), cipher.final()]);
}

/** Opens a key of 16 bytes that was encrypted under another (3DES, ECB). */
export function openKey(master: Uint8Array, sealed: Uint8Array): Buffer {
  return des(master, sealed, false);
}

/** Key check value: the first four bytes of eight zero bytes encrypted (3DES, ECB), in upper-case hex. */
export function keyCheckValue(key: Uint8Array): string {
  return des(key, Buffer.alloc(blockBytes), true).subarray(0, 4).toString('hex').toUpperCase();
}

/**
 * MAC of ANSI X9.19, which is ISO/IEC 9797-1 MAC algorithm 3 with padding method 1: CBC-MAC with the first half of the
 * key, then the last block decrypted with the second half and encrypted with the first. @returns 8 bytes.
 */
export function retailMac(key: Uint8Array, data: Uint8Array): Buffer {
  const left = Buffer.from(key).subarray(0, blockBytes);
  const right = Buffer.from(key).subarray(blockBytes, keyBytes);
  let state = Buffer.alloc(blockBytes);
  for (let at = 0; at < data.length; at += blockBytes) {
    const block = Buffer.alloc(blockBytes);
    block.set(data.subarray(at, at + blockBytes));
    for (let i = 0; i < blockBytes; i++) block[i] = (block[i] ?? 0) ^ (state[i] ?? 0);
    state = Buffer.from(des(left, block, true));
  }
  return des(left, des(right, state, false), true);
}

/** The part of a message that its MAC covers: from the message type to the field before the last, which is the MAC. */
function covered(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(prefixBytes, bytes.length - blockBytes);
}

/** Puts the MAC into a message whose last field is field 64, whatever stands there. */
export function signMessage(key: Uint8Array, bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, bytes.length - blockBytes), retailMac(key, covered(bytes))]);
}

/** Whether the MAC of a message whose last field is field 64 holds. */
export function isMessageSigned(key: Uint8Array, bytes: Uint8Array): boolean {
  return timingSafeEqual(retailMac(key, covered(bytes)), bytes.subarray(bytes.length - blockBytes));
}
