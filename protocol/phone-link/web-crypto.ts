/** Bytes as Web Crypto takes them: never over shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A key inside the engine; only its engine can look into it. */
export interface KeyHandle {
  readonly type: string;
}

/** Two keys that belong together. */
export interface KeyHandlePair {
  readonly publicKey: KeyHandle;
  readonly privateKey: KeyHandle;
}

/** AES-GCM as Web Crypto names it. */
export interface AesGcm {
  readonly name: 'AES-GCM';
  readonly iv: Bytes;
  readonly additionalData: Bytes;
}

type ImportAlgorithm =
  | { readonly name: 'ECDH'; readonly namedCurve: 'P-256' }
  | { readonly name: 'HMAC'; readonly hash: 'SHA-256' }
  | { readonly name: 'AES-GCM' };
type KeyUse = 'deriveBits' | 'sign' | 'encrypt' | 'decrypt';

/**
 * The part of `SubtleCrypto` (W3C Web Cryptography API) that the link uses. Browsers, workers and Node have it; the pure
 * zones are compiled without any of them, so it comes in as an argument.
 */
export interface Subtle {
  generateKey(
    algorithm: { readonly name: 'ECDH'; readonly namedCurve: 'P-256' },
    extractable: boolean,
    uses: ['deriveBits'],
  ): Promise<KeyHandlePair>;
  importKey(
    format: 'raw',
    data: Bytes,
    algorithm: ImportAlgorithm,
    extractable: boolean,
    uses: KeyUse[],
  ): Promise<KeyHandle>;
  exportKey(format: 'raw', key: KeyHandle): Promise<ArrayBuffer>;
  deriveBits(
    algorithm: { readonly name: 'ECDH'; readonly public: KeyHandle },
    key: KeyHandle,
    bits: number,
  ): Promise<ArrayBuffer>;
  sign(algorithm: 'HMAC', key: KeyHandle, data: Bytes): Promise<ArrayBuffer>;
  digest(algorithm: 'SHA-256', data: Bytes): Promise<ArrayBuffer>;
  encrypt(algorithm: AesGcm, key: KeyHandle, data: Bytes): Promise<ArrayBuffer>;
  decrypt(algorithm: AesGcm, key: KeyHandle, data: Bytes): Promise<ArrayBuffer>;
}
