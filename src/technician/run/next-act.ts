import { endedUnlockStates } from '../../../protocol/http/unlocks.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { DeviceStatus, Observation } from './observation.ts';
import { isHandedOver, siteAct } from './site-act.ts';

/** Why a new request is needed; the person decides to ask again. */
export type AskAgainReason =
  | 'refused'
  | 'withdrawn'
  | 'expired'
  | 'void'
  /** The terminal has another challenge or lock epoch than the request: it locked again or somebody else asked. */
  | 'stale'
  /** The terminal did not accept the grant; the code is in the record. */
  | 'device-refused';

/** Why the run cannot go on here. */
export type StopReason =
  /** The policy or an approver sends the terminal to the depot. */
  | 'depot'
  /** The terminal is BLANK and the server has no case to set it up under. */
  | 'blank-without-case';

/** Why a terminal that was unlocked on site waits for the server: no orders were made ahead, or a step failed for good. */
export type SiteWait = 'no-kit' | 'kit-failed';

/** What to do next. Machine acts may be repeated without harm. */
export type Act =
  | { readonly do: 'read-status' | 'fetch-case' | 'ask' | 'send-inspection' | 'give-keyset' | 'give-grant' }
  | { readonly do: 'post-receipt' | 'recover-receipt' | 'give-abort' | 'exchange-order' | 'carry-order' }
  | { readonly do: 'read-request'; readonly fresh: boolean }
  /** Acts of a use of a delegation; `load-delegation` reads it from this device. */
  | { readonly do: 'load-delegation' | 'site-request' | 'site-unlock' | 'site-recover' | 'carry-kit' }
  /** Puts what the server must learn into the outbox: an on-site unlock, a kit's report, a request for later. */
  | { readonly do: 'keep-record' | 'keep-report' | 'keep-request' }
  | { readonly do: 'connect' | 'start' | 'inspect' | 'site-confirm' | 'site-again' }
  | { readonly do: 'ask-again'; readonly why: AskAgainReason }
  | { readonly do: 'wait-cable' | 'wait-approval' | 'wait-later' }
  /** Unlocked on site, and what comes next must come from the server. */
  | { readonly do: 'site-wait'; readonly why: SiteWait }
  | { readonly do: 'wait-device'; readonly untilMs: number }
  | { readonly do: 'wait-probation'; readonly untilMs: number }
  | { readonly do: 'stopped'; readonly why: StopReason }
  | { readonly do: 'finished'; readonly how: 'back-to-work' | 'not-locked' };

/** The name of an act. */
export type ActName = Act['do'];

const cableActs: ReadonlySet<ActName> = new Set<ActName>([
  'read-status',
  'read-request',
  'give-keyset',
  'give-grant',
  'recover-receipt',
  'give-abort',
  'carry-order',
  'wait-device',
  'start',
  'site-request',
  'site-unlock',
  'site-recover',
  'carry-kit',
]);
/** Acts that newer word from the server could change; before them the case is fetched when it may be outdated. */
const caseActs: ReadonlySet<ActName> = new Set<ActName>([
  'start',
  'ask',
  'inspect',
  'send-inspection',
  'ask-again',
  'wait-approval',
  'wait-probation',
  'stopped',
  'finished',
  'connect',
  'wait-cable',
  'read-request',
  'exchange-order',
  'wait-later',
  'site-wait',
]);
/** Acts of a person: the run waits for one press. */
export const personActs: ReadonlySet<ActName> = new Set<ActName>([
  'connect',
  'start',
  'inspect',
  'ask-again',
  'site-confirm',
  'site-again',
]);
/** Acts that are only waiting or an end. */
export const restingActs: ReadonlySet<ActName> = new Set<ActName>([
  'wait-cable',
  'wait-approval',
  'wait-later',
  'wait-device',
  'wait-probation',
  'site-wait',
  'stopped',
  'finished',
]);

/**
 * The one act that brings this terminal closer to work. Pure: the same observation gives the same act, so a reload,
 * a replug, a restarted server and a late answer all go on from what is seen, not from what was being done.
 */
export function nextAct(seen: Observation): Act {
  const { record } = seen;
  if (record.receipt !== undefined) return { do: 'post-receipt' };
  if (record.report !== undefined) return { do: 'exchange-order' };
  const { site } = record;
  const isOnSite = site !== undefined && !isHandedOver(seen, site);
  if (!isOnSite && seen.cable === 'ready' && seen.device === undefined) return { do: 'read-status' };
  const wanted = isOnSite ? siteAct(seen, site) : wantedAct(seen);
  const isNewsWanted = isOnSite ? site.isRecorded === true : true;
  if (isNewsWanted && !seen.isCaseFresh && seen.isNetworkUp && caseActs.has(wanted.do)) return { do: 'fetch-case' };
  if (!cableActs.has(wanted.do) || seen.cable === 'ready') return wanted;
  return { do: seen.cable === 'coming' ? 'wait-cable' : 'connect' };
}

function wantedAct(seen: Observation): Act {
  const { device } = seen;
  if (device === undefined) return withoutDevice(seen);
  switch (device.state) {
    case 'LOCKED':
      return whenLocked(seen, device);
    case 'BLANK':
      return whenBlank(seen);
    case 'PROBATION':
      return whenOnProbation(seen);
    case 'NORMAL':
      return whenNormal(seen);
  }
}

/** What the server and the record alone allow while the terminal is not here. */
function withoutDevice(seen: Observation): Act {
  const unlock = liveCase(seen);
  if (unlock === undefined) return askOr(seen, { do: 'read-status' });
  switch (unlock.state) {
    case 'needs-inspection':
      return inspectOrSend(seen);
    case 'waiting':
      return { do: 'wait-approval' };
    case 'done':
      return { do: 'finished', how: 'back-to-work' };
    case 'probation':
      return isReleasable(unlock, seen.nowMs) ? { do: 'read-status' } : waitProbation(unlock);
    case 'refused':
    case 'withdrawn':
    case 'expired':
    case 'void':
      return afterEnd(seen, unlock);
    default:
      return { do: 'read-status' };
  }
}

function whenLocked(seen: Observation, device: DeviceStatus): Act {
  const unlock = liveCase(seen);
  if (unlock === undefined || isOfEarlierLock(unlock, device)) return askOr(seen, { do: 'start' });
  switch (unlock.state) {
    case 'needs-inspection':
      return isSameChallenge(unlock, device) ? inspectOrSend(seen) : askAgain('stale');
    case 'waiting':
      return isSameChallenge(unlock, device) ? { do: 'wait-approval' } : askAgain('stale');
    case 'granted':
      return deliver(seen, unlock, device);
    case 'unlocked':
    case 'commissioning':
    case 'probation':
    case 'done':
      return hasAskedSince(seen, unlock) ? askOr(seen, { do: 'start' }) : askAgain('stale');
    default:
      return afterEnd(seen, unlock);
  }
}

/** The request in hand is for another case: the person has asked again after `unlock`. */
function hasAskedSince({ record }: Observation, unlock: UnlockCase): boolean {
  return record.request !== undefined && record.request.caseId !== unlock.id;
}

function deliver(seen: Observation, unlock: UnlockCase, device: DeviceStatus): Act {
  const { grant } = unlock;
  const refusal = seen.record.grantRefusal;
  if (refusal !== undefined && refusal.caseId === unlock.id) {
    if (refusal.retryAtMs === undefined) return askAgain('device-refused');
    if (refusal.retryAtMs > seen.nowMs) return { do: 'wait-device', untilMs: refusal.retryAtMs };
  }
  if (!isSameChallenge(unlock, device)) return askAgain('stale');
  if (grant?.sealed === undefined) return seen.isCaseFresh ? askAgain('void') : { do: 'wait-approval' };
  if (Date.parse(grant.notAfter) < seen.nowMs) return askAgain('expired');
  return device.keysetSequence < keysetSequence(seen) ? { do: 'give-keyset' } : { do: 'give-grant' };
}

function whenBlank(seen: Observation): Act {
  const unlock = liveCase(seen);
  switch (unlock?.state) {
    case 'granted':
    case 'expired':
    case 'void':
      return { do: 'recover-receipt' };
    case 'unlocked':
    case 'commissioning':
      return seen.order === undefined ? { do: 'exchange-order' } : { do: 'carry-order' };
    default:
      return { do: 'stopped', why: 'blank-without-case' };
  }
}

function whenOnProbation(seen: Observation): Act {
  const unlock = liveCase(seen);
  if (unlock === undefined) return { do: 'finished', how: 'not-locked' };
  if (seen.order !== undefined) return { do: 'carry-order' };
  if (unlock.state === 'unlocked' || unlock.state === 'commissioning') return { do: 'exchange-order' };
  if (unlock.state !== 'probation') return { do: 'finished', how: 'back-to-work' };
  return isReleasable(unlock, seen.nowMs) ? { do: 'exchange-order' } : waitProbation(unlock);
}

function whenNormal(seen: Observation): Act {
  const unlock = liveCase(seen);
  switch (unlock?.state) {
    case 'granted':
      return { do: 'recover-receipt' };
    case 'unlocked':
    case 'commissioning':
    case 'probation':
      return seen.order === undefined ? { do: 'exchange-order' } : { do: 'carry-order' };
    case 'done':
      return { do: 'finished', how: 'back-to-work' };
    default:
      return { do: 'finished', how: seen.record.finishedAtMs === undefined ? 'not-locked' : 'back-to-work' };
  }
}

/** The case that counts: none once the person has asked again after it. */
function liveCase(seen: Observation): UnlockCase | undefined {
  const unlock = seen.case;
  if (unlock === undefined || seen.record.wantsFresh === true) return undefined;
  const isEnded = (endedUnlockStates as readonly string[]).includes(unlock.state);
  return isEnded && hasAskedSince(seen, unlock) ? undefined : unlock;
}

/** Sends the request that is held, reads one first, or rests at `rest` until the person has started. */
function askOr(seen: Observation, rest: Act): Act {
  const { record, device } = seen;
  const { request } = record;
  if (record.wantsFresh === true) return { do: 'read-request', fresh: true };
  const isCurrent =
    request !== undefined &&
    (device === undefined || (request.lockEpoch === device.lockEpoch && request.screenNumber === device.screenNumber));
  if (!isCurrent) return { do: 'read-request', fresh: false };
  const isBehind = device !== undefined && device.keysetSequence < keysetSequence(seen);
  if (isBehind && seen.cable === 'ready') return { do: 'give-keyset' };
  if (record.startedAtMs === undefined) return rest;
  if (record.later === undefined || record.later.caseId !== request.caseId) return { do: 'ask' };
  return { do: record.later.isKept ? 'wait-later' : 'keep-request' };
}

function inspectOrSend({ record }: Observation): Act {
  return record.inspection?.isReady === true ? { do: 'send-inspection' } : { do: 'inspect' };
}

function afterEnd(seen: Observation, unlock: UnlockCase): Act {
  const { device } = seen;
  if (unlock.state === 'withdrawn') {
    const mustBurn = unlock.abort !== undefined && device !== undefined && isSameChallenge(unlock, device);
    return mustBurn && device.state === 'LOCKED' ? { do: 'give-abort' } : askAgain('withdrawn');
  }
  if (unlock.state === 'refused' && unlock.decision?.outcome === 'depot') return { do: 'stopped', why: 'depot' };
  if (unlock.state === 'refused' || unlock.state === 'expired' || unlock.state === 'void') {
    return askAgain(unlock.state);
  }
  return askOr(seen, { do: 'start' });
}

function askAgain(why: AskAgainReason): Act {
  return { do: 'ask-again', why };
}

function isOfEarlierLock(unlock: UnlockCase, device: DeviceStatus): boolean {
  return unlock.state === 'done' && unlock.request.lockEpoch < device.lockEpoch;
}

/** Sequence of the newest keyset in sight; handed over before anybody presses start, so that no one waits for it. */
function keysetSequence({ case: unlock, keyset }: Observation): number {
  return Math.max(unlock?.keyset.sequence ?? 0, keyset?.sequence ?? 0);
}

/** The terminal still waits for the answer to this very request. */
function isSameChallenge(unlock: UnlockCase, device: DeviceStatus): boolean {
  return unlock.request.lockEpoch === device.lockEpoch && unlock.request.screenNumber === device.screenNumber;
}

function isReleasable(unlock: UnlockCase, nowMs: number): boolean {
  return unlock.probation === undefined || unlock.probation.releasable || Date.parse(unlock.probation.until) <= nowMs;
}

function waitProbation(unlock: UnlockCase): Act {
  return { do: 'wait-probation', untilMs: Date.parse(unlock.probation?.until ?? '') };
}
