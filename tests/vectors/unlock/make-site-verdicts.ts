import { sha256 } from '@noble/hashes/sha2.js';
import { hexEncode } from '../../../protocol/bytes.ts';
import { encodeDelegation, encodeKeyset } from '../../../protocol/unlock/v1/codec.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Delegation, SiteResponse } from '../../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';
import { approver, device, expiredSecret, forged, issuer, keyset, root, type DeviceVector } from './make-verdicts.ts';
import { signedBundle, siteDelegation, sitePeople, siteResponse, type SitePerson } from './site-parts.ts';

/** A device of the grant verdicts with what it knows of delegations. */
export interface SiteDeviceVector extends Omit<DeviceVector, 'lastGrantSequence'> {
  readonly revocationFloor: number;
  readonly lastDelegation?: {
    readonly sequence: number;
    readonly hash: string;
    readonly uses: number;
    readonly lastUseIndex: number;
  };
}

/** One bundle, the device that it comes to, and the verdict that every firmware must give. */
export interface SiteVerdictVector {
  readonly name: string;
  readonly device: SiteDeviceVector;
  readonly bundle: string;
  /** "accepted", or the refusal's code. */
  readonly verdict: string;
  /** For accepted bundles. */
  readonly grantedActions?: number;
}

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly delegation?: Partial<Delegation>;
  readonly response?: Partial<SiteResponse>;
  readonly issuers?: readonly [Signer, Signer];
  readonly persons?: readonly [Signer, SitePerson];
  readonly device?: SiteDeviceVector;
  readonly damage?: (bytes: Uint8Array) => Uint8Array;
  readonly grantedActions?: number;
}

const [technician, second, passerBy] = sitePeople;
const time = siteDelegation.notBeforeSeconds + 3600;
const { lastGrantSequence: _grants, ...common } = device;
const base: SiteDeviceVector = { ...common, revocationFloor: 5 };
const { nonce: _nonce, ...withoutNonce } = base;
const goodHash = hexEncode(sha256(encodeDelegation(siteDelegation, issuer, approver)));
const after = (uses: number, lastUseIndex: number): SiteDeviceVector => {
  return { ...base, lastDelegation: { sequence: 3391, hash: goodHash, uses, lastUseIndex } };
};
const remembering = (sequence: number): SiteDeviceVector => {
  return { ...base, lastDelegation: { sequence, hash: '00'.repeat(32), uses: 1, lastUseIndex: 1 } };
};
const at = (nowSeconds: number): SiteDeviceVector => ({ ...base, clock: { ...base.clock, nowSeconds } });
const blind = (floorSeconds: number): SiteDeviceVector => {
  return { ...base, clock: { trusted: false, nowSeconds: 0, floorSeconds } };
};
const elsewhere = Uint8Array.from({ length: 8 }, (_, i) => 0xc0 + i);

const rows: readonly Row[] = [
  { name: 'the good bundle', verdict: 'accepted', grantedActions: 4 },
  {
    name: 'over-asking is cut to what work on site may do',
    verdict: 'accepted',
    ...{ delegation: { actions: 127 }, response: { actions: 127 }, grantedActions: 5 },
    device: { ...base, allowedActions: 127 },
  },
  { name: 'the second use on this device', verdict: 'accepted', device: after(1, 0), grantedActions: 4 },
  {
    name: 'soft lock, keys stay',
    verdict: 'accepted',
    ...{
      delegation: { reasonsOk: 511 },
      response: { actions: 6 },
      device: { ...base, reasons: 64 },
      grantedActions: 2,
    },
  },
  { name: 'cut short', verdict: 'malformed', damage: (bytes) => bytes.slice(0, -1) },
  { name: 'one byte more', verdict: 'malformed', damage: (bytes) => Uint8Array.from([...bytes, 0]) },
  { name: 'empty', verdict: 'malformed', damage: () => new Uint8Array(0) },
  { name: 'unknown version', verdict: 'unsupported-version', damage: (bytes) => bytes.with(11, 2) },
  { name: 'not locked', verdict: 'not-locked', device: { ...base, state: 'BLANK' } },
  { name: 'no challenge', verdict: 'no-challenge', device: withoutNonce },
  { name: 'wrong device', verdict: 'wrong-device', response: { deviceId: elsewhere } },
  { name: 'wrong epoch', verdict: 'wrong-epoch', response: { lockEpoch: 40 } },
  { name: 'replay after a new nonce', verdict: 'wrong-nonce', device: { ...base, nonce: '11'.repeat(16) } },
  { name: 'unlisted', verdict: 'not-listed', delegation: { devices: [elsewhere] } },
  { name: 'floor raise', verdict: 'revoked', device: { ...base, revocationFloor: 6 } },
  { name: 'an older delegation', verdict: 'stale-sequence', device: remembering(3392) },
  { name: 'another delegation of the same number', verdict: 'stale-sequence', device: remembering(3391) },
  { name: 'used up on this device', verdict: 'uses-exhausted', device: after(2, 0) },
  { name: 'a newer keyset is demanded', verdict: 'keyset-stale', delegation: { keysetFloor: 8 } },
  { name: 'unknown issuer', verdict: 'unknown-key', issuers: [root, approver] },
  { name: 'the issuer signs twice', verdict: 'same-signer', issuers: [issuer, issuer] },
  { name: 'swapped classes', verdict: 'wrong-class', issuers: [approver, issuer] },
  { name: 'an approver whose key is over', verdict: 'key-expired', issuers: [issuer, softwareSigner(expiredSecret)] },
  { name: 'forged approval', verdict: 'bad-signature', issuers: [issuer, forged(approver)] },
  {
    name: 'another delegation is meant',
    verdict: 'wrong-delegation',
    response: { delegationHash: new Uint8Array(32) },
  },
  { name: 'the same person signs twice', verdict: 'same-signer', persons: [technician.signer, technician] },
  { name: 'wrong second person', verdict: 'wrong-second', persons: [technician.signer, passerBy] },
  {
    name: 'a second person for another device',
    verdict: 'wrong-second',
    delegation: { seconds: siteDelegation.seconds.map((listed) => ({ ...listed, deviceMask: 0b101 })) },
  },
  { name: 'forged technician', verdict: 'bad-signature', persons: [passerBy.signer, second] },
  {
    name: 'forged second person',
    verdict: 'bad-signature',
    persons: [technician.signer, { ...second, signer: passerBy.signer }],
  },
  { name: 'span too long', verdict: 'span-too-long', delegation: { notAfterSeconds: time - 3600 + 86_401 } },
  { name: 'late within the tolerance', verdict: 'accepted', device: at(time + 7260), grantedActions: 4 },
  { name: 'expired', verdict: 'expired', device: at(time + 7261) },
  { name: 'not yet valid', verdict: 'not-yet-valid', device: at(time - 3661) },
  { name: 'signed after the end', verdict: 'expired', response: { madeAtSeconds: time + 7261 } },
  { name: 'signed before the beginning', verdict: 'not-yet-valid', response: { madeAtSeconds: time - 3661 } },
  { name: 'clock not trusted', verdict: 'accepted', device: blind(0), grantedActions: 4 },
  { name: 'clock not trusted, below the floor', verdict: 'expired', device: blind(time + 7201) },
  { name: 'beyond all uses', verdict: 'uses-exhausted', response: { useIndex: 7 } },
  { name: 'a use number that does not rise', verdict: 'stale-sequence', device: after(1, 1) },
  { name: 'reason not covered', verdict: 'reason-not-covered', delegation: { reasonsOk: 1 } },
  { name: 'nothing left after cutting', verdict: 'nothing-allowed', response: { actions: 2 } },
  {
    name: 'a bit of the last signature',
    verdict: 'bad-signature',
    damage: (bytes) => bytes.with(-8, (bytes.at(-8) ?? 0) ^ 1),
  },
];

/** Bundles and the verdicts on them, for the keyset that stands beside them. */
export function makeSiteVerdicts(): {
  readonly rootKey: string;
  readonly keyset: string;
  readonly cases: readonly SiteVerdictVector[];
} {
  return {
    rootKey: hexEncode(signingPublicKey(Uint8Array.from({ length: 32 }, (_, i) => i + 1))),
    keyset: hexEncode(encodeKeyset(keyset, root)),
    cases: rows.map((row) => {
      const { issuers = [issuer, approver], persons } = row;
      const delegation = { ...siteDelegation, ...row.delegation };
      const bytes = signedBundle(delegation, { ...siteResponse, ...row.response }, issuers, persons);
      const bundle = hexEncode(row.damage?.(bytes) ?? bytes);
      const granted = row.grantedActions === undefined ? {} : { grantedActions: row.grantedActions };
      return { name: row.name, device: row.device ?? base, bundle, verdict: row.verdict, ...granted };
    }),
  };
}
