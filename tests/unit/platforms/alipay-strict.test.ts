import { createSign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alipayStandIn } from '../../../mock-server/platforms/alipay/stand-in.ts';
import { manualClock } from '../../../mock-server/platforms/frame/clock.ts';
import { createPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { StandInAccount } from '../../../mock-server/platforms/stand-in.ts';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import { noticeTimes } from './notice-times.ts';

/** The stand-in for Alipay refuses what the gateway refuses, and repeats its notifications as the gateway does. */
const clock = manualClock(Date.parse('2026-03-02T10:00:00+08:00'));
let platforms: Platforms;
let account: StandInAccount;

beforeAll(async () => {
  platforms = await createPlatforms({ origin: 'http://alipay.test', clock, standIns: [alipayStandIn()] });
  const standIn = platforms.standIns.get('alipay');
  if (standIn === undefined) throw new Error('alipay did not start');
  account = standIn.account('strict');
});
afterAll(() => platforms.close());

let sequence = 0;
function order(change: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  sequence += 1;
  return {
    out_trade_no: `STRICT${String(sequence).padStart(6, '0')}`,
    total_amount: '1.00',
    subject: '午餐',
    ...change,
  };
}

async function call(
  common: Readonly<Record<string, string>>,
  content: Readonly<Record<string, unknown>>,
  sign?: (text: string) => string,
): Promise<Readonly<Record<string, string>>> {
  const fields: Record<string, string> = {
    app_id: account.config['appId'] ?? '',
    method: 'alipay.trade.precreate',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: '2026-03-02 10:00:00',
    version: '1.0',
    ...common,
    biz_content: JSON.stringify(content),
  };
  const text = Object.keys(fields)
    .toSorted()
    .map((name) => `${name}=${fields[name] ?? ''}`)
    .join('&');
  const key = account.keys.find(({ purpose }) => purpose === 'merchant-private')?.material ?? '';
  fields['sign'] = sign?.(text) ?? createSign('RSA-SHA256').update(text).sign(key, 'base64');
  const request = new Request('http://alipay.test/gateway.do', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  const answer = JSON.parse(await (await platforms.fetch(request)).text()) as Record<string, Record<string, string>>;
  return Object.entries(answer).find(([name]) => name.endsWith('_response'))?.[1] ?? {};
}

describe('the gateway', () => {
  test('takes a good order', async () => {
    expect(await call({}, order())).toMatchObject({ code: '10000' });
  });

  test.each([
    ['app_id', { app_id: '2021000000000001' }, 'isv.invalid-app-id'],
    ['method', { method: 'alipay.trade.nothing' }, 'isv.invalid-method'],
    ['charset', { charset: 'gbk' }, 'isv.invalid-charset'],
    ['sign_type', { sign_type: 'RSA' }, 'isv.invalid-signature-type'],
    ['version', { version: '2.0' }, 'isv.invalid-version'],
    ['timestamp in another form', { timestamp: '2026-03-02T10:00:00' }, 'isv.invalid-timestamp'],
    ['timestamp of another hour', { timestamp: '2026-03-02 09:00:00' }, 'isv.invalid-timestamp'],
    ['app_cert_sn', { app_cert_sn: '0'.repeat(32) }, 'isv.invalid-app-cert-sn'],
    ['notify_url with a query', { notify_url: 'https://a.test/?x=1' }, 'isv.invalid-parameter'],
  ])('refuses another %s', async (_name, common, subCode) => {
    expect(await call(common, order())).toMatchObject({ code: '40002', sub_code: subCode });
  });

  test('refuses a signature over URL-encoded values', async () => {
    const key = account.keys.find(({ purpose }) => purpose === 'merchant-private')?.material ?? '';
    const sign = (text: string): string =>
      createSign('RSA-SHA256').update(encodeURIComponent(text)).sign(key, 'base64');
    expect(await call({}, order(), sign)).toMatchObject({ sub_code: 'isv.invalid-signature' });
  });
});

describe('an order', () => {
  test.each([
    ['no number', { out_trade_no: undefined }],
    ['a number with a dash', { out_trade_no: 'A-1' }],
    ['a number of 65 characters', { out_trade_no: 'A'.repeat(65) }],
    ['no amount', { total_amount: undefined }],
    ['an amount that is a number', { total_amount: 1 }],
    ['nothing', { total_amount: '0.00' }],
    ['a third decimal', { total_amount: '0.001' }],
    ['an exponent', { total_amount: '1e2' }],
    ['a subject with an ampersand', { subject: 'a&b' }],
    ['a life without a unit', { qr_code_timeout_express: '5' }],
  ])('with %s is refused', async (_name, change) => {
    expect(await call({}, order(change))).toMatchObject({ code: '40004', sub_code: 'ACQ.INVALID_PARAMETER' });
  });

  test('of another seller is refused; the same number with another amount as well', async () => {
    expect(await call({}, order({ seller_id: '2088000000000000' }))).toMatchObject({
      sub_code: 'ACQ.SELLER_NOT_EXIST',
    });
    const first = order();
    await call({}, first);
    expect(await call({}, { ...first, total_amount: '1.01' })).toMatchObject({ sub_code: 'ACQ.CONTEXT_INCONSISTENT' });
  });
});

test('a notification that is not answered with `success` comes eight times in 25 hours', async () => {
  const times = await noticeTimes(
    { maker: alipayStandIn(), reply: { status: 200, body: 'SUCCESS' } },
    async (bench) => {
      const attempt = await bench.attempt();
      await bench.channel.createQr?.(attempt);
      await bench.standIn.wallet({ code: bench.codeOf(attempt), act: 'pay', password: payPassword });
    },
  );
  expect(times).toEqual([0, 4, 14, 24, 84, 204, 564, 1_464]);
});
