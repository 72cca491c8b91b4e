import { createCipheriv } from 'node:crypto';

/**
 * The derivation key of a counter as a host computes it from the initial key (ANSI X9.24-3:2017, section 6.3), written
 * apart from the terminal's registers and on Node's own AES, so that the two check each other.
 */
export function hostDerivationKey(initialKey: Uint8Array, ikid: Uint8Array, counter: number): Uint8Array {
  let key = Buffer.from(initialKey);
  let prefix = 0;
  for (let bit = 31; bit >= 0; bit--) {
    if (Math.floor(counter / 2 ** bit) % 2 === 0) continue;
    prefix += 2 ** bit;
    const data = Buffer.alloc(16);
    data.writeUInt32BE(0x0101_8000, 0);
    data.writeUInt32BE(0x0002_0080, 4);
    Buffer.from(ikid).copy(data, 8, 4, 8);
    data.writeUInt32BE(prefix, 12);
    const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    key = Buffer.concat([cipher.update(data), cipher.final()]);
  }
  return new Uint8Array(key);
}
