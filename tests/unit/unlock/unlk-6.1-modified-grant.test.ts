import { expect, test } from 'vitest';
import { decodeCbor } from '../../../protocol/cbor/decode.ts';
import { encodeCbor } from '../../../protocol/cbor/encode.ts';
import type { CborMap, CborValue } from '../../../protocol/cbor/value.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import { signedBytes } from '../../../protocol/unlock/v1/envelope.ts';
import type { UnlockGrant } from '../../../protocol/unlock/v1/messages.ts';
import { grantFields } from '../../../protocol/unlock/v1/tables.ts';
import { verifyGrant, type DeviceView } from '../../../protocol/unlock/v1/verify-grant.ts';
import { counting, device, grant, keyset, signedGrant, signers } from './fixture.ts';

function verdict(bytes: Uint8Array, view: Partial<DeviceView> = {}): string {
  const result = verifyGrant(bytes, { ...device, ...view }, keyset);
  return result.ok ? 'accepted' : result.error;
}

const good = signedGrant();
const envelope = decoded(good) as readonly Uint8Array[];
const [payload, first, second] = envelope as [Uint8Array, Uint8Array, Uint8Array];
const fields = decoded(payload) as CborMap;

function decoded(bytes: Uint8Array): CborValue {
  const result = decodeCbor(bytes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** The payload's map with changes, under the signatures of the good grant. */
function withFields(change: (map: Map<number, CborValue>) => void): Uint8Array {
  const map = new Map(fields);
  change(map);
  return encodeCbor([encodeCbor(map), first, second]);
}

/** The payload's map with changes, signed anew by the right persons: what only a faulty server could send. */
function resigned(change: (map: Map<number, CborValue>) => void): Uint8Array {
  const map = new Map(fields);
  change(map);
  const bytes = encodeCbor(map);
  const by = (signer: (typeof signers)['issuer']) => concatBytes(signer.kid, signer.sign(signedBytes('grant', bytes)));
  return encodeCbor([bytes, by(signers.issuer), by(signers.approver)]);
}

test('the helpers leave the good grant as it is', () => {
  expect(withFields(() => undefined)).toEqual(good);
  expect(resigned(() => undefined)).toEqual(good);
});

/** Another allowed value for every field, generated from the table, so that a new field cannot be forgotten. */
const others = (Object.keys(grantFields) as (keyof UnlockGrant)[]).map((name) => {
  const value = grant[name];
  const other = typeof value === 'number' ? value ^ 1 : value.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
  return { name, key: grantFields[name].key, other };
});

test.each(others)('modified field $name: the signatures no longer hold', ({ name, key, other }) => {
  const bytes = withFields((map) => map.set(key, other));
  expect(verdict(bytes)).not.toBe('accepted');
  // Even a device for which the changed value would be the right one refuses: the signature covers the field.
  const fitting = name === 'deviceId' || name === 'lockEpoch' || name === 'nonce' ? { [name]: other } : {};
  expect(verdict(bytes, fitting)).toBe('bad-signature');
});

test.each(others)('missing field $name', ({ key }) => {
  expect(verdict(resigned((map) => map.delete(key)))).toBe('malformed');
});

test.each(others)('field $name of the wrong kind', ({ key }) => {
  for (const wrong of [null, true, 'text', -1, [], new Map(), 2 ** 40, new Uint8Array(7)]) {
    expect(verdict(resigned((map) => map.set(key, wrong as CborValue)))).toBe('malformed');
  }
});

test('unknown version, also when it is properly signed', () => {
  for (const version of [0, 2, 23, 255]) {
    expect(verdict(resigned((map) => map.set(1, version)))).toBe('unsupported-version');
  }
});

test('another message number, also when it is properly signed', () => {
  for (const type of [0, 1, 3, 4, 5, 6, 8]) expect(verdict(resigned((map) => map.set(0, type)))).toBe('malformed');
});

test('unknown key in the map, also when it is properly signed', () => {
  for (const key of [13, 14, 23, 24, 255]) expect(verdict(resigned((map) => map.set(key, 0)))).toBe('malformed');
});

test('unknown bits in the masks', () => {
  expect(verdict(resigned((map) => map.set(grantFields.actions.key, 128)))).toBe('malformed');
  expect(verdict(resigned((map) => map.set(grantFields.reasonsOk.key, 512)))).toBe('malformed');
});

test('doubled key, unsorted keys, longer heads, bytes behind the end: only one encoding is a grant', () => {
  const wrap = (bytes: Uint8Array) => encodeCbor([bytes, first, second]);
  const raw = Array.from(payload);
  const doubled = Uint8Array.from([raw[0]! + 1, ...raw.slice(1, 3), ...raw.slice(1)]);
  const swapped = Uint8Array.from([raw[0]!, ...raw.slice(3, 5), ...raw.slice(1, 3), ...raw.slice(5)]);
  const longHead = Uint8Array.from([raw[0]!, 0x18, 0x00, ...raw.slice(2)]);
  const indefinite = Uint8Array.from([0xbf, ...raw.slice(1), 0xff]);
  const trailing = Uint8Array.from([...raw, 0x00]);
  for (const bytes of [doubled, swapped, longHead, indefinite, trailing]) {
    expect(verdict(wrap(bytes))).toBe('malformed');
  }
  expect(verdict(Uint8Array.from([...good, 0x00]))).toBe('malformed');
});

test('every one of the bytes matters: one flipped bit anywhere is refused by the real verifier', () => {
  for (let i = 0; i < good.length; i++) {
    const bytes = good.slice();
    bytes[i]! ^= 1 << (i % 8);
    expect(verdict(bytes)).not.toBe('accepted');
  }
});

test('every shorter piece is refused, and so is anything longer than a grant may be', () => {
  for (let length = 0; length < good.length; length++) expect(verdict(good.slice(0, length))).toBe('malformed');
  expect(verdict(new Uint8Array(231))).toBe('malformed');
  expect(verdict(counting(5000, 0))).toBe('malformed');
});
