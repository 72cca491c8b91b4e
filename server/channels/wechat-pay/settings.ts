import type { KeyObject } from 'node:crypto';
import type { ChannelAccount, ChannelKey } from '../channel.ts';
import { readPrivateKey } from '../shared/certificates.ts';

/** Where the platform answers when an account names no other place. */
const usualBase = 'https://api.mch.weixin.qq.com';
/** Where pages inside the app ask who pays, and where the answer is exchanged. */
const [usualAuthorizeBase, usualAppBase] = ['https://open.weixin.qq.com', 'https://api.weixin.qq.com'];

/** An account's settings, checked and ready for use. */
export interface Settings {
  readonly mchid: string;
  readonly appId: string;
  readonly mode: 'public-key' | 'certificate';
  /** Without a slash at the end. */
  readonly apiBase: string;
  /** Where calls with a client certificate go. */
  readonly secureBase: string;
  /** Our address towards the platform, for its risk control. */
  readonly clientAddress: string;
  readonly serial: string;
  readonly privateKey: KeyObject;
  readonly privateKeyPem: string;
  readonly apiV3Key: string;
  readonly apiV2Key: string | undefined;
  /** Secret of the app; without it no page inside the wallet can pay. */
  readonly appSecret: string | undefined;
  readonly authorizeBase: string;
  readonly appBase: string;
  readonly merchantCertificate: string | undefined;
  readonly authority: string | undefined;
  /** Public keys and certificates of the platform, newest first. */
  readonly platformKeys: readonly ChannelKey[];
}

/** The newest key of a purpose. */
export function newestKey(account: ChannelAccount, purpose: string): ChannelKey | undefined {
  return account.keys.find((key) => key.purpose === purpose);
}

/** Reads an account that `checkConfig` found right. Throws when it did not: that is a fault of the caller. */
export function readSettings(account: ChannelAccount): Settings {
  const { config } = account;
  const own = newestKey(account, 'merchant-private');
  const privateKey = own === undefined ? undefined : readPrivateKey(own.material);
  const apiV3Key = newestKey(account, 'api-v3')?.material;
  if (own === undefined || privateKey === undefined || apiV3Key === undefined) {
    throw new RangeError(`account ${account.id}: merchant-private and api-v3 are needed`);
  }
  const apiBase = config['apiBase'] ?? usualBase;
  return {
    mchid: account.platformMerchantId,
    appId: config['appId'] ?? '',
    mode: config['mode'] === 'certificate' ? 'certificate' : 'public-key',
    apiBase,
    secureBase: config['secureBase'] ?? apiBase,
    clientAddress: config['clientAddress'] ?? '127.0.0.1',
    serial: own.keyId,
    privateKey,
    privateKeyPem: own.material,
    apiV3Key,
    apiV2Key: newestKey(account, 'api-v2')?.material,
    appSecret: newestKey(account, 'app-secret')?.material,
    authorizeBase: config['authorizeBase'] ?? usualAuthorizeBase,
    appBase: config['appBase'] ?? usualAppBase,
    merchantCertificate: newestKey(account, 'merchant-certificate')?.material,
    authority: newestKey(account, 'platform-ca')?.material,
    platformKeys: account.keys.filter(({ purpose }) => /^platform-(public|certificate)$/.test(purpose)),
  };
}
