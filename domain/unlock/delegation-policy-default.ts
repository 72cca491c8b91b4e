import type { DelegationPolicy } from './delegation-policy.ts';

/**
 * What a new installation allows on site. A day's work for one technician, and no more than a lost laptop may cost:
 * the limits of docs/unlock-protocol.md, section 7, are the device's own and lie above these.
 */
export const defaultDelegationPolicy: DelegationPolicy = {
  version: 1,
  terminalsMax: 8,
  hoursMax: 24,
  secondsMax: 8,
  usesPerTerminalMax: 2,
  usesMax: 16,
  activeMax: 2,
  perDayMax: 4,
  reasonsOk: ['drop', 'flat-cell', 'pin-tries', 'case'],
  unlocksLifetimeLimit: 10,
  siteWeekLimit: 6,
  pairMonthLimit: 10,
  coolDownHours: 12,
  probationHours: 72,
  probationLimitFen: 20_000,
};
