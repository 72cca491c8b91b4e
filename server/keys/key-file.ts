import { createHash, createHmac, randomBytes } from 'node:crypto';
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

/** What a key of the key file is for. */
export const keyKinds = ['root', 'issuer', 'policy-approver', 'office-approver', 'transport', 'log'] as const;
/** What a key of the key file is for. */
export type KeyKind = (typeof keyKinds)[number];

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
  keys: v.pipe(v.array(keyEntrySchema), v.minLength(keyKinds.length - 1), v.maxLength(64)),
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
  if (parsed.success) return withLogKey(parsed.output);
  const [issue] = parsed.issues;
  throw new Error(`key file: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
}

/**
 * The file with a key for the log. One from before there was a log gets a key that follows from its own secrets, so
 * that every process that reads it comes to the same.
 */
function withLogKey(file: KeyFile): KeyFile {
  if (file.keys.some((key) => key.kind === 'log')) return file;
  const seed = Buffer.from(file.keyEncryptionKey, 'base64url');
  const secret = createHmac('sha256', seed).update('Tillkeeper log key 1').digest();
  const oldest = file.keys.map((key) => key.createdAt).sort()[0];
  return { ...file, keys: [...file.keys, keyOf('log', secret, oldest ?? new Date(0).toISOString())] };
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
  // A log key is never dropped: what it signed must stay verifiable.
  const isKept = (key: KeyEntry): boolean =>
    key.state === 'active' || key.kind === 'log' || key.notAfterSeconds > nowSeconds;
  const kept = file.keys.filter(isKept);
  const retired = kept.map((key) =>
    key.kind === kind && key.state === 'active'
      ? { ...key, state: 'retiring' as const, notAfterSeconds: nowSeconds + retiringSeconds }
      : key,
  );
  const signing = retired.filter((key) => !['root', 'transport', 'log'].includes(key.kind));
  if (kind !== 'log' && signing.length >= signingKeysMax)
    throw new Error('rotateKey: too many keys are still retiring; wait until one is over');
  return { ...file, keys: [...retired, makeKey(kind, nowMs)] };
}

function makeKey(kind: KeyKind, nowMs: number): KeyEntry {
  const notAfterSeconds = kind === 'issuer' ? Math.floor(nowMs / 1000) + issuerLifeSeconds : 0;
  return { ...keyOf(kind, randomBytes(32), new Date(nowMs).toISOString()), notAfterSeconds };
}

function keyOf(kind: KeyKind, secret: Buffer, createdAt: string): KeyEntry {
  const publicKey = publicKeyOf(kind === 'transport' ? 'x25519' : 'ed25519', secret);
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 8);
  return { id, kind, secret: secret.toString('base64url'), createdAt, notAfterSeconds: 0, state: 'active' };
}
