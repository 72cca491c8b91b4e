import { hkdfSync } from 'node:crypto';
import { keyIdOf } from '../../protocol/unlock/v1/ed25519.ts';
import type { AgreementKey } from '../../protocol/unlock/v1/hpke.ts';
import type { KeysetKey } from '../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../protocol/unlock/v1/signer.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import type { KeyEntry, KeyFile, KeyKind } from './key-file.ts';
import { nodeAgreementKey, nodeSigner, publicKeyOf } from './node-keys.ts';
import { p256PublicKey, p256Signer } from './p256.ts';
import { createVault, type Vault } from './vault.ts';

/** A key that signs the log's checkpoints. */
export interface LogSigningKey {
  readonly publicKey: Uint8Array;
  readonly signer: Signer;
  /** Unix seconds after which it signs no more; 0: no end. */
  readonly notAfterSeconds: number;
}

/** A key that signs residents' documents. */
export interface DocumentKey {
  /** Names it in documents, 8 hex digits. */
  readonly kid: string;
  /** Uncompressed, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256, raw, 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** A key that household numbers are sealed to. */
export interface LookupKey {
  readonly kid: string;
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** The key file's keys, ready for use. */
export interface KeyRing {
  readonly rootPublicKey: Uint8Array;
  readonly root: Signer;
  readonly issuer: Signer;
  /** Signs in the approver's place what the policy allows by itself. */
  readonly policyApprover: Signer;
  /** Signs for approvers who found no room for a key of their own in the keyset. */
  readonly officeApprover: Signer;
  readonly transportPublicKey: Uint8Array;
  /** The transport key with this id, also a retiring one. */
  transport(kid: Uint8Array): AgreementKey | undefined;
  /** The file's keys as the keyset lists them. */
  readonly keysetKeys: readonly KeysetKey[];
  /** Keys of the log, the active one first; replaced ones stay known. */
  readonly logKeys: readonly LogSigningKey[];
  /** Keys of residents' documents, the active one first; replaced ones stay known. */
  readonly documentKeys: readonly [DocumentKey, ...DocumentKey[]];
  /** Keys that household numbers are sealed to, the active one first. */
  readonly lookupKeys: readonly [LookupKey, ...LookupKey[]];
  readonly vault: Vault;
  /** 32 secret bytes for one purpose, always the same ones for the same key file. */
  derive(purpose: string): Uint8Array;
  readonly signInSecret: string;
}

/** Builds the ring. Throws when a kind has no active key. */
export function createKeyRing(file: KeyFile): KeyRing {
  const active = (kind: KeyKind): Uint8Array => {
    const entry = file.keys.findLast((key) => key.kind === kind && key.state === 'active');
    if (entry === undefined) throw new Error(`key file: no active ${kind} key`);
    return secretOf(entry);
  };
  const transports = file.keys.filter((key) => key.kind === 'transport').map((key) => nodeAgreementKey(secretOf(key)));
  return {
    rootPublicKey: publicKeyOf('ed25519', active('root')),
    root: nodeSigner(active('root')),
    issuer: nodeSigner(active('issuer')),
    policyApprover: nodeSigner(active('policy-approver')),
    officeApprover: nodeSigner(active('office-approver')),
    transportPublicKey: publicKeyOf('x25519', active('transport')),
    transport: (kid) => transports.find((key) => equalBytes(keyIdOf(key.publicKey), kid)),
    keysetKeys: file.keys.flatMap(keysetKeyOf),
    logKeys: activeFirst(file, 'log', logKeyOf),
    documentKeys: activeFirst(file, 'document', documentKeyOf),
    lookupKeys: activeFirst(file, 'lookup', lookupKeyOf),
    vault: createVault(Buffer.from(file.keyEncryptionKey, 'base64url')),
    derive: (purpose) => derive(file, purpose),
    signInSecret: file.signInSecret,
  };
}

function derive(file: KeyFile, purpose: string): Uint8Array {
  const seed = Buffer.from(file.keyEncryptionKey, 'base64url');
  return new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), `Tillkeeper ${purpose}`, 32));
}

function secretOf(entry: KeyEntry): Uint8Array {
  return Buffer.from(entry.secret, 'base64url');
}

/** The keys of a kind, the active one first. */
function activeFirst<T>(file: KeyFile, kind: KeyKind, ready: (entry: KeyEntry) => T): readonly [T, ...T[]] {
  const entries = file.keys.filter((key) => key.kind === kind);
  const [active, ...others] = [...entries].sort((a, b) => Number(b.state === 'active') - Number(a.state === 'active'));
  if (active?.state !== 'active') throw new Error(`key file: no active ${kind} key`);
  return [ready(active), ...others.map(ready)];
}

function logKeyOf(entry: KeyEntry): LogSigningKey {
  const secret = secretOf(entry);
  const { notAfterSeconds } = entry;
  return { publicKey: publicKeyOf('ed25519', secret), signer: nodeSigner(secret), notAfterSeconds };
}

function documentKeyOf(entry: KeyEntry): DocumentKey {
  const secret = secretOf(entry);
  return { kid: entry.id, publicKey: p256PublicKey(secret), sign: p256Signer(secret) };
}

function lookupKeyOf(entry: KeyEntry): LookupKey {
  const secret = secretOf(entry);
  return { kid: entry.id, publicKey: p256PublicKey(secret), secret };
}

/** Kinds that the keyset of devices lists, and as what. */
const keysetClasses: Partial<Record<KeyKind, KeysetKey['keyClass']>> = {
  issuer: 'issuer',
  'policy-approver': 'approver',
  'office-approver': 'approver',
};

function keysetKeyOf(entry: KeyEntry): KeysetKey[] {
  const keyClass = keysetClasses[entry.kind];
  if (keyClass === undefined) return [];
  const publicKey = publicKeyOf('ed25519', secretOf(entry));
  return [{ keyClass, publicKey, notAfterSeconds: entry.notAfterSeconds }];
}
