import { linkSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HardwareSensor } from '../../../mock-server/terminal/body.ts';
import { directoryStore } from '../../../mock-server/terminal/store.ts';
import { identitySecret, makeBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { findBytes } from './find-bytes.ts';
import { TestTechnician, callFirmware } from './technician.ts';

let folder = '';
let bench: Bench;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tillkeeper-erase-'));
  bench = makeBench({ store: directoryStore(folder) });
  bench.device.trip('drop');
  await new TestTechnician(bench.device, bench.authority).bringToNormal();
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function filesWith(needle: Uint8Array): string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(Buffer.from(needle)));
}

/** The vault's arrays hide behind a private field, so the memory is looked at through its accessor too. */
function memoryWith(needle: Uint8Array): string[] {
  const { firmware } = bench.device;
  const names = ['key.pin', 'key.mac', 'key.data', 'key.identity', 'key.commission'] as const;
  const loaded = names.map((name) => firmware?.vault.get(name));
  return findBytes([bench.device, firmware, loaded], needle);
}

function paymentKeys(): readonly Uint8Array[] {
  return bench.authority.paymentKeys.map(({ key }) => key);
}

describe('keys are really erased', () => {
  test('before the trip they are there, in the store and in the memory', () => {
    for (const key of paymentKeys()) expect([filesWith(key).length, memoryWith(key).length > 0]).toEqual([1, true]);
    expect(filesWith(identitySecret())).toEqual(['key.identity']);
  });

  test.each([
    { sensor: 'case', losesIdentity: false },
    { sensor: 'drop', losesIdentity: false },
    { sensor: 'flat-cell', losesIdentity: false },
    { sensor: 'temperature', losesIdentity: false },
    { sensor: 'mesh', losesIdentity: true },
    { sensor: 'voltage', losesIdentity: true },
  ] as const)('$sensor', ({ sensor, losesIdentity }: { sensor: HardwareSensor; losesIdentity: boolean }) => {
    const held = ['key.pin', 'key.mac', 'key.data'].map((name) => bench.device.firmware?.vault.get(name as 'key.pin'));
    bench.device.trip(sensor);
    for (const key of paymentKeys()) expect([filesWith(key), memoryWith(key)]).toEqual([[], []]);
    for (const array of held) expect(array?.every((byte) => byte === 0)).toBe(true);
    expect(filesWith(identitySecret())).toEqual(losesIdentity ? [] : ['key.identity']);
    expect(memoryWith(identitySecret()).length > 0).toBe(!losesIdentity);
  });

  test('the blocks of the file itself are overwritten, not only its name removed', () => {
    const names = ['key.pin', 'key.mac', 'key.data'];
    for (const name of names) linkSync(join(folder, name), join(folder, `kept-${name}`));
    bench.device.trip('case');
    for (const name of names) expect(readFileSync(join(folder, `kept-${name}`))).toEqual(Buffer.alloc(16));
  });

  test('without power', () => {
    bench.device.powerOff();
    bench.device.trip('voltage');
    for (const key of [...paymentKeys(), identitySecret()]) expect(filesWith(key)).toEqual([]);
  });

  test('losing the power zeroes the memory and leaves the records', () => {
    const held = bench.device.firmware?.vault.get('key.mac');
    bench.device.powerOff();
    expect(held?.every((byte) => byte === 0)).toBe(true);
    expect(filesWith(paymentKeys()[1] ?? new Uint8Array(0))).toEqual(['key.mac']);
  });

  test('the secret that opens a grant dies with its challenge', async () => {
    bench.device.trip('case');
    const asked = await callFirmware(bench.device, 'lock.request', { fresh: false });
    const { responseSecret } = bench.authority.open(asked.ok ? asked.value.sealed : new Uint8Array(0));
    expect(filesWith(responseSecret)).toEqual(['challenge']);
    bench.device.trip('drop');
    expect([filesWith(responseSecret), memoryWith(responseSecret)]).toEqual([[], []]);
  });

  test('the commission secret is gone after the commissioning', async () => {
    bench.device.trip('case');
    const technician = new TestTechnician(bench.device, bench.authority);
    let seen: Uint8Array | undefined;
    bench.device.listen(() => {
      seen ??= bench.device.firmware?.vault.get('key.commission')?.slice();
    });
    await technician.bringToNormal();
    expect(seen).toHaveLength(32);
    expect(filesWith(seen ?? new Uint8Array(0))).toEqual([]);
  });

  test('a temporary file that a crash left is zeroed and removed at the next start', () => {
    const key = paymentKeys()[0] ?? new Uint8Array(0);
    writeFileSync(join(folder, 'key.pin.tmp'), key);
    expect(filesWith(key)).toEqual(['key.pin', 'key.pin.tmp']);
    directoryStore(folder);
    expect(filesWith(key)).toEqual(['key.pin']);
  });

  test('the provisioning secret is zeroed once it is stored', () => {
    const other = makeBench({ number: 2 });
    expect(findBytes([other.device], identitySecret(2))).toEqual([]);
  });
});
