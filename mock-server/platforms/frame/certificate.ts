import { createHash, createSign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** One part of a distinguished name: its short name and its text. */
export type NamePart = readonly [type: 'C' | 'O' | 'OU' | 'CN', text: string];

/** What a certificate says. Times in Unix milliseconds, whole seconds. */
export interface CertificateRequest {
  readonly serial: bigint;
  readonly subject: readonly NamePart[];
  readonly issuer: readonly NamePart[];
  readonly publicKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isAuthority: boolean;
  /** IPv4 addresses at which a TLS server with this certificate answers. */
  readonly addresses?: readonly string[];
}

const nameOids = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const;
/** sha256WithRSAEncryption (RFC 8017, appendix C). */
const algorithm = sequence(oid('1.2.840.113549.1.1.11'), element(0x05));

/**
 * Signs an X.509 version 3 certificate (RFC 5280) with an RSA key and SHA-256. @returns PEM. Accounts of stand-ins are made
 * without waiting, and the certificate library signs asynchronously only; this writes the few fields that platforms use.
 */
export function signCertificate(request: CertificateRequest, signer: KeyObject): string {
  const signed = sequence(
    element(0xa0, integer(2n)),
    integer(request.serial),
    algorithm,
    name(request.issuer),
    sequence(time(request.notBeforeMs), time(request.notAfterMs)),
    name(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    element(
      0xa3,
      sequence(
        basicConstraints(request.isAuthority),
        keyUsage(request.isAuthority),
        keyId(request.publicKey),
        ...alternativeNames(request.addresses ?? []),
      ),
    ),
  );
  const signature = createSign('RSA-SHA256').update(signed).sign(signer);
  const der = sequence(signed, algorithm, bits(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function basicConstraints(isAuthority: boolean): Buffer {
  const value = isAuthority ? sequence(element(0x01, Buffer.from([0xff]))) : sequence();
  return extension('2.5.29.19', true, value);
}

/** keyCertSign and cRLSign for authorities, digitalSignature and nonRepudiation for the rest. */
function keyUsage(isAuthority: boolean): Buffer {
  return extension('2.5.29.15', true, element(0x03, Buffer.from(isAuthority ? [1, 0x06] : [6, 0xc0])));
}

function keyId(publicKey: KeyObject): Buffer {
  const hash = createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
  return extension('2.5.29.14', false, element(0x04, hash));
}

function alternativeNames(addresses: readonly string[]): readonly Buffer[] {
  if (addresses.length === 0) return [];
  const names = addresses.map((address) => element(0x87, Buffer.from(address.split('.').map(Number))));
  return [extension('2.5.29.17', false, sequence(...names))];
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [element(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, element(0x04, value));
}

function name(parts: readonly NamePart[]): Buffer {
  return sequence(
    ...parts.map(([type, text]) => element(0x31, sequence(oid(nameOids[type]), element(0x0c, Buffer.from(text))))),
  );
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  const isUtc = digits < '20500000000000';
  return element(isUtc ? 0x17 : 0x18, Buffer.from(`${isUtc ? digits.slice(2) : digits}Z`, 'ascii'));
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return element(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function bits(value: Buffer): Buffer {
  return element(0x03, Buffer.concat([Buffer.from([0]), value]));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

/** Tag, length, content (X.690, 8.1). */
function element(tag: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
