import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { lockReasonBits } from '../../../domain/unlock/states.ts';
import type { RefusalCode } from '../../../protocol/unlock/v1/refusals.ts';
import type { SiteView } from '../../../protocol/unlock/v1/verify-site.ts';
import { counting, nowSeconds, signers } from './fixture.ts';
import {
  delegation,
  deviceIds,
  expiredApprover,
  forged,
  passerBy,
  technician,
  type SiteSetup,
} from './site-fixture.ts';

/** One thing that is wrong. Two faults of one group cannot be present at once. */
export interface SiteFault {
  readonly name: string;
  /** The step of section 6.6. */
  readonly step: number;
  readonly code: RefusalCode;
  readonly group?: 'signers' | 'memory' | 'second' | 'time' | 'count';
  change(setup: SiteSetup): SiteSetup;
}

const inDelegation = (part: Partial<SiteSetup['delegation']>) => (setup: SiteSetup) => ({
  ...setup,
  delegation: { ...setup.delegation, ...part },
});
const inResponse = (part: SiteSetup['response']) => (setup: SiteSetup) => ({
  ...setup,
  response: { ...setup.response, ...part },
});
const inDevice = (part: Partial<SiteView>) => (setup: SiteSetup) => ({
  ...setup,
  device: { ...setup.device, ...part },
});
const signedBy = (issuers: SiteSetup['issuers']) => (setup: SiteSetup) => ({ ...setup, issuers });
const remembering = (sequence: number) =>
  inDevice({ lastDelegation: { sequence, hash: new Uint8Array(32), uses: 1, lastUseIndex: 1 } });
const clockAt = (seconds: number) => (setup: SiteSetup) =>
  inDevice({ clock: { ...setup.device.clock, nowSeconds: seconds } })(setup);

function withoutChallenge(setup: SiteSetup): SiteSetup {
  const { nonce: _gone, ...device } = setup.device;
  return { ...setup, device };
}

/** Every way to be refused, in the order of the steps. */
export const siteFaults: readonly SiteFault[] = [
  { name: 'cut short', step: 1, code: 'malformed', change: (s) => ({ ...s, damage: (b) => b.slice(0, -1) }) },
  { name: 'not locked', step: 2, code: 'not-locked', change: inDevice({ state: 'BLANK' }) },
  { name: 'no challenge', step: 2, code: 'no-challenge', change: withoutChallenge },
  { name: 'wrong device', step: 3, code: 'wrong-device', change: inResponse({ deviceId: deviceIds[2] }) },
  { name: 'wrong epoch', step: 3, code: 'wrong-epoch', change: inResponse({ lockEpoch: 40 }) },
  { name: 'replay: wrong nonce', step: 3, code: 'wrong-nonce', change: inResponse({ nonce: counting(16, 2) }) },
  {
    name: 'unlisted device',
    step: 4,
    code: 'not-listed',
    change: inDelegation({ devices: [deviceIds[0], deviceIds[2]] }),
  },
  { name: 'floor raise', step: 5, code: 'revoked', change: inDevice({ revocationFloor: 6 }) },
  {
    name: 'a newer delegation was used',
    step: 6,
    code: 'stale-sequence',
    group: 'memory',
    change: remembering(delegation.sequence + 1),
  },
  {
    name: 'another delegation of the same number was used',
    step: 6,
    code: 'stale-sequence',
    group: 'memory',
    change: remembering(delegation.sequence),
  },
  {
    name: 'used up on this device',
    step: 6,
    code: 'uses-exhausted',
    group: 'memory',
    change: (s) => ({ ...s, prior: { uses: 2, lastUseIndex: 0 } }),
  },
  { name: 'a newer keyset is demanded', step: 7, code: 'keyset-stale', change: inDelegation({ keysetFloor: 8 }) },
  {
    name: 'unknown issuer',
    step: 8,
    code: 'unknown-key',
    group: 'signers',
    change: signedBy([signers.stranger, signers.approver]),
  },
  {
    name: 'the issuer signs twice',
    step: 8,
    code: 'same-signer',
    group: 'signers',
    change: signedBy([signers.issuer, signers.issuer]),
  },
  {
    name: 'swapped class',
    step: 8,
    code: 'wrong-class',
    group: 'signers',
    change: signedBy([signers.approver, signers.issuer]),
  },
  {
    name: 'an approver whose key is over',
    step: 8,
    code: 'key-expired',
    group: 'signers',
    change: signedBy([signers.issuer, expiredApprover]),
  },
  {
    name: 'forged approval',
    step: 8,
    code: 'bad-signature',
    group: 'signers',
    change: signedBy([signers.issuer, forged(signers.approver)]),
  },
  {
    name: 'a response under another delegation',
    step: 9,
    code: 'wrong-delegation',
    change: inResponse({ delegationHash: counting(32, 9) }),
  },
  {
    name: 'the same person signs twice',
    step: 10,
    code: 'same-signer',
    group: 'second',
    change: (s) => ({ ...s, second: technician }),
  },
  {
    name: 'wrong second person',
    step: 10,
    code: 'wrong-second',
    group: 'second',
    change: (s) => ({ ...s, second: passerBy }),
  },
  {
    name: 'forged technician',
    step: 11,
    code: 'bad-signature',
    change: (s) => ({ ...s, technician: forged(s.technician) }),
  },
  {
    name: 'forged second person',
    step: 11,
    code: 'bad-signature',
    change: (s) => ({ ...s, second: { ...s.second, signer: forged(s.second.signer) } }),
  },
  {
    name: 'a span of a day and a second',
    step: 12,
    code: 'span-too-long',
    group: 'time',
    change: (s) => inDelegation({ notAfterSeconds: s.delegation.notBeforeSeconds + 86_401 })(s),
  },
  { name: 'expired', step: 12, code: 'expired', group: 'time', change: clockAt(nowSeconds + 7261) },
  { name: 'not yet valid', step: 12, code: 'not-yet-valid', group: 'time', change: clockAt(nowSeconds - 3661) },
  {
    name: 'signed after the end',
    step: 12,
    code: 'expired',
    group: 'time',
    change: inResponse({ madeAtSeconds: nowSeconds + 7261 }),
  },
  {
    name: 'signed before the beginning',
    step: 12,
    code: 'not-yet-valid',
    group: 'time',
    change: inResponse({ madeAtSeconds: nowSeconds - 3661 }),
  },
  {
    name: 'counter beyond all uses',
    step: 13,
    code: 'uses-exhausted',
    group: 'count',
    change: inResponse({ useIndex: 7 }),
  },
  {
    name: 'counter that does not rise',
    step: 13,
    code: 'stale-sequence',
    group: 'memory',
    change: (s) => ({ ...s, prior: { uses: 1, lastUseIndex: s.response.useIndex ?? 1 } }),
  },
  {
    name: 'reason not covered',
    step: 14,
    code: 'reason-not-covered',
    change: inDelegation({ reasonsOk: lockReasonBits.case }),
  },
  {
    name: 'nothing allowed',
    step: 15,
    code: 'nothing-allowed',
    change: inResponse({ actions: actionBits.clearSoft | actionBits.wipeReinit }),
  },
];
