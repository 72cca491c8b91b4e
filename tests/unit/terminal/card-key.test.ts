import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { hexEncode } from '../../../protocol/bytes.ts';
import { dukptFromInitialKey } from '../../../protocol/card/dukpt.ts';
import { takeTransaction } from '../../../mock-server/terminal/card-key.ts';
import { PowerCut } from '../../../mock-server/terminal/power.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { directoryStore } from '../../../mock-server/terminal/store.ts';
import { cardSecrets } from '../../../mock-server/terminal/vault.ts';
import { hostDerivationKey } from '../../vectors/card/host-derivation.ts';
import { TestAcquirer } from './acquirer.ts';
import { identitySecret, makeBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { TestTechnician, callFirmware } from './technician.ts';

const acquirer = new TestAcquirer();
const golden = JSON.parse(readFileSync(new URL('../../vectors/card/kbpk.json', import.meta.url), 'utf8')) as {
  block: { keyBlock: string; kcv: string; ikid: string };
};
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function makeCardBench(): Bench {
  return makeBench({ acquirerPublicKey: acquirer.publicKey });
}

async function load(device: SecureDevice, keyBlock: string): Promise<string> {
  const reply = await callFirmware(device, 'card.loadKey', { keyBlock });
  if (!reply.ok) return reply.error;
  return reply.value.accepted ? hexEncode(reply.value.kcv) : reply.value.refusal;
}

/** The counter of the next transaction, taken. */
function take(device: SecureDevice): number {
  const { firmware } = device;
  if (firmware === undefined) throw new PowerCut('off');
  const taken = takeTransaction(firmware);
  if (!taken.ok) throw new Error(taken.error);
  return Buffer.from(taken.value.ksn).readUInt32BE(8);
}

describe('loading a card key', () => {
  test('the golden block is taken, and shown by its check value and id only', async () => {
    const { device } = makeCardBench();
    expect(await load(device, golden.block.keyBlock)).toBe(golden.block.kcv);
    const status = await callFirmware(device, 'card.keyStatus', {});
    if (!status.ok) throw new Error(status.error);
    expect(hexEncode(status.value.ikid)).toBe(golden.block.ikid);
    expect(status.value).toMatchObject({
      state: 'ready',
      counter: 1,
      devicePublicKey: device.factory.packagePublicKey,
    });
  });

  test('the same block again changes nothing; the counter goes on', async () => {
    const { device } = makeCardBench();
    await load(device, acquirer.keyBlock(device));
    expect([take(device), take(device)]).toEqual([1, 2]);
    expect(await load(device, acquirer.keyBlock(device))).toBe(golden.block.kcv);
    expect(take(device)).toBe(3);
  });

  test('a new id takes the place of the old one, which never comes back', async () => {
    const { device, store } = makeCardBench();
    await load(device, acquirer.keyBlock(device, 1));
    take(device);
    expect(await load(device, acquirer.keyBlock(device, 2))).toBe(golden.block.kcv);
    expect(store.names().filter((name) => name.startsWith('key.card'))).toHaveLength(1);
    expect(await load(device, acquirer.keyBlock(device, 1))).toBe('used-before');
    expect(take(device)).toBe(1);
  });

  test('an id that was loaded before a tamper is refused after it', async () => {
    const bench = makeCardBench();
    await load(bench.device, acquirer.keyBlock(bench.device, 1));
    bench.device.trip('drop');
    expect(await load(bench.device, acquirer.keyBlock(bench.device, 1))).toBe('not-in-state');
    await new TestTechnician(bench.device, bench.authority).bringToNormal();
    expect(await load(bench.device, acquirer.keyBlock(bench.device, 1))).toBe('used-before');
    expect(await load(bench.device, acquirer.keyBlock(bench.device, 2))).toBe(golden.block.kcv);
  });

  test('a block for another device, a changed one, and a device without an acquirer', async () => {
    const { device } = makeCardBench();
    const other = makeBench({ number: 2, acquirerPublicKey: acquirer.publicKey }).device;
    expect(await load(device, acquirer.keyBlock(other))).toBe('not-openable');
    const block = acquirer.keyBlock(device);
    expect(await load(device, block.replace('IK14', 'IK15'))).toBe('malformed');
    expect(await load(device, `${block.slice(0, -1)}${block.endsWith('0') ? '1' : '0'}`)).toBe('not-openable');
    expect(await load(makeBench().device, block)).toBe('no-acquirer');
    expect((await callFirmware(device, 'card.keyStatus', {})).ok).toBe(true);
    expect(device.firmware?.core.cardKeyIds).toEqual([]);
  });

  test('a device whose identity is dead takes no card key', async () => {
    const bench = makeCardBench();
    bench.device.firmware?.commit({ identityAlive: false });
    expect(await load(bench.device, acquirer.keyBlock(bench.device))).toBe('no-identity');
  });

  test('after many keys the device takes no more', async () => {
    const { device } = makeCardBench();
    device.firmware?.commit({ cardKeyIds: Array.from({ length: 64 }, (_, index) => acquirer.ikid(1000 + index)) });
    expect(await load(device, acquirer.keyBlock(device))).toBe('full');
  });
});

describe('what stays on the device', () => {
  test('neither the initial key nor a used key lies in its records', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tillkeeper-card-'));
    folders.push(folder);
    const { device } = makeBench({ acquirerPublicKey: acquirer.publicKey, store: directoryStore(folder) });
    await load(device, acquirer.keyBlock(device));
    const used = [1, 2, 3].map((counter) => {
      const key = hostDerivationKey(acquirer.initialKey, acquirer.ikid(1), counter);
      take(device);
      return key;
    });
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    const holding = (key: Uint8Array): number => files.filter((file) => file.includes(Buffer.from(key))).length;
    expect([acquirer.initialKey, ...used].map(holding)).toEqual([0, 0, 0, 0]);
    expect(holding(hostDerivationKey(acquirer.initialKey, acquirer.ikid(1), 4))).toBe(1);
    expect(holding(identitySecret())).toBe(1);
  });

  test('a tamper erases the state, with power and without', async () => {
    for (const isOn of [true, false]) {
      const { device, store } = makeCardBench();
      await load(device, acquirer.keyBlock(device));
      if (!isOn) device.powerOff();
      device.trip('case');
      expect(cardSecrets.map((name) => store.read(name))).toEqual([undefined, undefined]);
      device.powerOn();
      expect(await callFirmware(device, 'card.keyStatus', {})).toMatchObject({ value: { state: 'none' } });
    }
  });

  test('the key ends with its counter space', async () => {
    const { device } = makeCardBench();
    await load(device, acquirer.keyBlock(device));
    const { firmware } = device;
    if (firmware === undefined) throw new Error('off');
    const last = 0xffff_0000;
    const registers = dukptFromInitialKey(acquirer.initialKey, acquirer.ikid(1)).registers.map((_, bit) =>
      bit === 16 ? hostDerivationKey(acquirer.initialKey, acquirer.ikid(1), last) : undefined,
    );
    putState(device, last, registers);
    expect(take(device)).toBe(last);
    expect(await callFirmware(device, 'card.keyStatus', {})).toMatchObject({ value: { state: 'ended', counter: 0 } });
    expect(takeTransaction(firmware)).toMatchObject({ ok: false, error: 'ended' });
    device.powerOff();
    device.powerOn();
    expect(await callFirmware(device, 'card.keyStatus', {})).toMatchObject({ value: { state: 'ended' } });
    const request = { amountFen: 1, orderNo: '1', language: 'en', timeoutSeconds: 5, wantsPin: false } as const;
    expect(await callFirmware(device, 'card.read', request)).toMatchObject({ value: { outcome: 'key-ended' } });
    expect(await load(device, acquirer.keyBlock(device, 2))).toBe(golden.block.kcv);
    expect(take(device)).toBe(1);
  });
});

/** Puts a DUKPT state in place of the one that is there. */
function putState(device: SecureDevice, counter: number, registers: readonly (Uint8Array | undefined)[]): void {
  const { firmware } = device;
  const name = cardSecrets.find((one) => firmware?.vault.get(one) !== undefined);
  if (firmware === undefined || name === undefined) throw new Error('no state');
  const kcv = (firmware.vault.get(name) ?? new Uint8Array(3)).slice(0, 3);
  firmware.vault.put(name, recordOf(kcv, counter, registers));
}

function recordOf(kcv: Uint8Array, counter: number, registers: readonly (Uint8Array | undefined)[]): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(counter, 0);
  head.writeUInt32BE(
    registers.reduce((mask, key, bit) => mask + (key === undefined ? 0 : 2 ** bit), 0),
    4,
  );
  const keys = registers.filter((key) => key !== undefined);
  return new Uint8Array(Buffer.concat([kcv, acquirer.ikid(1), head, ...keys]));
}

describe('power cut at every durable write', () => {
  /** Cuts the power once, at durable step number `at` of those that follow. */
  function cutAt(device: SecureDevice, at: number, when: 'before' | 'after'): void {
    const target = device.supply.steps + at;
    const isDue = (step: number): boolean => step === target;
    device.supply.plan = when === 'before' ? { beforeWrite: isDue } : { afterWrite: isDue };
  }

  test.each(['before', 'after'] as const)('%s the write: no counter ever comes twice', async (when) => {
    for (let at = 1; at <= 24; at++) {
      const { device, store } = makeCardBench();
      await load(device, acquirer.keyBlock(device));
      cutAt(device, at, when);
      const counters: number[] = [];
      for (let round = 0; round < 6; round++) {
        try {
          counters.push(take(device));
        } catch (cause) {
          if (!(cause instanceof PowerCut)) throw cause;
          while (!device.powerOn());
        }
      }
      expect([at, counters]).toEqual([at, [...new Set(counters)].sort((a, b) => a - b)]);
      expect(counters.length).toBeGreaterThanOrEqual(5);
      expect(store.names().filter((name) => name.startsWith('key.card'))).toHaveLength(1);
    }
  });

  test.each(['before', 'after'] as const)('%s a write of loading: the same block works afterwards', async (when) => {
    for (let at = 1; at <= 4; at++) {
      const { device } = makeCardBench();
      await load(device, acquirer.keyBlock(device, 1));
      expect(take(device)).toBe(1);
      cutAt(device, at, when);
      const boots = device.firmware?.core.bootCount ?? 0;
      for (let round = 0; round < 3; round++) {
        try {
          expect(await load(device, acquirer.keyBlock(device, 2))).toBe(golden.block.kcv);
        } catch (cause) {
          if (!(cause instanceof PowerCut)) throw cause;
          while (!device.powerOn());
        }
      }
      expect(device.firmware?.core.bootCount).toBe(boots + 1);
      expect([at, take(device)]).toEqual([at, 1]);
      expect(device.firmware?.core.cardKeyIds.map(hexEncode)).toEqual([1, 2].map((n) => hexEncode(acquirer.ikid(n))));
    }
  });
});
