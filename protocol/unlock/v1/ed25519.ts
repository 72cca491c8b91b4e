import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, hexDecode, hexEncode } from '../../bytes.ts';
import type { MessageName } from './constants.ts';
import { kidBytes, signatureBytes, signedBytes } from './envelope.ts';
import type { SignatureVerifier, SignedMessage, Signer } from './signer.ts';

const { Point } = ed25519;
const groupOrder = Point.Fn.ORDER;
const publicKeyBytes = 32;

/** Little-endian, as they stand in an encoding. */
function littleEndian(hex: string): Uint8Array {
  const bytes = hexDecode(hex);
  if (bytes === undefined) throw new RangeError('littleEndian.hex');
  return bytes.reverse();
}

const fieldPrime = littleEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed');
const groupOrderBytes = littleEndian('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');

/** The y of every point whose order divides 8; each with either sign of x. */
const smallOrderYs: readonly Uint8Array[] = [
  littleEndian('0000000000000000000000000000000000000000000000000000000000000000'),
  littleEndian('0000000000000000000000000000000000000000000000000000000000000001'),
  littleEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec'),
  littleEndian('05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826'),
  littleEndian('7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7'),
];

function isLess(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i--) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function isStrictPoint(encoding: Uint8Array): boolean {
  const y = Uint8Array.from(encoding);
  y[31] = (y[31] ?? 0) & 0x7f;
  return isLess(y, fieldPrime) && !smallOrderYs.some((small) => equalBytes(small, y));
}

/**
 * The part of the strict rules that needs no arithmetic on the curve (docs/unlock-protocol.md, section 2.3): sizes,
 * S below the group order, A and R canonical and not of small order. A server calls this first and then any
 * cofactorless verifier that compares R byte for byte (such as OpenSSL's); together they are `verifyStrict`.
 */
export function strictChecks(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false;
  return (
    isLess(signature.subarray(32), groupOrderBytes) &&
    isStrictPoint(publicKey) &&
    isStrictPoint(signature.subarray(0, 32))
  );
}

function numberOf(littleEndianBytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = littleEndianBytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(littleEndianBytes[i] ?? 0);
  return value;
}

type CurvePoint = InstanceType<typeof Point>;

/** −A, or `undefined` when the encoding is on no point of the curve. */
function decodeNegated(publicKey: Uint8Array): CurvePoint | undefined {
  try {
    return Point.fromBytes(publicKey, false).negate();
  } catch {
    return undefined;
  }
}

/** True when `publicKey` is a canonical point of the curve and not of small order: checked once, when a key is enrolled. */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === publicKeyBytes && isStrictPoint(publicKey) && decodeNegated(publicKey) !== undefined;
}

/** True when [S]B − [k]A, encoded, is R byte for byte. */
function isEquationMet(
  negatedA: CurvePoint,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const r = signature.subarray(0, 32);
  const s = numberOf(signature.subarray(32));
  const k = numberOf(sha512(concatBytes(r, publicKey, message))) % groupOrder;
  const expected = Point.BASE.multiplyUnsafe(s).add(negatedA.multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), r);
}

/**
 * Ed25519, strict and cofactorless: [S]B − [k]A is encoded and compared with R byte for byte. Narrower than RFC 8032
 * section 5.1.7, which leaves the cofactor open and says nothing of small orders. Never throws.
 */
export const verifyStrict: SignatureVerifier = (publicKey, message, signature) => {
  if (!strictChecks(publicKey, signature)) return false;
  const negatedA = decodeNegated(publicKey);
  return negatedA !== undefined && isEquationMet(negatedA, publicKey, message, signature);
};

/** Keys for which a prepared verifier keeps tables; more than a keyset has. About 0.25 MB each. */
const preparedKeysMax = 16;
const preparedWindowBits = 5;

/**
 * A `verifyStrict` with the same verdicts that keeps a table for each key it is given at the start or meets later, the
 * least used first to go: for a device, which knows its keyset long before a grant comes. Preparing a key costs a few
 * milliseconds; each check after that is some three times as fast.
 */
export function preparedVerifier(publicKeys: readonly Uint8Array[] = []): SignatureVerifier {
  const prepared = new Map<string, CurvePoint>();
  const prepare = (publicKey: Uint8Array): CurvePoint | undefined => {
    const name = hexEncode(publicKey);
    const point = prepared.get(name) ?? decodeNegated(publicKey)?.precompute(preparedWindowBits, false);
    if (point === undefined) return undefined;
    prepared.delete(name);
    prepared.set(name, point);
    const [oldest] = prepared.keys();
    if (prepared.size > preparedKeysMax && oldest !== undefined) prepared.delete(oldest);
    return point;
  };
  for (const publicKey of publicKeys) prepare(publicKey);
  return (publicKey, message, signature) => {
    if (!strictChecks(publicKey, signature)) return false;
    const negatedA = prepare(publicKey);
    return negatedA !== undefined && isEquationMet(negatedA, publicKey, message, signature);
  };
}

/** The key id of an Ed25519 or X25519 public key. */
export function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, kidBytes);
}

/** The Ed25519 public key of a 32-byte secret. */
export function signingPublicKey(secret: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(secret);
}

/** A signer that holds its 32-byte secret in memory: devices, tests, demo. */
export function softwareSigner(secret: Uint8Array): Signer {
  const kept = Uint8Array.from(secret);
  return { kid: keyIdOf(ed25519.getPublicKey(kept)), sign: (message) => ed25519.sign(message, kept) };
}

/** True when the message carries a device's signature and it holds under `identityKey`. */
export function isSignedByDevice<M>(
  name: MessageName,
  signed: SignedMessage<M>,
  identityKey: Uint8Array,
  verify: SignatureVerifier = verifyStrict,
): boolean {
  const [only] = signed.signatures;
  if (only === undefined || signed.signatures.length !== 1) return false;
  return verify(identityKey, signedBytes(name, signed.payload), only.signature);
}
