import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { lockReasonBits } from '../../../domain/unlock/states.ts';
import { actionBits, allActionsMask } from '../../../protocol/unlock/v1/constants.ts';
import { verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { decodeSiteBundle, encodeSiteBundle } from '../../../protocol/unlock/v1/site.ts';
import { verifySite } from '../../../protocol/unlock/v1/verify-site.ts';
import { nowSeconds } from './fixture.ts';
import { siteFaults } from './site-faults.ts';
import {
  bundleOf,
  colleague,
  delegation,
  delegationBytes,
  deviceIds,
  deviceOf,
  goodSetup,
  siteKeyset,
  type SiteSetup,
} from './site-fixture.ts';

function verdict(setup: SiteSetup): string {
  const result = verifySite(bundleOf(setup), deviceOf(setup), siteKeyset);
  return result.ok ? 'accepted' : result.error;
}

const untrusted = { trusted: false, nowSeconds: 0, floorSeconds: 0 };

describe('6.6 a bundle on site', () => {
  test('is accepted with what the device must remember', () => {
    const bytes = bundleOf(goodSetup);
    const result = verifySite(bytes, deviceOf(goodSetup), siteKeyset);
    expect(result).toMatchObject({
      ok: true,
      value: {
        hash: sha256(bytes),
        grantedActions: actionBits.clearTamper,
        cutActions: 0,
        floorSeconds: delegation.notBeforeSeconds,
        isTimeProven: true,
        use: { sequence: 3391, hash: sha256(delegationBytes(goodSetup)), uses: 1, lastUseIndex: 1 },
        revocationFloor: 5,
      },
    });
  });

  test('multiple use within the counts: uses rise, numbers may have gaps on one device', () => {
    const setup = { ...goodSetup, prior: { uses: 1, lastUseIndex: 2 }, response: { useIndex: 5 } };
    const result = verifySite(bundleOf(setup), deviceOf(setup), siteKeyset);
    expect(result).toMatchObject({ ok: true, value: { use: { uses: 2, lastUseIndex: 5 } } });
  });

  test('delegation reuse after an older one: the count of the older one is forgotten', () => {
    const lastDelegation = { sequence: 3390, hash: new Uint8Array(32), uses: 3, lastUseIndex: 16 };
    const setup = { ...goodSetup, device: { ...goodSetup.device, lastDelegation } };
    const result = verifySite(bundleOf(setup), deviceOf(setup), siteKeyset);
    expect(result).toMatchObject({ ok: true, value: { use: { sequence: 3391, uses: 1, lastUseIndex: 1 } } });
  });

  test('a higher revocation epoch raises the floor of the device, and a lower time floor stays where it is', () => {
    const setup = { ...goodSetup, delegation: { ...delegation, revocationEpoch: 9 } };
    expect(verifySite(bundleOf(setup), deviceOf(setup), siteKeyset)).toMatchObject({
      ok: true,
      value: { revocationFloor: 9 },
    });
    const late = { ...goodSetup.device.clock, floorSeconds: nowSeconds };
    const later = { ...goodSetup, device: { ...goodSetup.device, clock: late } };
    expect(verifySite(bundleOf(later), deviceOf(later), siteKeyset)).toMatchObject({
      ok: true,
      value: { floorSeconds: nowSeconds },
    });
  });
});

describe('6.6 refusals, one by one', () => {
  test.each(siteFaults)('step $step, $name: $code', ({ change, code }) => {
    expect(verdict(change(goodSetup))).toBe(code);
  });

  test('a second person counts only for the devices of their mask', () => {
    expect(verdict({ ...goodSetup, second: colleague })).toBe('wrong-second');
    const elsewhere = {
      ...goodSetup,
      second: colleague,
      response: { deviceId: deviceIds[2] },
      device: { ...goodSetup.device, deviceId: deviceIds[2] },
    };
    expect(verdict(elsewhere)).toBe('accepted');
  });

  test('each half of the bundle is checked for itself', () => {
    const bundle = decodeSiteBundle(bundleOf(goodSetup));
    if (!bundle.ok) throw new Error(bundle.error);
    const { delegation: first, response: second } = bundle.value;
    const make = (parts: { delegation: Uint8Array; response: Uint8Array }) =>
      verifySite(encodeSiteBundle(parts), deviceOf(goodSetup), siteKeyset);
    expect(make({ delegation: second, response: second })).toMatchObject({ error: 'malformed' });
    expect(make({ delegation: first, response: first })).toMatchObject({ error: 'malformed' });
    expect(make({ delegation: first.with(7, 2), response: second })).toMatchObject({ error: 'unsupported-version' });
    expect(make({ delegation: first, response: second.with(7, 2) })).toMatchObject({ error: 'unsupported-version' });
  });
});

describe('6.6 order of checks: the earlier step gives the answer', () => {
  const pairs = siteFaults.flatMap((first, i) =>
    siteFaults
      .slice(i + 1)
      .filter((second) => first.group === undefined || first.group !== second.group)
      .map((second) => ({ first, second })),
  );

  test(`all ${pairs.length} pairs of faults that can be present at once`, () => {
    expect(pairs.length).toBeGreaterThan(380);
    const wrong = pairs
      .map(({ first, second }) => {
        // Applied in both orders, so that what a fault changes last cannot hide the other.
        const both = [second.change(first.change(goodSetup)), first.change(second.change(goodSetup))];
        return { pair: `${first.name} + ${second.name}`, got: both.map(verdict), want: first.code };
      })
      .filter(({ got, want }) => got.some((code) => code !== want));
    expect(wrong).toEqual([]);
  });

  test('no signature is looked at before everything that is cheaper and does not depend on one', () => {
    for (const fault of siteFaults.filter(({ step, code }) => step < 8 || (step === 8 && code !== 'bad-signature'))) {
      const setup = fault.change(goodSetup);
      let checked = 0;
      verifySite(bundleOf(setup), deviceOf(setup), siteKeyset, (...args) => {
        checked += 1;
        return verifyStrict(...args);
      });
      expect([fault.name, checked]).toEqual([fault.name, 0]);
    }
  });
});

describe('6.4 and 6.6: time', () => {
  const at = (seconds: number) => ({
    ...goodSetup,
    device: { ...goodSetup.device, clock: { ...goodSetup.device.clock, nowSeconds: seconds } },
  });

  test('both ends within the tolerance', () => {
    expect(verdict(at(delegation.notBeforeSeconds - 60))).toBe('accepted');
    expect(verdict(at(delegation.notAfterSeconds + 60))).toBe('accepted');
    expect(verdict({ ...goodSetup, response: { madeAtSeconds: delegation.notBeforeSeconds - 60 } })).toBe('accepted');
    expect(verdict({ ...goodSetup, response: { madeAtSeconds: delegation.notAfterSeconds + 60 } })).toBe('accepted');
  });

  test('clock invalid: accepted, and not proven; the floor still counts, and so does the span', () => {
    const blind = (floorSeconds: number) => ({
      ...goodSetup,
      device: { ...goodSetup.device, clock: { ...untrusted, floorSeconds } },
    });
    const setup = blind(0);
    expect(verifySite(bundleOf(setup), deviceOf(setup), siteKeyset)).toMatchObject({
      ok: true,
      value: { isTimeProven: false },
    });
    expect(verdict(blind(delegation.notAfterSeconds))).toBe('accepted');
    expect(verdict(blind(delegation.notAfterSeconds + 1))).toBe('expired');
    const long = { ...delegation, notAfterSeconds: delegation.notBeforeSeconds + 86_401 };
    expect(verdict({ ...setup, delegation: long })).toBe('span-too-long');
  });

  test('backwards', () => {
    const back = { ...delegation, notAfterSeconds: delegation.notBeforeSeconds - 1 };
    expect(verdict({ ...goodSetup, delegation: back })).toBe('span-too-long');
  });
});

describe('6.2 and 6.6: action widening', () => {
  const asked = (setup: Partial<SiteSetup>) => {
    const whole = { ...goodSetup, ...setup };
    const result = verifySite(bundleOf(whole), deviceOf(whole), siteKeyset);
    return result.ok ? [result.value.grantedActions, result.value.cutActions] : result.error;
  };
  const device = { ...goodSetup.device, allowedActions: allActionsMask };

  test('over-asking: everything is cut to what work on site may do, and the rest is reported', () => {
    const all = { ...delegation, actions: allActionsMask };
    const { diagRead, clearTamper } = actionBits;
    const granted = diagRead | clearTamper;
    expect(asked({ delegation: all, response: { actions: allActionsMask }, device })).toEqual([
      granted,
      allActionsMask & ~granted,
    ]);
  });

  test('the response cannot widen the delegation, nor the delegation the response', () => {
    const soft = { ...delegation, actions: actionBits.clearSoft };
    expect(asked({ delegation: soft, response: { actions: allActionsMask }, device })).toBe('nothing-allowed');
    const all = { ...delegation, actions: allActionsMask };
    expect(asked({ delegation: all, response: { actions: actionBits.diagRead }, device })).toEqual([1, 0]);
  });

  test('a soft lock gives the keys back, and clearTamper takes no part in it', () => {
    const reasons = lockReasonBits['pin-tries'];
    const soft = { ...goodSetup.device, reasons };
    const covering = { ...delegation, reasonsOk: reasons };
    const both = actionBits.clearSoft | actionBits.clearTamper;
    expect(asked({ delegation: covering, response: { actions: both }, device: soft })).toEqual([
      actionBits.clearSoft,
      actionBits.clearTamper,
    ]);
  });
});
