import { createHash, createSign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manualClock } from '../../../mock-server/platforms/frame/clock.ts';
import { createPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { StandInAccount } from '../../../mock-server/platforms/stand-in.ts';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import { unionPayStandIn } from '../../../mock-server/platforms/unionpay-qr/stand-in.ts';
import { noticeTimes } from './notice-times.ts';

/** The stand-in for UnionPay refuses what ACP refuses, and repeats its notifications as ACP does. */
const clock = manualClock(Date.parse('2026-03-02T10:00:00+08:00'));
let platforms: Platforms;
let account: StandInAccount;

beforeAll(async () => {
  platforms = await createPlatforms({ origin: 'http://unionpay.test', clock, standIns: [unionPayStandIn()] });
  const standIn = platforms.standIns.get('unionpay-qr');
  if (standIn === undefined) throw new Error('unionpay-qr did not start');
  account = standIn.account('strict');
});
afterAll(() => platforms.close());

let sequence = 0;
async function apply(change: Readonly<Record<string, string>>, digestOf?: (text: string) => string): Promise<string> {
  sequence += 1;
  const fields: Record<string, string> = {
    ...{ version: '5.1.0', encoding: 'UTF-8', signMethod: '01', accessType: '0', bizType: '000000', channelType: '08' },
    ...{ txnType: '01', txnSubType: '07', merId: account.platformMerchantId, currencyCode: '156', txnAmt: '100' },
    certId: account.keys.find(({ purpose }) => purpose === 'merchant-certificate')?.keyId ?? '',
    orderId: `STRICT${String(sequence).padStart(6, '0')}`,
    txnTime: '20260302100000',
    backUrl: 'http://merchant.test/notify',
    ...change,
  };
  const text = Object.keys(fields)
    .filter((name) => fields[name] !== '')
    .toSorted()
    .map((name) => `${name}=${fields[name] ?? ''}`)
    .join('&');
  const digest = digestOf?.(text) ?? createHash('sha256').update(text).digest('hex');
  const key = account.keys.find(({ purpose }) => purpose === 'merchant-private')?.material ?? '';
  fields['signature'] = createSign('RSA-SHA256').update(digest).sign(key, 'base64');
  const request = new Request('http://unionpay.test/gateway/api/backTransReq.do', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  const answer = await (await platforms.fetch(request)).text();
  return /(?:^|&)respCode=(\w\w)/.exec(answer)?.[1] ?? answer;
}

describe('a request', () => {
  test('that is good is taken', async () => {
    expect(await apply({})).toBe('00');
  });

  test.each([
    ['of another version', { version: '5.0.0' }, '10'],
    ['without an encoding', { encoding: '' }, '10'],
    ['of a merchant that is not known', { merId: '777000000000000' }, '31'],
    ['with another certId', { certId: '1' }, '11'],
    ['of a kind that is not known', { txnType: '02' }, '10'],
    ['with a dash in its number', { orderId: 'STRICT-0001' }, '10'],
    ['with a number of seven characters', { orderId: 'STRICT1' }, '10'],
    ['without an amount', { txnAmt: '' }, '13'],
    ['with yuan', { txnAmt: '1.00' }, '10'],
    ['with a leading zero', { txnAmt: '0100' }, '10'],
    ['in another currency', { currencyCode: '840' }, '10'],
    ['from another hour', { txnTime: '20260302080000' }, '10'],
    ['from a day that does not exist', { txnTime: '20260230100000' }, '10'],
    ['that ends before it begins', { payTimeout: '20260302095959' }, '10'],
    ['with a query in its address', { backUrl: 'http://merchant.test/?a=1' }, '10'],
  ])('%s is refused', async (_name, change, respCode) => {
    expect(await apply(change)).toBe(respCode);
  });

  test('whose digest is in upper case is refused', async () => {
    expect(await apply({}, (text) => createHash('sha256').update(text).digest('hex').toUpperCase())).toBe('11');
  });

  test('with a number that was used at another time or for another amount is a duplicate', async () => {
    expect(await apply({ orderId: 'STRICTSAME' })).toBe('00');
    expect(await apply({ orderId: 'STRICTSAME' })).toBe('00');
    expect(await apply({ orderId: 'STRICTSAME', txnAmt: '101' })).toBe('12');
    expect(await apply({ orderId: 'STRICTSAME', txnTime: '20260302100001' })).toBe('12');
  });
});

test('a notification that is not taken comes five times: after 1, 2, 4 and 5 minutes more', async () => {
  const times = await noticeTimes({ maker: unionPayStandIn(), reply: { status: 500, body: '' } }, async (bench) => {
    const attempt = await bench.attempt();
    await bench.channel.createQr?.(attempt);
    await bench.standIn.wallet({ code: bench.codeOf(attempt), act: 'pay', password: payPassword });
  });
  expect(times).toEqual([0, 1, 3, 7, 12]);
});
