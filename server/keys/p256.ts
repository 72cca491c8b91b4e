import { createECDH, createPrivateKey, type KeyObject, sign } from 'node:crypto';

// FIPS 186-5, the order of P-256.
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * A secret key of P-256, 32 bytes, from 48 uniform bytes: reduced into 1 … order − 1, with a bias below 2^-128
 * (FIPS 186-5, appendix A.2.1).
 */
export function p256Secret(uniform: Uint8Array): Buffer {
  if (uniform.length !== 48) throw new RangeError('p256Secret.uniform');
  const scalar = (BigInt(`0x${Buffer.from(uniform).toString('hex')}`) % (order - 1n)) + 1n;
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
}

/** The public key of a secret, uncompressed, 65 bytes. */
export function p256PublicKey(secret: Uint8Array): Uint8Array {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(secret);
  return new Uint8Array(pair.getPublicKey());
}

/** A secret key for OpenSSL. */
function p256PrivateKey(secret: Uint8Array): KeyObject {
  const point = Buffer.from(p256PublicKey(secret));
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: text(secret), x: text(point.subarray(1, 33)), y: text(point.subarray(33)) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** Signs with ECDSA and SHA-256; signatures are raw, 64 bytes. */
export function p256Signer(secret: Uint8Array): (message: Uint8Array) => Uint8Array {
  const key = p256PrivateKey(secret);
  return (message) => new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
}
