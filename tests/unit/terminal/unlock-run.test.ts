import { afterEach, describe, expect, test } from 'vitest';
import { commissionOrders } from './authority.ts';
import { makeBench, plugIn } from './bench.ts';
import type { Bench } from './bench.ts';
import type { TestHost } from './host.ts';

let host: TestHost | undefined;

afterEach(() => {
  host?.close();
  host = undefined;
});

async function ask<T>(
  promise: Promise<{ ok: true; value: T } | { ok: false; error: string; detail?: string }>,
): Promise<T> {
  const result = await promise;
  if (!result.ok) throw new Error(`${result.error}: ${result.detail ?? ''}`);
  return result.value;
}

async function lockedBench(): Promise<Bench & { host: TestHost }> {
  const bench = makeBench();
  bench.device.trip('case');
  host = await plugIn(bench.device);
  return { ...bench, host };
}

describe('unlock and commissioning over the cable', () => {
  test('a tripped terminal goes LOCKED → BLANK → PROBATION → NORMAL', async () => {
    const {
      host: { session, now },
      authority,
      device,
    } = await lockedBench();
    const status = await ask(session.request('lock.status', {}, now()));
    expect(status).toMatchObject({
      state: 'LOCKED',
      lockEpoch: 2,
      reasons: 1,
      keysPresent: false,
      identityAlive: true,
    });
    const asked = await ask(session.request('lock.request', { fresh: false }, now()));
    const opened = authority.open(asked.sealed);
    expect(asked).toMatchObject({ requestBytes: opened.bytes.length, signed: true });
    expect(opened.bytes.length).toBeLessThanOrEqual(160);
    const answer = await ask(session.request('lock.grant', { sealed: authority.grant(opened) }, now()));
    expect(answer).toMatchObject({ accepted: true, refusal: '' });
    const receipt = authority.receipt(answer.receipt, device.factory.identityPublicKey);
    expect(receipt).toMatchObject({ state: 'BLANK', lockEpoch: 3, result: 'unlocked', grantedActions: 4 });
    for (const action of commissionOrders) {
      const { report } = await ask(session.request('lock.order', { order: authority.order(action, receipt) }, now()));
      expect(authority.report(report, device.factory.identityPublicKey)).toMatchObject({ action, result: 0 });
    }
    const after = await ask(session.request('lock.status', {}, now()));
    expect(after).toMatchObject({
      state: 'NORMAL',
      reasons: 0,
      commissioned: 15,
      keysPresent: true,
      lifetimeUnlocks: 1,
    });
  });
});
