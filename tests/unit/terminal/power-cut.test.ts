import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { outstandingChallenge } from '../../../mock-server/terminal/challenge.ts';
import { isJournalIntact } from '../../../mock-server/terminal/journal.ts';
import { PowerCut } from '../../../mock-server/terminal/power.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { directoryStore, memoryStore } from '../../../mock-server/terminal/store.ts';
import type { DurableStore } from '../../../mock-server/terminal/store.ts';
import { secretNames } from '../../../mock-server/terminal/vault.ts';
import { makeBench, requestAndGrant } from './bench.ts';
import type { Bench } from './bench.ts';
import { TestTechnician, callFirmware } from './technician.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderStore(): DurableStore {
  const folder = mkdtempSync(join(tmpdir(), 'tillkeeper-store-'));
  folders.push(folder);
  return directoryStore(folder);
}

/** Cuts the power once, at durable step number `at` of those that follow. */
function cutOnce(device: SecureDevice, at: number, when: 'before' | 'after'): void {
  const target = device.supply.steps + at;
  let isDone = false;
  const isDue = (step: number): boolean => {
    if (isDone || step !== target) return false;
    isDone = true;
    return true;
  };
  device.supply.plan = when === 'before' ? { beforeWrite: isDue } : { afterWrite: isDue };
}

/** What must hold after every boot, wherever the power was cut. */
function expectDefined({ device, store }: Bench): void {
  const { firmware } = device;
  expect(firmware).toBeDefined();
  if (firmware === undefined) return;
  const { core, vault } = firmware;
  expect(core.pending).toBeNull();
  expect(isJournalIntact(core.journal.records, core.journal.head)).toBe(true);
  const secrets = store.names().filter((name) => name.startsWith('key.'));
  if (core.state === 'LOCKED') expect(secrets).toEqual([secretNames.identity]);
  if (core.state === 'NORMAL' || core.state === 'PROBATION') {
    expect(vault.hasPaymentKeys).toBe(true);
    expect(secrets).not.toContain(secretNames.commission);
  }
  for (const name of secrets) expect(store.read(name)?.some((byte) => byte !== 0)).toBe(true);
  if (core.state === 'BLANK' && (core.commissioned & 1) === 0) {
    expect(secrets).toEqual([secretNames.commission, secretNames.identity]);
  }
  const hasDeadChallenge = store.read('challenge') !== undefined && outstandingChallenge(firmware) === undefined;
  expect(hasDeadChallenge).toBe(false);
  const hasReceipt = core.lastReceipt.length > 0;
  expect(hasReceipt).toBe(core.lifetimeUnlocks > 0);
  if (core.state === 'BLANK') expect([core.lifetimeUnlocks, hasReceipt]).toEqual([1, true]);
}

async function fullRun(bench: Bench): Promise<TestTechnician> {
  const technician = new TestTechnician(bench.device, bench.authority);
  bench.device.trip('case');
  if (bench.device.firmware === undefined) {
    while (!bench.device.powerOn());
    expectDefined(bench);
    expect(bench.device.firmware).toMatchObject({ core: { state: 'LOCKED' } });
  }
  await technician.bringToNormal(() => {
    expectDefined(bench);
  });
  return technician;
}

async function stepsOfFullRun(): Promise<number> {
  const bench = makeBench();
  const before = bench.device.supply.steps;
  await fullRun(bench);
  return bench.device.supply.steps - before;
}

describe('power cut at every durable write', { timeout: 180_000 }, () => {
  test.each(['before', 'after'] as const)('of the whole run from trip to NORMAL, %s the write', async (when) => {
    const steps = await stepsOfFullRun();
    expect(steps).toBeGreaterThan(25);
    for (let at = 1; at <= steps; at++) {
      const bench = makeBench();
      cutOnce(bench.device, at, when);
      const technician = await fullRun(bench);
      const { core, vault } = bench.device.firmware ?? {};
      expect([at, core?.state, core?.lifetimeUnlocks, technician.grantsMade]).toEqual([at, 'NORMAL', 1, 1]);
      expect(vault?.get(secretNames.mac)).toEqual(bench.authority.paymentKeys[1].key);
    }
  });

  test('of the whole run, with records in files', async () => {
    const steps = await stepsOfFullRun();
    for (let at = 1; at <= steps; at += 4) {
      const bench = makeBench({ store: folderStore() });
      cutOnce(bench.device, at, at % 8 < 4 ? 'before' : 'after');
      await fullRun(bench);
      expect([at, bench.device.firmware?.core.state]).toEqual([at, 'NORMAL']);
    }
  });

  test('of the recovery itself: a second cut in each step of the boot after the first', async () => {
    for (let first = 1; first <= 24; first += 3) {
      for (let second = 1; second <= 4; second++) {
        const bench = makeBench();
        bench.device.trip('case');
        cutOnce(bench.device, first, 'after');
        const technician = new TestTechnician(bench.device, bench.authority);
        let cuts = 0;
        await technician.bringToNormal(() => {
          if (cuts++ === 0) cutOnce(bench.device, second, 'before');
        });
        expect(bench.device.firmware?.core).toMatchObject({ state: 'NORMAL', lifetimeUnlocks: 1 });
      }
    }
  });

  test('of a refusal: the attempt is counted and the wrong grant never works later', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; at <= 4; at++) {
        const bench = makeBench();
        bench.device.trip('case');
        const { sealed } = await requestAndGrant(bench, { lockEpoch: 7 });
        cutOnce(bench.device, at, when);
        const answer = await callFirmware(bench.device, 'lock.grant', { sealed }).catch((error: unknown) => error);
        const wasCut = answer instanceof PowerCut;
        while (!bench.device.powerOn());
        const { firmware } = bench.device;
        const wasCharged = !wasCut || at > 1 || when === 'after';
        expect(firmware?.core.attempts.failed).toBe(wasCharged ? 1 : 0);
        const again = await callFirmware(bench.device, 'lock.grant', { sealed });
        expect(again).toMatchObject({ ok: true, value: { accepted: false } });
        expect(firmware?.core.state).toBe('LOCKED');
      }
    }
  });

  test('of a lock by the firmware itself: never NORMAL with a key that is half erased', () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; at <= 8; at++) {
        const bench = makeBench();
        cutOnce(bench.device, at, when);
        bench.device.lockBySoftware('self-test');
        while (!bench.device.powerOn());
        expectDefined(bench);
        const isUntouched = at === 1 && when === 'before';
        expect([at, when, bench.device.firmware?.core.state]).toEqual([at, when, isUntouched ? 'NORMAL' : 'LOCKED']);
      }
    }
  });

  test('of the first provisioning boot', () => {
    for (let at = 1; at <= 2; at++) {
      const bench = makeBench();
      bench.device.powerOff();
      cutOnce(bench.device, at, 'before');
      while (!bench.device.powerOn());
      expect(bench.device.firmware?.core.state).toBe('NORMAL');
    }
  });

  test('nothing of a dead boot reaches the records of the next one', async () => {
    const bench = makeBench();
    bench.device.trip('case');
    const dead = bench.device.firmware;
    bench.device.powerOff();
    bench.device.powerOn();
    expect(() => dead?.commit({ state: 'NORMAL' })).toThrow(PowerCut);
    expect(bench.device.firmware?.core.state).toBe('LOCKED');
  });
});

describe('a directory as store', () => {
  test('keeps, replaces, overwrites and removes records', () => {
    for (const store of [memoryStore(), folderStore()]) {
      store.write('a', new Uint8Array([1, 2, 3]));
      store.write('a', new Uint8Array([4, 5]));
      expect(store.read('a')).toEqual(new Uint8Array([4, 5]));
      store.overwrite('a');
      expect(store.read('a')).toEqual(new Uint8Array([0, 0]));
      store.remove('a');
      store.remove('a');
      expect([store.read('a'), store.names()]).toEqual([undefined, []]);
    }
  });

  test('a name cannot leave the folder', () => {
    const store = folderStore();
    for (const name of ['../a', '/a', '.a', 'a/b', 'a.tmp', '']) expect(() => store.read(name)).toThrow(RangeError);
  });
});
