import { defaultUnlockPolicy } from '../../../domain/unlock/policy-default.ts';
import type { UnlockPolicy } from '../../../domain/unlock/policy.ts';

const unlimited = 1_000_000;

/**
 * The product's policy without its counts a day, a month and a life: a bench unlocks in a minute what a technician
 * unlocks in a year. Every other rule is evaluated as ever.
 */
export const benchPolicy: UnlockPolicy = {
  ...defaultUnlockPolicy,
  technicianDailyLimit: unlimited,
  unlocksLifetimeLimit: unlimited,
  tamperUnlocks30DaysLimit: unlimited,
  rules: defaultUnlockPolicy.rules.map((rule) => {
    const { technicianUnlocksTodayMin, unlocksLifetimeMin, tamperUnlocks30DaysMin, unlocks30DaysMin, ...rest } =
      rule.when;
    const counts = { technicianUnlocksTodayMin, unlocksLifetimeMin, tamperUnlocks30DaysMin, unlocks30DaysMin };
    const lifted = Object.fromEntries(
      Object.entries(counts).flatMap(([name, count]) => (count === undefined ? [] : [[name, unlimited]])),
    );
    return { ...rule, when: { ...rest, ...lifted } };
  }),
};
