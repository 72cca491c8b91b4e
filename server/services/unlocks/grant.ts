import { createHash, randomBytes } from 'node:crypto';
import { encodeGrant } from '../../../protocol/unlock/v1/codec.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import { responseNonceBytes, sealGrant } from '../../../protocol/unlock/v1/seal.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';

/** What a grant is made for. */
export interface GrantInput {
  readonly deviceId: Uint8Array;
  readonly lockEpoch: number;
  readonly nonce: Uint8Array;
  readonly reasons: number;
  readonly actions: number;
  readonly ticketId: string;
  readonly grantSequence: number;
  readonly keysetFloor: number;
  /** Delegations below it are dead on this terminal once it takes the grant. */
  readonly revocationFloor: number;
  /** The grant waits with the technician until the terminal is plugged in again. */
  readonly isDeferred: boolean;
  readonly responseSecret: Uint8Array;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** A grant ready for the ledger and the courier. `hash` is what the receipt will name. */
export interface MadeGrant {
  readonly sealed: Uint8Array;
  readonly sizeBytes: number;
  readonly hash: Buffer;
  readonly notAfter: Date;
}

/** Signs a grant twice and seals it for the device that asked. It lives 15 minutes, or a week when it must wait. */
export function makeGrant(input: GrantInput, issuer: Signer, approver: Signer): MadeGrant {
  const notBeforeSeconds = Math.floor(input.nowMs / 1000);
  const { grantSpanSeconds, grantSpanSecondsMax } = unlockLimits;
  const notAfterSeconds = notBeforeSeconds + (input.isDeferred ? grantSpanSecondsMax : grantSpanSeconds);
  const bytes = encodeGrant(
    {
      deviceId: input.deviceId,
      lockEpoch: input.lockEpoch,
      nonce: input.nonce,
      actions: input.actions,
      reasonsOk: input.reasons,
      notBeforeSeconds,
      notAfterSeconds,
      ticket: ticketBytes(input.ticketId),
      grantSequence: input.grantSequence,
      keysetFloor: input.keysetFloor,
      revocationFloor: input.revocationFloor,
    },
    issuer,
    approver,
  );
  return {
    sealed: sealGrant(bytes, input.responseSecret, randomBytes(responseNonceBytes)),
    sizeBytes: bytes.length,
    hash: createHash('sha256').update(bytes).digest(),
    notAfter: new Date(notAfterSeconds * 1000),
  };
}

/** The 8 bytes that stand for a ticket inside a credential: the random half of its UUID. */
export function ticketBytes(ticketId: string): Uint8Array {
  return new Uint8Array(Buffer.from(ticketId.replaceAll('-', ''), 'hex').subarray(8));
}
