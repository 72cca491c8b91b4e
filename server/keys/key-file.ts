import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { publicKeyOf } from './node-keys.ts';
import { p256PublicKey, p256Secret } from './p256.ts';

/**
 * What a key of the key file is for. `document` signs what residents are shown and keep (ECDSA P-256), household numbers
 * are sealed to `lookup` (ECDH P-256); the others are Ed25519, `transport` X25519.
 */
export const keyKinds = [
  'root',
  'issuer',
  'policy-approver',
  'office-approver',
  'transport',
  'log',
  'document',
  'lookup',
] as const;
/** What a key of the key file is for. */
export type KeyKind = (typeof keyKinds)[number];

/** Kinds that files from before them lack, and the words from which such a file's own key follows. */
const derivedKinds = ['log', 'document', 'lookup'] as const;
const derivedWords = {
  log: 'Tillkeeper log key 1',
  document: 'Tillkeeper document key 1',
  lookup: 'Tillkeeper lookup key 1',
} as const;
/** Kinds on P-256. */
const p256Kinds: readonly KeyKind[] = ['document', 'lookup'];
/** Kinds that the keyset of devices does not list. */
const unlistedKinds: readonly KeyKind[] = ['root', 'transport', 'log', 'document', 'lookup'];

const keyEntrySchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
  kind: v.picklist(keyKinds),
  secret: v.pipe(v.string(), v.length(43)),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  /** Unix seconds; 0: no end. */
  notAfterSeconds: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** `retiring`: no longer used, still accepted until notAfter. */
  state: v.picklist(['active', 'retiring']),
});
const keyFileSchema = v.strictObject({
  version: v.literal(1),
  /** Encrypts payment keys, approver keys and response secrets at rest (AES-256-GCM), base64url. */
  keyEncryptionKey: v.pipe(v.string(), v.length(43)),
  /** Signs session cookies. */
  signInSecret: v.pipe(v.string(), v.minLength(43)),
  keys: v.pipe(v.array(keyEntrySchema), v.minLength(keyKinds.length - derivedKinds.length), v.maxLength(64)),
});
/** The server's secrets. Whoever holds this file can issue grants: keep it like a vault key. */
export type KeyFile = v.InferOutput<typeof keyFileSchema>;
/** One key of the key file. */
export type KeyEntry = v.InferOutput<typeof keyEntrySchema>;

/** Signing keys at one time, so that the keyset keeps room for the approvers' own. */
const signingKeysMax = 6;
const daySeconds = 86_400;
/** How long an issuer key may sign. */
const issuerLifeSeconds = 400 * daySeconds;
/** How long a replaced key is still accepted. */
const retiringSeconds = 30 * daySeconds;

/** Reads a key file's text. Throws, naming the field, when it is not one. */
export function parseKeyFile(text: string): KeyFile {
  const parsed = v.safeParse(keyFileSchema, JSON.parse(text));
  if (parsed.success) return withDerivedKeys(parsed.output);
  const [issue] = parsed.issues;
  throw new Error(`key file: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
}

/**
 * The file with a key of every kind. One from before a kind existed gets a key that follows from its own secrets, so
 * that every process that reads it comes to the same.
 */
function withDerivedKeys(file: KeyFile): KeyFile {
  const missing = derivedKinds.filter((kind) => !file.keys.some((key) => key.kind === kind));
  if (missing.length === 0) return file;
  const seed = Buffer.from(file.keyEncryptionKey, 'base64url');
  const oldest = file.keys.map((key) => key.createdAt).sort()[0] ?? new Date(0).toISOString();
  const derived = missing.map((kind) => {
    if (!p256Kinds.includes(kind))
      return keyOf(kind, createHmac('sha256', seed).update(derivedWords[kind]).digest(), oldest);
    return keyOf(kind, p256Secret(new Uint8Array(hkdfSync('sha256', seed, '', derivedWords[kind], 48))), oldest);
  });
  return { ...file, keys: [...file.keys, ...derived] };
}

/**
 * The key file at `path`, made when there is none. Throws when it may be read by others than its owner.
 * @param nowMs Unix milliseconds, for the dates of new keys.
 */
export function readOrMakeKeyFile(path: string, nowMs: number): KeyFile {
  if (!existsSync(path)) writeKeyFile(path, makeKeyFile(nowMs));
  const mode = statSync(path).mode & 0o077;
  if (mode !== 0 && process.platform !== 'win32')
    throw new Error(`${path}: must be readable by its owner only (chmod 600)`);
  return parseKeyFile(readFileSync(path, 'utf8'));
}

/** Writes a key file so that a power cut leaves the old one or the new one, mode 0600. */
export function writeKeyFile(path: string, file: KeyFile): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomBytes(4).toString('hex')}`;
  const handle = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(file, undefined, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(unfinished, path);
}

/** A new set of secrets. */
export function makeKeyFile(nowMs: number): KeyFile {
  return {
    version: 1,
    keyEncryptionKey: randomBytes(32).toString('base64url'),
    signInSecret: randomBytes(48).toString('base64url'),
    keys: keyKinds.map((kind) => makeKey(kind, nowMs)),
  };
}

/**
 * A key file with a fresh key of `kind`; the one before is accepted for 30 days more. The root cannot be rotated
 * here. Throws when too many replaced keys are still accepted.
 */
export function rotateKey(file: KeyFile, kind: Exclude<KeyKind, 'root'>, nowMs: number): KeyFile {
  const nowSeconds = Math.floor(nowMs / 1000);
  // What a key of the log or of documents signed must stay verifiable.
  const isKept = (key: KeyEntry): boolean =>
    key.state === 'active' || key.kind === 'log' || key.kind === 'document' || key.notAfterSeconds > nowSeconds;
  const kept = file.keys.filter(isKept);
  const retired = kept.map((key) =>
    key.kind === kind && key.state === 'active'
      ? { ...key, state: 'retiring' as const, notAfterSeconds: nowSeconds + retiringSeconds }
      : key,
  );
  const signing = retired.filter((key) => !unlistedKinds.includes(key.kind));
  if (!unlistedKinds.includes(kind) && signing.length >= signingKeysMax)
    throw new Error('rotateKey: too many keys are still retiring; wait until one is over');
  return { ...file, keys: [...retired, makeKey(kind, nowMs)] };
}

function makeKey(kind: KeyKind, nowMs: number): KeyEntry {
  const notAfterSeconds = kind === 'issuer' ? Math.floor(nowMs / 1000) + issuerLifeSeconds : 0;
  const secret = p256Kinds.includes(kind) ? p256Secret(randomBytes(48)) : randomBytes(32);
  return { ...keyOf(kind, secret, new Date(nowMs).toISOString()), notAfterSeconds };
}

function keyOf(kind: KeyKind, secret: Buffer, createdAt: string): KeyEntry {
  const publicKey = p256Kinds.includes(kind)
    ? p256PublicKey(secret)
    : publicKeyOf(kind === 'transport' ? 'x25519' : 'ed25519', secret);
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 8);
  return { id, kind, secret: secret.toString('base64url'), createdAt, notAfterSeconds: 0, state: 'active' };
}
