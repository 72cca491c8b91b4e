import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCertificates } from '../../../server/channels/wechat-pay/platform-keys.ts';
import {
  answerBytes,
  decrypt,
  isSigned,
  isSignedV2,
  requestText,
  signText,
  signV2,
} from '../../../server/channels/wechat-pay/sign.ts';

interface Sourced {
  readonly source: string;
}
interface Vectors {
  readonly signatures: readonly (Sourced & {
    readonly message: string;
    readonly privateKey: string;
    readonly certificate: string;
    readonly serial: string;
    readonly signature: string;
  })[];
  readonly requests: readonly (Sourced & {
    readonly method: 'GET' | 'POST';
    readonly target: string;
    readonly timestamp: number;
    readonly nonce: string;
    readonly body: string;
    readonly text: string;
  })[];
  readonly notifications: readonly (Sourced & {
    readonly certificate: string;
    readonly serial: string;
    readonly timestamp: string;
    readonly nonce: string;
    readonly signature: string;
    readonly body: string;
  })[];
  readonly encrypted: readonly (Sourced & {
    readonly key: string;
    readonly nonce: string;
    readonly associatedData: string;
    readonly ciphertext: string;
    readonly plain: string;
  })[];
  readonly certificates: readonly (Sourced & {
    readonly key: string;
    readonly serial: string;
    readonly body: string;
  })[];
  readonly v2: readonly (Sourced & {
    readonly key: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly md5: string;
    readonly hmacSha256: string;
  })[];
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors.json'), 'utf8')) as Vectors;

describe('published examples of WeChat Pay', () => {
  test.each(vectors.signatures)(
    'signature: $source',
    async ({ message, privateKey, certificate, serial, signature }) => {
      const { publicKey, serialNumber } = new X509Certificate(certificate);
      expect(serialNumber).toBe(serial);
      expect(await signText(message, createPrivateKey(privateKey))).toBe(signature);
      expect(isSigned(Buffer.from(message), signature, publicKey)).toBe(true);
      expect(isSigned(Buffer.from(`${message} `), signature, publicKey)).toBe(false);
    },
  );

  test.each(vectors.requests)('text of a request: $source $method', ({ text, source: _source, ...request }) => {
    expect(requestText(request)).toBe(text);
  });

  test.each(vectors.notifications)('notification: $source', ({ certificate, timestamp, nonce, signature, body }) => {
    const { publicKey } = new X509Certificate(certificate);
    expect(isSigned(answerBytes(timestamp, nonce, Buffer.from(body)), signature, publicKey)).toBe(true);
    const later = String(Number(timestamp) + 1);
    expect(isSigned(answerBytes(later, nonce, Buffer.from(body)), signature, publicKey)).toBe(false);
  });

  test.each(vectors.encrypted)('decryption: $source', ({ key, nonce, associatedData, ciphertext, plain }) => {
    expect(decrypt(key, nonce, associatedData, ciphertext)?.toString('utf8')).toBe(plain);
    expect(decrypt(key, nonce, `${associatedData}x`, ciphertext)).toBeUndefined();
    expect(decrypt(key, `x${nonce.slice(1)}`, associatedData, ciphertext)).toBeUndefined();
  });

  test.each(vectors.certificates)('list of certificates: $source', ({ key, serial, body }) => {
    const [certificate] = openCertificates(Buffer.from(body), key) ?? [];
    expect(certificate).toMatchObject({ purpose: 'platform-certificate', keyId: serial });
    expect(new X509Certificate(certificate?.material ?? '').serialNumber).toBe(serial);
    expect(openCertificates(Buffer.from(body), `x${key.slice(1)}`)).toEqual([]);
  });

  test.each(vectors.v2)('API v2: $source', ({ key, fields, md5, hmacSha256 }) => {
    expect(signV2(fields, key, 'MD5')).toBe(md5);
    expect(signV2(fields, key, 'HMAC-SHA256')).toBe(hmacSha256);
    expect(isSignedV2({ ...fields, sign: hmacSha256 }, key, 'HMAC-SHA256')).toBe(true);
    expect(isSignedV2({ ...fields, body: 'other', sign: hmacSha256 }, key, 'HMAC-SHA256')).toBe(false);
  });
});
