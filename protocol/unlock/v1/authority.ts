import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { equalBytes } from '../../bytes.ts';
import { decodeKeyset } from './codec.ts';
import type { KeyClass, MessageName } from './constants.ts';
import { isStrictPublicKey, keyIdOf, verifyStrict } from './ed25519.ts';
import { signedBytes } from './envelope.ts';
import { softwareAgreementKey } from './hpke.ts';
import { unlockLimits } from './limits.ts';
import type { Keyset, KeysetKey } from './messages.ts';
import type { RefusalCode } from './refusals.ts';
import type { SignatureVerifier, SignedMessage } from './signer.ts';

/** What a device knows of the time. */
export interface DeviceClock {
  /** False after the clock's cell died: then only the floor counts. */
  readonly trusted: boolean;
  /** Unix seconds. */
  readonly nowSeconds: number;
  /** The latest time that anything signed has proved: firmware build, notBefore of accepted messages. */
  readonly floorSeconds: number;
}

/** The earliest that it can be, in Unix seconds. */
export function earliestNow(clock: DeviceClock): number {
  return clock.trusted ? Math.max(clock.nowSeconds, clock.floorSeconds) : clock.floorSeconds;
}

/** True when `notAfterSeconds` has certainly passed; a trusted clock is given clockSkewSeconds, the floor nothing. */
export function isPast(notAfterSeconds: number, clock: DeviceClock): boolean {
  if (notAfterSeconds < clock.floorSeconds) return true;
  return clock.trusted && clock.nowSeconds > notAfterSeconds + unlockLimits.clockSkewSeconds;
}

function findKey(keyset: Keyset, kid: Uint8Array | undefined): KeysetKey | undefined {
  return kid === undefined ? undefined : keyset.keys.find((key) => equalBytes(keyIdOf(key.publicKey), kid));
}

/**
 * Checks that each signature is by a key of the keyset, of the class that its place demands, in force, all different,
 * and holds (docs/unlock-protocol.md, section 6.1, steps 7 to 10). Curve arithmetic comes last.
 */
export function checkAuthority<M>(
  name: MessageName,
  signed: SignedMessage<M>,
  classes: readonly KeyClass[],
  keyset: Keyset,
  clock: DeviceClock,
  verify: SignatureVerifier = verifyStrict,
): Result<readonly KeysetKey[], RefusalCode> {
  const keys: KeysetKey[] = [];
  for (const { kid } of signed.signatures) {
    const key = findKey(keyset, kid);
    if (key === undefined) return err('unknown-key');
    if (keys.includes(key)) return err('same-signer');
    keys.push(key);
  }
  if (keys.length !== classes.length || keys.some((key, i) => key.keyClass !== classes[i])) return err('wrong-class');
  if (keys.some((key) => key.notAfterSeconds !== 0 && key.notAfterSeconds < earliestNow(clock))) {
    return err('key-expired');
  }
  const bytes = signedBytes(name, signed.payload);
  const doAllHold = signed.signatures.every(({ signature }, i) => {
    const key = keys[i];
    return key !== undefined && verify(key.publicKey, bytes, signature);
  });
  return doAllHold ? ok(keys) : err('bad-signature');
}

/** A keyset that the device may store. */
export interface AcceptedKeyset {
  readonly keyset: Keyset;
  /** SHA-256 of the message; stored beside it to know a repeat. */
  readonly hash: Uint8Array;
  /** True when it is the one that is stored already; nothing is to be written. */
  readonly isRepeat: boolean;
}

/** The keyset that a device holds already. */
export interface StoredKeyset {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** Keys are looked at when they come, so that no later step meets one that cannot work. */
function hasUsableKeys(keyset: Keyset): boolean {
  // With any scalar at all, a transport key of small order agrees on nothing.
  const probe = softwareAgreementKey(new Uint8Array(32).fill(1));
  return keyset.keys.every((key) => isStrictPublicKey(key.publicKey)) && probe.agree(keyset.transportKey) !== undefined;
}

function hasDistinctKids(keyset: Keyset): boolean {
  const kids = keyset.keys.map((key) => keyIdOf(key.publicKey));
  return kids.every((kid, i) => !kids.slice(0, i).some((other) => equalBytes(other, kid)));
}

/**
 * Decides on a KEYSET (section 6.3): signed by one of the root keys in ROM, and never older than the stored one.
 * An equal sequence is accepted only byte for byte.
 */
export function verifyKeyset(
  bytes: Uint8Array,
  rootKeys: readonly Uint8Array[],
  stored: StoredKeyset | undefined,
  verify: SignatureVerifier = verifyStrict,
): Result<AcceptedKeyset, RefusalCode> {
  const decoded = decodeKeyset(bytes);
  if (!decoded.ok) return decoded;
  const { message: keyset, payload, signatures } = decoded.value;
  const [signature] = signatures;
  const root = rootKeys.find((key) => signature?.kid !== undefined && equalBytes(keyIdOf(key), signature.kid));
  if (root === undefined || signature === undefined) return err('unknown-key');
  if (!verify(root, signedBytes('keyset', payload), signature.signature)) return err('bad-signature');
  if (!hasDistinctKids(keyset) || !hasUsableKeys(keyset)) return err('malformed', 'keys');
  const hash = sha256(bytes);
  if (stored === undefined || keyset.sequence > stored.sequence) return ok({ keyset, hash, isRepeat: false });
  return equalBytes(hash, stored.hash) ? ok({ keyset, hash, isRepeat: true }) : err('stale-sequence');
}
