import { sha256 } from '@noble/hashes/sha2.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { encodeReceipt } from '../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../protocol/unlock/v1/constants.ts';
import type { ReceiptResult } from '../../protocol/unlock/v1/constants.ts';
import { refusals } from '../../protocol/unlock/v1/refusals.ts';
import type { RefusalCode } from '../../protocol/unlock/v1/refusals.ts';
import type { AcceptedUnlock, DeviceView } from '../../protocol/unlock/v1/verify-grant.ts';
import { acceptAttempt, waitSeconds } from './attempts.ts';
import type { AttemptCounters } from './attempts.ts';
import { clearChallenge, outstandingChallenge } from './challenge.ts';
import type { CoreRecord, PendingSite } from './core-record.ts';
import type { Firmware } from './firmware.ts';
import { shortHash } from './journal.ts';
import { deviceLimits } from './limits.ts';
import { rearmSensors } from './trips.ts';
import { cardSecrets, paymentSecrets, secretNames } from './vault.ts';

/** What the device answers to a grant or an on-site bundle. */
export interface UnlockAnswer {
  /** The signed receipt; empty when refused. */
  readonly receipt: Uint8Array;
  /** Empty when accepted. */
  readonly refusal: RefusalCode | '';
  readonly retryAfterSeconds: number;
}

/** This device's own policy: what it never lets a grant do is left out (new firmware, another owner). */
export const allowedActions =
  actionBits.diagRead |
  actionBits.clearSoft |
  actionBits.clearTamper |
  actionBits.wipeReinit |
  actionBits.setParameters;

/** Time as the verifiers want it. */
export function clockView(firmware: Firmware): DeviceView['clock'] {
  const { clock } = firmware;
  return { trusted: clock.isTrusted, nowSeconds: clock.nowSeconds(), floorSeconds: clock.floorSeconds };
}

/** What the verifiers must know of this device. */
export function deviceView(firmware: Firmware): DeviceView {
  const { core, factory } = firmware;
  const nonce = outstandingChallenge(firmware)?.nonce;
  const view = {
    deviceId: factory.deviceId,
    state: core.state,
    lockEpoch: core.lockEpoch,
    reasons: core.reasons,
    lastGrantSequence: core.grantSequence,
    allowedActions,
    clock: clockView(firmware),
  };
  return nonce === undefined ? view : { ...view, nonce };
}

/** Seconds until the device looks at a credential again. */
export function retryAfterSeconds(firmware: Firmware): number {
  return waitSeconds(firmware.core.attempts, firmware.clock.nowSeconds());
}

/** The answer to a credential that was not taken. */
export function refused(firmware: Firmware, refusal: RefusalCode): UnlockAnswer {
  return { receipt: new Uint8Array(0), refusal, retryAfterSeconds: retryAfterSeconds(firmware) };
}

/** What needs no look at the credential, and therefore costs nothing. */
export function earlyRefusal(firmware: Firmware): RefusalCode | undefined {
  if (firmware.core.state !== 'LOCKED') return 'not-locked';
  if (outstandingChallenge(firmware) === undefined) return 'no-challenge';
  return retryAfterSeconds(firmware) > 0 ? 'too-many-attempts' : undefined;
}

/** Does to the challenge and the counters what the refusal prescribes, in one write. */
export function punish(
  firmware: Firmware,
  refusal: RefusalCode,
  credential: Uint8Array,
  before: AttemptCounters,
): void {
  const { burns, counts } = refusals[refusal];
  const change: Partial<CoreRecord> = {
    ...(counts ? {} : { attempts: before }),
    ...(burns ? { nonce: firmware.random(16) } : {}),
  };
  firmware.commit(change, {
    type: 'refused',
    result: refusal,
    detail: refusals[refusal].number,
    nonceHash: shortHash(firmware.core.nonce),
    credentialHash: shortHash(credential),
  });
  if (burns) clearChallenge(firmware);
}

/** A signed statement about the record that is about to be stored. */
export function makeReceipt(
  firmware: Firmware,
  next: CoreRecord,
  act: { readonly hash: Uint8Array; readonly result: ReceiptResult; readonly actions: number },
): Uint8Array {
  const commission = next.state === 'BLANK' ? firmware.vault.get(secretNames.commission) : undefined;
  const message = {
    deviceId: firmware.factory.deviceId,
    grantHash: act.hash,
    result: act.result,
    grantedActions: act.actions,
    lockEpoch: next.lockEpoch,
    nonceHash: shortHash(next.nonce),
    logHead: next.journal.head,
    deviceTimeSeconds: next.clockSeconds,
    flags: firmware.flags,
    state: next.state,
    ...(commission === undefined ? {} : { commissionKey: x25519.getPublicKey(commission) }),
  };
  return encodeReceipt(message, firmware.signer);
}

/** A credential that was accepted, with what it changes beyond what every one of them does. */
interface Consuming {
  readonly accepted: AcceptedUnlock;
  /** The bytes as they came over the cable. */
  readonly received: Uint8Array;
  readonly change: Partial<CoreRecord>;
  readonly site?: PendingSite;
}

/** The first durable step: from here on the credential is used, whatever happens to the power. */
export function consume(firmware: Firmware, { accepted, received, change, site }: Consuming): void {
  const { core } = firmware;
  const isUnlock = (accepted.grantedActions & (actionBits.clearSoft | actionBits.clearTamper)) !== 0;
  const pending = { grantHash: accepted.hash, sealedHash: sha256(received), actions: accepted.grantedActions };
  firmware.clock.raiseFloor(accepted.floorSeconds);
  firmware.commit(
    {
      ...change,
      lockEpoch: core.lockEpoch + 1,
      nonce: firmware.random(16),
      pending: site === undefined ? pending : { ...pending, site },
      lifetimeUnlocks: core.lifetimeUnlocks + (isUnlock ? 1 : 0),
      attempts: acceptAttempt(core.attempts),
    },
    {
      type: site === undefined ? 'consumed' : 'consumed-on-site',
      result: accepted.isTimeProven ? 'time-proven' : 'time-unproven',
      detail: accepted.grantedActions,
      nonceHash: shortHash(core.nonce),
      credentialHash: accepted.hash.slice(0, 16),
    },
  );
}

function stateAfter(core: CoreRecord, actions: number): Partial<CoreRecord> {
  const wiped = (actions & actionBits.wipeReinit) === 0 ? {} : { parameters: '' };
  if ((actions & actionBits.clearTamper) !== 0) return { ...wiped, state: 'BLANK', reasons: 0, commissioned: 0 };
  if ((actions & actionBits.clearSoft) !== 0) return { ...wiped, state: core.returnState, reasons: 0 };
  return wiped;
}

/** What the act leaves behind besides the state: by which delegation the device is BLANK, and its record of it. */
function siteTrace(core: CoreRecord, next: CoreRecord, receipt: Uint8Array): Partial<CoreRecord> {
  const site = core.pending?.site;
  if (site === undefined) return { blankBy: 0 };
  const { request, bundle, delegationSequence } = site;
  const { records, next: number, handedIn } = core.siteRecords;
  const kept = [...records, { request, bundle, receipt }].slice(-deviceLimits.siteRecords);
  return {
    blankBy: next.state === 'BLANK' ? delegationSequence : 0,
    siteRecords: { records: kept, next: number + 1, handedIn },
  };
}

/**
 * Carries out a consumed credential and stores its receipt; after a power cut the next boot calls it again. It only erases
 * and makes a fresh commission key before the last write, so doing it twice ends the same.
 */
export function finishPending(firmware: Firmware): void {
  const { core, vault } = firmware;
  const { pending } = core;
  if (pending === null) return;
  clearChallenge(firmware);
  if ((pending.actions & actionBits.clearTamper) !== 0) {
    vault.erase([...paymentSecrets, ...cardSecrets]);
    const secret = firmware.random(32);
    vault.put(secretNames.commission, secret);
    secret.fill(0);
  }
  if ((pending.actions & actionBits.wipeReinit) !== 0) firmware.objects.eraseWritten();
  const next = firmware.prepare(
    { ...stateAfter(core, pending.actions), pending: null, answeredGrantHash: pending.sealedHash },
    { type: 'unlocked', result: 'done', detail: pending.actions, credentialHash: pending.grantHash.slice(0, 16) },
  );
  const result = pending.site === undefined ? 'unlocked' : 'unlockedOnSite';
  const receipt = makeReceipt(firmware, next, { hash: pending.grantHash, result, actions: pending.actions });
  firmware.save({ ...next, ...siteTrace(core, next, receipt), lastReceipt: receipt });
  if (next.state !== 'LOCKED') rearmSensors(firmware);
}
