import { lockReasonBits } from '../../../domain/unlock/states.ts';
import type { AcceptedKeyset } from '../../../protocol/unlock/v1/authority.ts';
import { encodeGrant, encodeKeyset } from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type {
  CommissionOrder,
  CommissionReport,
  Keyset,
  UnlockAbort,
  UnlockGrant,
  UnlockReceipt,
  UnlockRequest,
} from '../../../protocol/unlock/v1/messages.ts';
import type { DeviceView } from '../../../protocol/unlock/v1/verify-grant.ts';

/** `length` bytes counting up from `first`: recognisable in a dump. */
export function counting(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

/** Thu, 2 July 2026: any fixed time does. */
export const nowSeconds = 1_782_950_400;

const secrets = {
  root: counting(32, 0x10),
  issuer: counting(32, 0x20),
  approver: counting(32, 0x30),
  secondIssuer: counting(32, 0x40),
  secondApprover: counting(32, 0x50),
  device: counting(32, 0x60),
  stranger: counting(32, 0x70),
};

/** One signer for every part in the play. */
export const signers = {
  root: softwareSigner(secrets.root),
  issuer: softwareSigner(secrets.issuer),
  approver: softwareSigner(secrets.approver),
  secondIssuer: softwareSigner(secrets.secondIssuer),
  secondApprover: softwareSigner(secrets.secondApprover),
  device: softwareSigner(secrets.device),
  stranger: softwareSigner(secrets.stranger),
};

/** Their public keys. */
export const publicKeys = {
  root: signingPublicKey(secrets.root),
  issuer: signingPublicKey(secrets.issuer),
  approver: signingPublicKey(secrets.approver),
  secondIssuer: signingPublicKey(secrets.secondIssuer),
  secondApprover: signingPublicKey(secrets.secondApprover),
  device: signingPublicKey(secrets.device),
};

/** The server's transport key and a device's commission key. */
export const transportKey = softwareAgreementKey(counting(32, 0x80));
export const commissionKey = softwareAgreementKey(counting(32, 0x90));

const deviceId = counting(8, 0xd0);
const nonce = counting(16, 0x01);
const ticket = counting(8, 0x77);
const logHead = counting(16, 0xa0);

/** The keyset in force. */
export const keyset: Keyset = {
  sequence: 7,
  keys: [
    { keyClass: 'issuer', publicKey: publicKeys.issuer, notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: publicKeys.approver, notAfterSeconds: nowSeconds + 86_400 },
    { keyClass: 'issuer', publicKey: publicKeys.secondIssuer, notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: publicKeys.secondApprover, notAfterSeconds: 0 },
  ],
  transportKey: transportKey.publicKey,
};

/** One good message of each kind. */
export const request: UnlockRequest = {
  deviceId,
  model: 0x0a20,
  firmware: 0x0103_0201,
  lockEpoch: 41,
  nonce,
  reasons: lockReasonBits.case | lockReasonBits.drop,
  logHead,
  bootCount: 912,
  deviceTimeSeconds: nowSeconds,
  flags: 7,
  keysetSequence: 7,
};
export const grant: UnlockGrant = {
  deviceId,
  lockEpoch: 41,
  nonce,
  actions: actionBits.diagRead | actionBits.clearTamper,
  reasonsOk: lockReasonBits.case | lockReasonBits.drop,
  notBeforeSeconds: nowSeconds - 60,
  notAfterSeconds: nowSeconds + 840,
  ticket,
  grantSequence: 12,
  keysetFloor: 7,
  revocationFloor: 2,
};
export const receipt: UnlockReceipt = {
  deviceId,
  grantHash: counting(32, 0x40),
  result: 'unlocked',
  grantedActions: actionBits.diagRead | actionBits.clearTamper,
  lockEpoch: 42,
  nonceHash: counting(16, 0xb0),
  logHead,
  deviceTimeSeconds: nowSeconds,
  flags: 7,
  state: 'BLANK',
  commissionKey: commissionKey.publicKey,
};
export const abort: UnlockAbort = { deviceId, lockEpoch: 41, nonce, ticket };
export const order: CommissionOrder = {
  deviceId,
  lockEpoch: 42,
  orderSequence: 5,
  action: 'selfTest',
  notAfterSeconds: nowSeconds + 600,
  body: new Uint8Array(0),
};
export const report: CommissionReport = {
  deviceId,
  lockEpoch: 42,
  orderSequence: 5,
  action: 'selfTest',
  result: 0,
  body: counting(12, 1),
  state: 'BLANK',
  logHead,
  deviceTimeSeconds: nowSeconds,
};

/** A device that waits for exactly the grant above. */
export const device: DeviceView = {
  deviceId,
  state: 'LOCKED',
  lockEpoch: 41,
  nonce,
  reasons: request.reasons,
  lastGrantSequence: 11,
  allowedActions: actionBits.diagRead | actionBits.clearSoft | actionBits.clearTamper,
  clock: { trusted: true, nowSeconds, floorSeconds: nowSeconds - 1_000_000 },
};

/** A grant like the good one but for `changes`, signed as it should be. */
export function signedGrant(changes: Partial<UnlockGrant> = {}): Uint8Array {
  return encodeGrant({ ...grant, ...changes }, signers.issuer, signers.approver);
}

/** A keyset like the good one but for `changes`, signed by the root. */
export function signedKeyset(changes: Partial<Keyset> = {}): Uint8Array {
  return encodeKeyset({ ...keyset, ...changes }, signers.root);
}

/** What a device stores of an accepted keyset. */
export function stored(accepted: AcceptedKeyset): { readonly sequence: number; readonly hash: Uint8Array } {
  return { sequence: accepted.keyset.sequence, hash: accepted.hash };
}
