import type { HouseholdRule, Tier, TieredComponent, TierRules } from '../../../../domain/tariffs/tariff.ts';
import type { Dice } from './dice.ts';

/** A text that nobody reads. */
export const label = { zh: '费', en: 'Fee' };
/** Days of the year with which years, seasons and counts begin and end. */
export const monthDays = ['01-01', '02-28', '02-29', '03-01', '04-30', '07-01', '07-15', '10-01', '12-31'] as const;

/** Rising bounds; `null` last. */
export function randomBounds(dice: Dice): (string | null)[] {
  let bound = 0;
  const count = 1 + dice.whole(4);
  return Array.from({ length: count }, (_, index) => {
    bound += 1 + dice.whole(dice.pick([30, 200]));
    return index === count - 1 ? null : dice.pick([String(bound), `${String(bound)}.5`]);
  });
}

function randomHousehold(dice: Dice, count: number): HouseholdRule {
  const formulas = ['30 + 30 * persons', 'max(1, persons - 1) * 25', '200 / (persons + 1)', 'round(persons * 33.3, 0)'];
  return {
    countAbove: dice.whole(5),
    add: dice.decimal(120, dice.whole(2)),
    each: dice.pick(['person', 'once']),
    moves: dice.pick(['first', 'all']),
    asOf: dice.pick(['bill-start', ...monthDays]),
    ...dice.maybe(4, () => ({
      formulas: Array.from({ length: count }, (_, index) => (index === count - 1 ? null : dice.pick(formulas))),
    })),
  };
}

/** Window, edge, scale and household of tiers of any kind. */
export function randomRules(dice: Dice, count: number): TierRules {
  const window = dice.pick(['bill', 'bill', 'month', 'year', 'year', 'tariff-year'] as const);
  const scale = dice.pick(['none', 'months', 'days', 'days-365'] as const);
  return {
    window,
    ...dice.maybe(2, () => ({ yearStart: dice.pick(monthDays) })),
    ...dice.maybe(2, () => ({ edge: dice.pick(['upper-inclusive', 'upper-exclusive'] as const) })),
    ...dice.maybe(2, () => ({ zeroPaysFirstFlat: dice.pick([true, false]) })),
    ...(window === 'bill' && dice.once(2) ? { boundScale: scale } : undefined),
    ...(scale === 'days' || dice.once(8) ? { normalDays: dice.pick(['30', '30.4', '91', '7']) } : undefined),
    ...dice.maybe(3, () => ({ boundRound: dice.pick(['none', 'whole'] as const) })),
    ...(window === 'bill'
      ? undefined
      : dice.maybe(3, () => ({ partYear: dice.pick(['none', 'months', 'days'] as const) }))),
    ...dice.maybe(3, () => ({ household: randomHousehold(dice, count) })),
  };
}

/** Tiers with rising bounds. */
export function randomTiers(dice: Dice, bounds: readonly (string | null)[]): Tier[] {
  const blocks = dice.once(4);
  return bounds.map((upTo): Tier => ({
    upTo,
    price: dice.decimal(2, 4),
    ...dice.maybe(3, () => ({ flat: dice.decimal(20, 2) })),
    ...(blocks ? dice.maybe(2, () => ({ block: dice.pick(['1', '10', '2.5', '7']) })) : undefined),
  }));
}

/** A tiered component of any mode, window and edge. */
export function randomTiered(
  dice: Dice,
  id: string,
  quantity: TieredComponent['quantity'] = { usage: {} },
): TieredComponent {
  const bounds = randomBounds(dice);
  const mode = dice.pick(['graduated', 'graduated', 'volume', 'band'] as const);
  const rules = randomRules(dice, bounds.length);
  return { id, label, kind: 'tiered', mode, tiers: randomTiers(dice, bounds), quantity, ...rules };
}
