import { afterEach, describe, expect, test } from 'vitest';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { commissionOrders } from './authority.ts';
import { lockedBench, makeBench, openedRequest, ordered, plugIn, unlocked } from './bench.ts';
import { call } from './host.ts';
import type { TestHost } from './host.ts';

let host: TestHost | undefined;

afterEach(() => {
  host?.close();
  host = undefined;
});

async function locked(...args: Parameters<typeof lockedBench>): ReturnType<typeof lockedBench> {
  const bench = await lockedBench(...args);
  ({ host } = bench);
  return bench;
}

describe('unlock and commissioning over the cable', () => {
  test('a tripped terminal goes LOCKED → BLANK → PROBATION → NORMAL', async () => {
    const bench = await locked();
    const status = await call(bench.host, 'lock.status', {});
    expect(status).toMatchObject({
      state: 'LOCKED',
      lockEpoch: 2,
      reasons: 1,
      keysPresent: false,
      identityAlive: true,
    });
    const asked = await call(bench.host, 'lock.request', { fresh: false });
    const opened = bench.authority.open(asked.sealed);
    expect(asked).toMatchObject({ requestBytes: opened.bytes.length, signed: true });
    expect(opened.bytes.length).toBeLessThanOrEqual(160);
    const sealed = bench.authority.grant(opened);
    const answer = await call(bench.host, 'lock.grant', { sealed });
    expect(answer).toMatchObject({ accepted: true, refusal: '' });
    const receipt = bench.authority.receipt(answer.receipt, bench.device.factory.identityPublicKey);
    expect(receipt).toMatchObject({ state: 'BLANK', lockEpoch: 3, result: 'unlocked', grantedActions: 4 });
    for (const action of commissionOrders) {
      expect(await ordered(bench, bench.host, action, receipt)).toMatchObject({ action, result: 0 });
    }
    const after = await call(bench.host, 'lock.status', {});
    expect(after).toMatchObject({
      state: 'NORMAL',
      reasons: 0,
      commissioned: 15,
      keysPresent: true,
      lifetimeUnlocks: 1,
    });
  });

  test('the request survives a restart byte for byte', async () => {
    const bench = await locked();
    const before = await call(bench.host, 'lock.request', { fresh: false });
    bench.device.powerOff();
    bench.clock.pass(3600);
    bench.device.powerOn();
    host = await plugIn(bench.device, 2);
    const after = await call(host, 'lock.request', { fresh: false });
    expect(after.sealed).toEqual(before.sealed);
    expect(after).toMatchObject({ ageSeconds: 3600, screenNumber: before.screenNumber });
    expect(bench.device.screen?.number).toBe(before.screenNumber);
  });

  test('a soft lock keeps the keys and goes back to NORMAL', async () => {
    const bench = makeBench();
    for (let i = 0; i < 3; i++) bench.device.enterWrongPin();
    host = await plugIn(bench.device);
    expect(await call(host, 'lock.status', {})).toMatchObject({ state: 'LOCKED', reasons: 64, keysPresent: true });
    const opened = await openedRequest(bench, host);
    const sealed = bench.authority.grant(opened, { actions: actionBits.clearSoft });
    const { receipt } = await call(host, 'lock.grant', { sealed });
    const stated = bench.authority.receipt(receipt, bench.device.factory.identityPublicKey);
    expect(stated).toMatchObject({ state: 'NORMAL', grantedActions: actionBits.clearSoft });
    expect(stated.commissionKey).toBeUndefined();
    expect(await call(host, 'lock.status', {})).toMatchObject({ state: 'NORMAL', keysPresent: true });
  });

  test('a soft lock in BLANK goes back to BLANK, not past the commissioning', async () => {
    const bench = await locked();
    await unlocked(bench, bench.host);
    for (let i = 0; i < 3; i++) bench.device.enterWrongPin();
    const opened = await openedRequest(bench, bench.host);
    await call(bench.host, 'lock.grant', { sealed: bench.authority.grant(opened, { actions: actionBits.clearSoft }) });
    expect(await call(bench.host, 'lock.status', {})).toMatchObject({ state: 'BLANK', keysPresent: false });
  });

  test('another trip while LOCKED adds its reason, raises the epoch and kills the challenge', async () => {
    const bench = await locked();
    const opened = await openedRequest(bench, bench.host);
    bench.device.trip('drop');
    expect(await call(bench.host, 'lock.status', {})).toMatchObject({
      lockEpoch: 3,
      reasons: 257,
      challengeAgeSeconds: 0,
    });
    const answer = await call(bench.host, 'lock.grant', { sealed: bench.authority.grant(opened) });
    expect(answer).toMatchObject({ accepted: false, refusal: 'no-challenge' });
    expect((await openedRequest(bench, bench.host)).request.nonce).not.toEqual(opened.request.nonce);
  });

  test('a trip without power is recorded at the next start', async () => {
    const bench = makeBench();
    bench.device.powerOff();
    bench.device.trip('mesh');
    expect(bench.store.names().filter((name) => name.startsWith('key.'))).toEqual([]);
    bench.device.powerOn();
    host = await plugIn(bench.device);
    const status = await call(host, 'lock.status', {});
    expect(status).toMatchObject({ state: 'LOCKED', reasons: 2, identityAlive: false, keysPresent: false });
    expect(await call(host, 'lock.request', { fresh: false })).toMatchObject({ signed: false });
  });

  test('a condition that lasts locks again right after the unlock', async () => {
    const bench = makeBench();
    bench.device.trip('case', true);
    host = await plugIn(bench.device);
    await unlocked(bench, host);
    expect(await call(host, 'lock.status', {})).toMatchObject({ state: 'LOCKED', reasons: 1, lockEpoch: 4 });
    bench.device.repair('case');
    await unlocked(bench, host);
    expect(await call(host, 'lock.status', {})).toMatchObject({ state: 'BLANK' });
  });

  test('abort burns the challenge and gives a signed receipt, also when repeated', async () => {
    const bench = await locked();
    const opened = await openedRequest(bench, bench.host);
    const abort = bench.authority.abort(opened);
    const first = await call(bench.host, 'lock.abort', { abort });
    const key = bench.device.factory.identityPublicKey;
    expect(bench.authority.receipt(first.receipt, key)).toMatchObject({
      result: 'aborted',
      state: 'LOCKED',
      lockEpoch: 2,
    });
    expect(await call(bench.host, 'lock.abort', { abort })).toEqual(first);
    const answer = await call(bench.host, 'lock.grant', { sealed: bench.authority.grant(opened) });
    expect(answer).toMatchObject({ accepted: false, refusal: 'no-challenge' });
  });

  test('a damaged core record locks the device', async () => {
    const bench = makeBench();
    bench.device.powerOff();
    bench.store.write('core', new Uint8Array([123, 34]));
    bench.device.powerOn();
    expect(bench.device.firmware?.core).toMatchObject({ state: 'LOCKED', reasons: 32 });
    expect(bench.device.firmware?.vault.hasPaymentKeys).toBe(false);
  });
});
