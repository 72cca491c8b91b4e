import { sha256 } from '@noble/hashes/sha2.js';
import { encodeDelegation } from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Delegation, Keyset, SiteResponse } from '../../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';
import {
  assembleResponse,
  encodeResponsePayload,
  encodeSiteBundle,
  responseSignedBytes,
  secondKeyHash,
} from '../../../protocol/unlock/v1/site.ts';
import type { SiteView } from '../../../protocol/unlock/v1/verify-site.ts';
import { counting, device, keyset as goodKeyset, nowSeconds, request, signers } from './fixture.ts';

/** A person with a field key. */
export interface Person {
  readonly signer: Signer;
  readonly publicKey: Uint8Array;
}

function person(first: number): Person {
  const secret = counting(32, first);
  return { signer: softwareSigner(secret), publicKey: signingPublicKey(secret) };
}

/** The people on site. */
export const technician = person(0x15);
export const merchant = person(0x25);
export const colleague = person(0x35);
export const passerBy = person(0x45);

/** Three listed devices, ascending; the one of the fixture is in the middle. */
export const deviceIds = [counting(8, 0xc0), device.deviceId, counting(8, 0xe0)] as const;

/** The merchant confirms on the fixture's device only, the colleague on the two others. */
export const delegation: Delegation = {
  sequence: 3391,
  technicianKey: technician.publicKey,
  devices: deviceIds,
  seconds: [
    { keyHash: secondKeyHash(merchant.publicKey), deviceMask: 0b010 },
    { keyHash: secondKeyHash(colleague.publicKey), deviceMask: 0b101 },
  ],
  actions: actionBits.clearSoft | actionBits.clearTamper,
  reasonsOk: request.reasons,
  notBeforeSeconds: nowSeconds - 3600,
  notAfterSeconds: nowSeconds + 7200,
  usesMax: 6,
  usesPerDeviceMax: 2,
  revocationEpoch: 5,
  keysetFloor: 7,
};

/** The response but for the delegation's hash, which the signer takes from the delegation at hand. */
export const response: Omit<SiteResponse, 'delegationHash'> = {
  deviceId: device.deviceId,
  lockEpoch: device.lockEpoch,
  nonce: request.nonce,
  actions: actionBits.clearTamper,
  useIndex: 1,
  madeAtSeconds: nowSeconds,
};

/** A device on which no delegation was ever used. */
export const siteDevice: SiteView = { ...device, revocationFloor: 5 };

/** The keyset of the fixture with one approver whose time is over. */
export const siteKeyset: Keyset = {
  ...goodKeyset,
  keys: [
    ...goodKeyset.keys,
    { keyClass: 'approver', publicKey: signingPublicKey(counting(32, 0x55)), notAfterSeconds: nowSeconds - 500_000 },
  ],
};
export const expiredApprover = softwareSigner(counting(32, 0x55));

/** What a bundle and the device it comes to are made of. */
export interface SiteSetup {
  readonly delegation: Delegation;
  readonly issuers: readonly [Signer, Signer];
  readonly response: Partial<SiteResponse>;
  readonly technician: Signer;
  readonly second: Person;
  /** Uses of this same delegation on this device so far, and the number of the last. */
  readonly prior?: { readonly uses: number; readonly lastUseIndex: number };
  readonly device: SiteView;
  readonly damage: (bytes: Uint8Array) => Uint8Array;
}

/** Everything as it should be. */
export const goodSetup: SiteSetup = {
  delegation,
  issuers: [signers.issuer, signers.approver],
  response: {},
  technician: technician.signer,
  second: merchant,
  device: siteDevice,
  damage: (bytes) => bytes,
};

/** Claims one key and signs with another. */
export function forged(claimed: Signer): Signer {
  return { kid: claimed.kid, sign: (message) => signers.stranger.sign(message) };
}

/** The signed DELEGATION of a setup. */
export function delegationBytes(setup: SiteSetup): Uint8Array {
  return encodeDelegation(setup.delegation, ...setup.issuers);
}

/** The bundle of a setup. */
export function bundleOf(setup: SiteSetup): Uint8Array {
  const signed = delegationBytes(setup);
  const payload = encodeResponsePayload({ ...response, delegationHash: sha256(signed), ...setup.response });
  const bytes = responseSignedBytes(payload);
  const whole = assembleResponse({
    payload,
    technicianSignature: setup.technician.sign(bytes),
    secondKey: setup.second.publicKey,
    secondSignature: setup.second.signer.sign(bytes),
  });
  return setup.damage(encodeSiteBundle({ delegation: signed, response: whole }));
}

/** The device of a setup, with what it remembers of the setup's delegation. */
export function deviceOf(setup: SiteSetup): SiteView {
  if (setup.prior === undefined) return setup.device;
  const hash = sha256(delegationBytes(setup));
  return { ...setup.device, lastDelegation: { sequence: setup.delegation.sequence, hash, ...setup.prior } };
}
