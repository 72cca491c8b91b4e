import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../protocol/bytes.ts';
import { verifyKeyset } from '../../protocol/unlock/v1/authority.ts';
import * as codec from '../../protocol/unlock/v1/codec.ts';
import { verifyStrict } from '../../protocol/unlock/v1/ed25519.ts';
import { signedBytes } from '../../protocol/unlock/v1/envelope.ts';
import { encodePayload } from '../../protocol/unlock/v1/fields.ts';
import type { CommissionOrder, Keyset, UnlockRequest } from '../../protocol/unlock/v1/messages.ts';
import type { SignatureVerifier } from '../../protocol/unlock/v1/signer.ts';
import { keysetFields, orderFields, requestFields } from '../../protocol/unlock/v1/tables.ts';
import { verifyGrant } from '../../protocol/unlock/v1/verify-grant.ts';
import { verifyOrder } from '../../protocol/unlock/v1/verify-order.ts';
import {
  device,
  keyset,
  order,
  publicKeys,
  request,
  signedGrant,
  signedKeyset,
  signers,
} from '../unit/unlock/fixture.ts';

/**
 * What is proved here, and what is not. A million mutated grants go through the whole verifier with an ideal verifier
 * in place of the curve: it says yes to exactly the two triples (key, message, signature) that were really signed. So
 * the million runs prove that no other bytes stand for the same grant, that nothing is accepted without both of those
 * signatures, and that nothing throws. That the curve itself refuses is proved by the published vectors, and here on a
 * sample: everything that gets as far as a signature is given to the real verifier too, and the two must agree.
 */
const mutationCount = 1_000_000;
const realSampleMax = 1_500;
const seed = 0x5eed_0002;

type Random = (below: number) => number;

/** Xorshift: the same mutations in every run; the seed stands in the test's name. */
function randomFrom(start: number): Random {
  let state = start >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state % below;
  };
}

/** One to four small changes: bit, byte, cut, insert, swap, or a piece of another message. */
function mutate(original: Uint8Array, donors: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = original.slice();
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(bytes.length);
    const kind = random(8);
    if (kind <= 3) bytes[at]! ^= 1 << random(8);
    else if (kind === 4) bytes[at] = random(256);
    else if (kind === 5) bytes = bytes.slice(0, Math.max(1, at));
    else if (kind === 6) {
      bytes = Uint8Array.from([...bytes.subarray(0, at), random(256), ...bytes.subarray(at)]);
    } else {
      const donor = donors[random(donors.length)]!;
      const from = random(donor.length);
      const piece = donor.subarray(from, from + Math.min(1 + random(80), bytes.length - at));
      bytes.set(piece, at);
    }
  }
  return bytes;
}

/** Says yes to exactly the given signed triples. */
function idealVerifier(triples: readonly (readonly [Uint8Array, Uint8Array, Uint8Array])[]): SignatureVerifier {
  return (...asked) => triples.some((triple) => triple.every((part, i) => equalBytes(part, asked[i] as Uint8Array)));
}

const good = signedGrant();
const decodedGood = codec.decodeGrant(good);
if (!decodedGood.ok) throw new Error('fixture');
const { payload, signatures } = decodedGood.value;
const signedPart = signedBytes('grant', payload);
const ideal = idealVerifier([
  [publicKeys.issuer, signedPart, signatures[0]!.signature],
  [publicKeys.approver, signedPart, signatures[1]!.signature],
]);
/** Properly signed neighbours: pieces of them are the best material for a forger. */
const neighbours = [
  signedGrant({ lockEpoch: 42 }),
  signedGrant({ actions: 127, grantSequence: 99 }),
  codec.encodeGrant({ ...decodedGood.value.message, actions: 7 }, signers.secondIssuer, signers.secondApprover),
  codec.encodeRequest(request, signers.device),
  signedKeyset(),
];

describe('grant', () => {
  test(`${mutationCount} mutations (seed ${seed}): never accepted, never thrown`, () => {
    const random = randomFrom(seed);
    const reached: (readonly [Uint8Array, Uint8Array, Uint8Array])[] = [];
    let reachedCount = 0;
    const watching: SignatureVerifier = (...asked) => {
      reachedCount++;
      if (reached.length < realSampleMax && reachedCount % 7 === 0) reached.push(asked);
      return ideal(...asked);
    };
    let changedCount = 0;
    let acceptedCount = 0;
    for (let i = 0; i < mutationCount; i++) {
      const bytes = mutate(good, neighbours, random);
      if (equalBytes(bytes, good)) continue;
      changedCount++;
      if (verifyGrant(bytes, device, keyset, watching).ok) acceptedCount++;
    }
    expect(acceptedCount).toBe(0);
    expect(changedCount).toBeGreaterThan(mutationCount * 0.95);
    // The runs must reach the signatures often enough to mean something.
    expect(reachedCount).toBeGreaterThan(mutationCount / 100);
    expect(reached).toHaveLength(realSampleMax);
    for (const asked of reached) expect(verifyStrict(...asked)).toBe(ideal(...asked));
  });

  test('the ideal verifier does accept the grant itself, so the runs above could have failed', () => {
    expect(verifyGrant(good, device, keyset, ideal).ok).toBe(true);
    expect(verifyGrant(good, device, keyset).ok).toBe(true);
  });
});

const otherMessages = [
  {
    name: 'request',
    bytes: neighbours[3]!,
    decode: codec.decodeRequest,
    encode: (message: object) => encodePayload('request', requestFields, message as UnlockRequest),
  },
  {
    name: 'keyset',
    bytes: signedKeyset(),
    decode: codec.decodeKeyset,
    encode: (message: object) => encodePayload('keyset', keysetFields, message as Keyset),
  },
  {
    name: 'order',
    bytes: codec.encodeOrder(order, signers.issuer),
    decode: codec.decodeOrder,
    encode: (message: object) => encodePayload('order', orderFields, message as CommissionOrder),
  },
];

test.each(otherMessages)('$name: 50,000 mutations never throw, and what is read has one encoding', (row) => {
  const random = randomFrom(seed ^ row.bytes.length);
  let readCount = 0;
  let otherEncodingCount = 0;
  for (let i = 0; i < 50_000; i++) {
    const decoded = row.decode(mutate(row.bytes, neighbours, random));
    if (!decoded.ok) continue;
    readCount++;
    if (!equalBytes(row.encode(decoded.value.message), decoded.value.payload)) otherEncodingCount++;
  }
  expect(otherEncodingCount).toBe(0);
  expect(readCount).toBeGreaterThan(1000);
});

test('keyset and order: 50,000 mutations each are never accepted', () => {
  const random = randomFrom(seed ^ 1);
  const keysetBytes = signedKeyset({ sequence: 8 });
  const orderBytes = codec.encodeOrder(order, signers.issuer);
  const triple = (name: 'keyset' | 'order', bytes: Uint8Array, publicKey: Uint8Array) => {
    const decoded = name === 'keyset' ? codec.decodeKeyset(bytes) : codec.decodeOrder(bytes);
    if (!decoded.ok) throw new Error('fixture');
    return [publicKey, signedBytes(name, decoded.value.payload), decoded.value.signatures[0]!.signature] as const;
  };
  const only = idealVerifier([
    triple('keyset', keysetBytes, publicKeys.root),
    triple('order', orderBytes, publicKeys.issuer),
  ]);
  const blank = { ...device, state: 'BLANK' as const, lockEpoch: order.lockEpoch };
  expect(verifyKeyset(keysetBytes, [publicKeys.root], undefined, only).ok).toBe(true);
  expect(verifyOrder(orderBytes, blank, keyset, only).ok).toBe(true);
  let acceptedCount = 0;
  for (let i = 0; i < 50_000; i++) {
    const mutatedKeyset = mutate(keysetBytes, neighbours, random);
    const mutatedOrder = mutate(orderBytes, neighbours, random);
    const isNewKeyset = !equalBytes(mutatedKeyset, keysetBytes);
    if (isNewKeyset && verifyKeyset(mutatedKeyset, [publicKeys.root], undefined, only).ok) acceptedCount++;
    const isNewOrder = !equalBytes(mutatedOrder, orderBytes);
    if (isNewOrder && verifyOrder(mutatedOrder, blank, keyset, only).ok) acceptedCount++;
  }
  expect(acceptedCount).toBe(0);
});
