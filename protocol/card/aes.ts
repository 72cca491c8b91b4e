import { cbc, ecb } from '@noble/ciphers/aes.js';

/** Bytes of an AES block. */
export const aesBlockBytes = 16;

/** One block under AES. Throws a RangeError when `block` is not 16 bytes. */
export function aesBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  if (block.length !== aesBlockBytes) throw new RangeError('aesBlock.block: not 16 bytes');
  return ecb(key, { disablePadding: true }).encrypt(block);
}

/** AES-CBC over whole blocks, without padding. */
export function cbcEncrypt(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  return cbc(key, iv, { disablePadding: true }).encrypt(plain);
}

/** The inverse of `cbcEncrypt`. Throws when `sealed` is not whole blocks. */
export function cbcDecrypt(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array {
  return cbc(key, iv, { disablePadding: true }).decrypt(sealed);
}
