import * as v from 'valibot';
import { tariffLimits } from '../../domain/tariffs/limits.ts';

/** A number as text, exact to its last digit: optional minus, 1 to 18 digits, at most twelve decimals. */
export const decimalSchema = v.pipe(
  v.string('must be a decimal written as text, such as "0.4883"'),
  v.regex(/^-?\d{1,18}(?:\.\d{1,12})?$/, 'must be a decimal such as "0.4883", with at most twelve decimals'),
);
/** A day, `yyyy-mm-dd`. */
export const daySchema = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day yyyy-mm-dd'));
/** A day of every year, `MM-DD`. */
export const monthDaySchema = v.pipe(v.string(), v.regex(/^\d{2}-\d{2}$/, 'must be a day MM-DD'));
/** An instant with its offset from UTC. */
export const offsetInstantSchema = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/,
    'must be an instant with an offset, such as 2026-11-01T00:00:00+08:00',
  ),
);
/** A short text. */
export const shortTextSchema = v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(400));
/** Names what a line belongs to: small letters, digits, hyphens. */
export const partIdSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be small letters, digits and hyphens'),
);
/** A text in both languages. */
export const bothLanguagesSchema = v.strictObject({ zh: shortTextSchema, en: shortTextSchema });
/** A whole number within bounds. */
export const wholeSchema = (least: number, most: number) =>
  v.pipe(v.number('must be a whole number'), v.integer('must be a whole number'), v.minValue(least), v.maxValue(most));

/** How much a component is for. */
export const quantityRuleSchema = v.union(
  [
    v.strictObject({
      usage: v.strictObject({ kind: v.exactOptional(shortTextSchema), register: v.exactOptional(shortTextSchema) }),
    }),
    v.strictObject({ formula: v.pipe(v.string(), v.maxLength(tariffLimits.formulaMaxChars)) }),
  ],
  'must be {"usage": {…}} or {"formula": "…"}',
);

/** When a component applies. */
export const whenSchema = v.strictObject({
  seasons: v.exactOptional(
    v.pipe(v.array(v.strictObject({ from: monthDaySchema, to: monthDaySchema })), v.minLength(1), v.maxLength(12)),
  ),
  weekdays: v.exactOptional(v.pipe(v.array(wholeSchema(1, 7)), v.minLength(1), v.maxLength(7))),
  hours: v.exactOptional(
    v.pipe(
      v.array(v.strictObject({ from: v.pipe(v.number(), v.minValue(0)), to: v.pipe(v.number(), v.maxValue(24)) })),
      v.minLength(1),
      v.maxLength(24),
    ),
  ),
  holidays: v.exactOptional(v.picklist(['only', 'except'])),
  customerClass: v.exactOptional(v.pipe(v.array(shortTextSchema), v.maxLength(20))),
  payerObject: v.exactOptional(v.pipe(v.array(shortTextSchema), v.maxLength(20))),
});

/** What every component has. */
export const componentEntries = {
  id: partIdSchema,
  label: bothLanguagesSchema,
  when: v.exactOptional(whenSchema),
  invoiceClass: v.exactOptional(shortTextSchema),
  taxRate: v.exactOptional(decimalSchema),
};

const boundScale = v.exactOptional(v.picklist(['none', 'months', 'days', 'days-365']));
const edge = v.exactOptional(v.picklist(['upper-inclusive', 'upper-exclusive']));
const normalDays = v.exactOptional(decimalSchema);
const bound = v.nullable(decimalSchema);
const tiersOf = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(v.array(schema), v.minLength(1), v.maxLength(tariffLimits.tiersMax));

/** Entries that tiers of every kind have. */
export const tierEntries = {
  window: v.picklist(['bill', 'month', 'year', 'tariff-year']),
  yearStart: v.exactOptional(monthDaySchema),
  edge,
  zeroPaysFirstFlat: v.exactOptional(v.boolean()),
  boundScale,
  normalDays,
  boundRound: v.exactOptional(v.picklist(['none', 'whole'])),
  partYear: v.exactOptional(v.picklist(['none', 'months', 'days'])),
  household: v.exactOptional(
    v.strictObject({
      countAbove: wholeSchema(0, 99),
      add: decimalSchema,
      each: v.picklist(['person', 'once']),
      moves: v.picklist(['first', 'all']),
      formulas: v.exactOptional(tiersOf(v.nullable(v.pipe(v.string(), v.maxLength(tariffLimits.formulaMaxChars))))),
      asOf: v.union([v.literal('bill-start'), monthDaySchema], 'must be "bill-start" or a day MM-DD'),
    }),
  ),
};

const row = v.pipe(v.array(wholeSchema(0, tariffLimits.tiersMax)), v.minLength(24), v.maxLength(96));
const rows = v.pipe(v.array(row), v.length(12));
/** Periods of the day by month. */
export const scheduleSchema = v.strictObject({
  weekday: rows,
  weekend: rows,
  exceptions: v.exactOptional(
    v.pipe(
      v.array(v.strictObject({ days: v.pipe(v.array(daySchema), v.maxLength(400)), row: v.exactOptional(row) })),
      v.maxLength(100),
    ),
  ),
});

/** Pieces that more than one kind of component has. */
export const sharedEntries = { boundScale, edge, normalDays, bound, tiersOf };
