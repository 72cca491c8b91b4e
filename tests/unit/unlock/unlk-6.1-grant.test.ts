import { describe, expect, test } from 'vitest';
import { lockReasonBits } from '../../../domain/unlock/states.ts';
import { encodeGrant } from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { encodeAuthorityEnvelope } from '../../../protocol/unlock/v1/envelope.ts';
import { encodePayload } from '../../../protocol/unlock/v1/fields.ts';
import type { Keyset, UnlockGrant } from '../../../protocol/unlock/v1/messages.ts';
import { grantFields } from '../../../protocol/unlock/v1/tables.ts';
import { verifyGrant, type DeviceView } from '../../../protocol/unlock/v1/verify-grant.ts';
import { counting, device, grant, keyset, nowSeconds, signedGrant, signers } from './fixture.ts';

/** 'accepted', or the refusal. */
function verdict(bytes: Uint8Array, view: Partial<DeviceView> = {}, keys: Keyset = keyset): string {
  const result = verifyGrant(bytes, { ...device, ...view }, keys);
  return result.ok ? 'accepted' : result.error;
}

const good = signedGrant();
const clock = device.clock;

test('the good grant is accepted, and only what it says', () => {
  const result = verifyGrant(good, device, keyset);
  expect(result).toMatchObject({
    ok: true,
    value: { grant, grantedActions: 5, cutActions: 0, isTimeProven: true, floorSeconds: grant.notBeforeSeconds },
  });
});

describe('replay', () => {
  test('replay of a used grant: the device has a new nonce', () => {
    expect(verdict(good, { nonce: counting(16, 0x99) })).toBe('wrong-nonce');
  });
  test('replay after the epoch has moved', () => {
    expect(verdict(good, { lockEpoch: 42 })).toBe('wrong-epoch');
  });
  test('multiple use: even with the same nonce and epoch the sequence is spent', () => {
    expect(verdict(good, { lastGrantSequence: grant.grantSequence })).toBe('stale-sequence');
  });
  test('multiple use: after the first use the device is no longer locked', () => {
    expect(verdict(good, { state: 'BLANK' })).toBe('not-locked');
    expect(verdict(good, { state: 'NORMAL' })).toBe('not-locked');
    expect(verdict(good, { state: 'PROBATION' })).toBe('not-locked');
  });
  test('an older grant than the last one', () => {
    expect(verdict(good, { lastGrantSequence: grant.grantSequence + 1 })).toBe('stale-sequence');
  });
  test('a grant when no challenge is outstanding', () => {
    const { nonce: _nonce, ...withoutChallenge } = device;
    expect(verifyGrant(good, withoutChallenge, keyset)).toMatchObject({ ok: false, error: 'no-challenge' });
  });
});

describe('moved or mixed up', () => {
  test.each<[string, Partial<UnlockGrant>, string]>([
    ['wrong device', { deviceId: counting(8, 0xe0) }, 'wrong-device'],
    ['wrong epoch, earlier', { lockEpoch: 40 }, 'wrong-epoch'],
    ['wrong epoch, later', { lockEpoch: 42 }, 'wrong-epoch'],
    ['wrong nonce', { nonce: counting(16, 0x02) }, 'wrong-nonce'],
    ['reason not covered: case was not accepted', { reasonsOk: lockReasonBits.drop }, 'reason-not-covered'],
  ])('%s', (_name, changes, refusal) => {
    expect(verdict(signedGrant(changes))).toBe(refusal);
  });

  test('a further reason since the request: the grant no longer covers the lock', () => {
    expect(verdict(good, { reasons: device.reasons | lockReasonBits.mesh })).toBe('reason-not-covered');
  });
});

describe('who signs', () => {
  test.each([
    ['swapped class: approver signs as issuer and issuer as approver', signers.approver, signers.issuer, 'wrong-class'],
    ['swapped class: an issuer signs as approver', signers.issuer, signers.secondIssuer, 'wrong-class'],
    ['swapped class: an approver signs as issuer', signers.secondApprover, signers.approver, 'wrong-class'],
    ['the same person signs twice (issuer)', signers.issuer, signers.issuer, 'same-signer'],
    ['the same person signs twice (approver)', signers.approver, signers.approver, 'same-signer'],
    ['a key outside the keyset as issuer', signers.stranger, signers.approver, 'unknown-key'],
    ['a key outside the keyset as approver', signers.issuer, signers.stranger, 'unknown-key'],
    ['the root key, which may sign keysets only', signers.root, signers.approver, 'unknown-key'],
    ["the device's own key", signers.device, signers.approver, 'unknown-key'],
    ['the other issuer and the other approver', signers.secondIssuer, signers.secondApprover, 'accepted'],
  ])('%s', (_name, first, second, expected) => {
    expect(verdict(encodeGrant(grant, first, second))).toBe(expected);
  });

  test('a stranger who writes a known key id beside his own signature', () => {
    const forged = { kid: signers.issuer.kid, sign: signers.stranger.sign };
    expect(verdict(encodeGrant(grant, forged, signers.approver))).toBe('bad-signature');
    const forgedApprover = { kid: signers.approver.kid, sign: signers.stranger.sign };
    expect(verdict(encodeGrant(grant, signers.issuer, forgedApprover))).toBe('bad-signature');
  });

  test('one signature alone, or three', () => {
    const payload = encodePayload('grant', grantFields, grant);
    const { issuer, approver, secondApprover } = signers;
    expect(verdict(encodeAuthorityEnvelope('grant', payload, [issuer]))).toBe('malformed');
    expect(verdict(encodeAuthorityEnvelope('grant', payload, [issuer, approver, secondApprover]))).toBe('malformed');
  });

  test('signatures made for another type of message do not serve here', () => {
    const payload = encodePayload('grant', grantFields, grant);
    expect(verdict(encodeAuthorityEnvelope('abort', payload, [signers.issuer, signers.approver]))).toBe(
      'bad-signature',
    );
  });

  test('a revoked key: it is not in the keyset any more', () => {
    const withoutIssuer = { ...keyset, keys: keyset.keys.slice(1) };
    expect(verdict(good, {}, withoutIssuer)).toBe('unknown-key');
  });

  test('a key whose own time is over, by the clock or by the floor alone', () => {
    const [issuer, ...others] = keyset.keys;
    const expired = { ...keyset, keys: [{ ...issuer!, notAfterSeconds: nowSeconds - 1 }, ...others] };
    expect(verdict(good, {}, expired)).toBe('key-expired');
    expect(verdict(good, { clock: { trusted: false, nowSeconds: 0, floorSeconds: nowSeconds } }, expired)).toBe(
      'key-expired',
    );
  });

  test('floor raise: the grant demands a newer keyset than the device has', () => {
    expect(verdict(signedGrant({ keysetFloor: 8 }))).toBe('keyset-stale');
    expect(verdict(signedGrant({ keysetFloor: 8 }), {}, { ...keyset, sequence: 8 })).toBe('accepted');
    expect(verdict(signedGrant({ keysetFloor: 6 }))).toBe('accepted');
  });
});

describe('over-asking', () => {
  const asked = (actions: number, view: Partial<DeviceView> = {}) => {
    const result = verifyGrant(signedGrant({ actions, reasonsOk: 511 }), { ...device, ...view }, keyset);
    return result.ok ? [result.value.grantedActions, result.value.cutActions] : result.error;
  };

  test('over-asking is granted the subset, and what was cut is reported', () => {
    expect(asked(127)).toEqual([actionBits.diagRead | actionBits.clearTamper, 127 & ~5]);
  });
  test('clearSoft never clears a hard reason', () => {
    expect(asked(actionBits.clearSoft)).toBe('nothing-allowed');
  });
  test('clearTamper is not needed for a soft reason: the keys stay', () => {
    const soft = { reasons: lockReasonBits['pin-tries'] };
    expect(asked(actionBits.clearTamper, soft)).toBe('nothing-allowed');
    expect(asked(actionBits.clearSoft | actionBits.clearTamper, soft)).toEqual([2, 4]);
  });
  test('one hard reason among soft ones makes the lock hard', () => {
    const mixed = { reasons: lockReasonBits['pin-tries'] | lockReasonBits.case };
    expect(asked(actionBits.clearSoft | actionBits.clearTamper, mixed)).toEqual([4, 2]);
  });
  test('changeOwner never rides along with clearTamper, even where policy admits both', () => {
    const open = { allowedActions: 127 };
    expect(asked(actionBits.clearTamper | actionBits.changeOwner, open)).toEqual([4, 64]);
    expect(asked(actionBits.changeOwner, open)).toEqual([64, 0]);
  });
  test('asking for nothing', () => {
    expect(asked(0)).toBe('nothing-allowed');
  });
});

describe('time', () => {
  const at = (seconds: number) => ({ clock: { ...clock, nowSeconds: seconds } });
  const untrusted = { trusted: false, nowSeconds: 0, floorSeconds: 0 };

  test.each([
    ['not before, within the skew', grant.notBeforeSeconds - 60, 'accepted'],
    ['not yet valid by a second', grant.notBeforeSeconds - 61, 'not-yet-valid'],
    ['not after, within the skew', grant.notAfterSeconds + 60, 'accepted'],
    ['expired by a second', grant.notAfterSeconds + 61, 'expired'],
    ['expired by a year', grant.notAfterSeconds + 31_536_000, 'expired'],
  ])('trusted clock: %s', (_name, seconds, expected) => {
    const keys = { ...keyset, keys: keyset.keys.map((key) => ({ ...key, notAfterSeconds: 0 })) };
    expect(verdict(good, at(seconds), keys)).toBe(expected);
  });

  test('clock invalid: time is not enforced and the record says so', () => {
    const result = verifyGrant(good, { ...device, clock: untrusted }, keyset);
    expect(result).toMatchObject({ ok: true, value: { isTimeProven: false, floorSeconds: grant.notBeforeSeconds } });
  });
  test('clock invalid: a grant from before the floor is expired all the same', () => {
    const floorSeconds = grant.notAfterSeconds + 1;
    expect(verdict(good, { clock: { ...untrusted, floorSeconds } })).toBe('expired');
  });
  test('clock set back: the floor still holds', () => {
    const setBack = { trusted: true, nowSeconds: grant.notBeforeSeconds, floorSeconds: grant.notAfterSeconds + 1 };
    expect(verdict(good, { clock: setBack })).toBe('expired');
  });
  test('span too long, by a second, and backwards', () => {
    const span = (seconds: number) => signedGrant({ notAfterSeconds: grant.notBeforeSeconds + seconds });
    expect(verdict(span(604_800))).toBe('accepted');
    expect(verdict(span(604_801))).toBe('span-too-long');
    expect(verdict(signedGrant({ notAfterSeconds: grant.notBeforeSeconds - 1 }))).toBe('span-too-long');
    expect(verdict(span(604_801), { clock: untrusted })).toBe('span-too-long');
  });
});
