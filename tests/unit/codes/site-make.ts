import { encodeDelegation, encodeKeyset, encodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Delegation, UnlockRequest } from '../../../protocol/unlock/v1/messages.ts';
import { secondKeyHash } from '../../../protocol/unlock/v1/site.ts';
import type { SiteAsk } from '../../../protocol/codes/site.ts';

/** A 32-byte secret that is only `fill`. */
export function secretOf(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

/** Secrets of everybody in a test of work on site. */
export const siteSecrets = {
  root: secretOf(1),
  issuer: secretOf(2),
  approver: secretOf(3),
  technician: secretOf(4),
  second: secretOf(5),
  stranger: secretOf(6),
  identity: secretOf(7),
} as const;

/** Their public keys. */
export const siteKeys = {
  root: signingPublicKey(siteSecrets.root),
  technician: signingPublicKey(siteSecrets.technician),
  second: signingPublicKey(siteSecrets.second),
  stranger: signingPublicKey(siteSecrets.stranger),
} as const;

/** The moment at which the tests' delegation begins, Unix seconds. */
export const siteStartSeconds = 1_795_500_000;

const deviceId = Uint8Array.of(0x54, 0x4b, 0, 0, 0, 0, 0, 9);

/** The plain REQUEST of the tests' terminal. */
export function makeRequest(changes: Partial<UnlockRequest> = {}): Uint8Array {
  const message: UnlockRequest = {
    deviceId,
    model: 3,
    firmware: 0x01020003,
    lockEpoch: 4,
    nonce: new Uint8Array(16).fill(9),
    reasons: 1,
    logHead: new Uint8Array(16).fill(8),
    bootCount: 12,
    deviceTimeSeconds: siteStartSeconds + 600,
    flags: 7,
    keysetSequence: 1,
    ...changes,
  };
  return encodeRequest(message, softwareSigner(siteSecrets.identity));
}

/** A DELEGATION for one terminal and one second person, signed by issuer and approver. */
export function makeDelegation(changes: Partial<Delegation> = {}, signers = siteSecrets): Uint8Array {
  const message: Delegation = {
    sequence: 3391,
    technicianKey: siteKeys.technician,
    devices: [deviceId],
    seconds: [{ keyHash: secondKeyHash(siteKeys.second), deviceMask: 1 }],
    actions: 6,
    reasonsOk: 511,
    notBeforeSeconds: siteStartSeconds,
    notAfterSeconds: siteStartSeconds + 9 * 3600,
    usesMax: 4,
    usesPerDeviceMax: 2,
    revocationEpoch: 0,
    keysetFloor: 1,
    ...changes,
  };
  return encodeDelegation(message, softwareSigner(signers.issuer), softwareSigner(signers.approver));
}

/** The keyset under which `makeDelegation` holds. */
export function makeKeyset(sequence = 1): Uint8Array {
  const keys = [
    { keyClass: 'issuer', publicKey: signingPublicKey(siteSecrets.issuer), notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: signingPublicKey(siteSecrets.approver), notAfterSeconds: 0 },
  ] as const;
  const transportKey = Uint8Array.from([9, ...new Uint8Array(31)]);
  return encodeKeyset({ sequence, keys, transportKey }, softwareSigner(siteSecrets.root));
}

/** What the tests' technician asks. */
export function makeAsk(changes: Partial<SiteAsk> = {}): SiteAsk {
  return {
    delegation: makeDelegation(),
    request: makeRequest(),
    actions: 4,
    useIndex: 1,
    madeAtSeconds: siteStartSeconds + 660,
    technicianName: 'Wang Wei',
    ...changes,
  };
}
