/** Someone who can sign: an HSM slot, a software key, the device's identity. */
export interface Signer {
  /** First 4 bytes of SHA-256 of the public key. */
  readonly kid: Uint8Array;
  /** Ed25519 (RFC 8032, plain) over `message`, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * Checks one signature by the strict rules of docs/unlock-protocol.md, section 2.3. The default everywhere is
 * `verifyStrict`; a server passes `strictChecks` + its own fast verifier, which must give the same verdict.
 */
export type SignatureVerifier = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** One signature as it stands in a message. `kid` is absent for a device's signature: the device id names the key. */
export interface MessageSignature {
  readonly kid?: Uint8Array;
  readonly signature: Uint8Array;
}

/** A message as decoded, signatures not yet checked. */
export interface SignedMessage<M> {
  readonly message: M;
  /** The exact bytes that are signed (behind the tag). */
  readonly payload: Uint8Array;
  /** None (identity dead), one (device, issuer, root) or two (issuer, approver). */
  readonly signatures: readonly MessageSignature[];
}
