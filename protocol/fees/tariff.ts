import * as v from 'valibot';
import { tariffLimits } from '../../domain/tariffs/limits.ts';
import { feeServices } from '../../domain/tariffs/rating.ts';
import type { Component, Tariff } from '../../domain/tariffs/tariff.ts';
import { rateInputSchema, refusalSchema } from './tariff-input.ts';
import {
  bothLanguagesSchema,
  componentEntries,
  daySchema,
  decimalSchema,
  monthDaySchema,
  partIdSchema,
  quantityRuleSchema,
  scheduleSchema,
  sharedEntries,
  shortTextSchema,
  tierEntries,
  whenSchema,
  wholeSchema,
} from './tariff-parts.ts';

/** What a bill is rated from, beside its tariff. */
export { rateInputSchema };

const { boundScale, edge, normalDays, bound, tiersOf } = sharedEntries;
const quantity = quantityRuleSchema;
const period = { name: partIdSchema, label: bothLanguagesSchema };
const ids = v.pipe(v.array(partIdSchema), v.minLength(1), v.maxLength(tariffLimits.componentsMax));
const optionalDecimal = v.exactOptional(decimalSchema);
const formulaText = v.pipe(v.string(), v.maxLength(tariffLimits.formulaMaxChars));

const flatKinds = [
  v.strictObject({
    ...componentEntries,
    kind: v.literal('fixed'),
    amount: decimalSchema,
    per: v.picklist(['day', 'month', 'quarter', 'year', 'bill']),
    prorate: v.picklist(['none', 'actual-days', 'whole-months', 'fixed-30', '365-12', 'normal-days']),
    normalDays,
    end: v.exactOptional(v.picklist(['exclusive', 'inclusive'])),
  }),
  v.strictObject({ ...componentEntries, kind: v.literal('per-unit'), price: decimalSchema, quantity }),
  v.strictObject({
    ...componentEntries,
    ...tierEntries,
    kind: v.literal('tiered'),
    mode: v.picklist(['graduated', 'volume', 'band']),
    tiers: tiersOf(
      v.strictObject({ upTo: bound, price: decimalSchema, flat: optionalDecimal, block: optionalDecimal }),
    ),
    quantity,
  }),
  v.strictObject({
    ...componentEntries,
    kind: v.literal('tou'),
    periods: tiersOf(v.strictObject({ ...period, price: decimalSchema })),
    schedule: v.exactOptional(scheduleSchema),
  }),
  v.strictObject({
    ...componentEntries,
    ...tierEntries,
    kind: v.literal('tou-tiered'),
    periods: tiersOf(v.strictObject({ ...period, price: optionalDecimal })),
    schedule: v.exactOptional(scheduleSchema),
    bounds: tiersOf(bound),
    add: v.exactOptional(tiersOf(decimalSchema)),
    prices: v.exactOptional(tiersOf(tiersOf(decimalSchema))),
    split: v.picklist(['by-interval', 'by-day-ratio', 'by-bill-ratio']),
  }),
  v.strictObject({
    ...componentEntries,
    kind: v.literal('package'),
    size: decimalSchema,
    price: decimalSchema,
    free: optionalDecimal,
    quantity,
  }),
  v.strictObject({
    ...componentEntries,
    kind: v.literal('percent-of'),
    of: ids,
    ofRounded: v.boolean(),
    percent: decimalSchema,
  }),
  v.strictObject({ ...componentEntries, kind: v.literal('formula'), amount: formulaText }),
  v.strictObject({
    ...componentEntries,
    kind: v.literal('share'),
    of: v.picklist(['amount', 'quantity']),
    price: optionalDecimal,
    key: v.picklist(['area', 'units', 'people', 'coefficient']),
    remainder: v.picklist(['largest-remainder', 'first']),
  }),
] as const;

const plainComponent = v.variant('kind', [...flatKinds]);

/** Tables may hold plain components; a table within a table goes no deeper than the limit. */
function withTables(inner: v.GenericSchema<unknown, Component>, depth: number): v.GenericSchema<unknown, Component> {
  const select = v.strictObject({
    ...componentEntries,
    kind: v.literal('select'),
    by: quantity,
    edge,
    boundScale,
    normalDays,
    tables: v.pipe(
      v.array(
        v.strictObject({ upTo: bound, components: v.pipe(v.array(inner), v.maxLength(tariffLimits.componentsMax)) }),
      ),
      v.minLength(1),
      v.maxLength(tariffLimits.tablesMax),
    ),
  });
  const here = v.variant('kind', [...flatKinds, select]);
  return depth <= 1 ? here : withTables(here, depth - 1);
}

const component = withTables(plainComponent, tariffLimits.selectDepthMax);

const adjustmentEntries = {
  id: partIdSchema,
  label: bothLanguagesSchema,
  of: v.exactOptional(ids),
  when: v.exactOptional(whenSchema),
  invoiceClass: v.exactOptional(shortTextSchema),
};
const limitEntries = {
  ...adjustmentEntries,
  amount: decimalSchema,
  per: v.picklist(['bill', 'month', 'day']),
  window: v.exactOptional(v.picklist(['bill', 'year'])),
  yearStart: v.exactOptional(monthDaySchema),
  prorate: v.exactOptional(v.picklist(['none', 'actual-days'])),
};
const adjustment = v.variant('kind', [
  v.strictObject({
    ...adjustmentEntries,
    kind: v.literal('discount'),
    discount: v.union(
      [
        v.strictObject({ percent: decimalSchema }),
        v.strictObject({ amount: decimalSchema, per: v.picklist(['bill', 'month']) }),
        v.strictObject({ freeMonths: decimalSchema, fromMonths: wholeSchema(1, 120) }),
      ],
      'must be a percent, an amount, or months free',
    ),
  }),
  v.strictObject({ ...limitEntries, kind: v.literal('minimum') }),
  v.strictObject({ ...limitEntries, kind: v.literal('maximum') }),
  v.strictObject({
    ...adjustmentEntries,
    kind: v.literal('tax'),
    percent: optionalDecimal,
    per: v.picklist(['line', 'bill']),
    ofRounded: v.boolean(),
  }),
]);

const roundingMode = v.picklist(['half-up', 'half-even', 'half-down', 'up', 'down']);
const names = v.exactOptional(v.pipe(v.array(shortTextSchema), v.maxLength(20)));
const lateFee = v.strictObject({
  label: bothLanguagesSchema,
  percentPerDay: decimalSchema,
  percentAfterYearEnd: optionalDecimal,
  graceDays: v.exactOptional(wholeSchema(0, 3_660)),
  graceCounts: v.exactOptional(v.boolean()),
  start: v.exactOptional(v.picklist(['day-after-due', 'due-day'])),
  countsPaymentDay: v.exactOptional(v.boolean()),
  minTotal: optionalDecimal,
  cap: v.exactOptional(v.strictObject({ percentOfPrincipal: optionalDecimal, amount: optionalDecimal })),
  round: v.exactOptional(roundingMode),
  exempt: names,
  waivers: names,
});

/** A bill with its right result. */
export const exampleSchema = v.strictObject({
  name: shortTextSchema,
  source: v.exactOptional(shortTextSchema),
  input: rateInputSchema,
  expect: v.union(
    [
      v.strictObject({
        total: decimalSchema,
        lines: v.exactOptional(v.array(v.strictObject({ id: shortTextSchema, amount: decimalSchema }))),
      }),
      v.strictObject({ refusal: refusalSchema }),
    ],
    'must be {"total": "…"} or {"refusal": "…"}',
  ),
});

/** One edition of a tariff. */
export const tariffVersionSchema = v.strictObject({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(40)),
  state: v.exactOptional(v.picklist(['draft', 'active', 'retired'])),
  effectiveFrom: daySchema,
  effectiveTo: v.exactOptional(daySchema),
  forExistingFrom: v.exactOptional(daySchema),
  publishedOn: v.exactOptional(daySchema),
  docRef: v.exactOptional(shortTextSchema),
  components: v.pipe(v.array(component), v.maxLength(tariffLimits.componentsMax)),
  adjustments: v.exactOptional(v.pipe(v.array(adjustment), v.maxLength(50))),
  lateFee: v.exactOptional(lateFee),
  rounding: v.exactOptional(
    v.strictObject({
      at: v.picklist(['line', 'component', 'bill']),
      mode: roundingMode,
      step: optionalDecimal,
      cash: optionalDecimal,
      cashMode: v.exactOptional(roundingMode),
    }),
  ),
  quantityStep: optionalDecimal,
  examples: v.exactOptional(v.pipe(v.array(exampleSchema), v.maxLength(tariffLimits.examplesMax))),
});

/** A tariff as it is stored, sent and printed. Whether it can be meant is for `compileTariff` to say. */
export const tariffSchema: v.GenericSchema<unknown, Tariff> = v.strictObject({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(80)),
  service: v.picklist(feeServices),
  name: bothLanguagesSchema,
  region: v.exactOptional(bothLanguagesSchema),
  unit: bothLanguagesSchema,
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/, 'must be a currency such as CNY')),
  timeZone: v.pipe(v.string(), v.regex(/^(?:Z|[+-]\d{2}:\d{2})$/, 'must be an offset such as +08:00')),
  versionSplit: v.picklist(['reading-date', 'day-share', 'contract']),
  holidays: v.exactOptional(v.pipe(v.array(daySchema), v.maxLength(2_000))),
  sources: v.pipe(
    v.array(
      v.strictObject({
        title: shortTextSchema,
        url: v.exactOptional(shortTextSchema),
        docRef: v.exactOptional(shortTextSchema),
        standing: v.picklist(['official', 'second-hand', 'example']),
        note: v.exactOptional(v.pipe(v.string(), v.maxLength(2_000))),
      }),
    ),
    v.maxLength(50),
  ),
  versions: v.pipe(v.array(tariffVersionSchema), v.minLength(1), v.maxLength(tariffLimits.versionsMax)),
});
