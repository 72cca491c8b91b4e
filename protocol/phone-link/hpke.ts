import { concatBytes, u16Be, utf8Encode } from '../bytes.ts';
import { expand, extract, hashBytes } from './hkdf.ts';
import type { Bytes, KeyHandle, KeyHandlePair, Subtle } from './web-crypto.ts';

/**
 * HPKE (RFC 9180) with DHKEM(P-256, HKDF-SHA256) / HKDF-SHA256 / AES-128-GCM, modes base and PSK, over Web Crypto. This
 * suite because every WebView with Web Crypto has it, which X25519 and ChaCha20-Poly1305 are not. Deviation from RFC
 * 9180, section 7.1.3: the ephemeral key is made by the engine instead of being derived with DeriveKeyPair.
 */

const kemId = 0x0010;
const kdfId = 0x0001;
const aeadId = 0x0001;
const keyBytes = 16;
const nonceBytes = 12;
const sequenceMax = 2 ** 32 - 1;
/** Bytes of an uncompressed P-256 public key, which is also the encapsulated key. */
export const encapsulatedBytes = 65;
/** What AES-GCM adds to every text. */
export const sealTagBytes = 16;
/** Shortest pre-shared key (RFC 9180, section 9.5). */
const pskMinBytes = 32;

const version = utf8Encode('HPKE-v1');
const kemSuite = concatBytes(utf8Encode('KEM'), u16Be(kemId));
const hpkeSuite = concatBytes(utf8Encode('HPKE'), u16Be(kemId), u16Be(kdfId), u16Be(aeadId));
const empty: Bytes = new Uint8Array(0);
const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const;

/** A secret that both sides know beforehand, and its public name. With it the mode is PSK, without it base. */
export interface PreSharedKey {
  /** At least 32 bytes. */
  readonly key: Bytes;
  readonly id: Bytes;
}

/** The receiver's key pair; `publicBytes`: 65 bytes, uncompressed. */
export interface ReceiverKey {
  readonly privateKey: KeyHandle;
  readonly publicBytes: Bytes;
}

/** What both sides hold after the set-up. The caller counts the sequence. */
export interface HpkeContext {
  readonly key: KeyHandle;
  readonly baseNonce: Bytes;
  readonly exporterSecret: Bytes;
}

/** A new P-256 key pair whose private half stays in the engine. */
export async function makeReceiverKey(subtle: Subtle): Promise<ReceiverKey> {
  const pair = await subtle.generateKey(ecdh, false, ['deriveBits']);
  return { privateKey: pair.privateKey, publicBytes: new Uint8Array(await subtle.exportKey('raw', pair.publicKey)) };
}

function labeledExtract(subtle: Subtle, suite: Bytes, salt: Bytes, label: string, secret: Bytes): Promise<Bytes> {
  return extract(subtle, salt, concatBytes(version, suite, utf8Encode(label), secret));
}

function labeledExpand(
  subtle: Subtle,
  suite: Bytes,
  prk: Bytes,
  label: string,
  info: Bytes,
  length: number,
): Promise<Bytes> {
  return expand(subtle, prk, concatBytes(u16Be(length), version, suite, utf8Encode(label), info), length);
}

/** The agreed secret (section 4.1). `undefined` when `peer` is no point of the curve. */
async function agree(
  subtle: Subtle,
  own: KeyHandle,
  peer: Bytes,
  encapsulated: Bytes,
  receiver: Bytes,
): Promise<Bytes | undefined> {
  // Some engines look at the point when it comes in, some when it is used.
  const shared = await subtle
    .importKey('raw', peer, ecdh, true, [])
    .then((publicKey) => subtle.deriveBits({ name: 'ECDH', public: publicKey }, own, 8 * hashBytes))
    .catch(() => undefined);
  if (shared === undefined) return undefined;
  const prk = await labeledExtract(subtle, kemSuite, empty, 'eae_prk', new Uint8Array(shared));
  return labeledExpand(subtle, kemSuite, prk, 'shared_secret', concatBytes(encapsulated, receiver), hashBytes);
}

/** The key schedule (section 5.1). */
async function keySchedule(subtle: Subtle, shared: Bytes, info: Bytes, psk?: PreSharedKey): Promise<HpkeContext> {
  if (psk !== undefined && psk.key.length < pskMinBytes) throw new RangeError('keySchedule.psk');
  // Engines work on threads of their own; what does not depend on each other goes at once.
  const [pskIdHash, infoHash, secret] = await Promise.all([
    labeledExtract(subtle, hpkeSuite, empty, 'psk_id_hash', psk?.id ?? empty),
    labeledExtract(subtle, hpkeSuite, empty, 'info_hash', info),
    labeledExtract(subtle, hpkeSuite, shared, 'secret', psk?.key ?? empty),
  ]);
  const context = concatBytes(Uint8Array.of(psk === undefined ? 0 : 1), pskIdHash, infoHash);
  const part = (label: string, length: number): Promise<Bytes> =>
    labeledExpand(subtle, hpkeSuite, secret, label, context, length);
  const [key, baseNonce, exporterSecret] = await Promise.all([
    part('key', keyBytes).then((bytes) => importAesKey(subtle, bytes)),
    part('base_nonce', nonceBytes),
    part('exp', hashBytes),
  ]);
  return { key, baseNonce, exporterSecret };
}

/** A key for AES-GCM that cannot be taken out again. */
export function importAesKey(subtle: Subtle, bytes: Bytes): Promise<KeyHandle> {
  return subtle.importKey('raw', bytes, { name: 'AES-GCM' }, false, ['encrypt', 'decrypt']);
}

/**
 * Sender's set-up to the receiver's public key. `ephemeral` is fresh for every message; it is made when absent.
 * @returns `undefined` when the receiver's key is no point of the curve.
 */
export async function setupSender(
  subtle: Subtle,
  receiver: Bytes,
  info: Bytes,
  psk?: PreSharedKey,
  ephemeral?: KeyHandlePair,
): Promise<{ readonly encapsulated: Bytes; readonly context: HpkeContext } | undefined> {
  const own = ephemeral ?? (await subtle.generateKey(ecdh, false, ['deriveBits']));
  const encapsulated = new Uint8Array(await subtle.exportKey('raw', own.publicKey));
  const shared = await agree(subtle, own.privateKey, receiver, encapsulated, receiver);
  return shared === undefined ? undefined : { encapsulated, context: await keySchedule(subtle, shared, info, psk) };
}

/**
 * Receiver's set-up.
 * @returns `undefined` when the encapsulated key is no point of the curve.
 */
export async function setupReceiver(
  subtle: Subtle,
  encapsulated: Bytes,
  receiver: ReceiverKey,
  info: Bytes,
  psk?: PreSharedKey,
): Promise<HpkeContext | undefined> {
  if (encapsulated.length !== encapsulatedBytes) return undefined;
  const shared = await agree(subtle, receiver.privateKey, encapsulated, encapsulated, receiver.publicBytes);
  return shared === undefined ? undefined : keySchedule(subtle, shared, info, psk);
}

function nonceAt(context: HpkeContext, sequence: number): Bytes {
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > sequenceMax) throw new RangeError('hpke.sequence');
  const nonce = context.baseNonce.slice();
  for (let i = 0; i < 4; i++) {
    const at = nonceBytes - 1 - i;
    nonce[at] = (nonce[at] ?? 0) ^ ((sequence >>> (8 * i)) & 0xff);
  }
  return nonce;
}

/** Seals text number `sequence` of a context; a number must never be used twice. */
export async function hpkeSeal(
  subtle: Subtle,
  context: HpkeContext,
  sequence: number,
  aad: Bytes,
  plain: Bytes,
): Promise<Bytes> {
  const iv = nonceAt(context, sequence);
  return new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad }, context.key, plain));
}

/** Opens text number `sequence`; `undefined` when it is not authentic. */
export async function hpkeOpen(
  subtle: Subtle,
  context: HpkeContext,
  sequence: number,
  aad: Bytes,
  sealed: Bytes,
): Promise<Bytes | undefined> {
  if (sealed.length < sealTagBytes) return undefined;
  const iv = nonceAt(context, sequence);
  const plain = await subtle
    .decrypt({ name: 'AES-GCM', iv, additionalData: aad }, context.key, sealed)
    .catch(() => undefined);
  return plain === undefined ? undefined : new Uint8Array(plain);
}

/** A secret that both sides derive from the context (section 5.3). */
export function hpkeExport(subtle: Subtle, context: HpkeContext, label: Bytes, length: number): Promise<Bytes> {
  return labeledExpand(subtle, hpkeSuite, context.exporterSecret, 'sec', label, length);
}
