import type {
  Component,
  FixedComponent,
  QuantityRule,
  Schedule,
  TouTieredComponent,
  When,
} from '../../../../domain/tariffs/tariff.ts';
import type { Dice } from './dice.ts';
import { randomFormula } from './formulas.ts';
import { label, monthDays, randomBounds, randomRules, randomTiered } from './tiers.ts';
import { type BillDays, dayText, kinds, registers, type Source } from './usage.ts';

/** What a component may ask for, and what stands before it. */
export interface Asked {
  readonly source: Source;
  readonly days: BillDays;
  /** Ids before it. */
  readonly before: readonly string[];
  readonly canRoundLines: boolean;
  readonly depth: number;
}

const classes = ['resident', 'low-income'] as const;
const payers = ['home', 'parking-space', 'shop', 'line'] as const;

function quantityFor(dice: Dice, { source }: Asked): QuantityRule {
  if (dice.once(4)) return { formula: randomFormula(dice, true) };
  if (source === 'meters' || source === 'plain') return { usage: dice.once(3) ? { kind: dice.pick(kinds) } : {} };
  if (source === 'intervals' || dice.once(2)) return { usage: {} };
  const register = dice.pick(registers);
  return { usage: source === 'registers' && dice.once(2) ? { kind: 'cold', register } : { register } };
}

/** Seasons of all lengths: around the bill's days, over the year's end, one beside the other. */
function randomSeasons(dice: Dice, { days }: Asked): NonNullable<When['seasons']> {
  const near = (): string => dayText(days.from + dice.whole(days.to - days.from + 2)).slice(5);
  const one = (): string => (dice.once(2) ? near() : dice.pick(monthDays));
  return dice.some(2, () => ({ from: one(), to: one() }));
}

function hoursWhen(dice: Dice): When {
  const [a, b] = [dice.whole(40) / 2, dice.whole(16) / 4];
  const when = {
    ...dice.maybe(2, () => ({ weekdays: dice.some(3, () => 1 + dice.whole(7)) })),
    ...dice.maybe(2, () => ({
      hours: [{ from: a, to: Math.min(24, a + b + 0.25) }, ...(dice.once(2) ? [{ from: 22, to: 24 }] : [])],
    })),
    ...dice.maybe(2, () => ({ holidays: dice.pick(['only', 'except'] as const) })),
  };
  return Object.keys(when).length === 0 ? { weekdays: [6, 7] } : when;
}

/** For whom a part of a tariff is. */
export function randomHouseholds(dice: Dice): When {
  return dice.once(2)
    ? { customerClass: dice.pick([['resident'], [...classes]]) }
    : { payerObject: dice.pick([['home'], ['home', 'shop'], [...payers]]) };
}

function whenFor(dice: Dice, asked: Asked, usesHours: boolean): { when?: When } {
  const when: When = {
    ...dice.maybe(6, () => ({ seasons: randomSeasons(dice, asked) })),
    ...dice.maybe(12, () => randomHouseholds(dice)),
    ...(usesHours ? dice.maybe(2, () => hoursWhen(dice)) : undefined),
  };
  return Object.keys(when).length === 0 ? {} : { when };
}

function fixed(dice: Dice): Omit<FixedComponent, 'id' | 'label'> {
  const prorate = dice.pick(['none', 'actual-days', 'whole-months', 'fixed-30', '365-12', 'normal-days'] as const);
  return {
    kind: 'fixed',
    amount: dice.decimal(50, 2),
    per: dice.pick(['day', 'month', 'quarter', 'year', 'bill']),
    prorate,
    ...(prorate === 'normal-days' || dice.once(6) ? { normalDays: dice.pick(['30', '30.4', '91']) } : undefined),
    ...dice.maybe(2, () => ({ end: dice.pick(['exclusive', 'inclusive'] as const) })),
  };
}

/** A day's row of periods, with one or two changes. */
function randomRow(dice: Dice, slots: number, periods: number): number[] {
  const [first, second] = [dice.whole(slots), dice.whole(slots)];
  const [a, b, c] = [dice.whole(periods), dice.whole(periods), dice.whole(periods)];
  return Array.from({ length: slots }, (_, slot) =>
    slot < Math.min(first, second) ? a : slot < Math.max(first, second) ? b : c,
  );
}

/** A schedule of whole, half or quarter hours, with special days. */
export function randomSchedule(dice: Dice, periods: number, days: BillDays): Schedule {
  const slots = dice.pick([24, 24, 48, 96]);
  const [first, second, weekend] = [0, 1, 2].map(() => randomRow(dice, slots, periods)) as [
    number[],
    number[],
    number[],
  ];
  const byMonth = (month: number): number[] => (month % 3 === 0 ? second : first);
  const special = (): string[] => dice.some(2, () => dayText(days.from + dice.whole(days.to - days.from)));
  return {
    weekday: Array.from({ length: 12 }, (_, month) => byMonth(month)),
    weekend: Array.from({ length: 12 }, (_, month) => (month === 6 ? first : weekend)),
    ...dice.maybe(2, () => ({
      exceptions: dice.some(2, () => ({
        days: special(),
        ...dice.maybe(2, () => ({ row: randomRow(dice, slots, periods) })),
      })),
    })),
  };
}

const periodsFor = (dice: Dice, { source }: Asked): readonly string[] =>
  source === 'intervals' ? registers.slice(0, 1 + dice.whole(3)) : registers;

function touTiered(dice: Dice, asked: Asked): Omit<TouTieredComponent, 'id' | 'label'> {
  const names = periodsFor(dice, asked);
  const bounds = randomBounds(dice);
  const row = (): string[] => bounds.map(() => dice.decimal(2, 4));
  const schedule = { schedule: randomSchedule(dice, names.length, asked.days) };
  const isMatrix = dice.once(2);
  return {
    kind: 'tou-tiered',
    periods: names.map((name) => ({ name, label, ...(isMatrix ? {} : { price: dice.decimal(2, 4) }) })),
    bounds,
    ...(isMatrix ? { prices: names.map(row) } : { add: row() }),
    split: dice.pick(['by-interval', 'by-day-ratio', 'by-bill-ratio']),
    ...(asked.source === 'intervals' || dice.once(2) ? schedule : undefined),
    ...randomRules(dice, bounds.length),
  };
}

function touPart(dice: Dice, asked: Asked, common: { id: string; label: typeof label }): Component {
  if (dice.once(2)) return { ...common, ...touTiered(dice, asked) };
  const names = periodsFor(dice, asked);
  const periods = names.map((name) => ({ name, label, price: dice.decimal(2, 4) }));
  const schedule = { schedule: randomSchedule(dice, names.length, asked.days) };
  return { ...common, kind: 'tou', periods, ...(asked.source === 'intervals' || dice.once(2) ? schedule : undefined) };
}

function selectPart(dice: Dice, asked: Asked, common: { id: string; label: typeof label }): Component {
  const bounds = randomBounds(dice);
  const scale = dice.pick(['none', 'months', 'days', 'days-365'] as const);
  const inner: string[] = [];
  return {
    ...common,
    kind: 'select',
    by: quantityFor(dice, asked),
    ...dice.maybe(2, () => ({ edge: dice.pick(['upper-inclusive', 'upper-exclusive'] as const) })),
    ...dice.maybe(2, () => ({ boundScale: scale })),
    ...(scale === 'days' || dice.once(8) ? { normalDays: dice.pick(['30', '7']) } : undefined),
    tables: bounds.map((upTo, table) => ({
      upTo,
      components: Array.from({ length: dice.whole(3) }, (_, index) => {
        const id = `${common.id}-${String(table)}-${String(index)}`;
        const before = [...asked.before, ...inner.filter((one) => one.startsWith(`${common.id}-${String(table)}-`))];
        inner.push(id);
        return randomComponent(dice, id, { ...asked, before, depth: asked.depth + 1 });
      }),
    })),
  };
}

function kindFor(dice: Dice, { source, before, depth }: Asked): Component['kind'] {
  const byHour = source === 'named' || source === 'registers' || source === 'intervals';
  return dice.pick([
    'fixed',
    'per-unit',
    'tiered',
    'tiered',
    'package',
    'formula',
    'share',
    ...(before.length > 0 ? (['percent-of'] as const) : []),
    ...(byHour ? (['tou', 'tou', 'tou-tiered'] as const) : []),
    ...(depth < 2 ? (['select'] as const) : []),
  ]);
}

/** A component of any kind that this bill can be rated by. */
export function randomComponent(dice: Dice, id: string, asked: Asked): Component {
  const kind = kindFor(dice, asked);
  const quantity = quantityFor(dice, asked);
  const usesHours = asked.source === 'intervals' && 'usage' in quantity;
  const canHaveHours = usesHours && (kind === 'per-unit' || kind === 'tiered' || kind === 'package');
  const common = {
    id,
    label,
    ...whenFor(dice, asked, canHaveHours),
    ...dice.maybe(4, () => ({ taxRate: dice.pick(['6', '9', '13', '0']) })),
    ...dice.maybe(8, () => ({ invoiceClass: '110020101' })),
  };
  switch (kind) {
    case 'fixed':
      return { ...common, ...fixed(dice) };
    case 'per-unit':
      return { ...common, kind, price: dice.decimal(2, 4), quantity };
    case 'tiered':
      return { ...randomTiered(dice, id, quantity), ...common };
    case 'package': {
      const free = dice.maybe(2, () => ({ free: dice.decimal(40, 1) }));
      return { ...common, kind, size: String(1 + dice.whole(50)), price: dice.decimal(9, 2), ...free, quantity };
    }
    case 'formula':
      return { ...common, kind, amount: randomFormula(dice, true) };
    case 'share': {
      const of = dice.pick(['amount', 'quantity'] as const);
      const key = dice.pick(['area', 'units', 'people', 'coefficient'] as const);
      const remainder = dice.pick(['largest-remainder', 'first'] as const);
      return {
        ...common,
        kind,
        of,
        key,
        remainder,
        ...(of === 'quantity' || dice.once(9) ? { price: dice.decimal(9, 3) } : undefined),
      };
    }
    case 'percent-of': {
      const of = [...new Set(dice.some(2, () => dice.pick(asked.before)))];
      const ofRounded = asked.canRoundLines && dice.once(2);
      return { ...common, kind, of, ofRounded, percent: dice.decimal(30, 2) };
    }
    case 'select':
      return selectPart(dice, asked, common);
    default:
      return touPart(dice, asked, common);
  }
}
