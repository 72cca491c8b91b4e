import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import { expect, test } from 'vitest';
import { preparedVerifier, strictChecks, verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { fromHex, readVectors } from '../unlock/read-vectors.ts';

interface Case {
  readonly id: number;
  readonly comment?: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid?: boolean;
}

const wycheproof = readVectors<{ cases: Case[] }>('ed25519/wycheproof.json').cases;
const speccheck = readVectors<{ cases: Case[] }>('ed25519/speccheck.json').cases;

/** SubjectPublicKeyInfo head of an Ed25519 key (RFC 8410, section 4). */
const spkiHead = fromHex('302a300506032b6570032100');

/** The server's way: strict checks, then OpenSSL. */
function verifyAsServer(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!strictChecks(publicKey, signature)) return false;
  return verifyByOpenSsl(publicKey, message, signature);
}

function verifyByOpenSsl(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([spkiHead, publicKey]), format: 'der', type: 'spki' });
  return nodeVerify(null, message, key, signature);
}

function bytesOf(row: Case): readonly [Uint8Array, Uint8Array, Uint8Array] {
  return [fromHex(row.publicKey), fromHex(row.message), fromHex(row.signature)];
}

test('the vector files are whole', () => {
  expect(wycheproof).toHaveLength(151);
  expect(wycheproof.filter((row) => row.valid)).toHaveLength(88);
  expect(speccheck).toHaveLength(12);
});

test.each(wycheproof)('Wycheproof $id $comment: both ends give the published verdict', (row) => {
  const bytes = bytesOf(row);
  expect([verifyStrict(...bytes), verifyAsServer(...bytes)]).toEqual([row.valid, row.valid]);
});

// Cases 0 to 2 have a small-order key or R, 3 is the ordinary one of mixed order that holds without the cofactor too,
// 4 and 5 hold only with the cofactor, 6 and 7 have S beyond the group order, 8 to 11 a small-order or non-canonical
// R or key. The strict rules leave one.
test.each(speccheck)('speccheck $id: both ends give the same strict verdict', (row) => {
  const bytes = bytesOf(row);
  const expected = row.id === 3;
  expect([verifyStrict(...bytes), verifyAsServer(...bytes)]).toEqual([expected, expected]);
});

// OpenSSL 3.0 alone takes 0, 1, 2, 3 and 11; later ones take fewer. The server's verdict must not hang on the version.
test('speccheck: OpenSSL alone is never stricter than the strict rules, whatever its version', () => {
  const accepted = speccheck.filter((row) => verifyByOpenSsl(...bytesOf(row))).map((row) => row.id);
  expect(accepted).toContain(3);
  expect([0, 1, 2, 3, 11]).toEqual(expect.arrayContaining(accepted));
});

test('the prepared verifier gives the same verdicts, also after its tables have been replaced', () => {
  const prepared = preparedVerifier();
  const rows = [...wycheproof, ...speccheck, ...wycheproof];
  expect(new Set(rows.map((row) => row.publicKey)).size).toBeGreaterThan(32);
  expect(rows.filter((row) => prepared(...bytesOf(row)) !== verifyStrict(...bytesOf(row)))).toEqual([]);
});

test('every one of the fourteen small-order encodings is refused as key and as R', () => {
  const ys = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map(fromHex);
  const encodings = ys.flatMap((y) => [y, y.map((byte, i) => (i === 31 ? byte | 0x80 : byte))]);
  const good = wycheproof.find((row) => row.valid) as Case;
  const [key, , signature] = bytesOf(good);
  expect(strictChecks(key, signature)).toBe(true);
  for (const encoding of encodings) {
    expect(strictChecks(encoding, signature)).toBe(false);
    expect(strictChecks(key, Uint8Array.from([...encoding, ...signature.subarray(32)]))).toBe(false);
  }
});

test('a key or signature of the wrong size is refused, not thrown', () => {
  const good = wycheproof.find((row) => row.valid) as Case;
  const [key, message, signature] = bytesOf(good);
  expect(verifyStrict(key, message, signature)).toBe(true);
  for (const size of [0, 1, 31, 33]) expect(verifyStrict(new Uint8Array(size), message, signature)).toBe(false);
  for (const size of [0, 32, 63, 65]) expect(verifyStrict(key, message, new Uint8Array(size))).toBe(false);
});
