import { describe, expect, test } from 'vitest';
import { verifyKeyset } from '../../../protocol/unlock/v1/authority.ts';
import { decodeKeyset, encodeKeyset } from '../../../protocol/unlock/v1/codec.ts';
import { keyset, publicKeys, signedKeyset, signers, stored } from './fixture.ts';

const roots = [publicKeys.root];
const good = signedKeyset();

function accept(bytes: Uint8Array) {
  const result = verifyKeyset(bytes, roots, undefined);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function verdict(bytes: Uint8Array, before = stored(accept(good)), rootKeys: readonly Uint8Array[] = roots): string {
  const result = verifyKeyset(bytes, rootKeys, before);
  return result.ok ? (result.value.isRepeat ? 'repeat' : 'accepted') : result.error;
}

test('the first keyset is accepted', () => {
  expect(accept(good)).toMatchObject({ keyset, isRepeat: false });
});
test('a newer one is accepted', () => {
  expect(verdict(signedKeyset({ sequence: 8 }))).toBe('accepted');
});
test('keyset rollback: an older one is refused although the root signed it', () => {
  expect(verdict(signedKeyset({ sequence: 6 }))).toBe('stale-sequence');
});
test('the stored one again is a repeat, not an error', () => {
  expect(verdict(good)).toBe('repeat');
});
test('another keyset under the stored sequence is refused: a root that says two things says neither', () => {
  expect(verdict(signedKeyset({ keys: keyset.keys.slice(0, 2) }))).toBe('stale-sequence');
});
test('only a root key may sign one', () => {
  for (const signer of [signers.issuer, signers.approver, signers.stranger]) {
    expect(verdict(encodeKeyset({ ...keyset, sequence: 9 }, signer))).toBe('unknown-key');
  }
  const forged = { kid: signers.root.kid, sign: signers.stranger.sign };
  expect(verdict(encodeKeyset({ ...keyset, sequence: 9 }, forged))).toBe('bad-signature');
});
test('the second root slot serves as well', () => {
  expect(verdict(signedKeyset({ sequence: 8 }), undefined, [publicKeys.device, publicKeys.root])).toBe('accepted');
  expect(verdict(signedKeyset({ sequence: 8 }), undefined, [])).toBe('unknown-key');
});
test('no key, more than eight, one key twice (also as both classes)', () => {
  const [issuer] = keyset.keys;
  const many = Array.from({ length: 9 }, (_, i) => ({ ...issuer!, publicKey: new Uint8Array(32).fill(i) }));
  expect(() => signedKeyset({ keys: [] })).toThrow('keys');
  expect(() => signedKeyset({ keys: many })).toThrow('keys');
  expect(() => signedKeyset({ keys: [issuer!, { ...issuer!, keyClass: 'approver' }] })).toThrow('keys');
});
test('one flipped bit anywhere is refused', () => {
  const newer = signedKeyset({ sequence: 8 });
  for (let i = 0; i < newer.length; i++) {
    const bytes = newer.slice();
    bytes[i]! ^= 1 << (i % 8);
    expect(verdict(bytes)).not.toBe('accepted');
  }
});
test('an unknown class is refused by the reader', () => {
  const bytes = signedKeyset({ keys: [keyset.keys[0]!] });
  const at = bytes.findIndex((byte, i) => byte === 0x83 && bytes[i + 1] === 1 && bytes[i + 2] === 0x58);
  expect(at).toBeGreaterThan(0);
  expect(decodeKeyset(bytes).ok).toBe(true);
  expect(decodeKeyset(bytes.with(at + 1, 3)).ok).toBe(false);
  expect(decodeKeyset(bytes.with(at + 1, 0)).ok).toBe(false);
});

describe('a root that signs rubbish', () => {
  const withKey = (publicKey: Uint8Array) =>
    signedKeyset({ sequence: 8, keys: [{ keyClass: 'issuer', publicKey, notAfterSeconds: 0 }] });

  test('a signing key of small order, not canonical, or on no point of the curve is refused', () => {
    expect(verdict(withKey(publicKeys.device))).toBe('accepted');
    const smallOrder = new Uint8Array(32).with(0, 1);
    const notCanonical = new Uint8Array(32).fill(0xff).with(31, 0x7f);
    const noPoint = new Uint8Array(32).with(0, 2);
    for (const publicKey of [smallOrder, notCanonical, noPoint]) expect(verdict(withKey(publicKey))).toBe('malformed');
  });
  test('a transport key of small order is refused', () => {
    expect(verdict(signedKeyset({ sequence: 8, transportKey: new Uint8Array(32) }))).toBe('malformed');
    expect(verdict(signedKeyset({ sequence: 8, transportKey: new Uint8Array(32).with(0, 1) }))).toBe('malformed');
  });
});
