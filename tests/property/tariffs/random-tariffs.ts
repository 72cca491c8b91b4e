import type { RateInput } from '../../../domain/tariffs/rating.ts';
import type { Adjustment, Component, Tariff, TieredComponent, Tier } from '../../../domain/tariffs/tariff.ts';

const label = { zh: '费', en: 'Fee' };

/** Numbers that follow from a seed: the same test everywhere, and a failing seed is all that is needed to see it again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 1_013_904_223) >>> 0;
  }

  /** 0 to `below` − 1. */
  whole(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  /** One of some. */
  pick<T>(of: readonly T[]): T {
    return of[this.whole(of.length)] as T;
  }

  /** A decimal text below `most` with up to so many decimals. */
  decimal(most: number, decimals: number): string {
    const scale = 10 ** decimals;
    const value = this.whole(most * scale);
    return decimals === 0 ? String(value) : (value / scale).toFixed(decimals);
  }
}

/** Tiers with rising bounds; `null` last. */
export function randomTiers(dice: Dice): Tier[] {
  let bound = 0;
  const count = 1 + dice.whole(4);
  return Array.from({ length: count }, (_, index): Tier => {
    bound += 1 + dice.whole(200);
    const isLast = index === count - 1;
    const flat = dice.whole(3) === 0 ? { flat: dice.decimal(20, 2) } : {};
    return {
      upTo: isLast ? null : dice.pick([String(bound), `${String(bound)}.5`]),
      price: dice.decimal(2, 4),
      ...flat,
    };
  });
}

/** A tiered component of any mode, window and edge. */
export function randomTiered(dice: Dice, id: string): TieredComponent {
  const window = dice.pick(['bill', 'year'] as const);
  return {
    id,
    label,
    kind: 'tiered',
    mode: dice.pick(['graduated', 'graduated', 'volume', 'band']),
    window,
    tiers: randomTiers(dice),
    quantity: { usage: {} },
    edge: dice.pick(['upper-inclusive', 'upper-exclusive']),
    zeroPaysFirstFlat: dice.pick([true, false]),
    ...(window === 'bill' && dice.whole(2) === 0 ? { boundScale: 'days', normalDays: '30' } : {}),
  };
}

function randomComponent(dice: Dice, index: number): Component {
  const id = `c${String(index)}`;
  const usage = { usage: {} };
  switch (dice.whole(index === 0 ? 5 : 6)) {
    case 0: {
      const per = dice.pick(['day', 'month', 'bill'] as const);
      const prorate = per === 'bill' ? 'none' : dice.pick(['none', 'actual-days', 'fixed-30'] as const);
      return { id, label, kind: 'fixed', amount: dice.decimal(50, 2), per, prorate };
    }
    case 1:
      return { id, label, kind: 'per-unit', price: dice.decimal(2, 4), quantity: usage };
    case 2: {
      const size = String(1 + dice.whole(50));
      return {
        id,
        label,
        kind: 'package',
        size,
        price: dice.decimal(9, 2),
        free: dice.decimal(40, 1),
        quantity: usage,
      };
    }
    case 3:
    case 4:
      return randomTiered(dice, id);
    default: {
      const of = [`c${String(dice.whole(index))}`];
      return { id, label, kind: 'percent-of', of, ofRounded: dice.pick([true, false]), percent: dice.decimal(30, 2) };
    }
  }
}

function randomAdjustment(dice: Dice, index: number): Adjustment {
  const id = `a${String(index)}`;
  switch (dice.whole(4)) {
    case 0:
      return { id, label, kind: 'discount', discount: { percent: dice.decimal(60, 2) } };
    case 1:
      return { id, label, kind: 'minimum', amount: dice.decimal(120, 2), per: 'bill' };
    case 2:
      return { id, label, kind: 'maximum', amount: dice.decimal(300, 2), per: 'bill' };
    default: {
      const [per, ofRounded] = [dice.pick(['line', 'bill'] as const), dice.pick([true, false])];
      return { id, label, kind: 'tax', percent: dice.decimal(20, 2), per, ofRounded };
    }
  }
}

/** A tariff of these parts. */
export function tariffOf(components: readonly Component[], adjustments: readonly Adjustment[] = []): Tariff {
  return {
    id: 'random',
    service: 'water',
    name: label,
    unit: label,
    currency: 'CNY',
    timeZone: '+08:00',
    versionSplit: 'day-share',
    sources: [],
    versions: [{ id: '1', effectiveFrom: '2020-01-01', components, adjustments }],
  };
}

/** Up to four components and two adjustments. */
export function randomTariff(dice: Dice): Tariff {
  const components = Array.from({ length: 1 + dice.whole(4) }, (_, index) => randomComponent(dice, index));
  return tariffOf(
    components,
    Array.from({ length: dice.whole(3) }, (_, index) => randomAdjustment(dice, index)),
  );
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A bill of up to some ten weeks, sometimes over New Year, sometimes with earlier usage. */
export function randomBill(dice: Dice, tariff: Tariff): RateInput {
  const month = dice.pick([1, 2, 6, 7, 11, 12]);
  const from = `2026-${two(month)}-${two(1 + dice.whole(28))}`;
  const to = new Date(Date.parse(from) + (1 + dice.whole(75)) * 86_400_000).toISOString().slice(0, 10);
  const quantity = dice.pick(['0', dice.decimal(400, 0), dice.decimal(900, 3)]);
  const used = tariff.versions.flatMap(({ components }) =>
    components
      .filter(({ kind }) => kind === 'tiered' && dice.whole(2) === 0)
      .map(({ id }) => [id, { '2026-01-01': dice.decimal(500, 2) }] as const),
  );
  return {
    account: {},
    period: { from, to },
    usage: { quantities: { '': quantity } },
    previous: { used: Object.fromEntries(used) },
    asOf: `${to}T00:00:00+08:00`,
  };
}
