import type { ChannelDefinition } from '../channel.ts';
import { AlipayChannel } from './channel.ts';
import { checkAccount } from './settings.ts';

/** Alipay, 当面付 and 手机网站支付. Figures are the platform's own limits; contracts may set lower ones. */
export const alipay: ChannelDefinition = {
  code: 'alipay',
  name: { zh: '支付宝', en: 'Alipay' },
  capabilities: {
    kinds: ['qr', 'scan', 'link'],
    minFen: 1,
    maxFen: 1_000_000_000,
    qrMaxSeconds: 7_200,
    refundDays: 365,
    refundsPerPayment: 50,
    refundsByTransaction: true,
    notifies: true,
    authCode: /^(2[5-9]|30)\d{14,22}$/,
    bills: ['trade'],
    reverses: true,
    settles: false,
  },
  fields: [
    { name: 'appId', in: 'config', isSecret: false, isOptional: false, label: { zh: '应用 APPID', en: 'App ID' } },
    {
      name: 'mode',
      in: 'config',
      isSecret: false,
      isOptional: true,
      label: { zh: '接口加签方式（key 密钥，certificate 证书）', en: 'Signing mode (key or certificate)' },
    },
    {
      name: 'gateway',
      in: 'config',
      isSecret: false,
      isOptional: true,
      label: { zh: '网关地址', en: 'Gateway address' },
    },
    { name: 'storeId', in: 'config', isSecret: false, isOptional: true, label: { zh: '门店编号', en: 'Store number' } },
    {
      name: 'operatorId',
      in: 'config',
      isSecret: false,
      isOptional: true,
      label: { zh: '操作员编号', en: 'Operator number' },
    },
    {
      name: 'merchant-private',
      in: 'key',
      isSecret: true,
      isOptional: false,
      label: { zh: '应用私钥', en: 'App private key' },
    },
    {
      name: 'platform-public',
      in: 'key',
      isSecret: false,
      isOptional: true,
      label: { zh: '支付宝公钥（密钥方式）', en: 'Alipay public key (key mode)' },
    },
    {
      name: 'app-certificate',
      in: 'key',
      isSecret: false,
      isOptional: true,
      label: { zh: '应用公钥证书（证书方式）', en: 'App certificate (certificate mode)' },
    },
    {
      name: 'platform-certificate',
      in: 'key',
      isSecret: false,
      isOptional: true,
      label: { zh: '支付宝公钥证书（证书方式）', en: 'Alipay certificate (certificate mode)' },
    },
    {
      name: 'platform-root',
      in: 'key',
      isSecret: false,
      isOptional: true,
      label: { zh: '支付宝根证书（证书方式）', en: 'Alipay root certificates (certificate mode)' },
    },
  ],
  checkConfig: checkAccount,
  open: (account, tools) => new AlipayChannel(account, tools),
};
