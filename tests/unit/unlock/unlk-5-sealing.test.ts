import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import {
  openGrant,
  openKeyPackage,
  openRequest,
  sealGrant,
  sealKeyPackage,
  sealRequest,
  sealedRequestKid,
} from '../../../protocol/unlock/v1/seal.ts';
import { keyIdOf } from '../../../protocol/unlock/v1/ed25519.ts';
import { commissionKey, counting, order, request, signedGrant, signers, transportKey } from './fixture.ts';

const plain = encodeRequest(request, signers.device);
const { sealed, responseSecret } = sealRequest(plain, transportKey.publicKey, counting(32, 0x11));
const grant = signedGrant();

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at]! ^ 1);
}

describe('request', () => {
  test('the server opens what the device sealed, and both hold one response secret', () => {
    expect(openRequest(sealed, transportKey)).toEqual({ ok: true, value: { request: plain, responseSecret } });
    expect(sealedRequestKid(sealed)).toEqual(keyIdOf(transportKey.publicKey));
  });
  test('the courier sees nothing of it: no 8 bytes of the plain request stand in the sealed one', () => {
    const hex = Buffer.from(sealed).toString('hex');
    for (let at = 0; at + 8 <= plain.length; at++) {
      expect(hex).not.toContain(Buffer.from(plain.subarray(at, at + 8)).toString('hex'));
    }
  });
  test('another ephemeral key gives other bytes and another secret', () => {
    const other = sealRequest(plain, transportKey.publicKey, counting(32, 0x12));
    expect(other.sealed).not.toEqual(sealed);
    expect(other.responseSecret).not.toEqual(responseSecret);
  });
  test('one flipped bit anywhere is refused, never thrown', () => {
    for (let at = 0; at < sealed.length; at++) {
      expect(openRequest(flipped(sealed, at), transportKey).ok).toBe(false);
    }
  });
  test('sealed to another transport key is told apart from damage', () => {
    const other = softwareAgreementKey(counting(32, 0x13));
    expect(openRequest(sealed, other)).toMatchObject({ error: 'unknown-key' });
    expect(openRequest(flipped(sealed, 60), transportKey)).toMatchObject({ error: 'not-openable' });
    expect(openRequest(sealed.slice(0, 52), transportKey)).toMatchObject({ error: 'malformed' });
    expect(openRequest(new Uint8Array(400), transportKey)).toMatchObject({ error: 'malformed' });
  });
  test('a transport key of small order is the caller’s error', () => {
    expect(() => sealRequest(plain, new Uint8Array(32), counting(32, 1))).toThrow('transportKey');
  });
});

describe('grant', () => {
  const answer = sealGrant(grant, responseSecret, counting(32, 0x21));

  test('only the device that asked can open the answer', () => {
    expect(openGrant(answer, responseSecret)).toEqual({ ok: true, value: grant });
    expect(openGrant(answer, counting(32, 0))).toMatchObject({ error: 'not-openable' });
  });
  test('a second grant for the same request meets another key stream', () => {
    const again = sealGrant(grant, responseSecret, counting(32, 0x22));
    expect(again.subarray(32)).not.toEqual(answer.subarray(32));
  });
  test('one flipped bit anywhere, a piece, or something else is refused', () => {
    for (let at = 0; at < answer.length; at++) expect(openGrant(flipped(answer, at), responseSecret).ok).toBe(false);
    for (const length of [0, 31, 48, answer.length - 1]) {
      expect(openGrant(answer.slice(0, length), responseSecret).ok).toBe(false);
    }
    expect(openGrant(sealed, responseSecret).ok).toBe(false);
    expect(openGrant(new Uint8Array(2000), responseSecret)).toMatchObject({ error: 'malformed' });
  });
  test('the response number has one size', () => {
    expect(() => sealGrant(grant, responseSecret, counting(31, 0))).toThrow('responseNonce');
  });
});

describe('key package', () => {
  const binding = { deviceId: order.deviceId, lockEpoch: 42, orderSequence: 5 };
  const body = counting(64, 1);
  const keys = sealKeyPackage(body, commissionKey.publicKey, binding, counting(32, 0x31));

  test('opens with the commission key, in its own order only', () => {
    expect(openKeyPackage(keys, commissionKey, binding)).toEqual({ ok: true, value: body });
    for (const other of [
      { ...binding, deviceId: counting(8, 1) },
      { ...binding, lockEpoch: 43 },
      { ...binding, orderSequence: 6 },
    ]) {
      expect(openKeyPackage(keys, commissionKey, other)).toMatchObject({ error: 'not-openable' });
    }
    expect(openKeyPackage(keys, transportKey, binding)).toMatchObject({ error: 'not-openable' });
  });
  test('one flipped bit anywhere is refused', () => {
    for (let at = 0; at < keys.length; at++) {
      expect(openKeyPackage(flipped(keys, at), commissionKey, binding).ok).toBe(false);
    }
    expect(openKeyPackage(new Uint8Array(0), commissionKey, binding).ok).toBe(false);
  });
  test('a commission key of small order is the caller’s error', () => {
    expect(() => sealKeyPackage(body, new Uint8Array(32), binding, counting(32, 1))).toThrow('commissionKey');
  });
});
