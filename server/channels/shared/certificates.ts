import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** What one wants to know of a certificate. Times in Unix milliseconds; the serial in upper-case hex. */
export interface CertificateFacts {
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Reads a PEM certificate. @returns `undefined` when it is none. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Serial and validity of a PEM certificate; `undefined` when it is none. */
export function certificateFacts(pem: string): CertificateFacts | undefined {
  const certificate = readCertificate(pem);
  if (certificate === undefined) return undefined;
  return {
    serial: certificate.serialNumber.toUpperCase(),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
  };
}

/**
 * Reads a private key: PEM, or the bare base64 of PKCS #8 that platforms' tools hand out. @returns `undefined` when it is
 * none.
 */
export function readPrivateKey(text: string): KeyObject | undefined {
  try {
    if (text.includes('-----BEGIN')) return createPrivateKey(text);
    return createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

/** Reads a public key: PEM of a key or of a certificate, or bare base64 of SPKI. @returns `undefined` when it is none. */
export function readPublicKey(text: string): KeyObject | undefined {
  try {
    if (text.includes('-----BEGIN')) return createPublicKey(text);
    return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
