import type { X509Certificate } from 'node:crypto';
import { readCertificate } from './certificates.ts';

/** Most certificates of one bundle that are looked at. */
const bundleMax = 16;
/** Most certificates between a leaf and its root. */
const depthMax = 4;

/** The certificates of a PEM bundle in their order; what does not parse (SM2 on some builds of OpenSSL) is left out. */
export function readBundle(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.slice(0, bundleMax).flatMap((block) => readCertificate(block) ?? []);
}

/** Whether `atMs` (Unix milliseconds) lies in a certificate's validity. */
export function isInDate(certificate: X509Certificate, atMs: number): boolean {
  return certificate.validFromDate.getTime() <= atMs && atMs <= certificate.validToDate.getTime();
}

/**
 * Whether a chain leads from `leaf` over `middles` to one of `roots`, every link signed, named as issuer, a certificate
 * authority, and in date at `atMs`. Roots are pinned: what the leaf's sender brought along is never one. @returns why not,
 * `undefined` when it holds.
 */
export function chainFault(
  leaf: X509Certificate,
  middles: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  atMs: number,
): string | undefined {
  if (!isInDate(leaf, atMs)) return `The certificate ${leaf.serialNumber} is not in date.`;
  let current = leaf;
  for (let depth = 0; depth <= depthMax; depth += 1) {
    const root = roots.find((candidate) => isIssuer(candidate, current, atMs));
    if (root !== undefined) return undefined;
    const next = middles.find(
      (candidate) => candidate.raw.compare(current.raw) !== 0 && isIssuer(candidate, current, atMs),
    );
    if (next === undefined) return `No pinned root has issued the certificate ${current.serialNumber}.`;
    current = next;
  }
  return 'The chain of certificates is too long.';
}

function isIssuer(issuer: X509Certificate, subject: X509Certificate, atMs: number): boolean {
  return issuer.ca && isInDate(issuer, atMs) && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}
