import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import type { KeySource } from '../frame/authority.ts';
import { signCertificate } from '../frame/certificate.ts';
import type { CertificateRequest, NamePart } from '../frame/certificate.ts';

const yearMs = 365 * 86_400_000;
/** TLS looks at the real time, so these certificates are good for every clock. */
const [tlsFromMs, tlsUntilMs] = [Date.UTC(2020, 0, 1), Date.UTC(2049, 11, 31)];
const authorityName: readonly NamePart[] = [
  ['O', 'Tillkeeper stand-in of WeChat Pay'],
  ['CN', 'Stand-in authority'],
];

/** A private key with the certificate over its public key. PEM both. */
export interface Certified {
  readonly serial: string;
  readonly privateKey: string;
  readonly certificate: string;
}

/** The platform's own keys. */
export interface PlatformSecrets {
  readonly authority: Certified;
  readonly tls: Certified;
  /** Public-key mode: the id that answers name, and the private key. */
  readonly publicKeyId: string;
  readonly publicKeyPrivate: string;
  /** Certificate mode; the last one signs. */
  readonly certificates: readonly Certified[];
}

/** A merchant as the platform knows it. */
export interface Merchant {
  readonly seed: string;
  readonly shop: string;
  readonly mchid: string;
  readonly appId: string;
  readonly apiV3Key: string;
  readonly apiV2Key: string;
  readonly api: Certified;
  /** Set once the merchant has shown that it holds the public key: notifications are then signed with it. */
  usesPublicKey: boolean;
}

/** Makes the platform's keys. */
export function makePlatform(keys: KeySource, nowMs: number): PlatformSecrets {
  const authorityKey = keys('authority');
  const authority = certify(authorityKey, authorityKey, authorityName, tlsFromMs, tlsUntilMs, { isAuthority: true });
  const tls = certify(keys('tls'), authorityKey, [['CN', 'api.mch.weixin.qq.com']], tlsFromMs, tlsUntilMs, {
    addresses: ['127.0.0.1'],
  });
  return {
    ...{ authority, tls },
    publicKeyId: `PUB_KEY_ID_0114${digits('public key id', 28)}`,
    publicKeyPrivate: keys('public key'),
    certificates: [makePlatformCertificate(keys, authorityKey, nowMs, 1)],
  };
}

/** Makes one more certificate with which the platform signs. */
export function makePlatformCertificate(keys: KeySource, authorityKey: string, nowMs: number, no: number): Certified {
  const name: readonly NamePart[] = [
    ['C', 'CN'],
    ['O', 'Tenpay.com'],
    ['OU', 'Tenpay.com CA Center'],
    ['CN', 'Tenpay.com sign'],
  ];
  return certify(keys(`certificate ${String(no)}`), authorityKey, name, nowMs - 86_400_000, nowMs + 5 * yearMs);
}

/** Makes a merchant: numbers from the seed, keys of its own, a certificate of the platform's authority over its key. */
export function makeMerchant(keys: KeySource, authority: Certified, seed: string, shop: string): Merchant {
  const mchid = `16${digits(`mchid ${seed}`, 8)}`;
  const name: readonly NamePart[] = [
    ['C', 'CN'],
    ['O', '微信商户系统'],
    ['OU', shop],
    ['CN', mchid],
  ];
  return {
    ...{ seed, shop, mchid },
    appId: `wx${createHash('sha256').update(`appid ${seed}`).digest('hex').slice(0, 16)}`,
    apiV3Key: randomBytes(16).toString('hex'),
    apiV2Key: randomBytes(16).toString('hex'),
    api: certify(keys(`merchant ${seed}`), authority.privateKey, name, tlsFromMs, tlsUntilMs),
    usesPublicKey: false,
  };
}

function certify(
  privateKey: string,
  authorityKey: string,
  subject: readonly NamePart[],
  notBeforeMs: number,
  notAfterMs: number,
  extra: Partial<Pick<CertificateRequest, 'isAuthority' | 'addresses'>> = {},
): Certified {
  const serial = `5${randomBytes(20).toString('hex').slice(1)}`.toUpperCase();
  const certificate = signCertificate(
    {
      ...{ subject, issuer: authorityName, notBeforeMs, notAfterMs, isAuthority: false },
      serial: BigInt(`0x${serial}`),
      publicKey: createPublicKey(privateKey),
      ...extra,
    },
    createPrivateKey(authorityKey),
  );
  return { serial, privateKey, certificate };
}

function digits(label: string, count: number): string {
  const hash = createHash('sha256').update(label).digest('hex');
  return BigInt(`0x${hash}`).toString().slice(-count).padStart(count, '0');
}
