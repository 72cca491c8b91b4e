import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { signingPublicKey, softwareSigner, strictChecks, verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';

/** Keys until one whose encoding has the sign of x set, which is every second. */
function keyWithSign(): { publicKey: Buffer; secret: Uint8Array } {
  for (;;) {
    const secret = new Uint8Array(randomBytes(32));
    const publicKey = Buffer.from(signingPublicKey(secret));
    if (publicKey[31]! >= 0x80) return { publicKey, secret };
  }
}

test('keys and signatures that come as Node buffers (from a database, a socket) are not changed by the checks', () => {
  const { publicKey, secret } = keyWithSign();
  const message = new Uint8Array(randomBytes(64));
  const signature = Buffer.from(softwareSigner(secret).sign(message));
  const before = [publicKey.toString('hex'), signature.toString('hex')];
  expect(strictChecks(publicKey, signature)).toBe(true);
  expect(verifyStrict(publicKey, message, signature)).toBe(true);
  expect([publicKey.toString('hex'), signature.toString('hex')]).toEqual(before);
});

test('a signer keeps a copy of its secret, also when the secret is a Node buffer that is zeroed afterwards', () => {
  const secret = randomBytes(32);
  const publicKey = signingPublicKey(new Uint8Array(secret));
  const signer = softwareSigner(secret);
  secret.fill(0);
  const message = new Uint8Array(8);
  expect(verifyStrict(publicKey, message, signer.sign(message))).toBe(true);
});
