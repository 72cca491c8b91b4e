import { sha256 } from '@noble/hashes/sha2.js';
import { base64UrlEncode, concatBytes, equalBytes, utf8Decode, utf8Encode } from '../../protocol/bytes.ts';
import type { GuardPasskey } from './record.ts';

/** A passkey's answer: the three parts of an AuthenticatorAssertionResponse. */
export interface PasskeyAnswer {
  readonly clientData: Uint8Array<ArrayBuffer>;
  readonly authenticatorData: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** What an answer must say. */
export interface ExpectedAnswer {
  readonly challenge: Uint8Array;
  readonly origin: string;
  readonly host: string;
}

/** Why an answer does not count; only tests and the log tell them apart. */
export type GateRefusal =
  'unreadable' | 'wrong-type' | 'wrong-challenge' | 'wrong-origin' | 'wrong-host' | 'not-verified' | 'bad-signature';

const hostHashBytes = 32;
const flagsAt = 32;
const authenticatorDataLeast = 37;
const userPresent = 1;
const userVerified = 4;

/** COSE algorithm → how Web Crypto imports and checks it. ECDSA comes as DER and is taken apart first. */
const algorithms: Readonly<Record<number, { readonly key: object; readonly check: object; readonly isDer?: true }>> = {
  [-7]: { key: { name: 'ECDSA', namedCurve: 'P-256' }, check: { name: 'ECDSA', hash: 'SHA-256' }, isDer: true },
  [-257]: { key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, check: { name: 'RSASSA-PKCS1-v1_5' } },
  [-8]: { key: { name: 'Ed25519' }, check: { name: 'Ed25519' } },
};

/** The algorithms that `checkAnswer` knows, the most common first. */
export const gateAlgorithms: readonly number[] = [-7, -257, -8];

/** One INTEGER of a DER signature as 32 bytes, and where the next begins; `undefined` when it is none. */
function readInteger(der: Uint8Array, at: number): { readonly value: Uint8Array; readonly next: number } | undefined {
  const length = der[at + 1] ?? 0;
  const bytes = der.subarray(at + 2, at + 2 + length);
  if (der[at] !== 2 || length === 0 || length > 33 || bytes.length !== length) return undefined;
  const digits = bytes[0] === 0 ? bytes.subarray(1) : bytes;
  if (digits.length > 32) return undefined;
  return { value: concatBytes(new Uint8Array(32 - digits.length), digits), next: at + 2 + length };
}

/** An ECDSA P-256 signature in DER (SEQUENCE of r and s) as the 64 bytes that Web Crypto takes. */
export function rawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2);
  const s = r && readInteger(der, r.next);
  return r && s?.next === der.length ? concatBytes(r.value, s.value) : undefined;
}

function problemOfClientData(bytes: Uint8Array, expected: ExpectedAnswer): GateRefusal | undefined {
  let said: unknown;
  try {
    said = JSON.parse(utf8Decode(bytes) ?? '');
  } catch {
    return 'unreadable';
  }
  if (typeof said !== 'object' || said === null) return 'unreadable';
  const { type, challenge, origin, crossOrigin } = said as Record<string, unknown>;
  if (type !== 'webauthn.get') return 'wrong-type';
  if (challenge !== base64UrlEncode(expected.challenge)) return 'wrong-challenge';
  return origin === expected.origin && crossOrigin !== true ? undefined : 'wrong-origin';
}

function problemOfAuthenticatorData(bytes: Uint8Array, { host }: ExpectedAnswer): GateRefusal | undefined {
  if (bytes.length < authenticatorDataLeast) return 'unreadable';
  if (!equalBytes(bytes.subarray(0, hostHashBytes), sha256(utf8Encode(host)))) return 'wrong-host';
  const flags = bytes[flagsAt] ?? 0;
  return (flags & userPresent) !== 0 && (flags & userVerified) !== 0 ? undefined : 'not-verified';
}

/**
 * Checks a passkey's answer on this device, as a server would (WebAuthn Level 3, section 7.2, steps 11 to 23): type,
 * challenge, origin, host, presence and verification of the person, and the signature. Gives what is wrong, or
 * `undefined` when it counts. `subtle` is Web Crypto's.
 */
export async function checkAnswer(
  answer: PasskeyAnswer,
  expected: ExpectedAnswer,
  passkey: Pick<GuardPasskey, 'publicKey' | 'algorithm'>,
  subtle: SubtleCrypto,
): Promise<GateRefusal | undefined> {
  const problem =
    problemOfClientData(answer.clientData, expected) ?? problemOfAuthenticatorData(answer.authenticatorData, expected);
  if (problem !== undefined) return problem;
  const how = algorithms[passkey.algorithm];
  const signature = how?.isDer ? rawSignature(answer.signature) : answer.signature;
  if (how === undefined || signature === undefined) return 'bad-signature';
  const signed = concatBytes(answer.authenticatorData, sha256(answer.clientData));
  try {
    const key = await subtle.importKey('spki', passkey.publicKey, how.key as AlgorithmIdentifier, false, ['verify']);
    return (await subtle.verify(how.check as AlgorithmIdentifier, key, signature, signed))
      ? undefined
      : 'bad-signature';
  } catch {
    return 'bad-signature';
  }
}
