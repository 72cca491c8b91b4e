import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../../protocol/bytes.ts';
import { encodeCbor } from '../../../protocol/cbor/encode.ts';
import { decodeDelegation, encodeDelegation, encodeGrant } from '../../../protocol/unlock/v1/codec.ts';
import { allActionsMask } from '../../../protocol/unlock/v1/constants.ts';
import { encodePayload } from '../../../protocol/unlock/v1/fields.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import type { Delegation, DelegationSecond } from '../../../protocol/unlock/v1/messages.ts';
import {
  assembleResponse,
  decodeResponse,
  decodeSiteBundle,
  encodeResponsePayload,
  encodeSiteBundle,
  responseSignedBytes,
  secondKeyHash,
} from '../../../protocol/unlock/v1/site.ts';
import { delegationFields, responseFields } from '../../../protocol/unlock/v1/tables.ts';
import { counting, grant, signers } from './fixture.ts';
import { bundleOf, delegation, delegationBytes, goodSetup, merchant, response, technician } from './site-fixture.ts';

const u32Max = 0xffff_ffff;

/** The largest that the lists and numbers allow. */
const largest: Delegation = {
  ...delegation,
  sequence: u32Max,
  devices: Array.from({ length: unlockLimits.delegationDevicesMax }, (_, i) => counting(8, 0x40 + i)),
  seconds: Array.from({ length: unlockLimits.delegationSecondsMax }, (_, i) => ({
    keyHash: counting(16, 0x60 + i),
    deviceMask: 0xff,
  })),
  actions: allActionsMask,
  reasonsOk: 511,
  notBeforeSeconds: u32Max - 86_400,
  notAfterSeconds: u32Max,
  usesMax: unlockLimits.delegationUsesMax,
  usesPerDeviceMax: unlockLimits.delegationUsesPerDeviceMax,
  revocationEpoch: u32Max,
  keysetFloor: u32Max,
};

function largestResponse(): Uint8Array {
  const payload = encodeResponsePayload({
    ...{ ...response, delegationHash: counting(32, 0), lockEpoch: u32Max, actions: allActionsMask },
    ...{ useIndex: unlockLimits.delegationUsesMax, madeAtSeconds: u32Max },
  });
  const bytes = responseSignedBytes(payload);
  return assembleResponse({
    payload,
    technicianSignature: technician.signer.sign(bytes),
    secondKey: merchant.publicKey,
    secondSignature: merchant.signer.sign(bytes),
  });
}

describe('4.8 to 4.10: sizes with the largest numbers in every field', () => {
  test('delegation, response and bundle', () => {
    const signed = encodeDelegation(largest, signers.issuer, signers.approver);
    const answer = largestResponse();
    expect(signed.length).toBeLessThanOrEqual(unlockLimits.delegationBytesMax);
    expect(answer.length).toBeLessThanOrEqual(unlockLimits.responseBytesMax);
    expect(encodeSiteBundle({ delegation: signed, response: answer }).length).toBeLessThanOrEqual(720);
    expect(decodeDelegation(signed).ok).toBe(true);
    expect(decodeResponse(answer).ok).toBe(true);
  });

  test('a grant with the revocation floor stays within 230 bytes', () => {
    const full = {
      ...{ ...grant, actions: allActionsMask, reasonsOk: 511, lockEpoch: u32Max, grantSequence: u32Max },
      ...{ notBeforeSeconds: u32Max - 1, notAfterSeconds: u32Max, keysetFloor: u32Max, revocationFloor: u32Max },
    };
    expect(encodeGrant(full, signers.issuer, signers.approver).length).toBeLessThanOrEqual(230);
  });

  test('one byte beyond the limit is malformed before anything is parsed', () => {
    expect(decodeSiteBundle(new Uint8Array(721))).toMatchObject({ error: 'malformed', detail: 'size' });
    expect(decodeResponse(new Uint8Array(261))).toMatchObject({ error: 'malformed', detail: 'size' });
    expect(decodeDelegation(new Uint8Array(461))).toMatchObject({ error: 'malformed', detail: 'size' });
    expect(() => encodeSiteBundle({ delegation: new Uint8Array(500), response: new Uint8Array(260) })).toThrow('large');
  });
});

describe('4.8 and 4.9: one spelling, read back', () => {
  test('delegation', () => {
    for (const message of [delegation, largest]) {
      const decoded = decodeDelegation(encodeDelegation(message, signers.issuer, signers.approver));
      expect(decoded.ok && decoded.value.message).toEqual(message);
    }
  });

  test('response', () => {
    const bundle = decodeSiteBundle(bundleOf(goodSetup));
    const decoded = bundle.ok ? decodeResponse(bundle.value.response) : bundle;
    expect(decoded).toMatchObject({ ok: true, value: { message: response, secondKey: merchant.publicKey } });
  });

  test.each<[string, Partial<Delegation>]>([
    ['devices', { devices: [] }],
    ['devices', { devices: Array.from({ length: 9 }, (_, i) => counting(8, i)) }],
    ['devices', { devices: [...delegation.devices].reverse() }],
    ['devices', { devices: [counting(8, 1), counting(8, 1)] }],
    ['devices', { devices: [counting(7, 1)] }],
    ['seconds', { seconds: [] }],
    ['seconds', { seconds: [delegation.seconds[0], delegation.seconds[0]] as DelegationSecond[] }],
    ['seconds', { seconds: [{ keyHash: counting(16, 1), deviceMask: 0 }] }],
    ['seconds', { seconds: [{ keyHash: counting(16, 1), deviceMask: 256 }] }],
    ['seconds', { seconds: [{ keyHash: counting(15, 1), deviceMask: 1 }] }],
    ['technicianKey', { technicianKey: counting(31, 1) }],
    ['sequence', { sequence: 0 }],
    ['usesMax', { usesMax: 0 }],
    ['usesMax', { usesMax: 17 }],
    ['usesPerDeviceMax', { usesPerDeviceMax: 4 }],
    ['actions', { actions: 128 }],
    ['reasonsOk', { reasonsOk: 512 }],
  ])('a wrong %s cannot be made', (field, change) => {
    expect(() => encodePayload('delegation', delegationFields, { ...delegation, ...change })).toThrow(field);
  });

  test.each([
    ['useIndex', { useIndex: 0 }],
    ['useIndex', { useIndex: 17 }],
    ['delegationHash', { delegationHash: counting(31, 0) }],
    ['nonce', { nonce: counting(15, 0) }],
  ])('a wrong %s of a response cannot be made', (field, change) => {
    const message = { ...response, delegationHash: counting(32, 0), ...change };
    expect(() => encodePayload('response', responseFields, message)).toThrow(field);
  });

  test('parts of another size are refused by name, and read as malformed', () => {
    const good = {
      payload: encodeResponsePayload({ ...response, delegationHash: counting(32, 0) }),
      ...{ technicianSignature: counting(64, 0), secondKey: counting(32, 0), secondSignature: counting(64, 0) },
    };
    for (const part of ['technicianSignature', 'secondKey', 'secondSignature'] as const) {
      expect(() => assembleResponse({ ...good, [part]: counting(31, 0) })).toThrow(part);
    }
    const short = encodeCbor([good.payload, counting(64, 0), counting(95, 0)]);
    expect(decodeResponse(short)).toMatchObject({ error: 'malformed', detail: 'signature' });
    expect(decodeSiteBundle(encodeCbor([delegationBytes(goodSetup)]))).toMatchObject({ error: 'malformed' });
    expect(decodeSiteBundle(encodeCbor([1, 2]))).toMatchObject({ error: 'malformed' });
  });

  test('the list of devices stands in the order of its bytes, and the hash of a key is 16 bytes', () => {
    expect(compareBytes(counting(8, 1), counting(8, 2))).toBeLessThan(0);
    expect(secondKeyHash(merchant.publicKey)).toHaveLength(16);
  });
});
