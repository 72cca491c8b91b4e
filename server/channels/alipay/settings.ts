import type { KeyObject, X509Certificate } from 'node:crypto';
import type { ChannelAccount } from '../channel.ts';
import { areReadable, certifiedKey, keysInDate } from '../shared/account-keys.ts';
import { readBundle } from '../shared/chain.ts';
import { readPrivateKey, readPublicKey } from '../shared/certificates.ts';
import { certificateSn, rootCertificateSn } from './certificates.ts';

/** Alipay's production gateway. */
const productionGateway = 'https://openapi.alipay.com/gateway.do';

/** Where calls go and what they say about us. Nothing secret. */
export interface AlipaySettings {
  readonly appId: string;
  readonly sellerId: string;
  readonly gateway: string;
  readonly mode: 'key' | 'certificate';
  /** 门店编号 and 操作员 in Alipay's bill; the terminal comes with each attempt. */
  readonly storeId?: string;
  readonly operatorId?: string;
}

/** What signs a request, and in certificate mode by which certificate it can be checked. */
export interface Signer {
  readonly key: KeyObject;
  readonly certificateSn?: string;
  readonly rootSn?: string;
}

/** Reads an account's settings; `checkAccount` has found no fault in them. */
export function settingsOf({ config, platformMerchantId }: ChannelAccount): AlipaySettings {
  return {
    appId: config['appId'] ?? '',
    sellerId: platformMerchantId,
    gateway: config['gateway'] ?? productionGateway,
    mode: config['mode'] === 'certificate' ? 'certificate' : 'key',
    ...(isGiven(config['storeId']) ? { storeId: config['storeId'] } : {}),
    ...(isGiven(config['operatorId']) ? { operatorId: config['operatorId'] } : {}),
  };
}

/** The first fault of an account: the name of the field or of the key's purpose. */
export function checkAccount(account: ChannelAccount): string | undefined {
  const { config } = account;
  if (!/^2088\d{12}$/.test(account.platformMerchantId)) return 'platformMerchantId';
  if (!/^\d{16,20}$/.test(config['appId'] ?? '')) return 'appId';
  if (!/^https?:\/\/[^?#\s]+$/.test(config['gateway'] ?? productionGateway)) return 'gateway';
  if (!['key', 'certificate', undefined].includes(config['mode'])) return 'mode';
  if (!/^[\w-]{0,32}$/.test(config['storeId'] ?? '')) return 'storeId';
  if (!/^[\w-]{0,28}$/.test(config['operatorId'] ?? '')) return 'operatorId';
  const isRsa = (key: KeyObject | undefined): boolean => key?.asymmetricKeyType === 'rsa';
  if (!areReadable(account, 'merchant-private', (text) => isRsa(readPrivateKey(text)))) return 'merchant-private';
  if (config['mode'] === 'certificate') return checkCertificates(account);
  return areReadable(account, 'platform-public', (text) => isRsa(readPublicKey(text))) ? undefined : 'platform-public';
}

function checkCertificates(account: ChannelAccount): string | undefined {
  const isCertificate = (text: string): boolean => readBundle(text).length > 0;
  if (!areReadable(account, 'app-certificate', isCertificate)) return 'app-certificate';
  if (!areReadable(account, 'platform-certificate', isCertificate)) return 'platform-certificate';
  if (!areReadable(account, 'platform-root', (text) => rootCertificateSn(text) !== '')) return 'platform-root';
  const of = (purpose: string): typeof account.keys => account.keys.filter((key) => key.purpose === purpose);
  return certifiedKey(of('merchant-private'), of('app-certificate')) === undefined ? 'app-certificate' : undefined;
}

/** The newest key in date that signs. In certificate mode it is the one that the newest certificate in date names. */
export function signerOf(account: ChannelAccount, atMs: number): Signer | undefined {
  const privates = keysInDate(account, 'merchant-private', atMs);
  if (account.config['mode'] !== 'certificate') {
    const key = privates.map(({ material }) => readPrivateKey(material)).find((read) => read !== undefined);
    return key === undefined ? undefined : { key };
  }
  const certified = certifiedKey(privates, keysInDate(account, 'app-certificate', atMs));
  const root = keysInDate(account, 'platform-root', atMs)[0];
  if (certified === undefined || root === undefined) return undefined;
  return {
    key: certified.key,
    certificateSn: certificateSn(certified.certificate),
    rootSn: rootCertificateSn(root.material),
  };
}

/** Public keys of the platform that may have signed in key mode, newest first. */
export function platformKeysOf(account: ChannelAccount, atMs: number): readonly KeyObject[] {
  return keysInDate(account, 'platform-public', atMs).flatMap(({ material }) => readPublicKey(material) ?? []);
}

/** The pinned certificates of the platform, newest first. Each PEM may bring its intermediates behind the leaf. */
export function platformCertificatesOf(account: ChannelAccount, atMs: number): readonly X509Certificate[] {
  return keysInDate(account, 'platform-certificate', atMs).flatMap(({ material }) => readBundle(material)[0] ?? []);
}

/** Everything that a chain may pass through, and the pinned roots in which it must end. */
export function rootsOf(account: ChannelAccount, atMs: number): readonly X509Certificate[] {
  return keysInDate(account, 'platform-root', atMs).flatMap(({ material }) => readBundle(material));
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
