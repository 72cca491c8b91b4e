import { gunzipSync } from 'node:zlib';
import { http } from 'msw';
import { setupServer } from 'msw/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newPrivatePem } from '../../../mock-server/platforms/frame/authority.ts';
import { manualClock } from '../../../mock-server/platforms/frame/clock.ts';
import { createPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import type { RawRequest } from '../../../server/channels/channel.ts';
import { weChatPay } from '../../../server/channels/wechat-pay/definition.ts';
import { startDay, startMs, openBench } from '../../conformance/channels/bench.ts';
import type { OpenBench } from '../../conformance/channels/bench.ts';
import { keptKeys } from '../../conformance/channels/kept-keys.ts';

const keys = keptKeys();
const calls = { create: 'native', query: 'query', close: 'close', refund: 'refund', queryRefund: 'query-refund' };
let open: OpenBench;

beforeEach(async () => {
  open = await openBench({ definition: weChatPay, maker: weChatPayStandIn({ keys }), calls });
});
afterEach(async () => {
  await open.close();
});

async function paid(): Promise<RawRequest> {
  const attempt = await open.attempt();
  await open.channel.createQr?.(attempt);
  expect(await open.pay(open.codeOf(attempt))).toBe('paid');
  await open.standIn.settled();
  const raw = open.received[0]?.raw;
  if (raw === undefined) throw new Error('no notification came');
  return raw;
}

async function kindOf(raw: RawRequest): Promise<string | undefined> {
  return (await open.channel.parseNotification?.(raw))?.kind;
}

describe('a notification of WeChat Pay', () => {
  test('with one byte changed anywhere in body or signature headers is refused', async () => {
    const raw = await paid();
    expect(await kindOf(raw)).toBe('payment');
    for (let at = 0; at < raw.body.length; at += 1) {
      const body = Buffer.from(raw.body);
      body[at] = (body[at] ?? 0) ^ 1;
      expect(await kindOf({ ...raw, body }), `byte ${String(at)} of the body`).toBe('refused');
    }
    for (const name of Object.keys(raw.headers).filter((header) => header.startsWith('wechatpay-'))) {
      const value = raw.headers[name] ?? '';
      for (let at = 0; at < value.length; at += 1) {
        const changed = value.slice(0, at) + String.fromCharCode(value.charCodeAt(at) ^ 1) + value.slice(at + 1);
        const headers = { ...raw.headers, [name]: changed };
        expect(await kindOf({ ...raw, headers }), `${name}, character ${String(at)}`).toBe('refused');
      }
    }
  });

  test('is refused five minutes and a second later and earlier, and as a probe', async () => {
    const raw = await paid();
    open.clock.advance(300_000);
    expect(await kindOf(raw)).toBe('payment');
    open.clock.advance(1_000);
    expect(await kindOf(raw)).toBe('refused');
    const early = { ...raw.headers, 'wechatpay-timestamp': String(open.clock.now() / 1000 + 301) };
    expect(await kindOf({ ...raw, headers: early })).toBe('refused');
    const probe = { ...raw.headers, 'wechatpay-signature': 'WECHATPAY/SIGNTEST/AAAA' };
    const told = await open.channel.parseNotification?.({ ...raw, headers: probe });
    expect(told).toMatchObject({ kind: 'refused', reply: { status: 401 } });
  });

  test('about a refund says what was given back', async () => {
    const attempt = await open.attempt();
    await open.channel.createQr?.(attempt);
    await open.pay(open.codeOf(attempt));
    const refund = await open.refundOf(attempt, 3_000);
    expect((await open.channel.refund(attempt, refund)).kind).toBe('processing');
    open.clock.advance(1_000);
    await open.standIn.settled();
    expect(open.received.at(-1)?.notification).toMatchObject({
      kind: 'refund',
      refundNo: refund.refundNo,
      result: { kind: 'done', amountFen: 3_000 },
    });
  });
});

describe('a link', () => {
  test('leads to the wallet and back, and is paid like a code', async () => {
    const attempt = await open.attempt();
    const made = await open.channel.createLink?.(attempt, {
      address: '192.0.2.7',
      returnUrl: 'https://shop.example/r?a=1',
    });
    if (made?.kind !== 'pending' || made.link === undefined) throw new Error('no link');
    const url = new URL(made.link);
    expect(url.searchParams.get('redirect_url')).toBe('https://shop.example/r?a=1');
    expect(url.searchParams.get('code')).toBe(open.codeOf(attempt));
    expect(await open.pay(open.codeOf(attempt))).toBe('paid');
    expect((await open.channel.query(attempt)).kind).toBe('paid');
  });
});

describe('wrong settings', () => {
  const withKey = (purpose: string, material: string) =>
    open.reopen({
      ...open.account,
      keys: open.account.keys.map((key) => (key.purpose === purpose ? { ...key, material } : key)),
    });

  test('another private key: refused, and no order is made', async () => {
    const result = await withKey('merchant-private', newPrivatePem()).createQr?.(await open.attempt());
    expect(result).toMatchObject({ kind: 'refused', code: 'SIGN_ERROR' });
    expect(open.standIn.payments()).toEqual([]);
  });

  test('another key of API v2: refused once the signed query has said that nothing was done', async () => {
    const channel = withKey('api-v2', 'x'.repeat(32));
    const code = open.standIn.authCode?.('pay') ?? '';
    expect(await channel.payByAuthCode?.(await open.attempt(), code)).toMatchObject({ kind: 'refused', code: 'FAIL' });
    expect(open.standIn.payments()).toEqual([]);
  });

  test('another app id: refused with the platform’s own code', async () => {
    const channel = open.reopen({ ...open.account, config: { ...open.account.config, appId: 'wx0000000000000000' } });
    expect(await channel.createQr?.(await open.attempt())).toMatchObject({
      kind: 'refused',
      code: 'APPID_MCHID_NOT_MATCH',
    });
  });

  test('a number that is in use with another text is unknown, not refused: its code may be out', async () => {
    const attempt = await open.attempt();
    expect((await open.channel.createQr?.(attempt))?.kind).toBe('pending');
    expect((await open.channel.createQr?.({ ...attempt, description: '晚餐' }))?.kind).toBe('unknown');
    expect(await open.pay(open.codeOf(attempt))).toBe('paid');
    expect((await open.channel.createQr?.({ ...attempt, description: '晚餐' }))?.kind).toBe('paid');
  });

  test('checkConfig names the first fault', () => {
    const { account } = open;
    const without = (purpose: string) => ({ ...account, keys: account.keys.filter((key) => key.purpose !== purpose) });
    expect(weChatPay.checkConfig(account)).toBeUndefined();
    expect(weChatPay.checkConfig({ ...account, platformMerchantId: 'x' })).toBe('platformMerchantId');
    expect(weChatPay.checkConfig({ ...account, config: { ...account.config, mode: 'none' } })).toBe('mode');
    for (const purpose of ['merchant-private', 'api-v3', 'platform-public']) {
      expect(weChatPay.checkConfig(without(purpose))).toBe(purpose);
    }
  });
});

describe('the bills of the stand-in', () => {
  test('have the columns, rows and totals of the real ones', async () => {
    const attempt = await open.attempt();
    await open.channel.createQr?.(attempt);
    await open.pay(open.codeOf(attempt));
    await open.channel.refund(attempt, await open.refundOf(attempt, 3_000));
    open.clock.advance(36 * 3_600_000);
    const lines = (kind: string): string[] =>
      Buffer.from(open.standIn.bill(startDay, kind) ?? [])
        .toString('utf8')
        .split('\r\n');
    expect(['trade', 'trade-success', 'trade-refund'].map((kind) => lines(kind)[0]?.split(',').length)).toEqual([
      27, 20, 29,
    ]);
    const trade = lines('trade');
    expect(trade[0]?.startsWith('\uFEFF交易时间,公众账号ID')).toBe(true);
    expect(trade).toHaveLength(6);
    expect(trade[1]?.split(',`')).toHaveLength(27);
    expect(trade[4]).toBe('`2,`128.50,`30.00,`0.00,`0.59000,`128.50,`30.00');
    const flow = lines('fund-flow');
    expect(flow[0]?.split(',')).toHaveLength(11);
    expect(flow.at(-2)).toBe('`3,`1,`128.50,`2,`30.59');
    const balances = flow.slice(1, 4).map((line) => line.split(',`')[7]);
    expect(balances).toEqual(['10128.50', '10127.73', '10097.91']);
  });
});

describe('the stand-in behind msw', () => {
  test('takes a payment without a socket', async () => {
    const clock = manualClock(startMs);
    const origin = 'http://wechat-pay.test';
    const platforms = await createPlatforms({ origin, clock, standIns: [weChatPayStandIn({ keys })] });
    const server = setupServer(http.all(`${origin}/*`, ({ request }) => platforms.fetch(request)));
    server.listen({ onUnhandledRequest: 'bypass' });
    try {
      const standIn = platforms.standIns.get('wechat-pay');
      const account = { id: 'msw', ...(standIn?.account('msw') ?? { platformMerchantId: '', config: {}, keys: [] }) };
      const channel = open.reopen(account);
      const attempt = await open.attempt();
      const made = await channel.createQr?.(attempt);
      if (made?.kind !== 'pending' || made.qr === undefined) throw new Error(JSON.stringify([made, open.exchanges]));
      const result = await standIn?.wallet({ code: made.qr, act: 'pay', password: payPassword });
      expect(result?.result).toBe('paid');
      expect((await channel.query(attempt)).kind).toBe('paid');
      const page = await fetch(`${origin}/`);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    } finally {
      server.close();
      await platforms.close();
    }
  });
});

test('gzip of a bill is what the platform compresses', async () => {
  const attempt = await open.attempt();
  await open.channel.createQr?.(attempt);
  await open.pay(open.codeOf(attempt));
  open.clock.advance(36 * 3_600_000);
  const bill = await open.channel.fetchBill(startDay, 'trade');
  if (bill.kind !== 'bill') throw new Error(bill.kind);
  expect(Buffer.from(bill.bytes).equals(Buffer.from(open.standIn.bill(startDay, 'trade') ?? []))).toBe(true);
  expect(() => gunzipSync(bill.bytes)).toThrow();
});
