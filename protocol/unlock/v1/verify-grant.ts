import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { softReasonsMask, type TerminalState } from '../../../domain/unlock/states.ts';
import { equalBytes } from '../../bytes.ts';
import { checkAuthority, isPast, type DeviceClock } from './authority.ts';
import { decodeAbort, decodeGrant } from './codec.ts';
import { actionBits } from './constants.ts';
import { verifyStrict } from './ed25519.ts';
import { unlockLimits } from './limits.ts';
import type { Keyset, UnlockAbort, UnlockGrant } from './messages.ts';
import type { RefusalCode } from './refusals.ts';
import type { SignatureVerifier } from './signer.ts';

/** What a device knows of itself when a credential arrives; all of it durable. */
export interface DeviceView {
  readonly deviceId: Uint8Array;
  readonly state: TerminalState;
  readonly lockEpoch: number;
  /** The nonce of the outstanding challenge; absent when none was asked for. */
  readonly nonce?: Uint8Array;
  /** Mask of the reasons for the present lock. */
  readonly reasons: number;
  /** The highest grant sequence ever accepted. */
  readonly lastGrantSequence: number;
  /** Mask of the actions that this device's own policy admits. */
  readonly allowedActions: number;
  readonly clock: DeviceClock;
}

/** What every accepted credential tells the device to do. It makes "consumed" durable before it acts. */
export interface AcceptedUnlock {
  /** SHA-256 of the credential as received, on site of the whole bundle; goes into the receipt. */
  readonly hash: Uint8Array;
  /** What takes effect. */
  readonly grantedActions: number;
  /** What was asked for beyond it; reported, not done. */
  readonly cutActions: number;
  /** The device's new time floor. */
  readonly floorSeconds: number;
  /** False when no trusted clock has confirmed the time; the journal says so. */
  readonly isTimeProven: boolean;
}

/** A grant that may be used, once. */
export interface AcceptedGrant extends AcceptedUnlock {
  readonly grant: UnlockGrant;
  /** Delegations below it are dead on this device from now on, if the device does not hold a higher floor already. */
  readonly revocationFloor: number;
}

type BoundMessage = Pick<UnlockGrant, 'deviceId' | 'lockEpoch' | 'nonce'>;
type TimedMessage = Pick<UnlockGrant, 'notBeforeSeconds' | 'notAfterSeconds'>;

/** The bindings, in the order of docs/unlock-protocol.md, section 6.1, steps 2 to 5. */
export function checkBinding(message: BoundMessage, device: DeviceView): RefusalCode | undefined {
  if (device.state !== 'LOCKED') return 'not-locked';
  if (device.nonce === undefined) return 'no-challenge';
  if (!equalBytes(message.deviceId, device.deviceId)) return 'wrong-device';
  if (message.lockEpoch !== device.lockEpoch) return 'wrong-epoch';
  if (!equalBytes(message.nonce, device.nonce)) return 'wrong-nonce';
  return undefined;
}

/** The times of a credential that may live `spanSecondsMax` (section 6.1, step 11). */
export function checkTime(
  { notBeforeSeconds, notAfterSeconds }: TimedMessage,
  clock: DeviceClock,
  spanSecondsMax: number,
): RefusalCode | undefined {
  const spanSeconds = notAfterSeconds - notBeforeSeconds;
  if (spanSeconds < 0 || spanSeconds > spanSecondsMax) return 'span-too-long';
  if (isPast(notAfterSeconds, clock)) return 'expired';
  const isEarly = clock.nowSeconds + unlockLimits.clockSkewSeconds < notBeforeSeconds;
  return clock.trusted && isEarly ? 'not-yet-valid' : undefined;
}

/**
 * The part of `asked` that takes effect: within the device's policy, clearSoft only for soft reasons, clearTamper only
 * for others, and changeOwner never beside clearTamper (section 6.2).
 */
export function cutActions(asked: number, device: Pick<DeviceView, 'allowedActions' | 'reasons'>): number {
  const isSoft = (device.reasons & ~softReasonsMask) === 0;
  let granted = asked & device.allowedActions & ~(isSoft ? actionBits.clearTamper : actionBits.clearSoft);
  if ((granted & actionBits.clearTamper) !== 0) granted &= ~actionBits.changeOwner;
  return granted;
}

/**
 * Decides on a GRANT, on the device, with public keys only. Pure: it neither consumes nor counts; what a refusal does
 * to the challenge stands in `refusals`. Never throws, whatever the bytes are.
 */
export function verifyGrant(
  bytes: Uint8Array,
  device: DeviceView,
  keyset: Keyset,
  verify: SignatureVerifier = verifyStrict,
): Result<AcceptedGrant, RefusalCode> {
  const decoded = decodeGrant(bytes);
  if (!decoded.ok) return decoded;
  const grant = decoded.value.message;
  const misbound = checkBinding(grant, device);
  if (misbound !== undefined) return err(misbound);
  if (grant.keysetFloor > keyset.sequence) return err('keyset-stale');
  const signers = checkAuthority('grant', decoded.value, ['issuer', 'approver'], keyset, device.clock, verify);
  if (!signers.ok) return signers;
  const untimely = checkTime(grant, device.clock, unlockLimits.grantSpanSecondsMax);
  if (untimely !== undefined) return err(untimely);
  if (grant.grantSequence <= device.lastGrantSequence) return err('stale-sequence');
  if ((device.reasons & ~grant.reasonsOk) !== 0) return err('reason-not-covered');
  const grantedActions = cutActions(grant.actions, device);
  if (grantedActions === 0) return err('nothing-allowed');
  return ok({
    grant,
    revocationFloor: grant.revocationFloor,
    hash: sha256(bytes),
    grantedActions,
    cutActions: grant.actions & ~grantedActions,
    floorSeconds: Math.max(device.clock.floorSeconds, grant.notBeforeSeconds),
    isTimeProven: device.clock.trusted,
  });
}

/** An abort that the device obeys. */
export interface AcceptedAbort {
  readonly abort: UnlockAbort;
  /** SHA-256 of the abort as received; goes into the receipt. */
  readonly hash: Uint8Array;
}

/** Decides on an ABORT: bound like a grant, signed by one issuer key. Pure; never throws. */
export function verifyAbort(
  bytes: Uint8Array,
  device: DeviceView,
  keyset: Keyset,
  verify: SignatureVerifier = verifyStrict,
): Result<AcceptedAbort, RefusalCode> {
  const decoded = decodeAbort(bytes);
  if (!decoded.ok) return decoded;
  const abort = decoded.value.message;
  const misbound = checkBinding(abort, device);
  if (misbound !== undefined) return err(misbound);
  const signers = checkAuthority('abort', decoded.value, ['issuer'], keyset, device.clock, verify);
  return signers.ok ? ok({ abort, hash: sha256(bytes) }) : signers;
}
