import { lockReasonBits } from '../../../domain/unlock/states.ts';
import type { Act } from './next-act.ts';
import type { DeviceStatus, Observation } from './observation.ts';
import { kitOf } from './site-work.ts';
import type { SiteWork } from './site-work.ts';

/** Reasons after which somebody must have looked before a terminal is unlocked without asking (plan of the policy). */
const inspectMask = lockReasonBits.case | lockReasonBits.temperature | lockReasonBits['self-test'];

/** True when the lock's reasons demand photos and seals before the unlock. */
export function needsSiteInspection(reasons: number): boolean {
  return (reasons & inspectMask) !== 0;
}

/** The server knows of this use and has everything that was carried so far: the run goes on online. */
export function isHandedOver(seen: Observation, site: SiteWork): boolean {
  if (site.isRecorded !== true || site.report !== undefined || seen.queued > 0) return false;
  const unlock = seen.case;
  // A terminal that was online first has handed the unlock in itself; the case then has another id.
  const isThisUse =
    unlock?.onSite?.delegationId === site.delegationId && unlock.onSite.useIndex === site.signed?.useIndex;
  return seen.isNetworkUp && seen.isCaseFresh && (unlock?.id === site.caseId || isThisUse);
}

/** The next act of a use of a delegation. Pure, like `nextAct`, and as repeatable. */
export function siteAct(seen: Observation, site: SiteWork): Act {
  if (site.report !== undefined) return { do: 'keep-report' };
  if (site.receipt !== undefined && site.isRecorded !== true) return { do: 'keep-record' };
  if (seen.delegation?.id !== site.delegationId) return { do: 'load-delegation' };
  if (seen.cable === 'ready' && seen.device === undefined) return { do: 'read-status' };
  return site.receipt === undefined ? beforeUnlock(seen, site) : afterUnlock(seen, site);
}

function beforeUnlock(seen: Observation, site: SiteWork): Act {
  const { device, record } = seen;
  if (device !== undefined && device.state !== 'LOCKED') return whenNotLocked(site);
  if (site.refusal !== undefined) {
    const { retryAtMs } = site.refusal;
    if (retryAtMs !== undefined && retryAtMs > seen.nowMs) return { do: 'wait-device', untilMs: retryAtMs };
    if (retryAtMs === undefined) return { do: 'site-again' };
  }
  if (isKeysetBehind(seen)) return { do: 'give-keyset' };
  // The same bundle may be handed over again: a terminal that has taken it answers with the same receipt.
  if (site.sent !== undefined) return { do: 'site-unlock' };
  if (site.request === undefined || isStale(site, device)) return { do: 'site-request' };
  if (needsSiteInspection(site.request.reasons) && record.inspection?.isReady !== true) return { do: 'inspect' };
  return site.second === undefined ? { do: 'site-confirm' } : { do: 'site-unlock' };
}

/** The terminal does not know the keys that signed the delegation; it would send the bundle back. */
function isKeysetBehind({ cable, device, keyset }: Observation): boolean {
  return cable === 'ready' && device !== undefined && device.keysetSequence < (keyset?.sequence ?? 0);
}

function whenNotLocked(site: SiteWork): Act {
  return site.sent === undefined ? { do: 'finished', how: 'not-locked' } : { do: 'site-recover' };
}

function isStale(site: SiteWork, device: DeviceStatus | undefined): boolean {
  if (device === undefined || site.request === undefined) return false;
  return site.request.lockEpoch !== device.lockEpoch || site.request.screenNumber !== device.screenNumber;
}

function afterUnlock(seen: Observation, site: SiteWork): Act {
  const { device, record } = seen;
  const orders = kitOf(seen.delegation, record.terminal.id, site.kitPart);
  if (device === undefined) return isSetUp(seen, site, orders.length) ? siteEnd(seen) : { do: 'carry-kit' };
  switch (device.state) {
    case 'LOCKED':
      return { do: 'ask-again', why: 'stale' };
    case 'PROBATION':
    case 'NORMAL':
      return siteEnd(seen);
    case 'BLANK':
      if (site.stuckAt !== undefined) return { do: 'site-wait', why: 'kit-failed' };
      return site.kitAt < orders.length ? { do: 'carry-kit' } : { do: 'site-wait', why: 'no-kit' };
  }
}

function isSetUp({ record }: Observation, site: SiteWork, orders: number): boolean {
  const isCarried = orders > 0 && site.kitAt >= orders && site.stuckAt === undefined;
  return isCarried || record.lastState === 'NORMAL' || record.lastState === 'PROBATION';
}

function siteEnd({ device, record }: Observation): Act {
  if ((device?.state ?? record.lastState) === 'NORMAL') return { do: 'finished', how: 'back-to-work' };
  const untilMs = (device?.probationUntilSeconds ?? 0) * 1000;
  return { do: 'wait-probation', untilMs };
}
