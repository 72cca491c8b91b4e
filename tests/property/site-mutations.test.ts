import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equalBytes } from '../../protocol/bytes.ts';
import { decodeDelegation } from '../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../protocol/unlock/v1/constants.ts';
import { keyIdOf, verifyStrict } from '../../protocol/unlock/v1/ed25519.ts';
import { signedBytes } from '../../protocol/unlock/v1/envelope.ts';
import type { SignatureVerifier } from '../../protocol/unlock/v1/signer.ts';
import {
  decodeResponse,
  decodeSiteBundle,
  encodeSiteBundle,
  responseSignedBytes,
} from '../../protocol/unlock/v1/site.ts';
import { verifySite } from '../../protocol/unlock/v1/verify-site.ts';
import { counting, keyset, signers } from '../unit/unlock/fixture.ts';
import {
  bundleOf,
  colleague,
  delegation,
  deviceIds,
  deviceOf,
  goodSetup,
  passerBy,
  type SiteSetup,
} from '../unit/unlock/site-fixture.ts';

/**
 * As in unlock-mutations.test.ts an ideal verifier stands in for the curve: it says yes to exactly the triples that
 * were really signed, those of the neighbours included, so that pieces of properly signed bundles are what the forger
 * has. A sample of what reaches a signature goes to the real verifier too, and both must agree.
 */
const runs = 120_000;
const realSampleMax = 300;

type Triple = readonly [publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array];

const good = bundleOf(goodSetup);
/** Properly signed, and each for another occasion. */
const neighbourSetups: readonly SiteSetup[] = [
  { ...goodSetup, response: { nonce: counting(16, 9) } },
  { ...goodSetup, response: { lockEpoch: 42, useIndex: 2 } },
  { ...goodSetup, response: { deviceId: deviceIds[2] }, second: colleague },
  { ...goodSetup, delegation: { ...delegation, sequence: 3392, actions: 127 }, response: { nonce: counting(16, 9) } },
  { ...goodSetup, delegation: { ...delegation, technicianKey: passerBy.publicKey }, response: { useIndex: 3 } },
  {
    ...goodSetup,
    issuers: [signers.secondIssuer, signers.secondApprover],
    delegation: { ...delegation, sequence: 3393, revocationEpoch: 99, usesPerDeviceMax: 3 },
    response: { lockEpoch: 40, actions: actionBits.clearSoft },
  },
];
const neighbours = neighbourSetups.map(bundleOf);

function triplesOf(bundle: Uint8Array): Triple[] {
  const parts = decodeSiteBundle(bundle);
  const signed = parts.ok ? decodeDelegation(parts.value.delegation) : parts;
  const response = parts.ok ? decodeResponse(parts.value.response) : parts;
  if (!signed.ok || !response.ok) throw new Error('fixture');
  const text = responseSignedBytes(response.value.payload);
  const tagged = signedBytes('delegation', signed.value.payload);
  const authority = signed.value.signatures.map(({ kid, signature }): Triple => {
    const key = keyset.keys.find(({ publicKey }) => kid !== undefined && equalBytes(keyIdOf(publicKey), kid));
    if (key === undefined) throw new Error('fixture: key');
    return [key.publicKey, tagged, signature];
  });
  const { technicianSignature, secondKey, secondSignature } = response.value;
  const { technicianKey } = signed.value.message;
  return [...authority, [technicianKey, text, technicianSignature], [secondKey, text, secondSignature]];
}

const allTriples = [good, ...neighbours].flatMap(triplesOf);
// One neighbour names another technician than the one who signs: that signature holds under nobody's key.
const triples = allTriples.filter((triple) => verifyStrict(...triple));
const ideal: SignatureVerifier = (...asked) =>
  triples.some((triple) => triple.every((part, i) => equalBytes(part, asked[i] as Uint8Array)));
const view = deviceOf(goodSetup);

type Edit =
  | { readonly do: 'flip'; readonly at: number; readonly bit: number }
  | { readonly do: 'set'; readonly at: number; readonly byte: number }
  | { readonly do: 'insert'; readonly at: number; readonly byte: number }
  | { readonly do: 'cut'; readonly at: number }
  | {
      readonly do: 'graft';
      readonly at: number;
      readonly donor: number;
      readonly from: number;
      readonly length: number;
    };

const place = fc.nat({ max: 719 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('flip' as const), at: place, bit: fc.nat({ max: 7 }) }) },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constant('set' as const), at: place, byte: fc.nat({ max: 255 }) }),
      fc.record({ do: fc.constant('insert' as const), at: place, byte: fc.nat({ max: 255 }) }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), at: place }) },
  {
    weight: 4,
    arbitrary: fc.tuple(place, fc.nat({ max: neighbours.length - 1 }), fc.integer({ min: 1, max: 200 })).map(
      // Grafted at its own place, a piece keeps the frame whole and gets as far as the signatures.
      ([at, donor, length]) => ({ do: 'graft' as const, at, donor, from: at, length }),
    ),
  },
);

function apply(bytes: Uint8Array, change: Edit): Uint8Array {
  const at = change.at % bytes.length;
  if (change.do === 'flip') return bytes.with(at, (bytes[at] ?? 0) ^ (1 << change.bit));
  if (change.do === 'set') return bytes.with(at, change.byte);
  if (change.do === 'cut') return bytes.slice(0, Math.max(1, at));
  if (change.do === 'insert') return Uint8Array.from([...bytes.subarray(0, at), change.byte, ...bytes.subarray(at)]);
  const piece = (neighbours[change.donor] ?? good).subarray(change.from, change.from + change.length);
  const grafted = bytes.slice();
  grafted.set(piece.subarray(0, bytes.length - at), at);
  return grafted;
}

test(`${runs} mutated bundles are never accepted and never throw`, { timeout: 120_000 }, () => {
  let reached = 0;
  const sample: Triple[] = [];
  const watching: SignatureVerifier = (...asked) => {
    reached += 1;
    if (reached % 50 === 0 && sample.length < realSampleMax) sample.push(asked);
    return ideal(...asked);
  };
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const bytes = edits.reduce(apply, good);
      return equalBytes(bytes, good) || !verifySite(bytes, view, keyset, watching).ok;
    }),
    { numRuns: runs, seed: 0x5eed_0003 },
  );
  // The runs must reach the signatures often enough to mean something.
  expect(reached).toBeGreaterThan(runs / 20);
  expect(sample).toHaveLength(realSampleMax);
  for (const asked of sample) expect(verifyStrict(...asked)).toBe(ideal(...asked));
});

test('the ideal verifier does accept the bundle itself, so the runs above could have failed', () => {
  expect(verifySite(good, view, keyset, ideal).ok).toBe(true);
  expect(verifySite(good, view, keyset).ok).toBe(true);
});

test('no half of one bundle goes with the half of another', () => {
  const whole = [good, ...neighbours].map((bytes) => {
    const parts = decodeSiteBundle(bytes);
    if (!parts.ok) throw new Error('fixture');
    return parts.value;
  });
  for (const [i, { delegation: first }] of whole.entries()) {
    for (const [j, { response }] of whole.entries()) {
      const mixed = verifySite(encodeSiteBundle({ delegation: first, response }), view, keyset, ideal);
      // Several of the neighbours are made under the good delegation itself: byte for byte the same half.
      const isSameHalf = equalBytes(first, whole[0]?.delegation ?? good);
      expect([i, j, mixed.ok]).toEqual([i, j, isSameHalf && j === 0]);
    }
  }
});
