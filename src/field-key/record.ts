import type { FieldKey } from '../../protocol/http/field.ts';

/** How a key is guarded. */
export type KeyProtection = FieldKey['protection'];
/** Who computes the signature. */
export type KeyEngine = FieldKey['engine'];

/** Something encrypted with AES-GCM. */
export interface Wrapped {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The passkey that guards a key. */
export interface GuardPasskey {
  readonly credentialId: Uint8Array<ArrayBuffer>;
  readonly transports: readonly string[];
  /** Public key as SubjectPublicKeyInfo and its COSE algorithm, with which its answers are checked on this device. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly algorithm: number;
}

/**
 * Where the private key lies. `prf`: encrypted, and only the passkey's own secret for `salt` decrypts it. `kept`: as a
 * key that the browser does not give out. `boxed`: the seed encrypted under such a key, where the browser has no Ed25519.
 */
export type KeySecret =
  | { readonly at: 'prf'; readonly salt: Uint8Array<ArrayBuffer>; readonly wrapped: Wrapped }
  | { readonly at: 'kept'; readonly privateKey: CryptoKey }
  | { readonly at: 'boxed'; readonly boxKey: CryptoKey; readonly wrapped: Wrapped };

/** A person's field key on this device, as it is stored. */
export interface FieldKeyRecord {
  readonly personId: string;
  readonly id: string;
  readonly label: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly protection: KeyProtection;
  readonly engine: KeyEngine;
  readonly passkey: GuardPasskey;
  readonly secret: KeySecret;
  /** Signature over `fieldKeyProofBytes`, for the server. */
  readonly proof: Uint8Array<ArrayBuffer>;
  readonly createdAtMs: number;
  /** When the server took it; absent until then. */
  readonly enrolledAtMs?: number;
  /** When a signature last worked, and whether the network was away. */
  readonly workedAtMs?: number;
  readonly workedOfflineAtMs?: number;
}
