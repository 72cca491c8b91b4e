import { cmac } from '@noble/ciphers/aes.js';

const aesKeyBytes = 16;
const kcvBytes = 3;
const zeroBlock = new Uint8Array(16);

/** AES-128-CMAC (RFC 4493) of `message`, 16 bytes. `key` is 16 bytes. */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length !== aesKeyBytes) throw new RangeError('aesCmac.key');
  return cmac(message, key);
}

/** The key check value: the first 3 bytes of AES-CMAC over a block of zeros. It tells keys apart and gives none away. */
export function keyCheckValue(key: Uint8Array): Uint8Array {
  return aesCmac(key, zeroBlock).slice(0, kcvBytes);
}
