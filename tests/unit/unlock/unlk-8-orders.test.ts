import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { TerminalState } from '../../../domain/unlock/states.ts';
import * as bodies from '../../../protocol/unlock/v1/bodies.ts';
import { keyCheckValue } from '../../../protocol/unlock/v1/cmac.ts';
import { encodeAbort, encodeOrder } from '../../../protocol/unlock/v1/codec.ts';
import { orderActions, orderStates, type OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import type { CommissionOrder } from '../../../protocol/unlock/v1/messages.ts';
import { decodeParameters, encodeParameters, parametersDigest } from '../../../protocol/unlock/v1/parameters.ts';
import { verifyAbort } from '../../../protocol/unlock/v1/verify-grant.ts';
import { verifyOrder, type OrderView } from '../../../protocol/unlock/v1/verify-order.ts';
import { abort, counting, device, keyset, nowSeconds, order, signers } from './fixture.ts';

const blank: OrderView = {
  deviceId: order.deviceId,
  state: 'BLANK',
  lockEpoch: order.lockEpoch,
  clock: device.clock,
  lastOrder: { sequence: 4, hash: counting(32, 0) },
};

function signed(changes: Partial<CommissionOrder> = {}): Uint8Array {
  return encodeOrder({ ...order, ...changes }, signers.issuer);
}

function verdict(bytes: Uint8Array, view: Partial<OrderView> = {}): string {
  const result = verifyOrder(bytes, { ...blank, ...view }, keyset);
  return result.ok ? (result.value.isRepeat ? 'repeat' : 'accepted') : result.error;
}

describe('order', () => {
  test('the good order is accepted; the first ever as well', () => {
    expect(verdict(signed())).toBe('accepted');
    const { lastOrder: _lastOrder, ...first } = blank;
    expect(verifyOrder(signed(), first, keyset).ok).toBe(true);
  });
  test('repeat: the last order byte for byte, in whatever state and whenever, gives the stored report again', () => {
    const bytes = signed();
    const last = { sequence: order.orderSequence, hash: createHash('sha256').update(bytes).digest() };
    const late = { trusted: true, nowSeconds: nowSeconds + 1e6, floorSeconds: 0 };
    for (const state of ['BLANK', 'PROBATION', 'NORMAL', 'LOCKED'] as const) {
      expect(verdict(bytes, { lastOrder: last, state, clock: late })).toBe('repeat');
    }
    expect(verdict(signed({ notAfterSeconds: nowSeconds + 601 }), { lastOrder: last })).toBe('stale-sequence');
  });
  test.each<[string, Partial<CommissionOrder>, string]>([
    ['wrong device', { deviceId: counting(8, 1) }, 'wrong-device'],
    ['wrong epoch', { lockEpoch: 41 }, 'wrong-epoch'],
    ['a sequence that was used', { orderSequence: 4 }, 'stale-sequence'],
    ['an older sequence', { orderSequence: 3 }, 'stale-sequence'],
    ['expired', { notAfterSeconds: nowSeconds - 61 }, 'expired'],
  ])('%s', (_name, changes, refusal) => {
    expect(verdict(signed(changes))).toBe(refusal);
  });
  test('only an issuer may order', () => {
    expect(verdict(encodeOrder(order, signers.approver))).toBe('wrong-class');
    expect(verdict(encodeOrder(order, signers.root))).toBe('unknown-key');
    expect(verdict(encodeOrder(order, signers.device))).toBe('unknown-key');
    const forged = { kid: signers.issuer.kid, sign: signers.stranger.sign };
    expect(verdict(encodeOrder(order, forged))).toBe('bad-signature');
  });
  test.each(Object.keys(orderActions) as OrderAction[])('%s is carried out in its own states only', (action) => {
    for (const state of ['NORMAL', 'LOCKED', 'BLANK', 'PROBATION'] satisfies TerminalState[]) {
      const expected = orderStates[action].includes(state) ? 'accepted' : 'wrong-state';
      expect(verdict(signed({ action }), { state })).toBe(expected);
    }
    expect(orderStates[action]).not.toContain('LOCKED');
  });
  test('one flipped bit anywhere is refused', () => {
    const bytes = signed();
    for (let i = 0; i < bytes.length; i++) {
      expect(verdict(bytes.with(i, bytes[i]! ^ (1 << (i % 8))))).not.toMatch(/accepted|repeat/);
    }
  });
});

describe('abort', () => {
  const bytes = encodeAbort(abort, signers.issuer);
  const of = (message: Uint8Array, view = {}) => {
    const result = verifyAbort(message, { ...device, ...view }, keyset);
    return result.ok ? 'accepted' : result.error;
  };
  test('burns exactly the outstanding challenge', () => {
    expect(of(bytes)).toBe('accepted');
    expect(of(bytes, { nonce: counting(16, 9) })).toBe('wrong-nonce');
    expect(of(bytes, { lockEpoch: 42 })).toBe('wrong-epoch');
    expect(of(bytes, { deviceId: counting(8, 9) })).toBe('wrong-device');
    expect(of(bytes, { state: 'NORMAL' })).toBe('not-locked');
  });
  test('only an issuer may abort', () => {
    expect(of(encodeAbort(abort, signers.approver))).toBe('wrong-class');
    expect(of(encodeAbort(abort, signers.stranger))).toBe('unknown-key');
  });
});

describe('bodies', () => {
  const keys = (['pin', 'mac', 'data'] as const).map((slot, i) => ({ slot, key: counting(16, 16 * i) }));
  const checks = keys.map(({ slot, key }) => ({ slot, kcv: keyCheckValue(key) }));
  const lines = [
    { name: 'printer', passed: true, detail: 'ok' },
    { name: 'clock', passed: false, detail: '慢 8 s' },
  ];
  const payment = { amountFen: 1, trace: 17, challenge: counting(16, 3), serverMac: counting(16, 4) };
  const macs = { saleMac: counting(16, 5), voidMac: counting(16, 6) };
  const probation = { untilSeconds: nowSeconds + 259_200, transactionLimitFen: 50_000 };

  test.each([
    ['payment keys', keys, bodies.encodePaymentKeys(keys), bodies.decodePaymentKeys],
    ['key checks', checks, bodies.encodeKeyChecks(checks), bodies.decodeKeyChecks],
    ['self-test', lines, bodies.encodeSelfTest(lines), bodies.decodeSelfTest],
    ['test payment order', payment, bodies.encodeTestPaymentOrder(payment), bodies.decodeTestPaymentOrder],
    ['test payment report', macs, bodies.encodeTestPaymentReport(macs), bodies.decodeTestPaymentReport],
    ['probation', probation, bodies.encodeProbationOrder(probation), bodies.decodeProbationOrder],
  ])('%s: what was encoded is what is read; pieces of it are nothing', (_name, value, bytes, decode) => {
    expect(decode(bytes)).toEqual({ ok: true, value });
    expect(bytes.length).toBeLessThanOrEqual(unlockLimits.bodyBytesMax);
    for (let length = 0; length < bytes.length; length++) expect(decode(bytes.slice(0, length)).ok).toBe(false);
  });

  test('one slot twice, no slot, a short key: refused on both sides', () => {
    expect(() => bodies.encodePaymentKeys([keys[0]!, keys[0]!])).toThrow('slot');
    expect(() => bodies.encodePaymentKeys([])).toThrow('slot');
    expect(() => bodies.encodePaymentKeys([{ slot: 'pin', key: counting(15, 0) }])).toThrow('key');
    const bytes = bodies.encodePaymentKeys(keys);
    const second = bytes.indexOf(2, 20);
    expect(bodies.decodePaymentKeys(bytes.with(second, 1)).ok).toBe(false);
    expect(bodies.decodePaymentKeys(bytes.with(second, 4)).ok).toBe(false);
  });

  test('the fullest self-test fits in one body; a longer one is refused', () => {
    const line = { name: 'n'.repeat(20), passed: false, detail: 'd'.repeat(40) };
    const full = Array.from({ length: unlockLimits.selfTestLinesMax }, () => line);
    expect(bodies.encodeSelfTest(full).length).toBeLessThanOrEqual(unlockLimits.bodyBytesMax);
    expect(() => bodies.encodeSelfTest([...full, line])).toThrow('lines');
    expect(() => bodies.encodeSelfTest([{ ...line, detail: 'd'.repeat(41) }])).toThrow('lines');
    expect(() => bodies.encodeSelfTest([])).toThrow('lines');
  });

  test('test payment: the three MACs differ, and depend on key, device, amount, trace and challenge', () => {
    const key = counting(16, 0x33);
    const mac = (
      part: bodies.TestPaymentPart,
      change: Partial<typeof payment> = {},
      id = order.deviceId,
      macKey = key,
    ) => Buffer.from(bodies.testPaymentMac(macKey, part, id, { ...payment, ...change })).toString('hex');
    const all = [
      mac('server'),
      mac('sale'),
      mac('void'),
      mac('sale', { amountFen: 0 }),
      mac('sale', { trace: 18 }),
      mac('sale', { challenge: counting(16, 4) }),
      mac('sale', {}, counting(8, 1)),
      mac('sale', {}, order.deviceId, counting(16, 0x34)),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(mac('sale')).toBe(all[1]);
  });
});

describe('parameters', () => {
  const parameters = {
    merchantId: '898440048160001',
    merchantName: '老陈面馆',
    terminalLabel: 'till 2',
    currency: 'CNY' as const,
    locale: 'zh-CN',
    transactionLimitFen: 500_000,
    receiptHeader: '谢谢惠顾',
    receiptFooter: '',
  };
  const bytes = encodeParameters(parameters);
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

  test('what was encoded is what is read', () => {
    expect(decodeParameters(bytes)).toEqual({ ok: true, value: parameters });
    expect(parametersDigest(bytes)).toEqual(new Uint8Array(createHash('sha256').update(bytes).digest()));
  });
  test.each<[string, Uint8Array]>([
    ['not JSON', new TextEncoder().encode('{')],
    ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['nothing', new Uint8Array(0)],
    ['null', text(null)],
    ['a list', text([])],
    ['a name too many', text({ ...parameters, admin: true })],
    ['a name missing', text({ ...parameters, locale: undefined })],
    ['another currency', text({ ...parameters, currency: 'USD' })],
    ['a limit below zero', text({ ...parameters, transactionLimitFen: -1 })],
    ['half a fen', text({ ...parameters, transactionLimitFen: 0.5 })],
    ['longer than a body', text({ ...parameters, receiptFooter: 'x'.repeat(700) })],
  ])('%s is refused', (_name, body) => {
    expect(decodeParameters(body)).toEqual({ ok: false, error: 'malformed' });
  });
  test('too long is the caller’s error', () => {
    expect(() => encodeParameters({ ...parameters, receiptFooter: 'x'.repeat(700) })).toThrow('parameters');
  });
});
