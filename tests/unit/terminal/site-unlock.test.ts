import { sha256 } from '@noble/hashes/sha2.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { decodeCbor } from '../../../protocol/cbor/decode.ts';
import { isCborMap } from '../../../protocol/cbor/value.ts';
import { decodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { flagBits } from '../../../protocol/unlock/v1/constants.ts';
import type { Delegation } from '../../../protocol/unlock/v1/messages.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { makeBench, plugIn, requestAndGrant, unlocked } from './bench.ts';
import type { Bench } from './bench.ts';
import { call } from './host.ts';
import { TestSite, colleague, lastReceipt, merchant, offer, passerBy, siteRequest, technician } from './site-people.ts';
import type { BundleChange } from './site-people.ts';
import { callFirmware } from './technician.ts';

let bench: Bench;
let site: TestSite;
let delegation: Uint8Array;

beforeEach(() => {
  bench = makeBench();
  site = new TestSite(bench.authority);
  delegation = site.delegation();
});

function core(of: SecureDevice = bench.device) {
  const { firmware } = of;
  if (firmware === undefined) throw new Error('the device is off');
  return firmware.core;
}

async function attempt(change: BundleChange = {}, signed = delegation, device = bench.device): Promise<string> {
  return await offer(device, site.bundle(signed, await siteRequest(device), change));
}

/** Trips, and uses the delegation. */
async function use(sensor: 'case' | 'drop' | 'mesh' | 'flat-cell' = 'case', signed = delegation): Promise<string> {
  bench.device.trip(sensor);
  return await attempt({}, signed);
}

/** The types and results of the newest journal records. */
function journalTail(count: number): [unknown, unknown][] {
  return core()
    .journal.records.slice(-count)
    .map((record) => {
      const decoded = decodeCbor(record);
      if (!decoded.ok || !isCborMap(decoded.value)) throw new Error('journal');
      return [decoded.value.get(2), decoded.value.get(8)];
    });
}

describe('an unlock on site, over the cable', () => {
  test('leads to BLANK, with a signed receipt for exactly this bundle, and the keys stay erased', async () => {
    bench.device.trip('case');
    const host = await plugIn(bench.device);
    const hello = await call(host, 'identity.hello', {});
    expect(hello.capabilities).toContain('onsite/1');
    const asked = await call(host, 'lock.siteRequest', {});
    expect(asked).toMatchObject({ ageSeconds: 0, delegationSequence: 0, revocationFloor: 0 });
    const decoded = decodeRequest(asked.request);
    if (!decoded.ok) throw new Error(decoded.error);
    const bundle = site.bundle(delegation, decoded.value.message);
    const answer = await call(host, 'lock.siteUnlock', { bundle });
    expect(answer).toMatchObject({ accepted: true, refusal: '' });
    const receipt = bench.authority.receipt(answer.receipt, bench.device.factory.identityPublicKey);
    expect(receipt).toMatchObject({ result: 'unlockedOnSite', state: 'BLANK', grantHash: sha256(bundle) });
    expect(receipt.commissionKey).toHaveLength(32);
    expect(core()).toMatchObject({ state: 'BLANK', blankBy: site.sequence, pending: null, lifetimeUnlocks: 1 });
    expect(bench.device.firmware?.vault.hasPaymentKeys).toBe(false);
    expect(journalTail(2)).toEqual([
      ['consumed-on-site', 'time-proven'],
      ['unlocked', 'done'],
    ]);
  });

  test('the plain request is the one that was sealed: both ways are open until one is used', async () => {
    bench.device.trip('case');
    const { sealed } = await requestAndGrant(bench);
    const bundle = site.bundle(delegation, await siteRequest(bench.device));
    expect(await offer(bench.device, bundle)).toBe('accepted');
    const late = await callFirmware(bench.device, 'lock.grant', { sealed });
    expect(late).toMatchObject({ ok: true, value: { accepted: false, refusal: 'not-locked' } });

    const other = makeBench({ number: 2, clock: bench.clock, authority: bench.authority });
    other.device.trip('case');
    const grant = await requestAndGrant(other);
    const unused = site.bundle(delegation, await siteRequest(other.device));
    expect(await callFirmware(other.device, 'lock.grant', { sealed: grant.sealed })).toMatchObject({
      value: { accepted: true },
    });
    expect(await offer(other.device, unused)).toBe('not-locked');
  });

  test('a device that is not locked gives no request and takes no bundle', async () => {
    expect(await callFirmware(bench.device, 'lock.siteRequest', {})).toMatchObject({ error: 'not-in-state' });
    expect(await offer(bench.device, new Uint8Array(9))).toBe('not-locked');
  });

  test('without a challenge nothing is looked at and nothing is charged', async () => {
    bench.device.trip('case');
    expect(await offer(bench.device, new Uint8Array(9))).toBe('no-challenge');
    expect(core().attempts.failed).toBe(0);
  });

  test('a dead identity can be unlocked on site; what it states is unsigned', async () => {
    expect(await use('mesh')).toBe('accepted');
    const receipt = await lastReceipt(bench.device);
    expect([receipt.state, receipt.flags & flagBits.identityAlive]).toEqual(['BLANK', 0]);
  });

  test('a soft lock gives the keys back', async () => {
    bench.device.lockBySoftware('policy');
    expect(await attempt()).toBe('accepted');
    expect([core().state, core().blankBy]).toEqual(['NORMAL', 0]);
    expect(bench.device.firmware?.vault.hasPaymentKeys).toBe(true);
  });
});

describe('replay and multiple use', () => {
  test('the same bundle again, in the same lock: the stored receipt, and nothing is done', async () => {
    bench.device.trip('case');
    const bundle = site.bundle(delegation, await siteRequest(bench.device));
    const first = await callFirmware(bench.device, 'lock.siteUnlock', { bundle });
    const before = core();
    const second = await callFirmware(bench.device, 'lock.siteUnlock', { bundle });
    expect(second).toEqual(first);
    expect(core()).toBe(before);
  });

  test('replay: the same bundle after the next lock is for another lock', async () => {
    bench.device.trip('case');
    const bundle = site.bundle(delegation, await siteRequest(bench.device));
    await offer(bench.device, bundle);
    bench.device.trip('case');
    await siteRequest(bench.device);
    expect(await offer(bench.device, bundle)).toBe('wrong-epoch');
  });

  test('multiple use: as often as the delegation says for one device, and then never', async () => {
    for (let i = 0; i < 3; i++) expect(await use()).toBe('accepted');
    expect(core().lastDelegation).toMatchObject({ sequence: site.sequence, uses: 3, lastUseIndex: 3 });
    expect(await use()).toBe('uses-exhausted');
    expect(core().state).toBe('LOCKED');
  });

  test('used up in all: the count of the technician is beyond usesMax', async () => {
    delegation = site.delegation({ usesMax: 2 });
    site.useIndex = 2;
    expect(await use()).toBe('uses-exhausted');
  });

  test('counter order: a number that is not above the last one', async () => {
    await use();
    bench.device.trip('case');
    expect(await attempt({ response: { useIndex: 1 } })).toBe('stale-sequence');
    expect(await attempt({ response: { useIndex: 4 } })).toBe('accepted');
  });

  test('delegation reuse on the same device: an older one is dead once a newer one was used', async () => {
    const older = delegation;
    await use();
    delegation = site.delegation();
    expect(await use()).toBe('accepted');
    expect(await use('case', older)).toBe('stale-sequence');
  });

  test('delegation reuse on another device: each counts for itself', async () => {
    const other = makeBench({ number: 2, clock: bench.clock, authority: bench.authority });
    for (let i = 0; i < 3; i++) await use();
    other.device.trip('case');
    expect(await attempt({}, delegation, other.device)).toBe('accepted');
    expect(core(other.device).lastDelegation).toMatchObject({ uses: 1, lastUseIndex: 4 });
  });
});

describe('what is wrong is refused, burns the challenge and counts', () => {
  test.each<[string, string, BundleChange, Partial<Delegation>]>([
    ['wrong device', 'wrong-device', { response: { deviceId: new Uint8Array(8).fill(2) } }, {}],
    ['wrong epoch', 'wrong-epoch', { response: { lockEpoch: 1 } }, {}],
    ['wrong nonce', 'wrong-nonce', { response: { nonce: new Uint8Array(16) } }, {}],
    ['unlisted', 'not-listed', {}, { devices: [new Uint8Array(8).fill(2)] }],
    ['wrong second', 'wrong-second', { second: passerBy }, {}],
    ['a second person for other devices', 'wrong-second', { second: colleague }, {}],
    ['the same person signs twice', 'same-signer', { second: technician }, {}],
    ['somebody else as technician', 'bad-signature', { technician: passerBy }, {}],
    ['the persons change places', 'same-signer', { technician: merchant, second: technician }, {}],
    ['reason not covered', 'reason-not-covered', {}, { reasonsOk: 2 }],
    ['a span of more than a day', 'span-too-long', {}, { notAfterSeconds: 0xffff_ffff }],
    ['another delegation is meant', 'wrong-delegation', { response: { delegationHash: new Uint8Array(32) } }, {}],
  ])('%s: %s', async (_name, code, change, part) => {
    const signed = site.delegation(part);
    bench.device.trip('case');
    const before = await siteRequest(bench.device);
    expect(await attempt(change, signed)).toBe(code);
    expect(core()).toMatchObject({ state: 'LOCKED', pending: null, lastDelegation: null, lifetimeUnlocks: 0 });
    expect(core().attempts.failed).toBe(1);
    expect((await siteRequest(bench.device)).nonce).not.toEqual(before.nonce);
    expect(journalTail(1)).toEqual([['refused', code]]);
    // The right one still works, and pays the attempt back.
    expect(await attempt()).toBe('accepted');
    expect(core().attempts.failed).toBe(0);
  });

  test('a newer keyset is demanded: nothing burns, and after the delivery the same bundle works', async () => {
    const demanding = site.delegation({ keysetFloor: 2 });
    bench.device.trip('case');
    const bundle = site.bundle(demanding, await siteRequest(bench.device));
    expect(await offer(bench.device, bundle)).toBe('keyset-stale');
    expect(core().attempts.failed).toBe(0);
    await callFirmware(bench.device, 'lock.keyset', { keyset: bench.authority.keyset(2) });
    expect(await offer(bench.device, bundle)).toBe('accepted');
  });

  test('too many wrong bundles make the device wait, power cut or not', async () => {
    bench.device.trip('case');
    for (let i = 0; i < 6; i++) await attempt({ second: passerBy });
    bench.device.powerOff();
    bench.device.powerOn();
    await siteRequest(bench.device);
    expect(await attempt()).toBe('too-many-attempts');
    bench.clock.pass(11);
    expect(await attempt()).toBe('accepted');
  });
});

describe('floors and clocks', () => {
  test('floor raise: a grant kills the delegations that were made before the revocation', async () => {
    bench.device.trip('case');
    const { sealed } = await requestAndGrant(bench, { revocationFloor: 4 });
    await callFirmware(bench.device, 'lock.grant', { sealed });
    expect(core().revocationFloor).toBe(4);
    expect(await use()).toBe('revoked');
    expect(await use('case', site.delegation({ revocationEpoch: 4 }))).toBe('accepted');
  });

  test('floor raise by a newer delegation; no grant and no power cut lowers it', async () => {
    expect(await use('case', site.delegation({ revocationEpoch: 9 }))).toBe('accepted');
    bench.device.trip('case');
    await unlocked(bench, await plugIn(bench.device));
    bench.device.powerOff();
    bench.device.powerOn();
    expect(core().revocationFloor).toBe(9);
    expect(await use('case', site.delegation({ revocationEpoch: 8 }))).toBe('revoked');
  });

  test('expired and not yet valid, by a trusted clock', async () => {
    bench.device.trip('case');
    bench.clock.pass(14_400 + 61);
    expect(await attempt()).toBe('expired');
    const later = bench.authority.nowSeconds() + 61;
    expect(await attempt({}, site.delegation({ notBeforeSeconds: later, notAfterSeconds: later + 60 }))).toBe(
      'not-yet-valid',
    );
  });

  test('clock invalid: it is marked as unproven, and the floor is still enforced', async () => {
    expect(await use('flat-cell')).toBe('accepted');
    expect(journalTail(2)[0]).toEqual(['consumed-on-site', 'time-unproven']);
    expect((await lastReceipt(bench.device)).flags & flagBits.clockTrusted).toBe(0);
    expect(core().timeFloorSeconds).toBe(bench.authority.nowSeconds());
    bench.clock.pass(50_000);
    expect(await use('case', site.delegation())).toBe('accepted');
    const notBeforeSeconds = bench.authority.nowSeconds() - 120_000;
    const old = site.delegation({ notBeforeSeconds, notAfterSeconds: notBeforeSeconds + 14_400 });
    expect(await use('case', old)).toBe('expired');
  });
});
