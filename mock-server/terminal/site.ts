import { sha256 } from '@noble/hashes/sha2.js';
import { ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { verifySite } from '../../protocol/unlock/v1/verify-site.ts';
import type { SiteView } from '../../protocol/unlock/v1/verify-site.ts';
import { chargeAttempt } from './attempts.ts';
import { askRequest, outstandingChallenge } from './challenge.ts';
import type { RequestErrorCode } from './challenge.ts';
import type { SiteRecord } from './core-record.ts';
import { consume, deviceView, earlyRefusal, finishPending, punish, refused } from './credentials.ts';
import type { UnlockAnswer } from './credentials.ts';
import type { Firmware } from './firmware.ts';
import { keysetOf, verifierOf } from './keyset.ts';

function siteView(firmware: Firmware): SiteView {
  const { revocationFloor, lastDelegation } = firmware.core;
  const view = { ...deviceView(firmware), revocationFloor };
  return lastDelegation === null ? view : { ...view, lastDelegation };
}

/** The plain REQUEST and what the technician's page must know to answer it on site. */
export interface SiteRequest {
  readonly request: Uint8Array;
  readonly ageSeconds: number;
  readonly screenNumber: string;
  /** The delegation that was used here last: a lower one is dead; 0 when there was none. */
  readonly delegationSequence: number;
  readonly revocationFloor: number;
}

/**
 * The outstanding request, unsealed, made at the first asking. It is the one that `askRequest` seals to the server:
 * whichever answer comes first uses it up, and the other is dead.
 */
export function askSiteRequest(firmware: Firmware): Result<SiteRequest, RequestErrorCode> {
  const asked = askRequest(firmware, false);
  if (!asked.ok) return asked;
  const { request, madeAtSeconds, screenNumber } = asked.value;
  const { revocationFloor, lastDelegation } = firmware.core;
  return ok({
    request,
    ageSeconds: Math.max(0, firmware.clock.nowSeconds() - madeAtSeconds),
    screenNumber,
    delegationSequence: lastDelegation?.sequence ?? 0,
    revocationFloor,
  });
}

/**
 * Uses an on-site bundle, with the same care as a grant: the attempt is charged before the bundle is looked at,
 * "consumed" is durable before anything is done, receipt and record are durable before they are sent. The same bundle
 * again, with no other lock in between, gets the stored receipt and does nothing.
 */
export function useSiteBundle(firmware: Firmware, bundle: Uint8Array): UnlockAnswer {
  const { core } = firmware;
  if (equalBytes(core.answeredGrantHash, sha256(bundle))) {
    return { receipt: core.lastReceipt, refusal: '', retryAfterSeconds: 0 };
  }
  const challenge = outstandingChallenge(firmware);
  const early = earlyRefusal(firmware);
  if (early !== undefined || challenge === undefined) return refused(firmware, early ?? 'no-challenge');
  firmware.commit({ attempts: chargeAttempt(core.attempts, firmware.clock.nowSeconds()) });
  const accepted = verifySite(bundle, siteView(firmware), keysetOf(core), verifierOf(core));
  if (!accepted.ok) {
    punish(firmware, accepted.error, bundle, core.attempts);
    return refused(firmware, accepted.error);
  }
  const { use, revocationFloor } = accepted.value;
  consume(firmware, {
    accepted: accepted.value,
    received: bundle,
    change: { lastDelegation: use, revocationFloor },
    site: { delegationSequence: use.sequence, request: challenge.request, bundle: bundle.slice() },
  });
  finishPending(firmware);
  return { receipt: firmware.core.lastReceipt, refusal: '', retryAfterSeconds: 0 };
}

/** One place of the ring of on-site records: the numbers that are kept, and the record if it is among them. */
export function readSiteRecord(
  firmware: Firmware,
  number: number,
): { readonly first: number; readonly next: number; readonly record: SiteRecord | undefined } {
  const { records, next } = firmware.core.siteRecords;
  const first = next - records.length;
  return { first, next, record: number < first ? undefined : records[number - first] };
}
