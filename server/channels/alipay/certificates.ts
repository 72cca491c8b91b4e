import { createHash } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { readBundle } from '../shared/chain.ts';

/** DER of the prefix of every RSA signature algorithm, OID 1.2.840.113549.1.1 (RFC 8017), tag and arc without the last byte. */
const rsaSignatureOid = Buffer.from([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01]);

/**
 * Alipay's own serial of a certificate (`app_cert_sn`, `alipay_cert_sn`): MD5, hex, of the issuer's name, most specific
 * part first, followed by the decimal serial number (Alipay 开放平台, “公钥证书方式”).
 */
export function certificateSn(certificate: X509Certificate): string {
  const issuer = certificate.issuer.split('\n').reverse().join(',');
  const serial = BigInt(`0x${certificate.serialNumber}`).toString(10);
  return createHash('md5').update(`${issuer}${serial}`, 'utf8').digest('hex');
}

/** `alipay_root_cert_sn` of a bundle: the serials of the certificates with an RSA signature, joined by `_`. */
export function rootCertificateSn(bundle: string): string {
  return readBundle(bundle).filter(isSignedWithRsa).map(certificateSn).join('_');
}

/** Reads the algorithm in the certificate's outer sequence (RFC 5280, 4.1.1.2), which follows the signed part. */
function isSignedWithRsa({ raw }: X509Certificate): boolean {
  const [outer] = contentOf(raw, 0);
  const [, signedPartEnd] = contentOf(raw, outer);
  const [algorithm] = contentOf(raw, signedPartEnd);
  return raw.subarray(algorithm, algorithm + rsaSignatureOid.length).equals(rsaSignatureOid);
}

/** Start and end of the content of the DER element at `at` (X.690, 8.1). */
function contentOf(der: Buffer, at: number): readonly [start: number, end: number] {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return [at + 2, at + 2 + first];
  const bytes = first & 0x7f;
  const start = at + 2 + bytes;
  return [start, start + der.readUIntBE(at + 2, bytes)];
}
