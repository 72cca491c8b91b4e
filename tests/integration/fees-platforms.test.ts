import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Platforms } from '../../mock-server/platforms/frame/platforms.ts';
import { payPassword } from '../../mock-server/platforms/stand-in.ts';
import { channelDefinitions } from '../../server/channels/registry.ts';
import { startWorldPlatforms } from '../e2e/support/world-platforms.ts';
import { FeeBench } from './fees/bench.ts';
import { Cluster, newId } from './server/world.ts';

// Bills paid through the real channels, against the platforms on the wire: what the phone's browser does with the page.

let cluster: Cluster;
let fees: FeeBench;
let platforms: Platforms;

beforeAll(async () => {
  cluster = await Cluster.start();
  fees = await FeeBench.start(cluster, { channels: channelDefinitions });
  platforms = await startWorldPlatforms(fees.world.server, fees.payeeId, cluster.folder);
  fees.world.nowMs = Date.now();
  await fees.app.signIn();
});
afterAll(async () => {
  await fees.close();
  await platforms.close();
  await cluster.stop();
});

/** Opens the platform's page as a browser does. @returns the code by which the wallet knows the payment. */
async function walletCode(url: string, form: Readonly<Record<string, string>> | undefined): Promise<string> {
  const post = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
  const shown = await fetch(url, { ...post, redirect: 'manual' });
  const wallet = new URL(shown.headers.get('location') ?? url, url);
  return wallet.searchParams.get('code') ?? '';
}

it.each(['wechat-pay', 'alipay', 'unionpay-qr'])('a bill is paid by a code at the terminal, by %s', async (channel) => {
  const household = await fees.household();
  await fees.bill(household, 8_015, { dueOn: '2027-12-20' });
  const quote = await fees.quote(household);
  expect(quote.here?.map(({ code }) => code)).toContain(channel);
  const body = { payId: newId(), channel, kind: 'qr' as const, totalFen: 8_015 };
  const begun = await fees.app.call('feePayQuote', { id: quote.quoteId }, body);
  const code = begun.body.quote.code?.text ?? '';
  expect(await platforms.standIns.get(channel)?.wallet({ code, act: 'pay', password: payPassword })).toMatchObject({
    result: 'paid',
  });
  await expect.poll(async () => (await fees.look(quote.quoteId)).state, { timeout: 15_000, interval: 50 }).toBe('paid');
  expect(await fees.bills(household)).toMatchObject([{ state: 'paid', left: 0 }]);
});

it.each(['wechat-pay', 'alipay', 'unionpay-qr'])('a bill is paid by %s and given back', async (channel) => {
  const household = await fees.household();
  await fees.bill(household, 12_850, { dueOn: '2027-12-20' });
  const quote = await fees.quote(household);
  const { channels } = await fees.open('quote', quote.document);
  const offered = channels.find(({ code }) => code === channel);
  expect(offered?.account !== undefined).toBe(channel === 'unionpay-qr');
  const begun = await fees.pay(quote, { channel });
  expect([channel, begun.status, begun.body.quote.stage]).toEqual([channel, 200, 'at-platform']);
  const { url, form } = await fees.way(begun);
  expect(form !== undefined).toBe(channel === 'unionpay-qr');
  const code = await walletCode(url, form);
  expect(await platforms.standIns.get(channel)?.wallet({ code, act: 'pay', password: payPassword })).toMatchObject({
    result: 'paid',
  });
  await expect.poll(async () => (await fees.look(quote.quoteId)).state, { timeout: 15_000, interval: 50 }).toBe('paid');
  const receipt = await fees.open('receipt', (await fees.look(quote.quoteId)).receipt);
  expect(receipt).toMatchObject({ totalFen: 12_850, channelName: offered?.name, bills: [{ leftFen: 0 }] });
  await fees.refund(quote.quoteId);
  await expect
    .poll(async () => (await fees.look(quote.quoteId)).state, { timeout: 15_000, interval: 50 })
    .toBe('reversed');
  expect(await fees.bills(household)).toMatchObject([{ state: 'open', left: 12_850 }]);
});
