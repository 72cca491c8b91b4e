import * as v from 'valibot';
import { idSchema, instantSchema, reasonSchema } from './common.ts';
import { daySchema, quantitySchema } from './fees-values.ts';

/** Registers of one meter at most. */
const registersMax = 8;
/** A reading as it was entered. `isCurrent`: no later one took its place. */
export const feeReadingSchema = v.object({
  id: idSchema,
  meterId: idSchema,
  register: v.string(),
  on: daySchema,
  value: v.string(),
  quality: v.picklist(['actual', 'estimate', 'self', 'final', 'first']),
  isCurrent: v.boolean(),
  supersedes: v.optional(idSchema),
  reason: v.optional(v.string()),
  at: instantSchema,
  by: v.optional(v.string()),
});
/** A reading. */
export type FeeReading = v.InferOutput<typeof feeReadingSchema>;
/** What a register of a meter is called, such as `peak`; a price list asks for it by this name. */
const registerSchema = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,19}$/, 'must be a register, such as peak'));
/** A value for each register of a meter: `{"peak": "120", "valley": "80.5"}`. */
const registerValuesSchema = v.pipe(
  v.record(registerSchema, quantitySchema),
  v.check((values) => {
    const count = Object.keys(values).length;
    return count > 0 && count <= registersMax;
  }, 'must be one to eight registers'),
);
/** A meter with its readings, newest first. */
export const feeMeterSchema = v.object({
  id: idSchema,
  kind: v.string(),
  /** Of a meter by time of day; none of one with a single register. */
  registers: v.array(v.string()),
  serial: v.string(),
  maxDial: v.optional(v.string()),
  multiplier: v.string(),
  replaces: v.optional(idSchema),
  from: daySchema,
  to: v.optional(daySchema),
  readings: v.array(feeReadingSchema),
});
/** A meter with its readings. */
export type FeeMeter = v.InferOutput<typeof feeMeterSchema>;
/**
 * POST …/accounts/:accountId/meters. `replaces` with `finalValue`: what the old one showed when it came down. A meter by
 * time of day has a value for each of its registers instead, first and last.
 */
export const installFeeMeterSchema = v.strictObject({
  id: idSchema,
  kind: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,29}$/, 'must be what it counts, such as water')),
  serial: v.pipe(v.string(), v.maxLength(40)),
  maxDial: v.optional(quantitySchema),
  multiplier: v.optional(quantitySchema),
  on: daySchema,
  firstValue: v.optional(quantitySchema),
  firstValues: v.optional(registerValuesSchema),
  replaces: v.optional(
    v.strictObject({
      meterId: idSchema,
      finalValue: v.optional(quantitySchema),
      finalValues: v.optional(registerValuesSchema),
    }),
  ),
});
/** A meter to hang up. */
export type InstallFeeMeter = v.InferOutput<typeof installFeeMeterSchema>;
/**
 * POST …/meters/:meterId/readings. A value below the one before is refused unless the meter rolled over (`rolledOver`).
 * `supersedes` with `reason` takes the place of an earlier reading; bills that used it are listed in the answer.
 * `values` are those of all registers on one day; the last ones, `final`, take the meter down once each register has one.
 */
export const enterFeeReadingSchema = v.strictObject({
  id: idSchema,
  register: v.optional(registerSchema),
  on: daySchema,
  /** Absent for an estimate: it is made from the use of the days before, of every register when none is named. */
  value: v.optional(quantitySchema),
  values: v.optional(registerValuesSchema),
  quality: v.picklist(['actual', 'estimate', 'self', 'final']),
  rolledOver: v.optional(v.literal(true)),
  supersedes: v.optional(idSchema),
  reason: v.optional(reasonSchema),
});
/** A reading to enter. */
export type EnterFeeReading = v.InferOutput<typeof enterFeeReadingSchema>;
/** What became of a reading. `readings`: one for each register. `bills` used the one that it takes the place of and can be corrected. */
export const enteredFeeReadingSchema = v.object({
  reading: feeReadingSchema,
  readings: v.array(feeReadingSchema),
  bills: v.array(idSchema),
});
/** What became of a reading. */
export type EnteredFeeReading = v.InferOutput<typeof enteredFeeReadingSchema>;
