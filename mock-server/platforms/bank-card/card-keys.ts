import { createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import { aesBlock, aesCbc, aesCmac } from './ciphers.ts';

/** What a key that DUKPT derives is for: key usage indicators of ANSI X9.24-3, table 4. */
const usages = { initial: 0x8001, derive: 0x8000, pin: 0x1000, data: 0x3000 } as const;
const aes128 = 2;

/** X9.24-3 derivation data: version, block counter, usage, algorithm, length in bits, eight bytes of `tail`. */
function derivationData(usage: number, tail: Uint8Array): Buffer {
  const data = Buffer.alloc(16);
  data[0] = 1;
  data[1] = 1;
  data.writeUInt16BE(usage, 2);
  data.writeUInt16BE(aes128, 4);
  data.writeUInt16BE(128, 6);
  data.set(tail, 8);
  return data;
}

/** The initial key of one key set: AES-128 of the base derivation key and the initial key id (8 bytes). */
export function initialKey(base: Uint8Array, keyId: Uint8Array): Buffer {
  return aesBlock('encrypt', base, derivationData(usages.initial, keyId));
}

/**
 * The working key of one payment as a host derives it (X9.24-3, 6.3.3): down the bits of the counter from the highest.
 * `ksn` is 12 bytes: initial key id and counter.
 */
export function workingKey(base: Uint8Array, ksn: Buffer, use: 'pin' | 'data'): Buffer {
  const counter = ksn.readUInt32BE(8);
  let key = initialKey(base, ksn.subarray(0, 8));
  const tail = Buffer.alloc(8);
  tail.set(ksn.subarray(4, 8));
  for (let bit = 31, reached = 0; bit >= 0; bit--) {
    const mask = 2 ** bit;
    if (Math.floor(counter / mask) % 2 === 0) continue;
    reached += mask;
    tail.writeUInt32BE(reached, 4);
    key = aesBlock('encrypt', key, derivationData(usages.derive, tail));
  }
  tail.writeUInt32BE(counter, 4);
  return aesBlock('encrypt', key, derivationData(usages[use], tail));
}

const x25519Prefix = { secret: '302e020100300506032b656e04220420', public: '302a300506032b656e032100' } as const;

/** The public key of a key host, 32 bytes. */
export function hostPublicKey(secret: Uint8Array): Buffer {
  return createPublicKey(privateKeyOf(secret)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

function privateKeyOf(secret: Uint8Array) {
  const der = Buffer.concat([Buffer.from(x25519Prefix.secret, 'hex'), secret]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/**
 * The key block protection key that key host and device agree on: X25519, HKDF-SHA256 without salt, 32 bytes.
 * Throws when the device's key is not one (RFC 7748, section 6.1: all zeros would come out).
 */
export function protectionKey(hostSecret: Uint8Array, devicePublicKey: Uint8Array, deviceId: Uint8Array): Buffer {
  const publicKey = createPublicKey({
    key: Buffer.concat([Buffer.from(x25519Prefix.public, 'hex'), devicePublicKey]),
    format: 'der',
    type: 'spki',
  });
  const shared = diffieHellman({ privateKey: privateKeyOf(hostSecret), publicKey });
  if (shared.every((byte) => byte === 0)) throw new RangeError('devicePublicKey');
  const info = Buffer.concat([Buffer.from('tillkeeper card kbpk v1'), deviceId]);
  return Buffer.from(hkdfSync('sha256', shared, new Uint8Array(), info, 32));
}

/**
 * Wraps an initial key of AES-128 for a device: TR-31 version D, usage B1 (initial DUKPT key), optional blocks IK with the
 * initial key id and PB to fill the header. `filler` is 14 random bytes behind the key.
 */
export function wrapInitialKey(kbpk: Uint8Array, keyId: Uint8Array, key: Uint8Array, filler: Uint8Array): string {
  const header = `D0144B1AX00N0200IK14${Buffer.from(keyId).toString('hex').toUpperCase()}PB0C00000000`;
  const plain = Buffer.concat([Buffer.from([0, 128]), key, filler]);
  if (plain.length !== 32) throw new RangeError('filler: not 14 bytes');
  const mac = aesCmac(blockKey(kbpk, 1), Buffer.concat([Buffer.from(header), plain]));
  const sealed = aesCbc('encrypt', blockKey(kbpk, 0), mac, plain);
  return `${header}${sealed.toString('hex')}${mac.toString('hex')}`.toUpperCase();
}

/** Key for encryption (0) or MAC (1) of a block under a KBPK of 32 bytes (TR-31:2018, section 5.3.3.1). */
function blockKey(kbpk: Uint8Array, use: 0 | 1): Buffer {
  return Buffer.concat([1, 2].map((counter) => aesCmac(kbpk, Buffer.from([counter, 0, use, 0, 0, 4, 1, 0]))));
}
