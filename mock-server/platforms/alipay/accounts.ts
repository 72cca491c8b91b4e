import { createHash, X509Certificate } from 'node:crypto';
import { newAuthority, newCertified, publicPemOf } from '../frame/authority.ts';
import type { Authority, Certified, KeySource } from '../frame/authority.ts';
import type { StandInAccount } from '../stand-in.ts';

/** A merchant's app with Alipay, with the keys of both sides. */
export interface AlipayApp {
  readonly seed: string;
  /** Name that payers read. */
  readonly shop: string;
  readonly appId: string;
  readonly sellerId: string;
  /** The app's own key and certificate: kept only to hand them out again, never used here. */
  readonly app: Certified;
  readonly appCertificateSn: string;
  /** Alipay's key for this app in key mode. */
  readonly platformPrivatePem: string;
  /** Alipay's certificates for this app, the one in use last. */
  readonly platform: readonly Certified[];
}

/** What the stand-in keeps of its keys. */
export interface AlipayKeys {
  readonly authority: Authority;
  readonly apps: readonly AlipayApp[];
}

/** Founds the platform's authority, which has no apps yet. */
export function newKeys(source: KeySource, nowMs: number): AlipayKeys {
  const organisation = [
    ['C', 'CN'],
    ['O', 'Stand-in Financial'],
    ['OU', 'Certification Authority'],
  ] as const;
  const root = [...organisation, ['CN', 'Stand-in Financial Certification Authority R1']] as const;
  const middle = [...organisation, ['CN', 'Stand-in Financial Certification Authority Class 2 R1']] as const;
  return { authority: newAuthority(root, middle, source, nowMs), apps: [] };
}

/** Registers an app. */
export function newApp(keys: AlipayKeys, source: KeySource, seed: string, shop: string, nowMs: number): AlipayApp {
  const digits = BigInt(`0x${createHash('sha256').update(`alipay ${seed}`).digest('hex')}`).toString(10);
  const [appId, sellerId] = [`2021${digits.slice(-24, -12)}`, `2088${digits.slice(-12)}`];
  const app = newCertified(
    keys.authority,
    [
      ['C', 'CN'],
      ['O', `Merchant ${seed}`],
      ['CN', `Merchant ${seed}-${appId}`],
    ],
    source(`app ${seed}`),
    nowMs,
  );
  return {
    seed,
    shop,
    appId,
    sellerId,
    app,
    appCertificateSn: snOf(app.certificatePem),
    platformPrivatePem: source(`platform ${seed}`),
    platform: [newPlatformCertificate(keys, source, sellerId, nowMs)],
  };
}

/** A new certificate of Alipay's for one seller. */
export function newPlatformCertificate(
  keys: AlipayKeys,
  source: KeySource,
  sellerId: string,
  nowMs: number,
): Certified {
  const subject = [
    ['C', 'CN'],
    ['OU', 'Alipay'],
    ['CN', `支付宝(中国)网络技术有限公司-${sellerId}`],
  ] as const;
  return newCertified(keys.authority, subject, source(`platform certificate ${sellerId} ${String(nowMs)}`), nowMs);
}

/** The app as a merchant configures it, ready for both signing modes; `mode` says which is on. */
export function accountOf(keys: AlipayKeys, app: AlipayApp, gateway: string): StandInAccount {
  const first = app.platform[0];
  if (first === undefined) throw new Error(`${app.seed}: Alipay has no certificate for this app`);
  const certificate = (purpose: string, pem: string): StandInAccount['keys'][number] => {
    const read = new X509Certificate(pem);
    const [notBeforeMs, notAfterMs] = [Date.parse(read.validFrom), Date.parse(read.validTo)];
    return { purpose, keyId: snOf(pem), material: pem, notBeforeMs, notAfterMs };
  };
  return {
    platformMerchantId: app.sellerId,
    config: { appId: app.appId, mode: 'certificate', gateway, storeId: 'S001', operatorId: 'OP01' },
    keys: [
      { purpose: 'merchant-private', keyId: app.appCertificateSn, material: app.app.privatePem },
      { purpose: 'platform-public', keyId: `alipay-${app.appId}`, material: publicPemOf(app.platformPrivatePem) },
      certificate('app-certificate', app.app.certificatePem),
      certificate('platform-certificate', first.certificatePem),
      certificate('platform-root', keys.authority.root.certificatePem),
    ],
  };
}

/** The name that Alipay gives a certificate: MD5 of issuer (its last part first) and decimal serial. */
export function snOf(pem: string): string {
  const read = new X509Certificate(pem);
  const parts = read.issuer.split('\n').toReversed();
  return createHash('md5')
    .update(parts.join(',') + BigInt(`0x${read.serialNumber}`).toString())
    .digest('hex');
}
