import { hexEncode } from '../../../protocol/bytes.ts';
import { encodeGrant, encodeKeyset } from '../../../protocol/unlock/v1/codec.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type { Keyset, UnlockGrant } from '../../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';

/** A device as it stands in a vector file: bytes as hex; no nonce means no outstanding challenge. */
export interface DeviceVector {
  readonly deviceId: string;
  readonly state: 'NORMAL' | 'LOCKED' | 'BLANK' | 'PROBATION';
  readonly lockEpoch: number;
  readonly nonce?: string;
  readonly reasons: number;
  readonly lastGrantSequence: number;
  readonly allowedActions: number;
  readonly clock: { readonly trusted: boolean; readonly nowSeconds: number; readonly floorSeconds: number };
}

/** One grant, the device that it comes to, and the verdict that every firmware must give. */
export interface VerdictVector {
  readonly name: string;
  readonly device: DeviceVector;
  readonly grant: string;
  /** "accepted", or the refusal's code. */
  readonly verdict: string;
  /** For accepted grants. */
  readonly grantedActions?: number;
}

const counting = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => first + i);
const time = 1_782_950_400;
const secrets = { root: counting(32, 0x01), issuer: counting(32, 0x21), approver: counting(32, 0x41) };
/** Who signs. */
export const [root, issuer, approver] = [secrets.root, secrets.issuer, secrets.approver].map(softwareSigner) as [
  Signer,
  Signer,
  Signer,
];
const oldIssuer = counting(32, 0x71);
/** The approver whose key is over. */
export const expiredSecret = counting(32, 0xb1);

/** The keyset of the verdicts: two of each class, one approver over. */
export const keyset: Keyset = {
  sequence: 7,
  keys: [
    { keyClass: 'issuer', publicKey: signingPublicKey(secrets.issuer), notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: signingPublicKey(secrets.approver), notAfterSeconds: 0 },
    { keyClass: 'issuer', publicKey: signingPublicKey(oldIssuer), notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: signingPublicKey(expiredSecret), notAfterSeconds: time - 1 },
  ],
  transportKey: softwareAgreementKey(counting(32, 0x81)).publicKey,
};
const base: UnlockGrant = {
  ...{ deviceId: counting(8, 0xd0), lockEpoch: 41, nonce: counting(16, 0x10), actions: 5, reasonsOk: 257 },
  ...{ notBeforeSeconds: time, notAfterSeconds: time + 900, ticket: counting(8, 0x70), grantSequence: 12 },
  keysetFloor: 7,
  revocationFloor: 3,
};
const { nonce: _nonce, ...withoutNonce } = {
  ...{ deviceId: hexEncode(base.deviceId), state: 'LOCKED' as const, lockEpoch: 41, nonce: hexEncode(base.nonce) },
  ...{ reasons: 257, lastGrantSequence: 11, allowedActions: 7 },
  clock: { trusted: true, nowSeconds: time + 30, floorSeconds: time - 86_400 },
};
/** A device that waits for the good grant. */
export const device: DeviceVector = { ...withoutNonce, nonce: hexEncode(base.nonce) };

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly grant?: Partial<UnlockGrant>;
  readonly signers?: readonly [Signer, Signer];
  readonly device?: DeviceVector;
  /** Change of the finished bytes. */
  readonly damage?: (bytes: Uint8Array) => Uint8Array;
  readonly grantedActions?: number;
}

const at = (nowSeconds: number) => ({ ...device, clock: { ...device.clock, nowSeconds } });
/** Claims one key and signs with another. */
export const forged = (claimed: Signer): Signer => ({
  kid: claimed.kid,
  sign: softwareSigner(counting(32, 0xe0)).sign,
});

const rows: readonly Row[] = [
  { name: 'the good grant', verdict: 'accepted', grantedActions: 5 },
  { name: 'over-asking is cut', verdict: 'accepted', grant: { actions: 127 }, grantedActions: 5 },
  { name: 'nothing left after cutting', verdict: 'nothing-allowed', grant: { actions: 2 } },
  {
    name: 'soft lock, keys stay',
    verdict: 'accepted',
    grant: { actions: 6, reasonsOk: 511 },
    device: { ...device, reasons: 64 },
    grantedActions: 2,
  },
  { name: 'not locked', verdict: 'not-locked', device: { ...device, state: 'BLANK' } },
  { name: 'no challenge', verdict: 'no-challenge', device: withoutNonce },
  { name: 'wrong device', verdict: 'wrong-device', grant: { deviceId: counting(8, 0xd1) } },
  { name: 'wrong epoch', verdict: 'wrong-epoch', grant: { lockEpoch: 40 } },
  {
    name: 'replay after a new nonce',
    verdict: 'wrong-nonce',
    device: { ...device, nonce: hexEncode(counting(16, 0x11)) },
  },
  { name: 'multiple use', verdict: 'stale-sequence', device: { ...device, lastGrantSequence: 12 } },
  { name: 'a newer keyset is demanded', verdict: 'keyset-stale', grant: { keysetFloor: 8 } },
  { name: 'unknown issuer', verdict: 'unknown-key', signers: [root, approver] },
  { name: 'the same signer twice', verdict: 'same-signer', signers: [issuer, issuer] },
  { name: 'swapped classes', verdict: 'wrong-class', signers: [approver, issuer] },
  { name: 'two issuers', verdict: 'wrong-class', signers: [issuer, softwareSigner(oldIssuer)] },
  { name: 'an approver whose key is over', verdict: 'key-expired', signers: [issuer, softwareSigner(expiredSecret)] },
  { name: 'forged first signature', verdict: 'bad-signature', signers: [forged(issuer), approver] },
  { name: 'forged second signature', verdict: 'bad-signature', signers: [issuer, forged(approver)] },
  { name: 'span too long', verdict: 'span-too-long', grant: { notAfterSeconds: time + 604_801 } },
  { name: 'span backwards', verdict: 'span-too-long', grant: { notAfterSeconds: time - 1 } },
  {
    name: 'early within the tolerance',
    verdict: 'accepted',
    device: at(time - 60),
    signers: [issuer, approver],
    grantedActions: 5,
  },
  { name: 'not yet valid', verdict: 'not-yet-valid', device: at(time - 61) },
  { name: 'late within the tolerance', verdict: 'accepted', device: at(time + 960), grantedActions: 5 },
  { name: 'expired', verdict: 'expired', device: at(time + 961) },
  {
    name: 'clock not trusted',
    verdict: 'accepted',
    device: { ...device, clock: { trusted: false, nowSeconds: 0, floorSeconds: 0 } },
    grantedActions: 5,
  },
  {
    name: 'clock not trusted, below the floor',
    verdict: 'expired',
    device: { ...device, clock: { trusted: false, nowSeconds: 0, floorSeconds: time + 901 } },
  },
  { name: 'reason not covered', verdict: 'reason-not-covered', grant: { reasonsOk: 1 } },
  { name: 'cut short', verdict: 'malformed', damage: (bytes) => bytes.slice(0, -1) },
  { name: 'one byte more', verdict: 'malformed', damage: (bytes) => Uint8Array.from([...bytes, 0]) },
  { name: 'unknown version', verdict: 'unsupported-version', damage: (bytes) => bytes.with(7, 2) },
  { name: 'another message number', verdict: 'malformed', damage: (bytes) => bytes.with(5, 1) },
  { name: 'a bit of the ticket', verdict: 'bad-signature', damage: (bytes) => bytes.with(59, bytes[59]! ^ 1) },
  { name: 'empty', verdict: 'malformed', damage: () => new Uint8Array(0) },
];

/** Grants and the verdicts on them, for the keyset that stands beside them. */
export function makeVerdicts(): {
  readonly rootKey: string;
  readonly keyset: string;
  readonly cases: readonly VerdictVector[];
} {
  return {
    rootKey: hexEncode(signingPublicKey(secrets.root)),
    keyset: hexEncode(encodeKeyset(keyset, root)),
    cases: rows.map((row) => {
      const [first, second] = row.signers ?? [issuer, approver];
      const bytes = encodeGrant({ ...base, ...row.grant }, first, second);
      const grant = hexEncode(row.damage?.(bytes) ?? bytes);
      const granted = row.grantedActions === undefined ? {} : { grantedActions: row.grantedActions };
      return { name: row.name, device: row.device ?? device, grant, verdict: row.verdict, ...granted };
    }),
  };
}
