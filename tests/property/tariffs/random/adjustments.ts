import type { Adjustment, DiscountRule, LateFeeRule, Rounding } from '../../../../domain/tariffs/tariff.ts';
import { randomHouseholds } from './components.ts';
import type { Dice } from './dice.ts';
import { label, monthDays } from './tiers.ts';

const modes = ['half-up', 'half-even', 'half-down', 'up', 'down'] as const;

function randomDiscount(dice: Dice): DiscountRule {
  switch (dice.whole(3)) {
    case 0:
      return { percent: dice.decimal(60, 2) };
    case 1:
      return { amount: dice.decimal(40, 2), per: dice.pick(['bill', 'month']) };
    default: {
      const fromMonths = 1 + dice.whole(4);
      return { fromMonths, freeMonths: dice.decimal(fromMonths, 1) };
    }
  }
}

/** An adjustment of any kind, on all or on some of the lines before it. */
export function randomAdjustment(
  dice: Dice,
  id: string,
  before: readonly string[],
  canRoundLines: boolean,
): Adjustment {
  const common = {
    id,
    label,
    ...dice.maybe(3, () => ({ of: [...new Set(dice.some(2, () => dice.pick(before)))] })),
    ...dice.maybe(8, () => ({ when: randomHouseholds(dice) })),
    ...dice.maybe(8, () => ({ invoiceClass: '110020102' })),
  };
  switch (dice.whole(4)) {
    case 0:
      return { ...common, kind: 'discount', discount: randomDiscount(dice) };
    case 1: {
      const per = dice.pick(['line', 'bill'] as const);
      const percent = dice.maybe(2, () => ({ percent: dice.decimal(20, 2) }));
      return { ...common, kind: 'tax', per, ofRounded: canRoundLines && dice.once(2), ...percent };
    }
    default: {
      const isYearly = dice.once(2);
      const per = dice.pick(['bill', 'month', 'day'] as const);
      const most = { bill: isYearly ? 3_000 : 200, month: 120, day: 5 }[per];
      return {
        ...common,
        kind: dice.pick(['minimum', 'maximum']),
        amount: dice.decimal(most, 2),
        per,
        ...(isYearly ? { window: 'year' } : dice.maybe(2, () => ({ window: 'bill' as const }))),
        ...dice.maybe(2, () => ({ yearStart: dice.pick(monthDays) })),
        ...dice.maybe(2, () => ({ prorate: dice.pick(['none', 'actual-days'] as const) })),
      };
    }
  }
}

/** A late fee with any of its rules. */
export function randomLateFee(dice: Dice): LateFeeRule {
  const cap = {
    ...dice.maybe(2, () => ({ percentOfPrincipal: dice.decimal(40, 1) })),
    ...dice.maybe(2, () => ({ amount: dice.decimal(60, 2) })),
  };
  return {
    label,
    percentPerDay: dice.decimal(1, 3),
    ...dice.maybe(2, () => ({ percentAfterYearEnd: dice.decimal(1, 3) })),
    ...dice.maybe(2, () => ({ graceDays: dice.pick([0, 1, 5, 15, 40]) })),
    ...dice.maybe(2, () => ({ graceCounts: dice.pick([true, false]) })),
    ...dice.maybe(2, () => ({ start: dice.pick(['day-after-due', 'due-day'] as const) })),
    ...dice.maybe(2, () => ({ countsPaymentDay: dice.pick([true, false]) })),
    ...dice.maybe(3, () => ({ minTotal: dice.decimal(6, 2) })),
    ...dice.maybe(2, () => ({ cap })),
    ...dice.maybe(2, () => ({ round: dice.pick(modes) })),
    ...dice.maybe(3, () => ({ exempt: ['low-income'] })),
    ...dice.maybe(2, () => ({ waivers: ['office'] })),
  };
}

/** Any rounding. */
export function randomRounding(dice: Dice): Rounding {
  return {
    at: dice.pick(['line', 'component', 'bill']),
    mode: dice.pick(modes),
    ...dice.maybe(3, () => ({ step: dice.pick(['0.01', '0.1', '0.05', '1']) })),
    ...dice.maybe(3, () => ({ cash: dice.pick(['0.05', '0.1', '1', '0.25']) })),
    ...dice.maybe(3, () => ({ cashMode: dice.pick(modes) })),
  };
}
