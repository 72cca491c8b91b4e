import * as v from 'valibot';
import { type Fen, fen } from '../../domain/money.ts';
import { tariffLimits } from '../../domain/tariffs/limits.ts';
import type { RateInput } from '../../domain/tariffs/rating.ts';
import { daySchema, decimalSchema, offsetInstantSchema, shortTextSchema, wholeSchema } from './tariff-parts.ts';

const name = v.pipe(v.string(), v.maxLength(80));
const fenAmount = v.pipe(
  v.number('must be a whole number of fen'),
  v.safeInteger('must be a whole number of fen'),
  v.transform((value): Fen => fen(value)),
);

/** Why a bill could not be made. */
export const refusalSchema = v.picklist([
  'bad-tariff',
  'bad-input',
  'no-version',
  'missing-reading',
  'reading-falls',
  'negative-usage',
  'unknown-variable',
  'formula-error',
  'bad-period',
  'waiver-not-allowed',
  'too-large',
]);

/** The household as it was for the bill. No name, no number, no phone: the engine does not know whose bill it is. */
export const ratedAccountSchema = v.strictObject({
  areaM2: v.exactOptional(decimalSchema),
  innerAreaM2: v.exactOptional(decimalSchema),
  persons: v.exactOptional(
    v.pipe(v.array(v.strictObject({ from: daySchema, count: wholeSchema(0, 99) })), v.maxLength(200)),
  ),
  customerClass: v.exactOptional(shortTextSchema),
  payerObject: v.exactOptional(v.picklist(['home', 'parking-space', 'shop', 'line'])),
  movedIn: v.exactOptional(daySchema),
  movedOut: v.exactOptional(daySchema),
  contractFrom: v.exactOptional(daySchema),
  values: v.exactOptional(v.record(name, decimalSchema)),
});

/** What was used. */
export const billUsageSchema = v.strictObject({
  meters: v.exactOptional(
    v.pipe(
      v.array(
        v.strictObject({
          id: name,
          kind: name,
          maxDial: v.exactOptional(decimalSchema),
          multiplier: v.exactOptional(decimalSchema),
          replaces: v.exactOptional(name),
        }),
      ),
      v.maxLength(tariffLimits.metersMax),
    ),
  ),
  readings: v.exactOptional(
    v.pipe(
      v.array(
        v.strictObject({
          meterId: name,
          at: v.union([daySchema, offsetInstantSchema], 'must be a day, or an instant with an offset'),
          value: decimalSchema,
          quality: v.picklist(['actual', 'estimate', 'self', 'final', 'first']),
          register: v.exactOptional(name),
        }),
      ),
      v.maxLength(tariffLimits.readingsMax),
    ),
  ),
  intervals: v.exactOptional(
    v.pipe(
      v.array(v.strictObject({ start: offsetInstantSchema, minutes: wholeSchema(1, 1440), quantity: decimalSchema })),
      v.maxLength(tariffLimits.intervalsMax),
    ),
  ),
  quantities: v.exactOptional(v.record(name, decimalSchema)),
});

const stateTable = v.record(name, v.record(name, decimalSchema));
/** What earlier bills left. */
export const ratedStateSchema = v.strictObject({ used: stateTable, billed: v.exactOptional(stateTable) });

/** What is unpaid of a bill, for its late fee. */
export const lateFeeBaseSchema = v.strictObject({
  billId: name,
  dueOn: daySchema,
  principalFen: fenAmount,
  paid: v.pipe(v.array(v.strictObject({ on: daySchema, fen: fenAmount })), v.maxLength(200)),
  waiver: v.exactOptional(v.strictObject({ role: name, reason: shortTextSchema })),
});

const rateInputEntries = {
  account: ratedAccountSchema,
  usage: v.exactOptional(billUsageSchema),
  period: v.exactOptional(v.strictObject({ from: daySchema, to: daySchema })),
  previous: v.exactOptional(ratedStateSchema),
  asOf: offsetInstantSchema,
  lateFees: v.exactOptional(v.pipe(v.array(lateFeeBaseSchema), v.maxLength(tariffLimits.lateFeesMax))),
  common: v.exactOptional(
    v.record(
      name,
      v.strictObject({
        total: decimalSchema,
        members: v.pipe(
          v.array(v.strictObject({ id: name, key: decimalSchema })),
          v.maxLength(tariffLimits.membersMax),
        ),
        self: name,
      }),
    ),
  ),
};

/** Everything that a bill follows from, besides the tariff. */
export const rateInputSchema: v.GenericSchema<unknown, RateInput> = v.strictObject(rateInputEntries);

/**
 * The same beside its tariff in one object, as `till fee rate` reads it. `readings` may stand outside of `usage`, which is
 * how a person writes a small example.
 */
export const rateFileSchema = v.strictObject({
  tariff: v.unknown(),
  ...rateInputEntries,
  account: v.exactOptional(ratedAccountSchema, {}),
  readings: v.exactOptional(v.array(v.unknown())),
});
