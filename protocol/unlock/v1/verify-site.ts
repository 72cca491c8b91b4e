import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { equalBytes } from '../../bytes.ts';
import { checkAuthority } from './authority.ts';
import { decodeDelegation } from './codec.ts';
import { siteActionsMask } from './constants.ts';
import { verifyStrict } from './ed25519.ts';
import { unlockLimits } from './limits.ts';
import type { Delegation, Keyset, SiteResponse } from './messages.ts';
import type { RefusalCode } from './refusals.ts';
import type { SignatureVerifier, SignedMessage } from './signer.ts';
import { decodeResponse, decodeSiteBundle, responseSignedBytes, secondKeyHash, type SignedResponse } from './site.ts';
import { checkBinding, checkTime, cutActions, type AcceptedUnlock, type DeviceView } from './verify-grant.ts';

/** What a device remembers of the delegation that was used on it last; durable. */
export interface DelegationUse {
  readonly sequence: number;
  /** SHA-256 of the DELEGATION as received. */
  readonly hash: Uint8Array;
  /** Accepted uses on this device. */
  readonly uses: number;
  /** The use number of the last accepted response. */
  readonly lastUseIndex: number;
}

/** What a device knows of itself when a bundle arrives. */
export interface SiteView extends DeviceView {
  /** Delegations with a lower revocation epoch are dead. */
  readonly revocationFloor: number;
  /** Absent on a device that no delegation has ever opened. */
  readonly lastDelegation?: DelegationUse;
}

/** A bundle that may be used, once. */
export interface AcceptedSite extends AcceptedUnlock {
  readonly delegation: Delegation;
  readonly response: SiteResponse;
  /** What the device remembers from now on. */
  readonly use: DelegationUse;
  /** The device's new revocation floor. */
  readonly revocationFloor: number;
}

/** The messages of a bundle with all that the steps need of them. */
interface OpenedBundle {
  readonly signed: SignedMessage<Delegation>;
  readonly delegation: Delegation;
  readonly delegationHash: Uint8Array;
  readonly signedResponse: SignedResponse;
  readonly response: SiteResponse;
}

function openBundle(bytes: Uint8Array): Result<OpenedBundle, RefusalCode> {
  const bundle = decodeSiteBundle(bytes);
  if (!bundle.ok) return bundle;
  const signed = decodeDelegation(bundle.value.delegation);
  if (!signed.ok) return signed;
  const response = decodeResponse(bundle.value.response);
  if (!response.ok) return response;
  return ok({
    signed: signed.value,
    delegation: signed.value.message,
    delegationHash: sha256(bundle.value.delegation),
    signedResponse: response.value,
    response: response.value.message,
  });
}

function isSameDelegation(prior: DelegationUse | undefined, { delegation, delegationHash }: OpenedBundle): boolean {
  return prior?.sequence === delegation.sequence && equalBytes(prior.hash, delegationHash);
}

/** Steps 4 to 7 of section 6.6: is the delegation one that still counts on this device? */
function checkStanding(opened: OpenedBundle, device: SiteView, keyset: Keyset): RefusalCode | undefined {
  const { delegation } = opened;
  if (!delegation.devices.some((id) => equalBytes(id, device.deviceId))) return 'not-listed';
  if (delegation.revocationEpoch < device.revocationFloor) return 'revoked';
  const prior = device.lastDelegation;
  if (prior !== undefined && delegation.sequence <= prior.sequence) {
    if (!isSameDelegation(prior, opened)) return 'stale-sequence';
    if (prior.uses >= delegation.usesPerDeviceMax) return 'uses-exhausted';
  }
  return delegation.keysetFloor > keyset.sequence ? 'keyset-stale' : undefined;
}

function isListedSecond(delegation: Delegation, keyHash: Uint8Array, deviceId: Uint8Array): boolean {
  const bit = 1 << delegation.devices.findIndex((id) => equalBytes(id, deviceId));
  return delegation.seconds.some((second) => equalBytes(second.keyHash, keyHash) && (second.deviceMask & bit) !== 0);
}

/** Steps 9 to 11: the response belongs to the delegation, and both of its persons have signed it. */
function checkResponse(opened: OpenedBundle, verify: SignatureVerifier): RefusalCode | undefined {
  const { delegation, delegationHash, response, signedResponse } = opened;
  const { secondKey, technicianSignature, secondSignature } = signedResponse;
  if (!equalBytes(response.delegationHash, delegationHash)) return 'wrong-delegation';
  if (equalBytes(secondKey, delegation.technicianKey)) return 'same-signer';
  if (!isListedSecond(delegation, secondKeyHash(secondKey), response.deviceId)) return 'wrong-second';
  const bytes = responseSignedBytes(signedResponse.payload);
  const doBothHold =
    verify(delegation.technicianKey, bytes, technicianSignature) && verify(secondKey, bytes, secondSignature);
  return doBothHold ? undefined : 'bad-signature';
}

/** Step 12: the delegation is in its time, and so is the moment at which the technician says to have signed. */
function checkTimes({ delegation, response }: OpenedBundle, device: SiteView): RefusalCode | undefined {
  const untimely = checkTime(delegation, device.clock, unlockLimits.delegationSpanSecondsMax);
  if (untimely !== undefined) return untimely;
  const { clockSkewSeconds } = unlockLimits;
  if (response.madeAtSeconds > delegation.notAfterSeconds + clockSkewSeconds) return 'expired';
  return response.madeAtSeconds < delegation.notBeforeSeconds - clockSkewSeconds ? 'not-yet-valid' : undefined;
}

/** Step 13: the technician's own count rises with every use. */
function checkCount(opened: OpenedBundle, device: SiteView): RefusalCode | undefined {
  const { useIndex } = opened.response;
  if (useIndex > opened.delegation.usesMax) return 'uses-exhausted';
  const prior = device.lastDelegation;
  const isUsedUp = prior !== undefined && isSameDelegation(prior, opened) && useIndex <= prior.lastUseIndex;
  return isUsedUp ? 'stale-sequence' : undefined;
}

function accept(bytes: Uint8Array, opened: OpenedBundle, device: SiteView, grantedActions: number): AcceptedSite {
  const { delegation, delegationHash, response } = opened;
  const prior = device.lastDelegation;
  const uses = prior !== undefined && isSameDelegation(prior, opened) ? prior.uses : 0;
  return {
    delegation,
    response,
    hash: sha256(bytes),
    grantedActions,
    cutActions: response.actions & ~grantedActions,
    floorSeconds: Math.max(device.clock.floorSeconds, delegation.notBeforeSeconds),
    isTimeProven: device.clock.trusted,
    use: {
      sequence: delegation.sequence,
      hash: delegationHash,
      uses: uses + 1,
      lastUseIndex: response.useIndex,
    },
    revocationFloor: Math.max(device.revocationFloor, delegation.revocationEpoch),
  };
}

/**
 * Decides on an on-site bundle, on the device, with public keys only (docs/unlock-protocol.md, section 6.6); the first
 * step that fails gives the answer. Pure: it neither consumes nor counts. Never throws, whatever the bytes are.
 */
export function verifySite(
  bytes: Uint8Array,
  device: SiteView,
  keyset: Keyset,
  verify: SignatureVerifier = verifyStrict,
): Result<AcceptedSite, RefusalCode> {
  const bundle = openBundle(bytes);
  if (!bundle.ok) return bundle;
  const opened = bundle.value;
  const { delegation, response } = opened;
  const misplaced = checkBinding(response, device) ?? checkStanding(opened, device, keyset);
  if (misplaced !== undefined) return err(misplaced);
  const signers = checkAuthority('delegation', opened.signed, ['issuer', 'approver'], keyset, device.clock, verify);
  if (!signers.ok) return signers;
  const wrong = checkResponse(opened, verify) ?? checkTimes(opened, device) ?? checkCount(opened, device);
  if (wrong !== undefined) return err(wrong);
  if ((device.reasons & ~delegation.reasonsOk) !== 0) return err('reason-not-covered');
  const grantedActions = cutActions(delegation.actions & response.actions & siteActionsMask, device);
  return grantedActions === 0 ? err('nothing-allowed') : ok(accept(bytes, opened, device, grantedActions));
}
