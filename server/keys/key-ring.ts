import { keyIdOf } from '../../protocol/unlock/v1/ed25519.ts';
import type { AgreementKey } from '../../protocol/unlock/v1/hpke.ts';
import type { KeysetKey } from '../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../protocol/unlock/v1/signer.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import type { KeyEntry, KeyFile, KeyKind } from './key-file.ts';
import { nodeAgreementKey, nodeSigner, publicKeyOf } from './node-keys.ts';
import { createVault, type Vault } from './vault.ts';

/** A key that signs the log's checkpoints. */
export interface LogSigningKey {
  readonly publicKey: Uint8Array;
  readonly signer: Signer;
  /** Unix seconds after which it signs no more; 0: no end. */
  readonly notAfterSeconds: number;
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
  readonly vault: Vault;
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
    logKeys: logKeysOf(file),
    vault: createVault(Buffer.from(file.keyEncryptionKey, 'base64url')),
    signInSecret: file.signInSecret,
  };
}

function secretOf(entry: KeyEntry): Uint8Array {
  return Buffer.from(entry.secret, 'base64url');
}

function logKeysOf(file: KeyFile): LogSigningKey[] {
  const entries = file.keys.filter((key) => key.kind === 'log');
  const [active, ...others] = [...entries].sort((a, b) => Number(b.state === 'active') - Number(a.state === 'active'));
  if (active?.state !== 'active') throw new Error('key file: no active log key');
  return [active, ...others].map((entry) => {
    const secret = secretOf(entry);
    const { notAfterSeconds } = entry;
    return { publicKey: publicKeyOf('ed25519', secret), signer: nodeSigner(secret), notAfterSeconds };
  });
}

function keysetKeyOf(entry: KeyEntry): KeysetKey[] {
  if (entry.kind === 'root' || entry.kind === 'transport' || entry.kind === 'log') return [];
  const keyClass = entry.kind === 'issuer' ? 'issuer' : 'approver';
  const publicKey = publicKeyOf('ed25519', secretOf(entry));
  return [{ keyClass, publicKey, notAfterSeconds: entry.notAfterSeconds }];
}
