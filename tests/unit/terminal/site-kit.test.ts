import { beforeEach, describe, expect, test } from 'vitest';
import { refusals } from '../../../protocol/unlock/v1/refusals.ts';
import type { OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { decodeReport } from '../../../protocol/unlock/v1/codec.ts';
import { createDevice } from '../../../mock-server/terminal/secure-device.ts';
import { secretNames } from '../../../mock-server/terminal/vault.ts';
import { commissionOrders } from './authority.ts';
import { makeBench, ordered, plugIn, unlocked } from './bench.ts';
import type { Bench } from './bench.ts';
import { TestSite, lastReceipt, offer, siteRequest } from './site-people.ts';
import { callFirmware } from './technician.ts';

const setUp = commissionOrders.slice(0, 5);

let bench: Bench;
let site: TestSite;
let delegation: Uint8Array;

beforeEach(() => {
  bench = makeBench();
  site = new TestSite(bench.authority);
  delegation = site.delegation();
});

function core() {
  const { firmware } = bench.device;
  if (firmware === undefined) throw new Error('the device is off');
  return firmware.core;
}

async function unlockOnSite(sensor: 'case' | 'mesh' = 'case'): Promise<void> {
  bench.device.trip(sensor);
  expect(await offer(bench.device, site.bundle(delegation, await siteRequest(bench.device)))).toBe('accepted');
}

/** Hands one order over: the report's result as a code, "done", or why there is no report. */
async function handOver(order: Uint8Array): Promise<string> {
  const answer = await callFirmware(bench.device, 'lock.order', { order });
  if (!answer.ok) return answer.detail ?? answer.error;
  const report = decodeReport(answer.value.report);
  if (!report.ok) throw new Error(report.error);
  const { result } = report.value.message;
  return Object.entries(refusals).find(([, { number }]) => number === result)?.[0] ?? 'done';
}

function kit(actions: readonly OrderAction[] = setUp): Uint8Array[] {
  return actions.map((action) => site.kitOrder(action, bench.device));
}

describe('setting up on site with orders made ahead', () => {
  test('from locked to PROBATION without the server; only the server releases', async () => {
    const orders = kit();
    await unlockOnSite();
    for (const order of orders) expect(await handOver(order)).toBe('done');
    expect(core()).toMatchObject({ state: 'PROBATION', probationLimitFen: 20_000, commissioned: 15 });
    expect(bench.device.firmware?.vault.get(secretNames.mac)).toEqual(bench.authority.paymentKeys[1].key);
    expect(await handOver(site.kitOrder('release', bench.device))).toBe('wrong-delegation');
    const receipt = await lastReceipt(bench.device);
    expect(await handOver(bench.authority.order('release', receipt))).toBe('done');
    expect(core().state).toBe('NORMAL');
  });

  test('the reports carry the epoch of the device, and are signed by it', async () => {
    const [keys] = kit();
    await unlockOnSite();
    const answer = await callFirmware(bench.device, 'lock.order', { order: keys as Uint8Array });
    if (!answer.ok) throw new Error(answer.error);
    const report = bench.authority.report(answer.value.report, bench.device.factory.identityPublicKey);
    expect(report).toMatchObject({ lockEpoch: core().lockEpoch, action: 'installKeys', state: 'BLANK', result: 0 });
  });

  test('spare orders: a step that failed is done again with the next one of its kind', async () => {
    const orders = kit(['installKeys', 'setParameters', 'selfTest', 'selfTest', 'testPayment']);
    await unlockOnSite();
    bench.device.setBroken('printer', true);
    expect(await handOver(orders[0] as Uint8Array)).toBe('done');
    expect(await handOver(orders[1] as Uint8Array)).toBe('done');
    expect(await handOver(orders[2] as Uint8Array)).toBe('order-failed');
    expect(await handOver(orders[4] as Uint8Array)).toBe('step-missing');
    bench.device.setBroken('printer', false);
    // Whoever handed over a later order has given up the spares before it.
    expect(await handOver(orders[3] as Uint8Array)).toBe('stale-sequence');
    expect(await handOver(site.kitOrder('selfTest', bench.device))).toBe('done');
    expect(await handOver(site.kitOrder('testPayment', bench.device))).toBe('done');
  });

  test('a place without network passes the self-test; a broken network part does not', async () => {
    const orders = kit(['installKeys', 'setParameters', 'selfTest', 'selfTest']);
    await unlockOnSite();
    bench.device.setBroken('network', true);
    for (const order of orders.slice(0, 2)) await handOver(order);
    expect(await handOver(orders[2] as Uint8Array)).toBe('order-failed');
    bench.device.setBroken('network', false);
    bench.device.setNetwork(false);
    expect(await handOver(orders[3] as Uint8Array)).toBe('done');
  });

  test('ordinary orders work as well once the network is back: the receipt has a commission key', async () => {
    await unlockOnSite();
    const host = await plugIn(bench.device);
    const receipt = await lastReceipt(bench.device);
    expect(await ordered(bench, host, 'installKeys', receipt)).toMatchObject({ result: 0 });
  });
});

describe('orders made ahead open nothing elsewhere', () => {
  test('wrong delegation', async () => {
    const other = kit(['installKeys'])[0] as Uint8Array;
    delegation = site.delegation();
    await unlockOnSite();
    expect(await handOver(other)).toBe('wrong-delegation');
    expect(core().attempts.failed).toBe(1);
  });

  test('after an online unlock they are refused', async () => {
    const orders = kit();
    bench.device.trip('case');
    await unlocked(bench, await plugIn(bench.device));
    for (const order of orders) expect(await handOver(order)).toBe('wrong-delegation');
    expect([core().state, core().blankBy]).toEqual(['BLANK', 0]);
  });

  test('after an online unlock that follows one on site too', async () => {
    const orders = kit();
    await unlockOnSite();
    bench.device.trip('case');
    await unlocked(bench, await plugIn(bench.device));
    expect(await handOver(orders[0] as Uint8Array)).toBe('wrong-delegation');
  });

  test('on a locked device, and on one that takes payments', async () => {
    const [first] = kit();
    expect(await handOver(first as Uint8Array)).toBe('wrong-delegation');
    await unlockOnSite();
    bench.device.trip('case');
    expect(await handOver(first as Uint8Array)).toBe('wrong-delegation');
    expect(core().blankBy).toBe(0);
  });

  test('a dead identity cannot open the keys', async () => {
    const orders = kit();
    await unlockOnSite('mesh');
    expect(core()).toMatchObject({ state: 'BLANK', blankBy: site.sequence, identityAlive: false });
    expect(await handOver(orders[0] as Uint8Array)).toBe('not-openable');
    expect(bench.device.firmware?.vault.hasPaymentKeys).toBe(false);
    expect(await handOver(orders[4] as Uint8Array)).toBe('step-missing');
  });

  test('another device cannot open them, not even under the same delegation', async () => {
    const other = makeBench({ number: 2, clock: bench.clock, authority: bench.authority });
    const [keys] = kit();
    other.device.trip('case');
    await offer(other.device, site.bundle(delegation, await siteRequest(other.device)));
    const answer = await callFirmware(other.device, 'lock.order', { order: keys as Uint8Array });
    expect(answer).toMatchObject({ ok: false, detail: 'wrong-device' });
  });

  test('a used kit does not set the device up a second time', async () => {
    const orders = kit();
    await unlockOnSite();
    for (const order of orders) await handOver(order);
    await unlockOnSite();
    for (const order of orders.slice(0, -1)) expect(await handOver(order)).toBe('stale-sequence');
    expect(core().state).toBe('BLANK');
  });
});

describe('the package key of the factory', () => {
  test('is given for registration, and follows from the identity for chips that were made before kits', () => {
    const { factory } = bench.device;
    expect(factory.packagePublicKey).toHaveLength(32);
    const bytes = bench.store.read('factory');
    const fields = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>;
    delete fields['packagePublicKey'];
    bench.store.write('factory', new TextEncoder().encode(JSON.stringify(fields)));
    const again = () =>
      createDevice({ store: bench.store, clock: bench.clock.wall, random: bench.authority.random }).factory;
    expect(again().packagePublicKey).toEqual(factory.packagePublicKey);
    bench.device.trip('mesh');
    expect(again().packagePublicKey).toHaveLength(0);
  });
});
