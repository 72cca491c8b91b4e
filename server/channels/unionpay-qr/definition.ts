import type { ChannelDefinition } from '../channel.ts';
import { UnionPayQrChannel } from './channel.ts';
import { checkAccount } from './settings.ts';

/** UnionPay QR over ACP 5.1.0. Figures are usual ones; contracts may set lower ones. */
export const unionpayQr: ChannelDefinition = {
  code: 'unionpay-qr',
  name: { zh: '云闪付', en: 'UnionPay QR' },
  capabilities: {
    kinds: ['qr', 'scan', 'link'],
    minFen: 1,
    maxFen: 500_000_000,
    qrMaxSeconds: 300,
    refundDays: 330,
    refundsPerPayment: 50,
    refundsByTransaction: true,
    notifies: true,
    authCode: /^62\d{17}$/,
    bills: ['settlement'],
    reverses: true,
    settles: false,
  },
  fields: [
    {
      name: 'environment',
      in: 'config',
      isSecret: false,
      isOptional: true,
      label: { zh: '环境（production 生产，test 测试）', en: 'Environment (production or test)' },
    },
    {
      name: 'gateway',
      in: 'config',
      isSecret: false,
      isOptional: true,
      label: { zh: '网关地址', en: 'Gateway address' },
    },
    {
      name: 'files',
      in: 'config',
      isSecret: false,
      isOptional: true,
      label: { zh: '对账文件地址', en: 'Address of settlement files' },
    },
    {
      name: 'merchant-private',
      in: 'key',
      isSecret: true,
      isOptional: false,
      label: { zh: '商户签名私钥', en: 'Merchant signing key' },
    },
    {
      name: 'merchant-certificate',
      in: 'key',
      isSecret: false,
      isOptional: false,
      label: { zh: '商户签名证书', en: 'Merchant signing certificate' },
    },
    {
      name: 'platform-root',
      in: 'key',
      isSecret: false,
      isOptional: false,
      label: { zh: '银联根证书', en: 'UnionPay root certificate' },
    },
    {
      name: 'platform-middle',
      in: 'key',
      isSecret: false,
      isOptional: true,
      label: { zh: '银联中级证书', en: 'UnionPay intermediate certificate' },
    },
    {
      name: 'platform-encrypt',
      in: 'key',
      isSecret: false,
      isOptional: true,
      label: { zh: '银联敏感信息加密证书', en: 'UnionPay certificate for encrypting accounts' },
    },
  ],
  checkConfig: checkAccount,
  open: (account, tools) => new UnionPayQrChannel(account, tools),
};
