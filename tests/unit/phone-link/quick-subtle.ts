import { createCipheriv, createDecipheriv, createECDH, createHash, createHmac, type ECDH } from 'node:crypto';
import type { AesGcm, Bytes, KeyHandle, KeyHandlePair, Subtle } from '../../../protocol/phone-link/web-crypto.ts';

interface QuickKey extends KeyHandle {
  readonly bytes?: Bytes;
  readonly ecdh?: ECDH;
}

const tagBytes = 16;

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function keyOf(handle: KeyHandle): Bytes {
  const { bytes } = handle as QuickKey;
  if (bytes === undefined) throw new Error('no such key');
  return bytes;
}

function cipherOf(key: Bytes): 'aes-128-gcm' {
  if (key.length !== 16) throw new Error('AES-128 only');
  return 'aes-128-gcm';
}

/**
 * Web Crypto's calls answered by OpenSSL at once instead of on a thread of its own: the same cryptography at a tenth of
 * the cost, for tests that need ten thousand links. `pairs`: a few key pairs that are
 * dealt out in turn; `secrets`: private keys for the first of them, where the same must come out each time.
 */
export function quickSubtle(pairs = 0, secrets: readonly Uint8Array[] = []): Subtle {
  const made: KeyHandlePair[] = [];
  let next = 0;
  const pair = (): KeyHandlePair => {
    const ecdh = createECDH('prime256v1');
    const secret = secrets[made.length];
    if (secret === undefined) ecdh.generateKeys();
    else ecdh.setPrivateKey(secret);
    const bytes = Uint8Array.from(ecdh.getPublicKey());
    const publicKey: QuickKey = { type: 'public', bytes };
    const privateKey: QuickKey = { type: 'private', ecdh };
    return { publicKey, privateKey };
  };
  const dealt = (): KeyHandlePair => (made[next++ % pairs] ??= pair());
  return {
    generateKey: () => Promise.resolve(pairs === 0 ? pair() : dealt()),
    importKey: async (_format, data) => ({ type: 'secret', bytes: data.slice() }) as QuickKey,
    exportKey: async (_format, key) => bufferOf(keyOf(key)),
    deriveBits: async ({ public: peer }, key) => {
      const { ecdh } = key as QuickKey;
      if (ecdh === undefined) throw new Error('no private key');
      return bufferOf(ecdh.computeSecret(keyOf(peer)));
    },
    sign: async (_algorithm, key, data) => bufferOf(createHmac('sha256', keyOf(key)).update(data).digest()),
    digest: async (_algorithm, data) => bufferOf(createHash('sha256').update(data).digest()),
    encrypt: async ({ iv, additionalData }: AesGcm, key, data) => {
      const cipher = createCipheriv(cipherOf(keyOf(key)), keyOf(key), iv).setAAD(additionalData);
      return bufferOf(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]));
    },
    decrypt: async ({ iv, additionalData }: AesGcm, key, data) => {
      if (data.length < tagBytes) throw new Error('too short');
      const decipher = createDecipheriv(cipherOf(keyOf(key)), keyOf(key), iv).setAAD(additionalData);
      decipher.setAuthTag(data.subarray(data.length - tagBytes));
      return bufferOf(Buffer.concat([decipher.update(data.subarray(0, -tagBytes)), decipher.final()]));
    },
  };
}
