import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto';
import { keyIdOf, strictChecks } from '../../protocol/unlock/v1/ed25519.ts';
import type { AgreementKey } from '../../protocol/unlock/v1/hpke.ts';
import type { SignatureVerifier, Signer } from '../../protocol/unlock/v1/signer.ts';

/** The two curves of the unlock protocol. */
export type Curve = 'ed25519' | 'x25519';

// RFC 8410: the fixed DER bytes before a raw 32-byte key of each curve.
const privatePrefix: Readonly<Record<Curve, string>> = {
  ed25519: '302e020100300506032b657004220420',
  x25519: '302e020100300506032b656e04220420',
};
const publicPrefix: Readonly<Record<Curve, string>> = {
  ed25519: '302a300506032b6570032100',
  x25519: '302a300506032b656e032100',
};

function privateKey(curve: Curve, secret: Uint8Array): KeyObject {
  if (secret.length !== 32) throw new RangeError('privateKey.secret');
  const der = Buffer.concat([Buffer.from(privatePrefix[curve], 'hex'), secret]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function publicDer(curve: Curve, raw: Uint8Array): { key: Buffer; format: 'der'; type: 'spki' } {
  return { key: Buffer.concat([Buffer.from(publicPrefix[curve], 'hex'), raw]), format: 'der', type: 'spki' };
}

/** The raw 32-byte public key of a 32-byte secret. */
export function publicKeyOf(curve: Curve, secret: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(curve, secret)).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(der.length - 32));
}

/** A signer by OpenSSL, about 20 times faster than a software one. Same signatures: Ed25519 is deterministic. */
export function nodeSigner(secret: Uint8Array): Signer {
  const key = privateKey('ed25519', secret);
  return { kid: keyIdOf(publicKeyOf('ed25519', secret)), sign: (message) => new Uint8Array(sign(null, message, key)) };
}

/** Strict Ed25519 by the protocol's own checks and OpenSSL; the same verdict as `verifyStrict`. Never throws. */
export const verifyByNode: SignatureVerifier = (raw, message, signature) => {
  // Plain arrays: `slice` of a Buffer shares its memory, so a callee's scratch copy would change the key itself.
  const key = new Uint8Array(raw);
  const mark = new Uint8Array(signature);
  if (!strictChecks(key, mark)) return false;
  try {
    return verify(null, message, publicDer('ed25519', key), mark);
  } catch {
    return false;
  }
};

/** An X25519 key by OpenSSL. */
export function nodeAgreementKey(secret: Uint8Array): AgreementKey {
  const own = privateKey('x25519', secret);
  return {
    publicKey: publicKeyOf('x25519', secret),
    agree: (peer) => {
      try {
        return new Uint8Array(
          diffieHellman({ privateKey: own, publicKey: createPublicKey(publicDer('x25519', peer)) }),
        );
      } catch {
        return undefined;
      }
    },
  };
}
