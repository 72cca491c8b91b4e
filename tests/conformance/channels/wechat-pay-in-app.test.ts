import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLink } from '../../../domain/payments/links.ts';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import type { AttemptFacts, Channel, PayResult } from '../../../server/channels/channel.ts';
import { weChatPay } from '../../../server/channels/wechat-pay/definition.ts';
import { type OpenBench, openBench } from './bench.ts';
import { keptKeys } from './kept-keys.ts';

/** A page inside WeChat's own browser: who pays is asked of the app, the order is made for them, the bridge pays (JSAPI). */
const maker = weChatPayStandIn({ keys: keptKeys() });
const calls = { query: 'query', close: 'close', refund: 'refund', queryRefund: 'query-refund' };
const back = 'https://shop.invalid/l?back=1';
let open: OpenBench;

beforeEach(async () => {
  open = await openBench({ definition: weChatPay, maker, calls });
});
afterEach(async () => {
  await open.close();
});

/** What the browser does with the authorisation page: follows it and reads the code from where it is led back. */
async function appCode(channel: Channel = open.channel): Promise<string> {
  const page = channel.inAppPage?.(back);
  if (page === undefined) throw new Error('no page');
  const led = await fetch(page.authorizeUrl, { redirect: 'manual' });
  const url = new URL(led.headers.get('location') ?? '');
  expect(url.toString()).toContain('https://shop.invalid/l?back=1');
  return url.searchParams.get('code') ?? '';
}

function linkFor(attempt: AttemptFacts, code: string): Promise<PayResult> | undefined {
  return open.channel.createLink?.(attempt, { address: '203.0.113.7', returnUrl: back, appCode: code });
}

function bridge(form: Readonly<Record<string, string>>) {
  const query = new URLSearchParams({ ...form, redirect_url: back });
  return fetch(`${open.platforms.url}/wechat/bridge?${query.toString()}`, { redirect: 'manual' });
}

async function formFor(attempt: AttemptFacts) {
  const made = await linkFor(attempt, await appCode());
  if (made?.kind !== 'pending' || made.link === undefined) throw new Error(JSON.stringify(made));
  const { url, form } = readLink(made.link);
  expect(url).toBe('bridge:getBrandWCPayRequest');
  return form ?? {};
}

describe('a page inside WeChat', () => {
  test('asks who pays, hands signed parameters to the bridge, and is paid', async () => {
    const attempt = await open.attempt();
    const led = await bridge(await formFor(attempt));
    expect(led.status).toBe(302);
    const wallet = new URL(led.headers.get('location') ?? '', open.platforms.url);
    expect(wallet.searchParams.get('redirect_url')).toBe(back);
    expect(await open.pay(wallet.searchParams.get('code') ?? '')).toBe('paid');
    expect(await open.channel.query(attempt)).toMatchObject({ kind: 'paid', proof: { amountFen: 12_850 } });
    await open.standIn.settled();
    expect(open.received.at(-1)?.notification).toMatchObject({ kind: 'payment', attemptNo: attempt.attemptNo });
  });

  test.each([
    ['the order', 'package', 'prepay_id=zzzzzzzzzzzz'],
    ['the time', 'timeStamp', '1'],
    ['the signature', 'paySign', 'AAAA'],
  ])('parameters with %s changed are refused by the bridge', async (_name, field, value) => {
    const form = await formFor(await open.attempt());
    expect((await bridge({ ...form, [field]: value })).status).toBe(400);
  });

  test('neither the app’s secret nor the payer’s identity stands in the story', async () => {
    await formFor(await open.attempt());
    const story = JSON.stringify(open.exchanges);
    expect(open.exchanges.map(({ call }) => call)).toEqual(['openid', 'jsapi']);
    const secret = open.account.keys.find(({ purpose }) => purpose === 'app-secret')?.material ?? '?';
    expect(story).not.toContain(secret);
    expect(story).not.toMatch(/\bo[A-Za-z0-9]{27}\b/);
    expect(story).toContain('openid');
  });

  test('a code is good once; the second time nothing is made', async () => {
    const code = await appCode();
    expect((await linkFor(await open.attempt(), code))?.kind).toBe('pending');
    expect(await linkFor(await open.attempt(), code)).toMatchObject({ kind: 'refused', code: '40029' });
    expect(open.standIn.payments()).toHaveLength(1);
  });

  test('without the app’s secret there is no such page', () => {
    const keys = open.account.keys.filter(({ purpose }) => purpose !== 'app-secret');
    expect(open.reopen({ ...open.account, keys }).inAppPage?.(back)).toBeUndefined();
  });
});
