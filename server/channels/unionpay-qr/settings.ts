import type { ChannelAccount } from '../channel.ts';
import { areReadable, certifiedKey, keysInDate } from '../shared/account-keys.ts';
import type { CertifiedKey } from '../shared/account-keys.ts';
import { readBundle } from '../shared/chain.ts';
import { readCertificate, readPrivateKey } from '../shared/certificates.ts';
import type { TrustAnchors } from './sign.ts';

/** UnionPay's production addresses (全渠道平台接入接口规范, 环境信息). */
const production = { gateway: 'https://gateway.95516.com', files: 'https://filedownload.95516.com' };

/** Where calls go. Nothing secret. */
export interface UnionPaySettings {
  readonly merId: string;
  /** Origin; the paths `/gateway/api/….do` are fixed. */
  readonly gateway: string;
  readonly files: string;
  readonly isTest: boolean;
}

/** Reads an account's settings; `checkAccount` has found no fault in them. */
export function settingsOf({ config, platformMerchantId }: ChannelAccount): UnionPaySettings {
  return {
    merId: platformMerchantId,
    gateway: config['gateway'] ?? production.gateway,
    files: config['files'] ?? production.files,
    isTest: config['environment'] === 'test',
  };
}

/** The first fault of an account: the name of the field or of the key's purpose. */
export function checkAccount(account: ChannelAccount): string | undefined {
  const { config, keys, platformMerchantId } = account;
  const isOrigin = (text: string): boolean => /^https?:\/\/[^/?#\s]+(\/[^?#\s]*[^/?#\s])?$/.test(text);
  if (!/^[0-9A-Z]{15}$/.test(platformMerchantId)) return 'platformMerchantId';
  if (!isOrigin(config['gateway'] ?? production.gateway)) return 'gateway';
  if (!isOrigin(config['files'] ?? production.files)) return 'files';
  if (!['production', 'test', undefined].includes(config['environment'])) return 'environment';
  const isRsa = (text: string): boolean => readPrivateKey(text)?.asymmetricKeyType === 'rsa';
  const isCertificate = (text: string): boolean => readCertificate(text) !== undefined;
  const isBundle = (text: string): boolean => readBundle(text).length > 0;
  if (!areReadable(account, 'merchant-private', isRsa)) return 'merchant-private';
  if (!areReadable(account, 'merchant-certificate', isCertificate)) return 'merchant-certificate';
  if (!areReadable(account, 'platform-root', isBundle)) return 'platform-root';
  const has = (wanted: string): boolean => keys.some(({ purpose }) => purpose === wanted);
  if (has('platform-middle') && !areReadable(account, 'platform-middle', isBundle)) return 'platform-middle';
  if (has('platform-encrypt') && !areReadable(account, 'platform-encrypt', isCertificate)) return 'platform-encrypt';
  const of = (purpose: string): typeof keys => keys.filter((key) => key.purpose === purpose);
  return certifiedKey(of('merchant-private'), of('merchant-certificate')) === undefined
    ? 'merchant-certificate'
    : undefined;
}

/** The newest certificate in date with its key. */
export function signerOf(account: ChannelAccount, atMs: number): CertifiedKey | undefined {
  return certifiedKey(keysInDate(account, 'merchant-private', atMs), keysInDate(account, 'merchant-certificate', atMs));
}

/** What UnionPay's certificates are held against. */
export function anchorsOf(account: ChannelAccount, atMs: number): TrustAnchors {
  const read = (purpose: string): TrustAnchors['roots'] =>
    keysInDate(account, purpose, atMs).flatMap(({ material }) => readBundle(material));
  return {
    roots: read('platform-root'),
    middles: read('platform-middle'),
    isTest: settingsOf(account).isTest,
    atMs,
  };
}
