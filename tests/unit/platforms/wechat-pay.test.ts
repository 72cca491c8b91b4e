import { createSign } from 'node:crypto';
import { request as requestHttps } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPrivatePem } from '../../../mock-server/platforms/frame/authority.ts';
import { manualClock } from '../../../mock-server/platforms/frame/clock.ts';
import { startPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { PlatformStandIn, StandInAccount } from '../../../mock-server/platforms/stand-in.ts';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import { signV2 } from '../../../server/channels/wechat-pay/sign.ts';

const startMs = Date.parse('2026-03-02T10:00:00+08:00');
let platforms: Platforms;
let standIn: PlatformStandIn;
let account: StandInAccount;

beforeAll(async () => {
  const standIns = [weChatPayStandIn()];
  platforms = await startPlatforms({ host: '127.0.0.1', port: 0, clock: manualClock(startMs), standIns });
  standIn = platforms.standIns.get('wechat-pay') as PlatformStandIn;
  account = standIn.account('strict');
});
afterAll(() => platforms.close());

function keyOf(purpose: string): { readonly keyId: string; readonly material: string } {
  const key = account.keys.find((one) => one.purpose === purpose);
  if (key === undefined) throw new Error(`no ${purpose}`);
  return key;
}

/** What a test changes in a request that would be right. */
interface Change {
  readonly target?: string;
  readonly body?: string;
  /** Sent in place of the body that was signed. */
  readonly sent?: string;
  readonly timestamp?: number;
  readonly mchid?: string;
  readonly serial?: string;
  readonly privateKey?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly authorization?: string;
}

const order = (change: object = {}): object => ({
  appid: account.config['appId'],
  mchid: account.platformMerchantId,
  description: '午餐',
  out_trade_no: 'STRICT0001',
  notify_url: 'http://127.0.0.1:9/n',
  amount: { total: 1, currency: 'CNY' },
  ...change,
});

async function ask(
  change: Change,
): Promise<{ readonly status: number; readonly code?: string; readonly detail?: object }> {
  const { target = '/v3/pay/transactions/native', body = JSON.stringify(order()), timestamp = startMs / 1000 } = change;
  const text = `POST\n${target}\n${String(timestamp)}\nNONCE\n${body}\n`;
  const key = change.privateKey ?? keyOf('merchant-private').material;
  const signature = createSign('sha256').update(text).sign(key, 'base64');
  const { mchid = account.platformMerchantId, serial = keyOf('merchant-private').keyId } = change;
  const headers = {
    accept: 'application/json',
    'user-agent': 'test',
    'content-type': 'application/json',
    authorization:
      change.authorization ??
      `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="NONCE",signature="${signature}",timestamp="${String(timestamp)}",serial_no="${serial}"`,
    ...change.headers,
  };
  const kept = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(`${platforms.url}${target}`, {
    method: 'POST',
    headers: kept,
    body: change.sent ?? body,
  });
  const answer = (await response.json()) as { readonly code?: string; readonly detail?: object };
  return { status: response.status, ...answer };
}

describe('API v3 refuses, with the platform’s own codes,', () => {
  test.each([
    ['a time six minutes ago', { timestamp: startMs / 1000 - 360 }],
    ['a time six minutes ahead', { timestamp: startMs / 1000 + 360 }],
    ['a merchant that it does not know', { mchid: '1699999999' }],
    ['another serial', { serial: 'ABCDEF' }],
    ['a signature by another key', { privateKey: newPrivatePem() }],
    ['another body than was signed', { sent: '{}' }],
    ['no Authorization', { authorization: 'none' }],
    ['another scheme', { authorization: 'Bearer x' }],
    ['a scheme with a field too few', { authorization: 'WECHATPAY2-SHA256-RSA2048 mchid="1"' }],
  ] as const)('%s: 401 SIGN_ERROR', async (_name, change) => {
    expect(await ask(change)).toMatchObject({ status: 401, code: 'SIGN_ERROR' });
  });

  test.each([
    ['Accept of another kind', { accept: 'text/html' }, 406],
    ['no User-Agent', { 'user-agent': '' }, 400],
    ['another content type', { 'content-type': 'text/plain' }, 415],
    ['an unknown Wechatpay-Serial', { 'wechatpay-serial': 'PUB_KEY_ID_0' }, 400],
  ])('%s: PARAM_ERROR', async (_name, headers, status) => {
    expect(await ask({ headers })).toMatchObject({ status, code: 'PARAM_ERROR' });
  });

  test.each(['', '{', '[]', 'null', '"text"'])('the body %o: PARAM_ERROR', async (body) => {
    expect(await ask({ body })).toMatchObject({ status: 400, code: 'PARAM_ERROR' });
  });

  test.each([
    ['description', { description: '长'.repeat(128) }],
    ['description', { description: '' }],
    ['out_trade_no', { out_trade_no: 'short' }],
    ['out_trade_no', { out_trade_no: 'x'.repeat(33) }],
    ['out_trade_no', { out_trade_no: '带汉字的单号啊' }],
    ['notify_url', { notify_url: 'http://127.0.0.1/n?a=1' }],
    ['amount.total', { amount: { total: 0, currency: 'CNY' } }],
    ['amount.total', { amount: { total: 1.5, currency: 'CNY' } }],
    ['amount.total', { amount: { total: '1', currency: 'CNY' } }],
    ['amount.currency', { amount: { total: 1, currency: 'USD' } }],
    ['time_expire', { time_expire: '2026-03-02 10:05:00' }],
    ['time_expire', { time_expire: '2026-03-02T10:00:30+08:00' }],
    ['attach', { attach: 'x'.repeat(129) }],
  ])('a wrong %s, and names it', async (field, change) => {
    const answer = await ask({ body: JSON.stringify(order(change)) });
    expect(answer).toMatchObject({ status: 400, code: 'PARAM_ERROR', detail: { field } });
  });

  test('the same number with another amount, and for a number of another app', async () => {
    expect((await ask({})).status).toBe(200);
    const other = JSON.stringify(order({ amount: { total: 2, currency: 'CNY' } }));
    expect(await ask({ body: other })).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
    const app = JSON.stringify(order({ appid: 'wx0000000000000000' }));
    expect(await ask({ body: app })).toMatchObject({ status: 400, code: 'APPID_MCHID_NOT_MATCH' });
  });

  test('a path that it does not have', async () => {
    expect(await ask({ target: '/v3/none' })).toMatchObject({ status: 404, code: 'RESOURCE_NOT_EXISTS' });
  });
});

describe('API v2', () => {
  const fields = (change: Readonly<Record<string, string>> = {}): Record<string, string> => {
    const whole = {
      appid: account.config['appId'] ?? '',
      mch_id: account.platformMerchantId,
      nonce_str: 'n',
      sign_type: 'HMAC-SHA256',
      body: '午餐',
      out_trade_no: 'STRICT0002',
      total_fee: '1',
      spbill_create_ip: '127.0.0.1',
      auth_code: '130000000000000000',
      ...change,
    };
    return { ...whole, sign: signV2(whole, keyOf('api-v2').material, 'HMAC-SHA256') };
  };
  const xml = (values: Readonly<Record<string, string>>): string =>
    `<xml>${Object.entries(values)
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join('')}</xml>`;
  const post = async (body: string, path = '/pay/micropay'): Promise<string> =>
    (await fetch(`${platforms.url}${path}`, { method: 'POST', body })).text();

  test.each([
    ['no XML', 'text'],
    ['XML cut off', '<xml><a>1</a>'],
    ['a document type', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>'],
    ['no signature', '<xml><mch_id>1</mch_id></xml>'],
  ])('answers %s with return_code FAIL', async (_name, body) => {
    expect(await post(body)).toContain('<return_code><![CDATA[FAIL]]>');
  });

  test('answers a wrong signature with FAIL', async () => {
    expect(await post(xml({ ...fields(), total_fee: '2' }))).toContain('签名错误');
  });

  test.each([
    [{ auth_code: '990000000000000000' }, 'AUTH_CODE_ERROR'],
    [{ auth_code: '130000000000000000' }, 'AUTH_CODE_INVALID'],
    [{ total_fee: '0' }, 'PARAM_ERROR'],
    [{ total_fee: '1.5' }, 'PARAM_ERROR'],
    [{ body: '' }, 'PARAM_ERROR'],
    [{ spbill_create_ip: '' }, 'LACK_PARAMS'],
    [{ out_trade_no: 'x'.repeat(33) }, 'PARAM_ERROR'],
    [{ appid: 'wx0' }, 'APPID_MCHID_NOT_MATCH'],
  ])('%o: %s', async (change, code) => {
    expect(await post(xml(fields(change as Record<string, string>)))).toContain(`<err_code><![CDATA[${code}]]>`);
  });

  test('does not reverse over the shared port, nor over TLS without a certificate of its own authority', async () => {
    expect(await post(xml(fields()), '/secapi/pay/reverse')).toContain('证书验证失败');
    const call = (certificate: object): Promise<number> =>
      new Promise((resolve, reject) => {
        const url = `${account.config['secureBase'] ?? ''}/secapi/pay/reverse`;
        const options = { method: 'POST', ca: keyOf('platform-ca').material, agent: false, ...certificate } as const;
        const request = requestHttps(url, options, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        request.on('error', reject);
        request.end(xml(fields()));
      });
    await expect(call({})).rejects.toThrow();
    const own = { cert: keyOf('merchant-certificate').material, key: keyOf('merchant-private').material };
    expect(await call(own)).toBe(200);
  });
});
