import { createHash, X509Certificate } from 'node:crypto';
import { newAuthority, newCertified } from '../frame/authority.ts';
import type { Authority, Certified, KeySource } from '../frame/authority.ts';
import type { StandInAccount } from '../stand-in.ts';

/** A merchant with its signing certificate. */
export interface Merchant {
  readonly seed: string;
  /** Name that payers read. */
  readonly shop: string;
  readonly merId: string;
  readonly certified: Certified;
  /** Serial of its certificate, decimal. */
  readonly certId: string;
}

/** What the stand-in keeps of its keys. The platform's certificates: the one in use last. */
export interface UnionPayKeys {
  readonly authority: Authority;
  readonly platform: readonly Certified[];
  /** What accounts are encrypted to. */
  readonly encryption: Certified;
  readonly merchants: readonly Merchant[];
}

/** Founds the authority and the platform's first certificate. */
export function newKeys(source: KeySource, nowMs: number): UnionPayKeys {
  const organisation = [
    ['C', 'CN'],
    ['O', 'Stand-in Certification Authority'],
  ] as const;
  const root = [...organisation, ['CN', 'Stand-in CS CA']] as const;
  const authority = newAuthority(root, [...organisation, ['CN', 'Stand-in OCA1']], source, nowMs);
  return {
    authority,
    platform: [newPlatformCertificate(authority, source, 1, nowMs)],
    encryption: newEncryption(authority, source, nowMs),
    merchants: [],
  };
}

/** The certificate to which accounts are encrypted (敏感信息加密证书). */
export function newEncryption(authority: Authority, source: KeySource, nowMs: number): Certified {
  const name = subjectOf('041@8310000000083040@中国银联股份有限公司@00000099');
  return newCertified(authority, name, source('encryption'), nowMs);
}

/** A certificate that carries UnionPay's name, as the documents describe it. */
export function newPlatformCertificate(
  authority: Authority,
  source: KeySource,
  number: number,
  nowMs: number,
): Certified {
  const name = `041@8310000000083040@中国银联股份有限公司@${String(number).padStart(8, '0')}`;
  return newCertified(authority, subjectOf(name), source(`platform ${String(number)}`), nowMs);
}

/** Registers a merchant. Its certificate comes from the same authority: only the name tells it from the platform's. */
export function newMerchant(
  { authority }: UnionPayKeys,
  source: KeySource,
  { seed, shop }: Pick<Merchant, 'seed' | 'shop'>,
  nowMs: number,
): Merchant {
  const digits = BigInt(`0x${createHash('sha256').update(`unionpay ${seed}`).digest('hex')}`).toString(10);
  const merId = `777${digits.slice(-12)}`;
  const certified = newCertified(
    authority,
    subjectOf(`041@${merId}@Merchant@00000001`),
    source(`merchant ${seed}`),
    nowMs,
  );
  return { seed, shop, merId, certified, certId: serialOf(certified.certificatePem) };
}

/** The merchant's account as it is configured. */
export function accountOf({ authority, encryption }: UnionPayKeys, merchant: Merchant, origin: string): StandInAccount {
  const certificate = (purpose: string, pem: string): StandInAccount['keys'][number] => {
    const read = new X509Certificate(pem);
    const [notBeforeMs, notAfterMs] = [Date.parse(read.validFrom), Date.parse(read.validTo)];
    return { purpose, keyId: serialOf(pem), material: pem, notBeforeMs, notAfterMs };
  };
  return {
    platformMerchantId: merchant.merId,
    config: { environment: 'production', gateway: origin, files: `${origin}/unionpay/files` },
    keys: [
      { purpose: 'merchant-private', keyId: merchant.certId, material: merchant.certified.privatePem },
      certificate('merchant-certificate', merchant.certified.certificatePem),
      certificate('platform-root', authority.root.certificatePem),
      certificate('platform-middle', authority.middle.certificatePem),
      certificate('platform-encrypt', encryption.certificatePem),
    ],
  };
}

function subjectOf(commonName: string): readonly (readonly ['C' | 'O' | 'OU' | 'CN', string])[] {
  return [
    ['C', 'CN'],
    ['O', 'Stand-in OCA1'],
    ['OU', 'Enterprises'],
    ['CN', commonName],
  ];
}

/** A certificate's serial, decimal. */
export function serialOf(pem: string): string {
  return BigInt(`0x${new X509Certificate(pem).serialNumber}`).toString();
}
