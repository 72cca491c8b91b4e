import { sha256 } from '@noble/hashes/sha2.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { verifyKeyset } from '../../protocol/unlock/v1/authority.ts';
import { encodeReceipt } from '../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../protocol/unlock/v1/constants.ts';
import type { ReceiptResult } from '../../protocol/unlock/v1/constants.ts';
import { refusals } from '../../protocol/unlock/v1/refusals.ts';
import type { RefusalCode } from '../../protocol/unlock/v1/refusals.ts';
import { openGrant } from '../../protocol/unlock/v1/seal.ts';
import { verifyAbort, verifyGrant } from '../../protocol/unlock/v1/verify-grant.ts';
import type { AcceptedGrant, DeviceView } from '../../protocol/unlock/v1/verify-grant.ts';
import { acceptAttempt, chargeAttempt, waitSeconds } from './attempts.ts';
import type { AttemptCounters } from './attempts.ts';
import { clearChallenge, outstandingChallenge } from './challenge.ts';
import type { CoreRecord } from './core-record.ts';
import type { Firmware } from './firmware.ts';
import { shortHash } from './journal.ts';
import { keysetOf, storedKeyset, verifierOf } from './keyset.ts';
import { rearmSensors } from './trips.ts';
import { paymentSecrets, secretNames } from './vault.ts';

/** What the device answers to a grant. */
export interface GrantAnswer {
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

function deviceView(firmware: Firmware): DeviceView {
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

function refused(firmware: Firmware, refusal: RefusalCode): GrantAnswer {
  return { receipt: new Uint8Array(0), refusal, retryAfterSeconds: retryAfterSeconds(firmware) };
}

/** What needs no look at the credential, and therefore costs nothing. */
function earlyRefusal(firmware: Firmware): RefusalCode | undefined {
  if (firmware.core.state !== 'LOCKED') return 'not-locked';
  if (outstandingChallenge(firmware) === undefined) return 'no-challenge';
  return retryAfterSeconds(firmware) > 0 ? 'too-many-attempts' : undefined;
}

/** Does to the challenge and the counters what the refusal prescribes, in one write. */
function punish(firmware: Firmware, refusal: RefusalCode, credential: Uint8Array, before: AttemptCounters): void {
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
function makeReceipt(
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

/** The first durable step: from here on the grant is used, whatever happens to the power. */
function consume(firmware: Firmware, accepted: AcceptedGrant, sealed: Uint8Array): void {
  const { core } = firmware;
  const isUnlock = (accepted.grantedActions & (actionBits.clearSoft | actionBits.clearTamper)) !== 0;
  firmware.clock.raiseFloor(accepted.floorSeconds);
  firmware.commit(
    {
      lockEpoch: core.lockEpoch + 1,
      nonce: firmware.random(16),
      pending: { grantHash: accepted.hash, sealedHash: sha256(sealed), actions: accepted.grantedActions },
      grantSequence: accepted.grant.grantSequence,
      lifetimeUnlocks: core.lifetimeUnlocks + (isUnlock ? 1 : 0),
      attempts: acceptAttempt(core.attempts),
    },
    {
      type: 'consumed',
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

/**
 * Carries out a consumed grant and stores its receipt; after a power cut the next boot calls it again. It only erases
 * and makes a fresh commission key before the last write, so doing it twice ends the same.
 */
export function finishPending(firmware: Firmware): void {
  const { core, vault } = firmware;
  const { pending } = core;
  if (pending === null) return;
  clearChallenge(firmware);
  if ((pending.actions & actionBits.clearTamper) !== 0) {
    vault.erase(paymentSecrets);
    const secret = firmware.random(32);
    vault.put(secretNames.commission, secret);
    secret.fill(0);
  }
  if ((pending.actions & actionBits.wipeReinit) !== 0) firmware.objects.eraseWritten();
  const next = firmware.prepare(
    { ...stateAfter(core, pending.actions), pending: null, answeredGrantHash: pending.sealedHash },
    { type: 'unlocked', result: 'done', detail: pending.actions, credentialHash: pending.grantHash.slice(0, 16) },
  );
  const act = { hash: pending.grantHash, result: 'unlocked', actions: pending.actions } as const;
  firmware.save({ ...next, lastReceipt: makeReceipt(firmware, next, act) });
  if (next.state !== 'LOCKED') rearmSensors(firmware);
}

/**
 * Uses a sealed GRANT: the attempt is charged before the grant is looked at, "consumed" is durable before anything is
 * done, the receipt is durable before it is sent. The same bytes again, with no other lock in between, get the
 * stored receipt and do nothing.
 */
export function useGrant(firmware: Firmware, sealed: Uint8Array): GrantAnswer {
  const { core } = firmware;
  if (equalBytes(core.answeredGrantHash, sha256(sealed))) {
    return { receipt: core.lastReceipt, refusal: '', retryAfterSeconds: 0 };
  }
  const challenge = outstandingChallenge(firmware);
  const early = earlyRefusal(firmware);
  if (early !== undefined || challenge === undefined) return refused(firmware, early ?? 'no-challenge');
  firmware.commit({ attempts: chargeAttempt(core.attempts, firmware.clock.nowSeconds()) });
  const accepted = judge(firmware, sealed, challenge.responseSecret);
  if (!accepted.ok) {
    punish(firmware, accepted.error, sealed, core.attempts);
    return refused(firmware, accepted.error);
  }
  consume(firmware, accepted.value, sealed);
  finishPending(firmware);
  return { receipt: firmware.core.lastReceipt, refusal: '', retryAfterSeconds: 0 };
}

/** A grant that does not open with this challenge's secret was sealed for another challenge, or was damaged. */
function judge(firmware: Firmware, sealed: Uint8Array, secret: Uint8Array): Result<AcceptedGrant, RefusalCode> {
  const opened = openGrant(sealed, secret);
  if (!opened.ok) return err(opened.error === 'not-openable' ? 'wrong-nonce' : opened.error);
  return verifyGrant(opened.value, deviceView(firmware), keysetOf(firmware.core), verifierOf(firmware.core));
}

/** Burns the outstanding challenge by the issuer's ABORT; gives the receipt. Repeating it gives the same receipt. */
export function useAbort(firmware: Firmware, bytes: Uint8Array): Result<Uint8Array, RefusalCode> {
  const { core } = firmware;
  if (equalBytes(core.answeredGrantHash, sha256(bytes))) return ok(core.lastReceipt);
  const early = earlyRefusal(firmware);
  if (early !== undefined) return err(early);
  firmware.commit({ attempts: chargeAttempt(core.attempts, firmware.clock.nowSeconds()) });
  const accepted = verifyAbort(bytes, deviceView(firmware), keysetOf(core), verifierOf(core));
  if (!accepted.ok) {
    punish(firmware, accepted.error, bytes, core.attempts);
    return accepted;
  }
  const { hash } = accepted.value;
  const next = firmware.prepare(
    { nonce: firmware.random(16), attempts: acceptAttempt(firmware.core.attempts), answeredGrantHash: hash },
    { type: 'aborted', result: 'done', detail: 0, nonceHash: shortHash(core.nonce), credentialHash: hash.slice(0, 16) },
  );
  const receipt = makeReceipt(firmware, next, { hash, result: 'aborted', actions: 0 });
  firmware.save({ ...next, lastReceipt: receipt });
  clearChallenge(firmware);
  return ok(receipt);
}

/** Takes a newer KEYSET signed by the root key; gives the sequence that the device then holds. */
export function useKeyset(firmware: Firmware, bytes: Uint8Array): Result<number, RefusalCode> {
  const accepted = verifyKeyset(bytes, [firmware.factory.rootPublicKey], storedKeyset(firmware.core));
  if (!accepted.ok) return accepted;
  const { sequence } = accepted.value.keyset;
  if (!accepted.value.isRepeat) {
    firmware.commit({ keyset: bytes.slice() }, { type: 'keyset', result: 'stored', detail: sequence });
  }
  return ok(sequence);
}
