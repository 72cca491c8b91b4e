import { describe, expect, test } from 'vitest';
import { encodeOrder } from '../../../protocol/unlock/v1/codec.ts';
import { orderActions, type OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { signingPublicKey } from '../../../protocol/unlock/v1/ed25519.ts';
import type { CommissionOrder } from '../../../protocol/unlock/v1/messages.ts';
import { packageKeyOf } from '../../../protocol/unlock/v1/package-key.ts';
import { openKeyPackage, sealKeyPackage } from '../../../protocol/unlock/v1/seal.ts';
import { verifyOrder, type OrderView } from '../../../protocol/unlock/v1/verify-order.ts';
import { counting, device, keyset, nowSeconds, order, signers } from './fixture.ts';

const kitOrder: CommissionOrder = { ...order, lockEpoch: 0, delegationSequence: 3391 };
const blank: OrderView = {
  deviceId: device.deviceId,
  state: 'BLANK',
  lockEpoch: 42,
  clock: device.clock,
  blankByDelegation: 3391,
  lastOrder: { sequence: 4, hash: new Uint8Array(32) },
};

function verdict(change: Partial<CommissionOrder>, view: OrderView = blank, signer = signers.issuer): string {
  const result = verifyOrder(encodeOrder({ ...kitOrder, ...change }, signer), view, keyset);
  return result.ok ? (result.value.isRepeat ? 'repeat' : 'accepted') : result.error;
}

function without(view: OrderView): OrderView {
  const { blankByDelegation: _gone, ...rest } = view;
  return rest;
}

describe('8.8 an order made ahead', () => {
  test('counts while the device is BLANK by its delegation, whatever the epoch', () => {
    expect(verdict({})).toBe('accepted');
    expect(verdict({}, { ...blank, lockEpoch: 77 })).toBe('accepted');
  });

  test.each<[string, string, Partial<CommissionOrder>, OrderView]>([
    ['of another delegation', 'wrong-delegation', { delegationSequence: 3392 }, blank],
    ['on a device that a grant made BLANK', 'wrong-delegation', {}, without(blank)],
    ['on a locked device', 'wrong-delegation', {}, without({ ...blank, state: 'LOCKED' })],
    ['with an epoch', 'malformed', { lockEpoch: 42 }, blank],
    ['without a delegation, for epoch 0', 'wrong-epoch', {}, blank],
    ['for another device', 'wrong-device', { deviceId: counting(8, 1) }, blank],
    ['of a number that was used', 'stale-sequence', { orderSequence: 4 }, blank],
    ['whose time is over', 'expired', { notAfterSeconds: nowSeconds - 61 }, blank],
  ])('%s: %s', (name, code, change, view) => {
    const { delegationSequence: _gone, ...ordinary } = kitOrder;
    const made = name.startsWith('without') ? encodeOrder(ordinary, signers.issuer) : undefined;
    const result = made === undefined ? verdict(change, view) : verifyOrder(made, view, keyset);
    expect(typeof result === 'string' ? result : result.ok ? 'accepted' : result.error).toBe(code);
  });

  test('signed by anybody but an issuer', () => {
    expect(verdict({}, blank, signers.approver)).toBe('wrong-class');
    expect(verdict({}, blank, signers.stranger)).toBe('unknown-key');
  });

  test('never releases from probation', () => {
    expect(verdict({ action: 'release' })).toBe('wrong-state');
    expect(verdict({ action: 'release' }, without({ ...blank, state: 'PROBATION' }))).toBe('wrong-delegation');
    for (const action of Object.keys(orderActions) as OrderAction[]) {
      expect(verdict({ action })).toBe(action === 'release' ? 'wrong-state' : 'accepted');
    }
  });

  test('delegation 0 cannot be written', () => {
    expect(() => encodeOrder({ ...kitOrder, delegationSequence: 0 }, signers.issuer)).toThrow('delegationSequence');
  });
});

describe('8.8 the package key', () => {
  const identity = counting(32, 0x60);
  const binding = { deviceId: device.deviceId, lockEpoch: 0, orderSequence: 5 };

  test('opens what was sealed to its public half, bound to device, epoch 0 and sequence', () => {
    const { publicKey } = packageKeyOf(identity);
    const sealed = sealKeyPackage(counting(40, 1), publicKey, binding, counting(32, 0x33));
    expect(openKeyPackage(sealed, packageKeyOf(identity), binding)).toEqual({ ok: true, value: counting(40, 1) });
    for (const change of [{ lockEpoch: 42 }, { orderSequence: 6 }, { deviceId: counting(8, 1) }]) {
      expect(openKeyPackage(sealed, packageKeyOf(identity), { ...binding, ...change }).ok).toBe(false);
    }
    expect(openKeyPackage(sealed, packageKeyOf(counting(32, 0x61)), binding).ok).toBe(false);
  });

  test('is neither the identity key nor made twice differently, and leaves the identity as it is', () => {
    const secret = identity.slice();
    expect(packageKeyOf(secret).publicKey).toEqual(packageKeyOf(secret).publicKey);
    expect(packageKeyOf(secret).publicKey).not.toEqual(signingPublicKey(secret));
    expect(secret).toEqual(identity);
  });
});
