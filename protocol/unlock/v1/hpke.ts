import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, u16Be, utf8Encode } from '../../bytes.ts';

/**
 * HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256) / HKDF-SHA256 / ChaCha20-Poly1305, without the other suites
 * and modes. Randomness comes in as the ephemeral secret. Deviation from RFC 9180, section 7.1.3: the ephemeral
 * secret is used as it is instead of being derived with DeriveKeyPair; both are 32 uniform bytes.
 */

const kemId = 0x0020;
const kdfId = 0x0001;
const aeadId = 0x0003;
const modeBase = 0x00;
const secretBytes = 32;
const keyBytes = 32;
const nonceBytes = 12;
/** Bytes of an X25519 public key, which is also the encapsulated key. */
export const encapsulatedBytes = 32;
/** What the cipher adds to every text. */
export const sealTagBytes = 16;

const kemSuite = concatBytes(utf8Encode('KEM'), u16Be(kemId));
const hpkeSuite = concatBytes(utf8Encode('HPKE'), u16Be(kemId), u16Be(kdfId), u16Be(aeadId));
const empty = new Uint8Array(0);

/** An X25519 key that can agree on a secret: software or HSM. */
export interface AgreementKey {
  readonly publicKey: Uint8Array;
  /** The shared secret with `peer`, or `undefined` when it is all zeros (RFC 7748, section 6.1). */
  agree(peer: Uint8Array): Uint8Array | undefined;
}

/** What both sides hold after the set-up. Pure data; the caller counts the sequence. */
export interface HpkeContext {
  readonly key: Uint8Array;
  readonly baseNonce: Uint8Array;
  readonly exporterSecret: Uint8Array;
}

/** An agreement key that holds its 32-byte secret in memory. */
export function softwareAgreementKey(secret: Uint8Array): AgreementKey {
  const kept = Uint8Array.from(secret);
  return {
    publicKey: x25519.getPublicKey(kept),
    agree: (peer) => {
      try {
        return x25519.getSharedSecret(kept, peer);
      } catch {
        return undefined;
      }
    },
  };
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(sha256, concatBytes(utf8Encode('HPKE-v1'), suite, utf8Encode(label), ikm), salt);
}

function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return expand(sha256, prk, concatBytes(u16Be(length), utf8Encode('HPKE-v1'), suite, utf8Encode(label), info), length);
}

function kemSecret(shared: Uint8Array, encapsulated: Uint8Array, recipient: Uint8Array): Uint8Array {
  const prk = labeledExtract(kemSuite, empty, 'eae_prk', shared);
  return labeledExpand(kemSuite, prk, 'shared_secret', concatBytes(encapsulated, recipient), secretBytes);
}

function keySchedule(sharedSecret: Uint8Array, info: Uint8Array): HpkeContext {
  const pskIdHash = labeledExtract(hpkeSuite, empty, 'psk_id_hash', empty);
  const infoHash = labeledExtract(hpkeSuite, empty, 'info_hash', info);
  const context = concatBytes(Uint8Array.of(modeBase), pskIdHash, infoHash);
  const secret = labeledExtract(hpkeSuite, sharedSecret, 'secret', empty);
  return {
    key: labeledExpand(hpkeSuite, secret, 'key', context, keyBytes),
    baseNonce: labeledExpand(hpkeSuite, secret, 'base_nonce', context, nonceBytes),
    exporterSecret: labeledExpand(hpkeSuite, secret, 'exp', context, secretBytes),
  };
}

/**
 * Sender's set-up. `ephemeral` must be fresh for every message.
 * @returns `undefined` when the recipient's key is of small order.
 */
export function setupSender(
  recipientPublicKey: Uint8Array,
  info: Uint8Array,
  ephemeral: AgreementKey,
): { readonly encapsulated: Uint8Array; readonly context: HpkeContext } | undefined {
  const shared = ephemeral.agree(recipientPublicKey);
  if (shared === undefined) return undefined;
  const encapsulated = ephemeral.publicKey;
  return { encapsulated, context: keySchedule(kemSecret(shared, encapsulated, recipientPublicKey), info) };
}

/**
 * Receiver's set-up.
 * @returns `undefined` when the encapsulated key is of small order or of the wrong size.
 */
export function setupReceiver(
  encapsulated: Uint8Array,
  recipient: AgreementKey,
  info: Uint8Array,
): HpkeContext | undefined {
  if (encapsulated.length !== encapsulatedBytes) return undefined;
  const shared = recipient.agree(encapsulated);
  return shared === undefined ? undefined : keySchedule(kemSecret(shared, encapsulated, recipient.publicKey), info);
}

function nonceAt(context: HpkeContext, sequence: number): Uint8Array {
  const nonce = Uint8Array.from(context.baseNonce);
  for (let i = nonceBytes - 1, rest = sequence; rest > 0; i--, rest = Math.floor(rest / 256)) {
    nonce[i] = (nonce[i] ?? 0) ^ (rest % 256);
  }
  return nonce;
}

/** Seals the text number `sequence` of a context; a number must never be used twice. */
export function hpkeSeal(context: HpkeContext, sequence: number, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  return chacha20poly1305(context.key, nonceAt(context, sequence), aad).encrypt(plain);
}

/** Opens the text number `sequence`; `undefined` when it is not authentic. */
export function hpkeOpen(
  context: HpkeContext,
  sequence: number,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  return openAead(context.key, nonceAt(context, sequence), aad, sealed);
}

/** ChaCha20-Poly1305 opening that answers `undefined` instead of throwing. */
export function openAead(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < sealTagBytes) return undefined;
  try {
    return chacha20poly1305(key, nonce, aad).decrypt(sealed);
  } catch {
    return undefined;
  }
}

/** A secret that both sides derive from the context (RFC 9180, section 5.3). */
export function hpkeExport(context: HpkeContext, exporterContext: Uint8Array, length: number): Uint8Array {
  return labeledExpand(hpkeSuite, context.exporterSecret, 'sec', exporterContext, length);
}
