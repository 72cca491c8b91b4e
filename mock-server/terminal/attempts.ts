import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';

/** Counts of wrong credentials; durable. Times are the device clock's seconds. */
export interface AttemptCounters {
  /** Wrong in a row since the last accepted credential. */
  readonly failed: number;
  readonly lastFailedAtSeconds: number;
  readonly dayStartSeconds: number;
  readonly inDay: number;
  readonly inLife: number;
}

/** The counters of a new device. */
export const noAttempts: AttemptCounters = {
  failed: 0,
  lastFailedAtSeconds: 0,
  dayStartSeconds: 0,
  inDay: 0,
  inLife: 0,
};

const daySeconds = 86_400;
/** What a device answers that will never look at a credential again: the largest number of the field. */
export const neverSeconds = 0xffff_ffff;

function delaySeconds(failed: number): number {
  const beyond = failed - unlockLimits.freeAttempts;
  if (beyond <= 0) return 0;
  return Math.min(unlockLimits.delaySecondsMax, unlockLimits.firstDelaySeconds * 2 ** Math.min(beyond - 1, 20));
}

/** Seconds until the next credential is looked at; 0: now; `neverSeconds`: only a depot can help. */
export function waitSeconds(counters: AttemptCounters, nowSeconds: number): number {
  if (counters.inLife >= unlockLimits.attemptsPerLifeMax) return neverSeconds;
  const delay = delaySeconds(counters.failed);
  const afterFailure = delay === 0 ? 0 : counters.lastFailedAtSeconds + delay - nowSeconds;
  const isDayFull = counters.inDay >= unlockLimits.attemptsPerDayMax;
  const afterDay = isDayFull ? counters.dayStartSeconds + daySeconds - nowSeconds : 0;
  return Math.max(0, afterFailure, afterDay);
}

/** The counters with one more attempt, taken before the credential is looked at. */
export function chargeAttempt(counters: AttemptCounters, nowSeconds: number): AttemptCounters {
  const isNewDay = counters.inDay === 0 || nowSeconds - counters.dayStartSeconds >= daySeconds;
  return {
    failed: counters.failed + 1,
    lastFailedAtSeconds: nowSeconds,
    dayStartSeconds: isNewDay ? nowSeconds : counters.dayStartSeconds,
    inDay: isNewDay ? 1 : counters.inDay + 1,
    inLife: counters.inLife + 1,
  };
}

/** `counters` as charged, with the row of failures ended and the charge given back: the credential was good. */
export function acceptAttempt(counters: AttemptCounters): AttemptCounters {
  return { ...counters, failed: 0, inDay: Math.max(0, counters.inDay - 1), inLife: Math.max(0, counters.inLife - 1) };
}
