import { createCipheriv, createDecipheriv } from 'node:crypto';

/**
 * The acquirer's security module: triple DES for messages with terminals, AES for card keys. Written apart from the
 * server's and the device's code, from the standards, so that a misreading on one side shows.
 */

/** Encrypts or decrypts whole blocks, ECB, with a DES key of 8 bytes or a two-part key of 16. */
export function tripleDes(way: 'encrypt' | 'decrypt', key: Uint8Array, blocks: Uint8Array): Buffer {
  const [left, right] = [key.subarray(0, 8), key.length === 16 ? key.subarray(8) : key];
  const whole = Buffer.concat([left, right, left]);
  const engine =
    way === 'encrypt' ? createCipheriv('des-ede3-ecb', whole, '') : createDecipheriv('des-ede3-ecb', whole, '');
  return Buffer.concat([engine.setAutoPadding(false).update(blocks), engine.final()]);
}

/** Four bytes by which two sides compare a DES key. */
export function desCheckValue(key: Uint8Array): Buffer {
  return tripleDes('encrypt', key, new Uint8Array(8)).subarray(0, 4);
}

/** ANSI X9.19 over `text`, zeros filling the last block. CBC by OpenSSL: EDE with one key is single DES. */
export function x919(key: Uint8Array, text: Uint8Array): Buffer {
  const left = key.subarray(0, 8);
  const filled = Buffer.alloc(Math.ceil(text.length / 8) * 8);
  filled.set(text);
  const chain = createCipheriv('des-ede3-cbc', Buffer.concat([left, left, left]), Buffer.alloc(8));
  const all = chain.setAutoPadding(false).update(filled);
  const last = all.length === 0 ? Buffer.alloc(8) : all.subarray(-8);
  return tripleDes('encrypt', left, tripleDes('decrypt', key.subarray(8, 16), last));
}

/** One AES block (ECB). */
export function aesBlock(way: 'encrypt' | 'decrypt', key: Uint8Array, block: Uint8Array): Buffer {
  const name = `aes-${String(key.length * 8)}-ecb`;
  const engine = way === 'encrypt' ? createCipheriv(name, key, null) : createDecipheriv(name, key, null);
  return Buffer.concat([engine.setAutoPadding(false).update(block), engine.final()]);
}

/** AES-CBC over whole blocks. */
export function aesCbc(way: 'encrypt' | 'decrypt', key: Uint8Array, iv: Uint8Array, text: Uint8Array): Buffer {
  const name = `aes-${String(key.length * 8)}-cbc`;
  const engine = way === 'encrypt' ? createCipheriv(name, key, iv) : createDecipheriv(name, key, iv);
  return Buffer.concat([engine.setAutoPadding(false).update(text), engine.final()]);
}

/** AES-CMAC (NIST SP 800-38B). */
export function aesCmac(key: Uint8Array, text: Uint8Array): Buffer {
  const doubled = (block: Buffer): Buffer => {
    const number = BigInt(`0x${block.toString('hex')}`);
    const shifted = (number << 1n) & ((1n << 128n) - 1n);
    const reduced = number >> 127n === 1n ? shifted ^ 0x87n : shifted;
    return Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex');
  };
  const first = doubled(aesBlock('encrypt', key, new Uint8Array(16)));
  const blocks = Math.max(1, Math.ceil(text.length / 16));
  const isWhole = text.length > 0 && text.length % 16 === 0;
  const filled = Buffer.alloc(blocks * 16);
  filled.set(text);
  if (!isWhole) filled[text.length] = 0x80;
  const subkey = isWhole ? first : doubled(first);
  for (let i = 0; i < 16; i++) {
    const at = filled.length - 16 + i;
    filled[at] = (filled[at] ?? 0) ^ (subkey[i] ?? 0);
  }
  return aesCbc('encrypt', key, new Uint8Array(16), filled).subarray(-16);
}
