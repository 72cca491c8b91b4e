import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Aes, Formatter, Hash, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPrivatePem } from '../../../mock-server/platforms/frame/authority.ts';
import { systemClock } from '../../../mock-server/platforms/frame/clock.ts';
import { startPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { PlatformStandIn, StandInAccount } from '../../../mock-server/platforms/stand-in.ts';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import { readXml, writeXml } from '../../../server/channels/wechat-pay/api-v2.ts';
import {
  answerBytes,
  authorization,
  decrypt,
  isSigned,
  isSignedV2,
  requestText,
  signText,
  signV2,
} from '../../../server/channels/wechat-pay/sign.ts';

/** The few calls of the SDK's chains that are used here. */
interface Verb {
  post(data: object): Promise<{ readonly data: unknown }>;
  get(config: object): Promise<{ readonly data: unknown }>;
}
interface Sdk {
  readonly v3: {
    readonly pay: {
      readonly transactions: { readonly native: Verb; readonly outTradeNo: { readonly $number$: Verb } };
    };
    readonly refund: { readonly domestic: { readonly refunds: Verb } };
  };
  readonly v2: { readonly pay: { readonly micropay: Verb } };
}

const sdk = (settings: object): Sdk =>
  new Wechatpay(settings as ConstructorParameters<typeof Wechatpay>[0]) as unknown as Sdk;

const privatePem = newPrivatePem();
const privateKey = createPrivateKey(privatePem);
const publicKey = createPublicKey(privateKey);
const publicPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const request = {
  method: 'POST',
  target: '/v3/pay/transactions/native?a=1',
  timestamp: 1_772_416_800,
  nonce: 'NONCE',
  body: '{"description":"午餐"}',
} as const;

describe('wechatpay-axios-plugin and we', () => {
  test('it accepts what we sign, and we accept what it signs', async () => {
    const text = Formatter.request(request.method, request.target, request.timestamp, request.nonce, request.body);
    expect(requestText(request)).toBe(text);
    expect(Rsa.verify(text, await signText(text, privateKey), publicPem)).toBe(true);
    const answer = Formatter.response('1772416800', 'nonce', '{"code":"ok"}');
    const signature = Rsa.sign(answer, privatePem);
    expect(isSigned(answerBytes('1772416800', 'nonce', Buffer.from('{"code":"ok"}')), signature, publicKey)).toBe(true);
  });

  test('the Authorization header has the same parts', async () => {
    const parts = (header: string): string[] => header.split(/[ ,]/).toSorted();
    const ours = await authorization(request, '1600000001', '5F1C', privateKey);
    const signature = Rsa.sign(requestText(request), privatePem);
    expect(parts(ours)).toEqual(
      parts(Formatter.authorization('1600000001', request.nonce, signature, request.timestamp, '5F1C')),
    );
  });

  test('we open what it seals', () => {
    const key = '0123456789abcdef0123456789abcdef';
    for (const nonce of ['0123456789ab', '0123456789abcdef']) {
      const sealed = Aes.AesGcm.encrypt('{"金额":1}', key, nonce, 'transaction');
      expect(decrypt(key, nonce, 'transaction', sealed)?.toString('utf8')).toBe('{"金额":1}');
    }
  });

  test('API v2: the same signature over the same fields, both kinds', () => {
    const key = '192006250b4c09247ec02edce69f6a2d';
    const fields = { appid: 'wx1', mch_id: '1', body: '一碗面 & <汤>', total_fee: '1285', empty: '', nonce_str: 'n' };
    for (const type of ['MD5', 'HMAC-SHA256'] as const)
      expect(signV2(fields, key, type)).toBe(Hash.sign(type, fields, key));
    const sign = Hash.sign('HMAC-SHA256', fields, key);
    expect(isSignedV2(readXml(Buffer.from(writeXml({ ...fields, sign }))) ?? {}, key, 'HMAC-SHA256')).toBe(true);
  });
});

describe('the stand-in, driven by wechatpay-axios-plugin', () => {
  let platforms: Platforms;
  let standIn: PlatformStandIn;
  let account: StandInAccount;

  beforeAll(async () => {
    platforms = await startPlatforms({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock(),
      standIns: [weChatPayStandIn()],
    });
    standIn = platforms.standIns.get('wechat-pay') as PlatformStandIn;
    account = standIn.account('oracle');
  });
  afterAll(async () => {
    await platforms.close();
  });

  const keyOf = (purpose: string) => {
    const key = account.keys.find((one) => one.purpose === purpose);
    if (key === undefined) throw new Error(`the account has no ${purpose}`);
    return key;
  };

  test('one native payment: order, pay, query, refund, each answer verified by the SDK', async () => {
    const [own, platform] = [keyOf('merchant-private'), keyOf('platform-public')];
    const client = sdk({
      mchid: account.platformMerchantId,
      serial: own.keyId,
      privateKey: own.material,
      certs: { [platform.keyId]: platform.material },
      baseURL: `${platforms.url}/`,
      headers: { 'Wechatpay-Serial': platform.keyId },
    });
    const number = 'ORACLE0000000001';
    const made = await client.v3.pay.transactions.native.post({
      appid: account.config['appId'],
      mchid: account.platformMerchantId,
      description: '午餐',
      out_trade_no: number,
      notify_url: 'http://127.0.0.1:9/notify',
      amount: { total: 1285, currency: 'CNY' },
    });
    const { code_url: code } = made.data as { readonly code_url: string };
    expect((await standIn.wallet({ code, act: 'pay', password: payPassword })).result).toBe('paid');
    const asked = await client.v3.pay.transactions.outTradeNo.$number$.get({
      params: { mchid: account.platformMerchantId },
      number,
    });
    expect(asked.data).toMatchObject({ trade_state: 'SUCCESS', amount: { total: 1285 }, out_trade_no: number });
    const back = await client.v3.refund.domestic.refunds.post({
      out_trade_no: number,
      out_refund_no: `${number}R1`,
      amount: { refund: 285, total: 1285, currency: 'CNY' },
    });
    expect(back.data).toMatchObject({ status: 'PROCESSING', out_refund_no: `${number}R1` });
  });

  test('one scanned code by API v2, signed and verified by the SDK', async () => {
    const client = sdk({
      mchid: account.platformMerchantId,
      serial: 'any',
      privateKey: keyOf('merchant-private').material,
      certs: { any2: keyOf('platform-public').material },
      secret: keyOf('api-v2').material,
      baseURL: `${platforms.url}/`,
    });
    const answer = await client.v2.pay.micropay.post({
      appid: account.config['appId'],
      mch_id: account.platformMerchantId,
      sign_type: 'HMAC-SHA256',
      body: '午餐',
      out_trade_no: 'ORACLE0000000002',
      total_fee: '1285',
      spbill_create_ip: '127.0.0.1',
      auth_code: standIn.authCode?.('pay'),
    });
    expect(answer.data).toMatchObject({ result_code: 'SUCCESS', total_fee: '1285', trade_type: 'MICROPAY' });
  });
});
