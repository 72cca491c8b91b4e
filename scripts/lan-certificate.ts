import { webcrypto, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** What https on the machine's own network needs. All PEM. */
export interface LanCertificate {
  readonly key: string;
  readonly certificate: string;
  /** Of this machine's own authority: what a phone may be told to trust. */
  readonly authority: string;
}

const dayMs = 86_400_000;
const authorityLifeMs = 3_650 * dayMs;
/** Browsers refuse longer ones. */
const leafLifeMs = 397 * dayMs;
/** A certificate that ends sooner than this is made anew. */
const renewBeforeMs = 30 * dayMs;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Address and mask of each network that the authority may vouch for. */
const privateNetworks = [
  [10, 0, 0, 0, 255, 0, 0, 0],
  [172, 16, 0, 0, 255, 240, 0, 0],
  [192, 168, 0, 0, 255, 255, 0, 0],
  [169, 254, 0, 0, 255, 255, 0, 0],
  [127, 0, 0, 0, 255, 0, 0, 0],
] as const;

x509.cryptoProvider.set(webcrypto as Crypto);

/**
 * A certificate for `address` by an authority that belongs to `folder` alone, made at the first start. The authority stays
 * the same, so that a phone has to be told only once; the certificate is made anew when the address changes or it nears
 * its end. The authority can vouch for addresses of private networks only (`privateNetworks`), so that a phone that
 * trusts it risks nothing elsewhere.
 * @param nowMs Unix milliseconds.
 */
export async function lanCertificate(folder: string, address: string, nowMs: number): Promise<LanCertificate> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = await readOrMakeAuthority(folder, nowMs);
  const file = join(folder, 'server.pem');
  const keyFile = join(folder, 'server-key.pem');
  if (!existsSync(file) || !existsSync(keyFile) || !fits(readFileSync(file, 'utf8'), authority, address, nowMs)) {
    const made = await makeLeaf(authority, address, nowMs);
    writeFileSync(keyFile, made.key, { mode: 0o600 });
    writeFileSync(file, made.certificate);
  }
  return {
    key: readFileSync(keyFile, 'utf8'),
    certificate: readFileSync(file, 'utf8'),
    authority: authority.certificate.toString('pem'),
  };
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

function fits(pem: string, authority: Authority, address: string, nowMs: number): boolean {
  const leaf = new X509Certificate(pem);
  return (
    leaf.checkIP(address) !== undefined &&
    Date.parse(leaf.validTo) - nowMs > renewBeforeMs &&
    leaf.checkIssued(new X509Certificate(authority.certificate.toString('pem')))
  );
}

async function readOrMakeAuthority(folder: string, nowMs: number): Promise<Authority> {
  const file = join(folder, 'authority.pem');
  const keyFile = join(folder, 'authority-key.pem');
  if (existsSync(file) && existsSync(keyFile)) {
    const certificate = new x509.X509Certificate(readFileSync(file, 'utf8'));
    const bytes = x509.PemConverter.decodeFirst(readFileSync(keyFile, 'utf8'));
    const key = await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, true, ['sign']);
    if (certificate.notAfter.getTime() - nowMs > renewBeforeMs) return { certificate, key };
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = `CN=Tillkeeper on this machine`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + authorityLifeMs),
    signingAlgorithm: algorithm,
    keys: keys as CryptoKeyPair,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
      new x509.Extension('2.5.29.30', true, Uint8Array.from(nameConstraints())),
    ],
  });
  writeFileSync(keyFile, await pemOf(keys.privateKey), { mode: 0o600 });
  writeFileSync(file, certificate.toString('pem'));
  return { certificate, key: keys.privateKey };
}

/**
 * Name constraints (RFC 5280, section 4.2.1.10): addresses of private networks (RFC 1918), loopback and link-local, and no
 * host name but those below `invalid`, which never resolves (RFC 6761).
 */
function nameConstraints(): Buffer {
  const subtrees = [
    ...privateNetworks.map((network) => der(0x87, Buffer.from(network))),
    der(0x82, Buffer.from('invalid')),
  ];
  return der(0x30, der(0xa0, Buffer.concat(subtrees.map((name) => der(0x30, name)))));
}

/** One DER element shorter than 128 bytes. */
function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

async function makeLeaf(authority: Authority, address: string, nowMs: number) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    // Not the bare address: OpenSSL would take it for a host name and hold the constraints against it.
    subject: `CN=Tillkeeper (${address})`,
    issuer: authority.certificate.subject,
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + leafLifeMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey as CryptoKey,
    signingKey: authority.key as CryptoKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: address }]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

/** Sixteen random bytes, the first below 128, so that the number is positive. */
function serial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return Buffer.from(bytes).toString('hex');
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
