import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8Encode } from '../../bytes.ts';
import { softwareAgreementKey, type AgreementKey } from './hpke.ts';

const info = utf8Encode('TK-UNLK/1 package key');
const secretBytes = 32;

/**
 * The X25519 key to which key packages made ahead are sealed (docs/unlock-protocol.md, section 8.8): its secret is
 * HKDF-SHA256 of the identity secret, without salt. It is never stored, so it dies with the identity. The public half
 * is registered together with the identity key.
 */
export function packageKeyOf(identitySecret: Uint8Array): AgreementKey {
  const secret = hkdf(sha256, identitySecret, undefined, info, secretBytes);
  const key = softwareAgreementKey(secret);
  secret.fill(0);
  return key;
}
