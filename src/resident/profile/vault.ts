import { argon2idAsync } from '@noble/hashes/argon2.js';
import * as v from 'valibot';
import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import { base64UrlDecode, base64UrlEncode, utf8Decode, utf8Encode } from '../../../protocol/bytes.ts';
import { parseProfile } from './profile.ts';
import type { Profile } from './profile.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Argon2id (RFC 9106) as OWASP's least: 19 MiB, two passes, one lane. Measured with @noble/hashes: 0.3 s on a laptop, so
 * one to two seconds on a phone; 64 MiB doubles that and does not fit into the WebViews of old phones.
 */
export const pinCost = { m: 19_456, t: 2, p: 1 } as const;
/** Shortest and longest PIN, in characters. */
export const pinChars = { min: 6, max: 32 } as const;
/** Wrong PINs in a row until the profile is wiped; the page says so before the last ones. */
export const triesMax = 10;
/** From this many wrong PINs on, each further try waits: twice as long each time. */
const freeTries = 4;
const firstWaitMs = 30_000;

const saltBytes = 16;
const ivBytes = 12;
const keyBytes = 32;
/** Bound into the cipher, so that a record is only ever read as what it is. */
const purpose = utf8Encode('TK-RESIDENT/1');
/** Largest record that is read from a file or from storage, in characters. */
export const recordMaxChars = 1_500_000;

const base64url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]*$/));
const guardSchema = v.variant('kind', [
  v.object({
    kind: v.literal('passkey'),
    salt: base64url,
    credentialId: base64url,
    transports: v.array(v.string()),
    publicKey: base64url,
    algorithm: v.number(),
  }),
  v.object({
    kind: v.literal('pin'),
    salt: base64url,
    m: v.pipe(v.number(), v.integer(), v.minValue(8), v.maxValue(262_144)),
    t: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)),
    p: v.literal(1),
    /** Wrong PINs in a row, counted before each try is made. */
    tries: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** No try before this, epoch ms. */
    waitUntilMs: v.number(),
  }),
]);
/** What opens a record: a passkey's own secret, or a PIN. */
export type Guard = v.InferOutput<typeof guardSchema>;
const recordSchema = v.object({
  form: v.literal('tillkeeper-resident-1'),
  guard: guardSchema,
  iv: base64url,
  data: base64url,
});
/** A profile as it lies in the browser or in an exported file: encrypted, with what is needed to ask for the key. */
export type VaultRecord = v.InferOutput<typeof recordSchema>;

/** Where random bytes and the ciphers come from. */
export type VaultCrypto = Pick<Crypto, 'getRandomValues' | 'subtle'>;

/** An opened record: its content, and the key to write it again. */
export interface OpenVault {
  readonly profile: Profile;
  readonly key: CryptoKey;
  readonly guard: Guard;
}

/** Why a record does not open. `damaged`: it is not what was written, or the secret is another one's. */
export type OpenError = 'wrong' | 'wait' | 'wiped' | 'damaged';

function random(crypto: VaultCrypto, length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Reads a record from text; `undefined` when it is none, or too large. */
export function parseRecord(text: string | null): VaultRecord | undefined {
  if (text === null || text.length > recordMaxChars) return undefined;
  try {
    const parsed = v.safeParse(recordSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** A key from a passkey's secret (WebAuthn PRF) for this use alone. */
export async function keyOfSecret(crypto: VaultCrypto, secret: Bytes): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: purpose };
  return crypto.subtle.deriveKey(derivation, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

async function keyOfPin(crypto: VaultCrypto, pin: string, guard: Guard & { kind: 'pin' }): Promise<CryptoKey> {
  const { m, t, p } = guard;
  const salt = base64UrlDecode(guard.salt) ?? new Uint8Array(saltBytes);
  const raw = await argon2idAsync(utf8Encode(pin.normalize('NFKC')), salt, { m, t, p, dkLen: keyBytes });
  return crypto.subtle.importKey('raw', Uint8Array.from(raw), 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** A new guard by PIN, and its key. */
export async function newPinGuard(
  crypto: VaultCrypto,
  pin: string,
  cost: { readonly m: number; readonly t: number } = pinCost,
): Promise<Pick<OpenVault, 'guard' | 'key'>> {
  const salt = base64UrlEncode(random(crypto, saltBytes));
  const guard = { kind: 'pin', salt, m: cost.m, t: cost.t, p: 1, tries: 0, waitUntilMs: 0 } as const;
  return { guard, key: await keyOfPin(crypto, pin, guard) };
}

/** Encrypts `profile` into a record: AES-256-GCM with a new nonce each time. */
export async function seal(crypto: VaultCrypto, { profile, key, guard }: OpenVault): Promise<VaultRecord> {
  const iv = random(crypto, ivBytes);
  const algorithm = { name: 'AES-GCM', iv, additionalData: purpose };
  const data = await crypto.subtle.encrypt(algorithm, key, utf8Encode(JSON.stringify(profile)));
  const open: Guard = guard.kind === 'pin' ? { ...guard, tries: 0, waitUntilMs: 0 } : guard;
  return {
    form: 'tillkeeper-resident-1',
    guard: open,
    iv: base64UrlEncode(iv),
    data: base64UrlEncode(new Uint8Array(data)),
  };
}

/** Decrypts a record with its key. */
export async function openWith(
  crypto: VaultCrypto,
  record: VaultRecord,
  key: CryptoKey,
): Promise<Result<OpenVault, 'damaged'>> {
  const [iv, data] = [base64UrlDecode(record.iv), base64UrlDecode(record.data)];
  if (iv === undefined || data === undefined) return err('damaged');
  try {
    const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: purpose }, key, data);
    const profile = parseProfile(utf8Decode(new Uint8Array(plain)) ?? '');
    return profile === undefined ? err('damaged') : ok({ profile, key, guard: record.guard });
  } catch {
    return err('damaged');
  }
}

/** The guard after one more wrong PIN. */
function counted(guard: Guard & { kind: 'pin' }, nowMs: number): Guard {
  const tries = guard.tries + 1;
  const doublings = tries - freeTries;
  return { ...guard, tries, waitUntilMs: doublings < 0 ? 0 : nowMs + firstWaitMs * 2 ** doublings };
}

/**
 * Tries a PIN. The try is counted and kept (`keep`) before it is made, so that closing the page in the middle gives
 * nobody another one. The last wrong try wipes the record (`keep(undefined)`). This limits who holds the phone; whoever
 * copies its storage is only slowed down by Argon2id, which is why the page asks for a passkey first.
 */
export async function openByPin(
  crypto: VaultCrypto,
  record: VaultRecord,
  pin: string,
  nowMs: number,
  keep: (record: VaultRecord | undefined) => void,
): Promise<Result<OpenVault, OpenError>> {
  const { guard } = record;
  if (guard.kind !== 'pin') return err('damaged');
  if (nowMs < guard.waitUntilMs) return err('wait');
  const counting = { ...record, guard: counted(guard, nowMs) };
  keep(counting);
  const opened = await openWith(crypto, record, await keyOfPin(crypto, pin, guard));
  if (opened.ok) {
    const fresh: Guard = { ...guard, tries: 0, waitUntilMs: 0 };
    keep({ ...record, guard: fresh });
    return ok({ ...opened.value, guard: fresh });
  }
  if (guard.tries + 1 < triesMax) return err('wrong');
  keep(undefined);
  return err('wiped');
}
