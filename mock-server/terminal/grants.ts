import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { verifyKeyset } from '../../protocol/unlock/v1/authority.ts';
import type { RefusalCode } from '../../protocol/unlock/v1/refusals.ts';
import { openGrant } from '../../protocol/unlock/v1/seal.ts';
import { verifyAbort, verifyGrant } from '../../protocol/unlock/v1/verify-grant.ts';
import type { AcceptedGrant } from '../../protocol/unlock/v1/verify-grant.ts';
import { acceptAttempt, chargeAttempt } from './attempts.ts';
import { clearChallenge, outstandingChallenge } from './challenge.ts';
import { consume, deviceView, earlyRefusal, finishPending, makeReceipt, punish, refused } from './credentials.ts';
import type { UnlockAnswer } from './credentials.ts';
import type { Firmware } from './firmware.ts';
import { shortHash } from './journal.ts';
import { keysetOf, storedKeyset, verifierOf } from './keyset.ts';

/**
 * Uses a sealed GRANT: the attempt is charged before the grant is looked at, "consumed" is durable before anything is
 * done, the receipt is durable before it is sent. The same bytes again, with no other lock in between, get the
 * stored receipt and do nothing.
 */
export function useGrant(firmware: Firmware, sealed: Uint8Array): UnlockAnswer {
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
  const { grant, revocationFloor } = accepted.value;
  consume(firmware, {
    accepted: accepted.value,
    received: sealed,
    change: {
      grantSequence: grant.grantSequence,
      revocationFloor: Math.max(core.revocationFloor, revocationFloor),
    },
  });
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
