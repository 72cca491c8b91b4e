import { describe, expect, test } from 'vitest';
import * as codec from '../../../protocol/unlock/v1/codec.ts';
import { isSignedByDevice, verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import * as fixture from './fixture.ts';

const { signers, publicKeys } = fixture;
const u32Max = 0xffff_ffff;

const messages = [
  {
    name: 'request',
    message: fixture.request,
    bytes: codec.encodeRequest(fixture.request, signers.device),
    decode: codec.decodeRequest,
  },
  {
    name: 'request, unsigned',
    message: fixture.request,
    bytes: codec.encodeRequest(fixture.request),
    decode: codec.decodeRequest,
  },
  { name: 'grant', message: fixture.grant, bytes: fixture.signedGrant(), decode: codec.decodeGrant },
  {
    name: 'receipt',
    message: fixture.receipt,
    bytes: codec.encodeReceipt(fixture.receipt, signers.device),
    decode: codec.decodeReceipt,
  },
  {
    name: 'abort',
    message: fixture.abort,
    bytes: codec.encodeAbort(fixture.abort, signers.issuer),
    decode: codec.decodeAbort,
  },
  { name: 'keyset', message: fixture.keyset, bytes: fixture.signedKeyset(), decode: codec.decodeKeyset },
  {
    name: 'order',
    message: fixture.order,
    bytes: codec.encodeOrder(fixture.order, signers.issuer),
    decode: codec.decodeOrder,
  },
  {
    name: 'report',
    message: fixture.report,
    bytes: codec.encodeReport(fixture.report, signers.device),
    decode: codec.decodeReport,
  },
];

test.each(messages)('$name: what was encoded is what is read', ({ message, bytes, decode }) => {
  expect(decode(bytes)).toMatchObject({ ok: true, value: { message } });
});

test.each(messages)('$name: no other decoder takes it', ({ name, bytes }) => {
  const kind = name.split(',')[0];
  const takers = messages.filter((other) => other.decode(bytes).ok).map((other) => other.name.split(',')[0]);
  expect(new Set(takers)).toEqual(new Set([kind]));
});

test.each(messages)('$name: cut short or with a byte more it is nothing', ({ bytes, decode }) => {
  for (let length = 0; length < bytes.length; length++) expect(decode(bytes.slice(0, length)).ok).toBe(false);
  expect(decode(Uint8Array.from([...bytes, 0])).ok).toBe(false);
});

describe('sizes', () => {
  const largestRequest = {
    ...fixture.request,
    model: 0xffff,
    firmware: u32Max,
    lockEpoch: u32Max,
    reasons: 511,
    bootCount: u32Max,
    deviceTimeSeconds: u32Max,
    keysetSequence: u32Max,
  };
  const largestGrant = {
    ...fixture.grant,
    lockEpoch: u32Max,
    actions: 127,
    reasonsOk: 511,
    notBeforeSeconds: u32Max,
    notAfterSeconds: u32Max,
    grantSequence: u32Max,
    keysetFloor: u32Max,
    revocationFloor: u32Max,
  };

  test('a request is at most 160 bytes, whatever its numbers are', () => {
    expect(codec.encodeRequest(largestRequest, signers.device).length).toBeLessThanOrEqual(
      unlockLimits.requestBytesMax,
    );
    expect(unlockLimits.requestBytesMax).toBe(160);
  });
  test('a grant with both signatures is at most 230 bytes, whatever its numbers are', () => {
    const bytes = codec.encodeGrant(largestGrant, signers.issuer, signers.approver);
    expect(bytes.length).toBeLessThanOrEqual(unlockLimits.grantBytesMax);
    expect(unlockLimits.grantBytesMax).toBe(230);
  });
  test('the fullest keyset and the fullest order fit in one message', () => {
    const keys = Array.from({ length: unlockLimits.keysetKeysMax }, (_, i) => ({
      keyClass: 'issuer' as const,
      publicKey: fixture.counting(32, i),
      notAfterSeconds: u32Max,
    }));
    expect(fixture.signedKeyset({ sequence: u32Max, keys }).length).toBeLessThanOrEqual(unlockLimits.messageBytesMax);
    const order = { ...fixture.order, lockEpoch: u32Max, orderSequence: u32Max, body: new Uint8Array(700) };
    const report = { ...fixture.report, lockEpoch: u32Max, orderSequence: u32Max, body: new Uint8Array(700) };
    for (const bytes of [codec.encodeOrder(order, signers.issuer), codec.encodeReport(report, signers.device)]) {
      expect(bytes.length).toBeLessThanOrEqual(unlockLimits.messageBytesMax);
    }
    expect(codec.decodeOrder(codec.encodeOrder(order, signers.issuer)).ok).toBe(true);
    expect(codec.decodeReport(codec.encodeReport(report, signers.device)).ok).toBe(true);
  });
});

describe('encoders are strict with the program', () => {
  test('the field is named', () => {
    const { request, grant, order } = fixture;
    expect(() => codec.encodeRequest({ ...request, nonce: new Uint8Array(15) })).toThrow('nonce');
    expect(() => codec.encodeRequest({ ...request, reasons: 512 })).toThrow('reasons');
    expect(() => codec.encodeRequest({ ...request, bootCount: 1.5 })).toThrow();
    expect(() => fixture.signedGrant({ ...grant, actions: -1 })).toThrow('actions');
    expect(() => codec.encodeOrder({ ...order, body: new Uint8Array(701) }, signers.issuer)).toThrow('body');
    expect(() => codec.encodeOrder({ ...order, action: 'dance' as 'selfTest' }, signers.issuer)).toThrow('action');
  });
});

describe("a device's signature", () => {
  const signed = codec.decodeRequest(codec.encodeRequest(fixture.request, signers.device));
  const unsigned = codec.decodeRequest(codec.encodeRequest(fixture.request));
  if (!signed.ok || !unsigned.ok) throw new Error('fixture');

  test('holds under its own key only', () => {
    expect(isSignedByDevice('request', signed.value, publicKeys.device)).toBe(true);
    expect(isSignedByDevice('request', signed.value, publicKeys.issuer)).toBe(false);
  });
  test('an unsigned request (identity dead) is never taken for a signed one', () => {
    expect(isSignedByDevice('request', unsigned.value, publicKeys.device)).toBe(false);
    expect(isSignedByDevice('request', unsigned.value, publicKeys.device, () => true)).toBe(false);
  });
  test('serves for one type of message only', () => {
    expect(isSignedByDevice('receipt', signed.value, publicKeys.device)).toBe(false);
  });
  test('a verifier from outside is asked with the signed bytes: tag, zero, payload', () => {
    const asked: Uint8Array[][] = [];
    isSignedByDevice('request', signed.value, publicKeys.device, (...args) => asked.push(args) > 0);
    expect(verifyStrict(...(asked[0] as [Uint8Array, Uint8Array, Uint8Array]))).toBe(true);
    expect(Buffer.from(asked[0]![1]!.subarray(0, 12)).toString('latin1')).toBe('TK-UNLK/1/1\0');
  });
});

test('the screen number has six digits, depends on every byte, and is the same for the same request', () => {
  const bytes = codec.encodeRequest(fixture.request, signers.device);
  expect(screenNumber(bytes)).toMatch(/^\d{6}$/);
  expect(screenNumber(bytes)).toBe(screenNumber(bytes.slice()));
  const others = bytes.map((_, i) => Number(screenNumber(bytes.map((byte, j) => (i === j ? byte ^ 1 : byte)))));
  expect(new Set(others).size).toBeGreaterThan(1);
  expect([...others]).not.toContain(Number(screenNumber(bytes)));
});
