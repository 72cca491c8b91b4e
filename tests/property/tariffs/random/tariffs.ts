import { fen } from '../../../../domain/money.ts';
import type {
  BillUsage,
  CommonTotal,
  LateFeeBase,
  RateInput,
  RatedAccount,
} from '../../../../domain/tariffs/rating.ts';
import type { Component, Tariff, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import { randomAdjustment, randomLateFee, randomRounding } from './adjustments.ts';
import { randomComponent } from './components.ts';
import type { Dice } from './dice.ts';
import { label } from './tiers.ts';
import { type BillDays, dayText, instantText, randomUsage, type Source } from './usage.ts';

/** A tariff and a bill that it can rate. */
export interface RandomCase {
  readonly tariff: Tariff;
  readonly input: RateInput;
}

const dayMs = 86_400_000;
const zones = { '+08:00': 480, Z: 0, '-05:00': -300, '+05:45': 345 } as const;
type Zone = keyof typeof zones;

function randomDays(dice: Dice, source: Source): BillDays {
  const start = Date.UTC(
    dice.pick([2023, 2024, 2025, 2027, 2028]),
    dice.whole(12),
    1 + dice.pick([0, 0, 14, dice.whole(31)]),
  );
  const from = start / dayMs;
  if (source === 'intervals') return { from, to: from + 1 + dice.whole(dice.pick([2, 6, 6, 6, 35])) };
  return { from, to: from + 1 + dice.whole(dice.pick([31, 75, 75, 75, 130, 420])) };
}

/** All components, also those in tables. */
export function allParts(parts: readonly Component[]): Component[] {
  return parts.flatMap((part) =>
    part.kind === 'select' ? [part, ...part.tables.flatMap(({ components }) => allParts(components))] : [part],
  );
}

/** `isPlain`: few parts, and no choice of tables. */
function randomVersion(
  dice: Dice,
  id: string,
  from: number,
  source: Source,
  days: BillDays,
  isPlain = false,
): TariffVersion {
  const rounding = dice.maybe(2, () => ({ rounding: randomRounding(dice) }));
  const canRoundLines = rounding?.rounding.at !== 'bill';
  const before: string[] = [];
  const components = Array.from({ length: dice.pick(isPlain ? [1, 1, 2] : [1, 1, 2, 2, 3, 4]) }, (_, index) => {
    const part = randomComponent(dice, `c${String(index)}`, {
      source,
      days,
      before: [...before],
      canRoundLines,
      depth: isPlain ? 2 : 0,
    });
    before.push(part.id);
    return part;
  });
  const adjustments = Array.from({ length: dice.pick(isPlain ? [0, 0, 1] : [0, 0, 1, 2, 3]) }, (_, index) => {
    const part = randomAdjustment(dice, `a${String(index)}`, before, canRoundLines);
    before.push(part.id);
    return part;
  });
  return {
    id,
    effectiveFrom: dayText(from),
    components,
    ...(adjustments.length === 0 ? undefined : { adjustments }),
    ...dice.maybe(2, () => ({ lateFee: randomLateFee(dice) })),
    ...rounding,
    ...dice.maybe(6, () => ({ quantityStep: dice.pick(['1', '0.001', '0.1']) })),
    ...dice.maybe(3, () => ({ state: dice.pick(['active', 'retired'] as const) })),
  };
}

/** One version, or some that begin inside the bill, one after the other. */
function randomVersions(dice: Dice, split: Tariff['versionSplit'], source: Source, days: BillDays): TariffVersion[] {
  const first = Date.parse(dice.pick(['2018-01-01', '2019-03-15', '2020-02-29', '2017-12-31'])) / dayMs;
  const inside = (): number => days.from + dice.whole(days.to - days.from + 2) - 1;
  const starts = [first, ...new Set(dice.once(4) ? dice.some(2, inside) : [])].sort((a, b) => a - b);
  const versions = starts.map((from, index): TariffVersion => {
    const version = randomVersion(dice, `v${String(index)}`, from, source, days);
    const next = starts[index + 1];
    if (split === 'contract') {
      return {
        ...version,
        ...(index === 0 ? undefined : dice.maybe(2, () => ({ forExistingFrom: dayText(from + dice.whole(30)) }))),
      };
    }
    const to = next === undefined ? days.to + 400 : next - 1 + dice.whole(2) * 10;
    return { ...version, ...dice.maybe(2, () => ({ effectiveTo: dayText(to) })) };
  });
  if (dice.once(20)) {
    const draft = { ...randomVersion(dice, 'draft', first + 30, source, days), state: 'draft' as const };
    versions.push(draft);
  }
  return dice.once(5) ? versions.reverse() : versions;
}

function randomAccount(dice: Dice, days: BillDays): RatedAccount {
  const persons = dice.some(3, (index) => ({
    from: dayText(days.from - 500 + index * 300 + dice.whole(250)),
    count: dice.whole(8),
  }));
  return {
    areaM2: dice.decimal(150, 2),
    innerAreaM2: dice.decimal(120, 1),
    persons: dice.once(3) ? persons.reverse() : persons,
    ...dice.maybe(2, () => ({ customerClass: dice.pick(['resident', 'low-income', 'other']) })),
    ...dice.maybe(2, () => ({ payerObject: dice.pick(['home', 'parking-space', 'shop', 'line'] as const) })),
    movedIn: dayText(days.from - dice.whole(400)),
    ...dice.maybe(3, () => ({ movedOut: dayText(days.to + dice.whole(200)) })),
    ...dice.maybe(3, () => ({ contractFrom: dayText(days.from - 3_800 + dice.whole(3_900)) })),
    values: { k: dice.decimal(9, 3), low: `-${dice.decimal(5, 2)}` },
  };
}

/** The name of the window of a day: the year's first day, or the month. */
function windowName(day: number, start: string | undefined): string {
  const text = dayText(day);
  if (start === undefined) return text.slice(0, 7);
  const inYear = (year: number): string =>
    start === '02-29' && new Date(Date.UTC(year, 1, 29)).getUTCMonth() !== 1
      ? `${String(year)}-02-28`
      : `${String(year)}-${start}`;
  const year = Number(text.slice(0, 4));
  return inYear(year) <= text ? inYear(year) : inYear(year - 1);
}

type Rows = Record<string, Record<string, string>>;

function randomPrevious(dice: Dice, versions: readonly TariffVersion[], days: BillDays): RateInput['previous'] {
  const [used, billed]: [Rows, Rows] = [{}, {}];
  const put = (rows: Rows, id: string, start: string | undefined, text: string): void => {
    if (dice.once(2)) return;
    const row = {
      [windowName(days.from, start)]: text,
      ...(dice.once(6) ? { [windowName(days.to, start)]: '1.5' } : {}),
    };
    const old = Array.from(
      { length: dice.once(12) ? 15 : 0 },
      (_, index) => [`${String(2000 + index)}-01-01`, '9'] as const,
    );
    rows[id] = { ...Object.fromEntries(old), ...rows[id], ...row };
  };
  for (const { effectiveFrom, components, adjustments = [] } of versions) {
    for (const part of allParts(components)) {
      if (part.kind !== 'tiered' && part.kind !== 'tou-tiered') continue;
      if (part.window === 'bill') continue;
      const start = { month: undefined, year: part.yearStart ?? '01-01', 'tariff-year': effectiveFrom.slice(5) }[
        part.window
      ];
      put(used, part.id, start, dice.pick(['0', dice.decimal(500, 2)]));
    }
    for (const part of adjustments) {
      const isLimit = part.kind === 'minimum' || part.kind === 'maximum';
      if (isLimit && part.window === 'year') put(billed, part.id, part.yearStart ?? '01-01', dice.decimal(2_000, 3));
    }
  }
  return Object.keys(billed).length === 0 ? { used } : { used, billed };
}

function randomCommon(dice: Dice, versions: readonly TariffVersion[]): { common?: Record<string, CommonTotal> } {
  const parts = versions.flatMap(({ components }) => allParts(components)).filter(({ kind }) => kind === 'share');
  if (parts.length === 0) return {};
  const entries = parts.map(({ id }): [string, CommonTotal] => {
    const members = dice.some(9, (index) => ({
      id: `h${String(index)}`,
      key: index === 0 ? '1' : dice.decimal(90, 2),
    }));
    return [id, { total: dice.decimal(900, dice.whole(4)), members, self: `h${String(dice.whole(members.length))}` }];
  });
  return { common: Object.fromEntries(entries) };
}

function randomLateFees(dice: Dice, asOf: number, versions: readonly TariffVersion[]): LateFeeBase[] {
  return dice.some(2, (index): LateFeeBase => {
    const dueOn = asOf + 2 - dice.whole(dice.pick([8, 60, 60, 500]));
    const principalFen = dice.whole(50_000);
    const paid = Array.from({ length: dice.pick([0, 0, 1, 2]) }, () => ({
      on: dayText(dueOn - 10 + dice.whole(80)),
      fen: fen(dice.pick([dice.whole(20_000), principalFen]), 'paid'),
    }));
    const canWaive = versions.every(({ lateFee }) => lateFee?.waivers !== undefined);
    const waiver = canWaive ? dice.maybe(2, () => ({ waiver: { role: 'office', reason: 'flood' } })) : undefined;
    return {
      billId: `b${String(index)}`,
      dueOn: dayText(dueOn),
      principalFen: fen(principalFen, 'due'),
      paid,
      ...waiver,
    };
  });
}

/** Leaves out what this tariff does not ask of a household. */
function asked(
  account: RatedAccount,
  { versions, versionSplit }: Pick<Tariff, 'versions' | 'versionSplit'>,
): RatedAccount {
  const text = JSON.stringify(versions);
  const needs = (name: string): boolean => text.includes(name);
  const { areaM2, innerAreaM2, persons, movedIn, values, ...rest } = account;
  const needsBegin = versionSplit === 'contract' && rest.contractFrom === undefined;
  return {
    ...rest,
    ...(needs('area') && areaM2 !== undefined ? { areaM2 } : undefined),
    ...(needs('innerArea') && innerAreaM2 !== undefined ? { innerAreaM2 } : undefined),
    ...((needs('persons') || needs('household')) && persons !== undefined ? { persons } : undefined),
    ...(needsBegin && movedIn !== undefined ? { movedIn } : undefined),
    ...(needs('value.') && values !== undefined ? { values } : undefined),
  };
}

/** Usage that lies on a bound of the tariff, where it has one. */
function onBound(dice: Dice, versions: readonly TariffVersion[], usage: BillUsage): BillUsage {
  const parts = versions.flatMap(({ components }) => allParts(components));
  const rowsOf = (part: Component): readonly { readonly upTo: string | null }[] =>
    part.kind === 'tiered' ? part.tiers : part.kind === 'select' ? part.tables : [];
  const some = parts.flatMap(rowsOf).flatMap(({ upTo }) => (upTo === null ? [] : [upTo]));
  return some.length === 0 ? usage : { quantities: { ...usage.quantities, '': dice.pick(some) } };
}

/** A tariff of one version with the kinds that most tariffs have, and a bill: many of them cost little time. */
export function plainCase(dice: Dice): RandomCase {
  const source = dice.pick(['plain', 'plain', 'named'] as const);
  const days = randomDays(dice, source);
  const versions = [randomVersion(dice, 'v0', Date.parse('2018-01-01') / dayMs, source, days, true)];
  const usage = randomUsage(dice, source, days, 480);
  return {
    tariff: { ...tariffOf([]), versions },
    input: {
      account: randomAccount(dice, days),
      period: { from: dayText(days.from), to: dayText(days.to) },
      usage: source === 'plain' && dice.once(4) ? onBound(dice, versions, usage) : usage,
      ...dice.maybe(2, () => ({ previous: randomPrevious(dice, versions, days) ?? { used: {} } })),
      ...randomCommon(dice, versions),
      asOf: `${dayText(days.to)}T00:00:00+08:00`,
    },
  };
}

/** A tariff of any kind, and a bill that it can rate. */
export function randomCase(dice: Dice): RandomCase {
  const source = dice.pick([
    'plain',
    'plain',
    'plain',
    'named',
    'named',
    'meters',
    'meters',
    'registers',
    'intervals',
  ] as const);
  const days = randomDays(dice, source);
  const timeZone: Zone = dice.pick(['+08:00', '+08:00', 'Z', '-05:00', '+05:45']);
  const split = dice.pick(['reading-date', 'day-share', 'contract'] as const);
  const versions = randomVersions(dice, split, source, days);
  const asOf = days.to + dice.whole(dice.pick([3, 40, 200]));
  const isLateOnly = dice.once(30);
  const active = versions.filter(({ state }) => state !== 'draft');
  const late = isLateOnly || dice.once(3) ? { lateFees: randomLateFees(dice, asOf, active) } : undefined;
  const account = randomAccount(dice, days);
  const usage = randomUsage(dice, source, days, zones[timeZone]);
  const minute = asOf * 1440 + dice.pick([0, 1439, dice.whole(1440)]);
  return {
    tariff: {
      id: 'random',
      service: 'water',
      name: label,
      unit: label,
      currency: dice.pick(['CNY', 'HKD']),
      timeZone,
      versionSplit: split,
      ...dice.maybe(2, () => ({ holidays: dice.some(3, () => dayText(days.from + dice.whole(days.to - days.from))) })),
      sources: [],
      versions,
    },
    input: {
      account: dice.once(6) ? asked(account, { versions, versionSplit: split }) : account,
      ...(isLateOnly
        ? undefined
        : {
            period: { from: dayText(days.from), to: dayText(days.to) },
            usage: source === 'plain' && dice.once(4) ? onBound(dice, active, usage) : usage,
            ...dice.maybe(2, () => ({ previous: randomPrevious(dice, active, days) ?? { used: {} } })),
            ...randomCommon(dice, active),
          }),
      asOf: instantText(dice, minute, zones[timeZone]),
      ...late,
    },
  };
}

/** A tariff of these parts, in one version. */
export function tariffOf(components: readonly Component[], version: Partial<TariffVersion> = {}): Tariff {
  return {
    id: 'random',
    service: 'water',
    name: label,
    unit: label,
    currency: 'CNY',
    timeZone: '+08:00',
    versionSplit: 'day-share',
    sources: [],
    versions: [{ id: '1', effectiveFrom: '2020-01-01', components, ...version }],
  };
}
