import { orderMaxFen } from '../../../domain/money.ts';
import type { ChannelAccount, ChannelDefinition, ChannelField } from '../channel.ts';
import { certificateFacts, readPrivateKey, readPublicKey } from '../shared/certificates.ts';
import { billKinds } from './bill.ts';
import { WeChatPayChannel } from './channel.ts';
import { newestKey, readSettings } from './settings.ts';

/** Length of the APIv3 key and of the key of API v2, in characters. */
const secretLength = 32;

const fields: readonly ChannelField[] = [
  field('appId', 'config', false, false, '应用 ID（appid）', 'App id (appid)'),
  field(
    'mode',
    'config',
    false,
    false,
    '验签方式：public-key 或 certificate',
    'Verification: public-key or certificate',
  ),
  field('apiBase', 'config', false, true, '接口地址', 'Address of the interface'),
  field('secureBase', 'config', false, true, '双向认证接口地址', 'Address for calls with our certificate'),
  field('clientAddress', 'config', false, true, '服务器 IP', 'Address of this server'),
  field('authorizeBase', 'config', false, true, '网页授权地址', 'Address where pages inside WeChat ask who pays'),
  field('appBase', 'config', false, true, '公众平台接口地址', 'Address of the app’s interface'),
  field('merchant-private', 'key', true, false, '商户 API 私钥', 'Merchant’s private key'),
  field('merchant-certificate', 'key', false, true, '商户 API 证书', 'Merchant’s certificate'),
  field('api-v3', 'key', true, false, 'APIv3 密钥', 'APIv3 key'),
  field('api-v2', 'key', true, true, 'API 密钥（v2，付款码）', 'Key of API v2 (scanned codes)'),
  field('app-secret', 'key', true, true, '公众号 AppSecret（微信内支付）', 'App secret (paying inside WeChat)'),
  field('platform-public', 'key', false, true, '微信支付公钥', 'WeChat Pay’s public key'),
  field('platform-certificate', 'key', false, true, '微信支付平台证书', 'WeChat Pay’s certificate'),
  field('platform-ca', 'key', false, true, '平台 TLS 根证书', 'Authority of the platform’s TLS certificate'),
];

function field(
  name: string,
  where: 'config' | 'key',
  isSecret: boolean,
  isOptional: boolean,
  zh: string,
  en: string,
): ChannelField {
  return { name, in: where, isSecret, isOptional, label: { zh, en } };
}

function checkConfig(account: ChannelAccount): string | undefined {
  const { config, platformMerchantId } = account;
  if (!/^\d{8,12}$/.test(platformMerchantId)) return 'platformMerchantId';
  if (!/^\w{8,32}$/.test(config['appId'] ?? '')) return 'appId';
  if (!/^(public-key|certificate)$/.test(config['mode'] ?? '')) return 'mode';
  for (const name of ['apiBase', 'secureBase', 'authorizeBase', 'appBase']) {
    const base = config[name];
    if (base !== undefined && !/^https?:\/\/[^/?#\s]+$/.test(base)) return name;
  }
  return checkKeys(account);
}

function checkKeys(account: ChannelAccount): string | undefined {
  const text = (purpose: string): string | undefined => newestKey(account, purpose)?.material;
  const own = newestKey(account, 'merchant-private');
  if (own === undefined || readPrivateKey(own.material)?.asymmetricKeyType !== 'rsa') return 'merchant-private';
  if (!/^[0-9A-F]{8,64}$/i.test(own.keyId)) return 'merchant-private';
  if (text('api-v3')?.length !== secretLength) return 'api-v3';
  if ((text('api-v2')?.length ?? secretLength) !== secretLength) return 'api-v2';
  if (!/^\w{32}$/.test(text('app-secret') ?? '0'.repeat(secretLength))) return 'app-secret';
  const certificate = text('merchant-certificate');
  if (certificate !== undefined && certificateFacts(certificate) === undefined) return 'merchant-certificate';
  for (const purpose of ['platform-public', 'platform-certificate']) {
    const material = text(purpose);
    if (material !== undefined && readPublicKey(material)?.asymmetricKeyType !== 'rsa') return purpose;
  }
  return account.config['mode'] === 'public-key' && text('platform-public') === undefined
    ? 'platform-public'
    : undefined;
}

/** WeChat Pay: API v3 for codes, links, refunds and bills, API v2 for scanned codes. */
export const weChatPay: ChannelDefinition = {
  code: 'wechat-pay',
  name: { zh: '微信支付', en: 'WeChat Pay' },
  capabilities: {
    kinds: ['qr', 'scan', 'link'],
    minFen: 1,
    maxFen: orderMaxFen,
    qrMaxSeconds: 7_200,
    refundDays: 365,
    refundsPerPayment: 50,
    refundsByTransaction: true,
    notifies: true,
    authCode: /^1[0-5]\d{16}$/,
    bills: billKinds,
    reverses: true,
    settles: false,
  },
  fields,
  checkConfig,
  open: (account, tools) => new WeChatPayChannel(readSettings(account), tools),
};
