import { type Fen, fen } from '../../../../domain/money.ts';
import type { RateInput, RateRefusal } from '../../../../domain/tariffs/rating.ts';
import type { Component, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import type { Dice } from './dice.ts';
import type { RandomCase } from './tariffs.ts';
import { label } from './tiers.ts';

/** A bill with one thing broken. `refusal`: what it has to be, where nothing but that can come of it. */
interface BrokenCase extends RandomCase {
  readonly refusal?: RateRefusal | undefined;
}

/** Breaks one thing; `undefined` where a bill has nothing of the kind. */
export type Break = (dice: Dice, of: RandomCase) => BrokenCase | undefined;

type Usage = NonNullable<RateInput['usage']>;

const withInput = (one: RandomCase, change: Partial<RateInput>, refusal?: RateRefusal): BrokenCase => ({
  tariff: one.tariff,
  input: { ...one.input, ...change },
  refusal,
});

/** Every version begins with a component more, so that it is asked for before anything else. */
function withPart(one: RandomCase, part: Component, refusal: RateRefusal): BrokenCase | undefined {
  if (one.input.period === undefined) return undefined;
  const versions = one.tariff.versions.map((version): TariffVersion => ({
    ...version,
    components: [part, ...version.components],
  }));
  const known = { areaM2: '10', persons: [{ from: '2020-01-01', count: 2 }], values: { low: '-2', k: '1' } };
  const account = { ...known, ...one.input.account };
  return { tariff: { ...one.tariff, versions }, input: { ...one.input, account }, refusal };
}

const withFormula = (one: RandomCase, amount: string, refusal: RateRefusal): BrokenCase | undefined =>
  withPart(one, { id: 'broken', label, kind: 'formula', amount }, refusal);

/** Another value in the place of one entry of a list. */
function changed<T>(dice: Dice, list: readonly T[], change: (one: T) => T): T[] {
  const at = dice.whole(list.length);
  return list.map((one, index) => (index === at ? change(one) : one));
}

function withReadings(dice: Dice, one: RandomCase, change: (value: string) => string): BrokenCase | undefined {
  const { readings } = one.input.usage ?? {};
  if (readings === undefined) return undefined;
  const broken = changed(dice, readings, (reading) => ({ ...reading, value: change(reading.value) }));
  return withInput(one, { usage: { ...one.input.usage, readings: broken } });
}

function withIntervals(
  one: RandomCase,
  change: (intervals: NonNullable<Usage['intervals']>) => Usage['intervals'],
): BrokenCase | undefined {
  const { intervals } = one.input.usage ?? {};
  if (intervals === undefined || intervals.length < 3) return undefined;
  return withInput(one, { usage: { ...one.input.usage, intervals: change(intervals) ?? [] } });
}

function withQuantity(dice: Dice, one: RandomCase, text: string): BrokenCase | undefined {
  const names = Object.keys(one.input.usage?.quantities ?? {});
  if (names.length === 0) return undefined;
  return withInput(one, { usage: { quantities: { ...one.input.usage?.quantities, [dice.pick(names)]: text } } });
}

function withCommon(
  one: RandomCase,
  change: (of: NonNullable<RateInput['common']>[string]) => NonNullable<RateInput['common']>[string],
): BrokenCase | undefined {
  const { common } = one.input;
  if (common === undefined) return undefined;
  return withInput(one, { common: Object.fromEntries(Object.entries(common).map(([id, of]) => [id, change(of)])) });
}

const negativeFen = fen(-1, 'broken') satisfies Fen;

/** One thing each. */
export const breaks: Readonly<Record<string, Break>> = {
  'a division by zero': (_dice, one) => withFormula(one, '1 / (persons - persons)', 'formula-error'),
  'a division by a quantity of nothing': (_dice, one) => withFormula(one, 'area / (months - months)', 'formula-error'),
  'a formula below zero': (_dice, one) => withFormula(one, 'value.low - 1', 'formula-error'),
  'half a decimal place': (_dice, one) => withFormula(one, 'round(area, 0.5)', 'formula-error'),
  'an unknown number of the account': (_dice, one) => withFormula(one, 'value.nobody', 'unknown-variable'),
  'a quantity below zero by a formula': (_dice, one) =>
    withPart(
      one,
      { id: 'broken', label, kind: 'per-unit', price: '1', quantity: { formula: 'value.low' } },
      'negative-usage',
    ),
  'a register that nobody read': (_dice, one) =>
    withPart(
      one,
      { id: 'broken', label, kind: 'per-unit', price: '1', quantity: { usage: { register: 'nobody' } } },
      'missing-reading',
    ),
  'a period of which nothing is known': (dice, one) => {
    const periods = [{ name: 'nobody', label, price: dice.decimal(2, 2) }];
    if ((one.input.usage?.intervals ?? []).length > 0) return undefined;
    return withPart(one, { id: 'broken', label, kind: 'tou', periods }, 'missing-reading');
  },
  'a price by the hour without a schedule': (_dice, one) => {
    const periods = [{ name: 'all', label, price: '1' }];
    if (one.input.usage?.intervals === undefined) return undefined;
    return withPart(one, { id: 'broken', label, kind: 'tou', periods }, 'bad-tariff');
  },
  'hours where none are known': (_dice, one) => {
    if (one.input.usage?.intervals !== undefined) return undefined;
    const when = { hours: [{ from: 8, to: 9 }] };
    return withPart(
      one,
      { id: 'broken', label, kind: 'per-unit', price: '1', quantity: { usage: {} }, when },
      'missing-reading',
    );
  },
  'something common of which nothing is known': (_dice, one) =>
    withPart(
      one,
      { id: 'broken', label, kind: 'share', of: 'amount', key: 'area', remainder: 'first' },
      'unknown-variable',
    ),
  'no usage at all': (_dice, one) => withInput(one, { usage: {} }),
  'a hole in the hours': (dice, one) =>
    withIntervals(one, (all) => {
      const at = 1 + dice.whole(all.length - 2);
      return all.filter((_, index) => index !== at);
    }),
  'hours that end too early': (_dice, one) =>
    withIntervals(one, (all) =>
      Date.parse(all[0]?.start ?? '') < Date.parse(all[1]?.start ?? '') ? all.slice(0, -1) : all.slice(1),
    ),
  'an hour twice': (dice, one) => withIntervals(one, (all) => [...all, dice.pick(all)]),
  'an hour below zero': (dice, one) =>
    withIntervals(one, (all) => changed(dice, all, (hour) => ({ ...hour, quantity: '-1' }))),
  'an hour that is no number': (dice, one) =>
    withIntervals(one, (all) => changed(dice, all, (hour) => ({ ...hour, quantity: '0.1234567' }))),
  'a moment that is none': (dice, one) =>
    withIntervals(one, (all) => changed(dice, all, (hour) => ({ ...hour, start: 'noon' }))),
  'a quantity below zero': (dice, one) => withQuantity(dice, one, '-0.000001'),
  'a quantity that is no number': (dice, one) => withQuantity(dice, one, '1e3'),
  'a reading below zero': (dice, one) => withReadings(dice, one, () => '-1'),
  'a reading that is no number': (dice, one) => withReadings(dice, one, () => ''),
  'a reading that falls': (dice, one) => withReadings(dice, one, () => '0'),
  'a reading far too high': (dice, one) => withReadings(dice, one, (value) => `7${value}`),
  'a reading that is missing': (_dice, one) => {
    const { readings } = one.input.usage ?? {};
    if (readings === undefined) return undefined;
    return withInput(one, {
      usage: {
        ...one.input.usage,
        readings: readings.filter(({ at }) => at.slice(0, 10) > (one.input.period?.from ?? '')),
      },
    });
  },
  'a meter that nobody knows': (dice, one) => {
    const { readings, meters } = one.input.usage ?? {};
    if (readings === undefined || meters === undefined) return undefined;
    const broken = changed(dice, readings, (reading) => ({ ...reading, meterId: 'nobody' }));
    return withInput(one, { usage: { meters, readings: broken } });
  },
  'an account of which nothing is known': (_dice, one) => {
    const { movedIn, contractFrom } = one.input.account;
    const account = {
      ...(movedIn === undefined ? {} : { movedIn }),
      ...(contractFrom === undefined ? {} : { contractFrom }),
    };
    return withInput(one, { account });
  },
  'no day on which a contract began': (_dice, one) => {
    const { movedIn: _in, contractFrom: _from, ...account } = one.input.account;
    return withInput(one, { account });
  },
  'an area below zero': (_dice, one) => withInput(one, { account: { ...one.input.account, areaM2: '-1' } }),
  'half a person': (_dice, one) =>
    withInput(one, { account: { ...one.input.account, persons: [{ from: '2020-01-01', count: 2.5 }] } }),
  'a household that moved out before': (_dice, one) =>
    withInput(one, { account: { ...one.input.account, movedOut: one.input.account.movedIn ?? '2020-01-01' } }),
  'what an earlier bill left below zero': (_dice, one) => {
    const used = Object.fromEntries(
      Object.entries(one.input.previous?.used ?? {}).map(([id, row]) => [
        id,
        Object.fromEntries(Object.keys(row).map((name) => [name, '-1'])),
      ]),
    );
    return Object.keys(used).length === 0 ? undefined : withInput(one, { previous: { used } });
  },
  'nobody to share with': (_dice, one) => withCommon(one, (of) => ({ ...of, self: 'nobody' })),
  'keys that are all zero': (_dice, one) =>
    withCommon(one, (of) => ({ ...of, members: of.members.map(({ id }) => ({ id, key: '0' })) })),
  'a common total below zero': (_dice, one) => withCommon(one, (of) => ({ ...of, total: '-5' })),
  'a day that does not exist': (_dice, one) =>
    one.input.period === undefined
      ? undefined
      : withInput(one, { period: { ...one.input.period, to: '2027-02-30' } }, 'bad-input'),
  'a bill of no day': (_dice, one) => {
    const { period } = one.input;
    return period === undefined
      ? undefined
      : withInput(one, { period: { from: period.from, to: period.from } }, 'bad-period');
  },
  'a bill before the first version': (_dice, one) => {
    const first = one.tariff.versions
      .filter(({ state }) => state !== 'draft')
      .map(({ effectiveFrom }) => effectiveFrom)
      .sort()[0];
    if (one.input.period === undefined || first === undefined) return undefined;
    return withInput(
      one,
      { period: { from: '2016-01-01', to: '2016-02-01' }, usage: { quantities: { '': '1' } } },
      'no-version',
    );
  },
  'neither a bill nor a late fee': (_dice, one) => {
    const { account, asOf } = one.input;
    return { tariff: one.tariff, input: { account, asOf }, refusal: 'bad-period' };
  },
  'a waiver by somebody who may not': (_dice, one) => {
    const { lateFees } = one.input;
    const waiver = { role: 'visitor', reason: 'because' };
    return lateFees === undefined
      ? undefined
      : withInput(one, { lateFees: lateFees.map((base) => ({ ...base, waiver })) });
  },
  'a principal below zero': (_dice, one) => {
    const { lateFees } = one.input;
    return lateFees === undefined
      ? undefined
      : withInput(one, { lateFees: lateFees.map((base) => ({ ...base, principalFen: negativeFen })) });
  },
};
