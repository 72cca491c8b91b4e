import { createHash, type KeyObject } from 'node:crypto';
import type { KeyFacts } from '../../../protocol/http/channels.ts';
import { readCertificate, readPrivateKey, readPublicKey } from '../../channels/shared/certificates.ts';

/** Longest name of a certificate's holder that is shown. */
const nameMaxChars = 120;

/** SHA-256 over the public key's SPKI: the same for a private key, its public key and its certificate. */
function fingerprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}

function algorithmOf(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const name = (key.asymmetricKeyType ?? '').toUpperCase();
  return [name, modulusLength ?? namedCurve ?? ''].join(' ').trim();
}

/** The common name in a distinguished name as node:crypto writes it, or all of it. */
function commonName(name: string): string {
  return (/^CN=(.+)$/m.exec(name)?.[1] ?? name.replaceAll('\n', ', ')).slice(0, nameMaxChars);
}

/**
 * What a key is, without anything of a secret: certificate, private key, public key, or a plain text such as an API
 * secret. PEM, or the bare base64 that platforms' tools hand out.
 */
export function keyFactsOf(material: string): KeyFacts {
  const certificate = material.includes('BEGIN CERTIFICATE') ? readCertificate(material) : undefined;
  if (certificate !== undefined) {
    return {
      kind: 'certificate',
      algorithm: algorithmOf(certificate.publicKey),
      subject: commonName(certificate.subject),
      issuer: commonName(certificate.issuer),
      serial: certificate.serialNumber.toUpperCase(),
      fingerprint: fingerprintOf(certificate.publicKey),
      notBefore: certificate.validFromDate.toISOString(),
      notAfter: certificate.validToDate.toISOString(),
    };
  }
  const privateKey = readPrivateKey(material);
  if (privateKey !== undefined) {
    const publicKey = readPublicKeyOf(material);
    const fingerprint = publicKey === undefined ? {} : { fingerprint: fingerprintOf(publicKey) };
    return { kind: 'private-key', algorithm: algorithmOf(privateKey), ...fingerprint };
  }
  const publicKey = readPublicKey(material);
  return publicKey === undefined
    ? { kind: 'text' }
    : { kind: 'public-key', algorithm: algorithmOf(publicKey), fingerprint: fingerprintOf(publicKey) };
}

/** The public half of a private key. */
function readPublicKeyOf(material: string): KeyObject | undefined {
  const key = readPrivateKey(material);
  return key === undefined ? undefined : readPublicKey(key.export({ format: 'pem', type: 'pkcs8' }).toString());
}
