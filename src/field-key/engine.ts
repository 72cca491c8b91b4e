import { concatBytes, utf8Encode } from '../../protocol/bytes.ts';
import type { FieldKeyEnvironment } from './environment.ts';
import type { KeyEngine, KeySecret, Wrapped } from './record.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type WebCrypto = FieldKeyEnvironment['crypto'];

const ed25519 = { name: 'Ed25519' };
const ivBytes = 12;
const seedBytes = 32;
const purpose = utf8Encode('TK-FIELD-KEY/1 wrapping key');

/** A new key pair, for the moment of its making: its public half, a first signature, and a way to put it away. */
export interface NewKey {
  readonly engine: KeyEngine;
  readonly publicKey: Bytes;
  sign(bytes: Bytes): Promise<Bytes>;
  /** Puts the private half away: encrypted under `boxKey`, or as a key that the browser keeps to itself. */
  wrap(boxKey: CryptoKey): Promise<Wrapped>;
  keep(): Promise<Extract<KeySecret, { at: 'kept' | 'boxed' }>>;
}

/** The AES key that a passkey's secret stands for (HKDF-SHA256). It is made anew each time and never stored. */
export async function boxKeyOf({ subtle }: WebCrypto, secret: Bytes, salt: Bytes): Promise<CryptoKey> {
  const base = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt, info: purpose };
  const use: KeyUsage[] = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
  return subtle.deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, use);
}

function gcm(iv: Bytes, publicKey: Bytes): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: concatBytes(purpose, publicKey) };
}

function newIv(crypto: WebCrypto): Bytes {
  return crypto.getRandomValues(new Uint8Array(ivBytes));
}

/** Makes an Ed25519 key by the browser's own cryptography, or by a library where that lacks the curve. */
export async function makeKey(crypto: WebCrypto): Promise<NewKey> {
  try {
    const pair = (await crypto.subtle.generateKey(ed25519, true, ['sign', 'verify'])) as CryptoKeyPair;
    return await browserKey(crypto, pair);
  } catch {
    return libraryKey(crypto);
  }
}

async function browserKey(crypto: WebCrypto, { privateKey, publicKey }: CryptoKeyPair): Promise<NewKey> {
  const { subtle } = crypto;
  const raw = new Uint8Array(await subtle.exportKey('raw', publicKey));
  return {
    engine: 'web-crypto',
    publicKey: raw,
    sign: async (bytes) => new Uint8Array(await subtle.sign(ed25519, privateKey, bytes)),
    wrap: async (boxKey) => {
      const iv = newIv(crypto);
      return { iv, data: new Uint8Array(await subtle.wrapKey('pkcs8', privateKey, boxKey, gcm(iv, raw))) };
    },
    keep: async () => {
      const pkcs8 = new Uint8Array(await subtle.exportKey('pkcs8', privateKey));
      const kept = await subtle.importKey('pkcs8', pkcs8, ed25519, false, ['sign']);
      pkcs8.fill(0);
      return { at: 'kept', privateKey: kept };
    },
  };
}

async function libraryKey(crypto: WebCrypto): Promise<NewKey> {
  const library = (await import('@noble/curves/ed25519.js')).ed25519;
  const seed = crypto.getRandomValues(new Uint8Array(seedBytes));
  const publicKey = Uint8Array.from(library.getPublicKey(seed));
  const wrap = async (boxKey: CryptoKey): Promise<Wrapped> => {
    const iv = newIv(crypto);
    return { iv, data: new Uint8Array(await crypto.subtle.encrypt(gcm(iv, publicKey), boxKey, seed)) };
  };
  return {
    engine: 'library',
    publicKey,
    sign: (bytes) => Promise.resolve(Uint8Array.from(library.sign(bytes, seed))),
    wrap,
    keep: async () => {
      const use: KeyUsage[] = ['encrypt', 'decrypt'];
      const boxKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, use);
      return { at: 'boxed', boxKey, wrapped: await wrap(boxKey) };
    },
  };
}

/** Signs with a key that is encrypted under `boxKey`. Rejects when that key does not decrypt it. */
export async function signWrapped(
  crypto: WebCrypto,
  key: { readonly engine: KeyEngine; readonly publicKey: Bytes; readonly wrapped: Wrapped },
  boxKey: CryptoKey,
  bytes: Bytes,
): Promise<Bytes> {
  const { subtle } = crypto;
  const { iv, data } = key.wrapped;
  const how = gcm(iv, key.publicKey);
  if (key.engine === 'web-crypto') {
    const privateKey = await subtle.unwrapKey('pkcs8', data, boxKey, how, ed25519, false, ['sign']);
    return new Uint8Array(await subtle.sign(ed25519, privateKey, bytes));
  }
  const seed = new Uint8Array(await subtle.decrypt(how, boxKey, data));
  const library = (await import('@noble/curves/ed25519.js')).ed25519;
  const signature = Uint8Array.from(library.sign(bytes, seed));
  seed.fill(0);
  return signature;
}

/** Signs with a key that the browser keeps. */
export async function signKept({ subtle }: WebCrypto, privateKey: CryptoKey, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle.sign(ed25519, privateKey, bytes));
}
