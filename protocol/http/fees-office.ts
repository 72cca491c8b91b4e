import * as v from 'valibot';
import { feeServices } from '../../domain/tariffs/rating.ts';
import { cursorSchema, idSchema, instantSchema, limitQuerySchema, noteSchema, reasonSchema } from './common.ts';
import { feeMeterSchema } from './fees-meters.ts';
import { daySchema, quantitySchema } from './fees-values.ts';
import { amountFenSchema, bilingualSchema, fenSchema } from './payments.ts';

/** One of the eight services. */
export const feeServiceSchema = v.picklist(feeServices);
const filledBilingualSchema = v.strictObject({
  zh: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(60)),
  en: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(60)),
});
const digitsSchema = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
/** What a household is called on paper: building and room, or a bay. Never a person's name. */
const labelSchema = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(60));
/** A household number as it is typed; spaces and hyphens do not count. */
export const numberSchema = v.pipe(v.string(), v.regex(/^\d(?:[\s-]?\d){3,19}$/, 'must be 4 to 20 digits'));
const secretSchema = v.pipe(v.string(), v.regex(/^\d{4,8}$/, 'must be 4 to 8 digits'));

/** The one that was read, 0 for something new; refused when there is a newer one. */
const readVersionSchema = v.pipe(v.number(), v.integer(), v.minValue(0));
/** How a service is asked for at terminals. `dueDays`: from the last day of a bill's period. */
export const setFeeServiceSchema = v.strictObject({
  version: readVersionSchema,
  service: feeServiceSchema,
  isActive: v.boolean(),
  numberMin: digitsSchema(4, 20),
  numberMax: digitsSchema(4, 20),
  numberName: filledBilingualSchema,
  secretDigits: digitsSchema(4, 8),
  secretName: filledBilingualSchema,
  dueDays: digitsSchema(0, 365),
  topUp: v.optional(
    v.strictObject({
      minFen: amountFenSchema,
      maxFen: amountFenSchema,
      usual: v.pipe(v.array(amountFenSchema), v.maxLength(8)),
    }),
  ),
  /** Of households that name none of their own. */
  tariffId: v.optional(idSchema),
});
/** How a service is asked for. */
export type SetFeeService = v.InferOutput<typeof setFeeServiceSchema>;

/** PUT /api/merchants/:id/fees: makes a merchant a payee, or changes it. */
export const setFeePayeeSchema = v.strictObject({
  version: readVersionSchema,
  isActive: v.boolean(),
  digitsAboveFen: v.pipe(fenSchema, v.minValue(0)),
  allocation: v.picklist(['oldest-first', 'late-fee-first']),
  receiptTitle: v.pipe(v.string(), v.maxLength(60)),
  receiptFooter: v.pipe(v.string(), v.maxLength(200)),
  /** Terminals that may ask, in whoever's shop they stand. */
  terminalIds: v.pipe(v.array(idSchema), v.maxLength(500)),
});
/** Makes a merchant a payee. */
export type SetFeePayee = v.InferOutput<typeof setFeePayeeSchema>;
/** A payee as the office sees it. */
export const feePayeeSchema = v.object({
  ...setFeePayeeSchema.entries,
  merchantId: idSchema,
  name: v.string(),
  /** `withSecret`: of its households those that have agreed digits; while there are any, their number stays. */
  services: v.array(v.object({ ...setFeeServiceSchema.entries, households: v.number(), withSecret: v.number() })),
});
/** A payee as the office sees it. */
export type FeePayee = v.InferOutput<typeof feePayeeSchema>;
/** GET /api/fees/payees: who bills what. */
export const feePayeesSchema = v.object({
  items: v.array(
    v.object({
      merchantId: idSchema,
      name: v.string(),
      isActive: v.boolean(),
      services: v.array(feeServiceSchema),
      households: v.number(),
      openBills: v.number(),
      openFen: fenSchema,
      overdueFen: fenSchema,
    }),
  ),
});
/** Who bills what. */
export type FeePayees = v.InferOutput<typeof feePayeesSchema>;

const classSchema = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a class of the tariff'));
const householdEntries = {
  label: labelSchema,
  tariffId: v.optional(v.nullable(idSchema)),
  areaM2: v.optional(quantitySchema),
  innerAreaM2: v.optional(quantitySchema),
  customerClass: v.optional(classSchema),
  payerObject: v.optional(v.picklist(['home', 'parking-space', 'shop', 'line'])),
  values: v.optional(v.record(v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9_]{0,39}$/)), quantitySchema)),
  movedIn: v.optional(daySchema),
};
/** POST …/accounts. `secret` may be absent; the household cannot be asked for at a terminal then. */
export const createFeeAccountSchema = v.strictObject({
  id: idSchema,
  service: feeServiceSchema,
  number: numberSchema,
  secret: v.optional(secretSchema),
  persons: v.optional(digitsSchema(0, 50)),
  ...householdEntries,
});
/** A new household of a service. */
export type CreateFeeAccount = v.InferOutput<typeof createFeeAccountSchema>;
/**
 * PATCH …/accounts/:accountId. `version` is the one that was read; a newer one is refused. `null` takes something away,
 * a class back to the usual one; refused while the household's price list cannot do without it.
 */
export const changeFeeAccountSchema = v.strictObject({
  ...v.partial(v.strictObject(householdEntries)).entries,
  areaM2: v.optional(v.nullable(quantitySchema)),
  innerAreaM2: v.optional(v.nullable(quantitySchema)),
  customerClass: v.optional(v.nullable(classSchema)),
  movedIn: v.optional(v.nullable(daySchema)),
  version: v.number(),
  secret: v.optional(secretSchema),
  movedOut: v.optional(v.nullable(daySchema)),
  /** Ends it for good, once nothing is owed and nothing is left on it. */
  close: v.optional(v.literal(true)),
  /** With `close`: days that no bill covers are given up. Without it they are named and nothing is done. */
  confirmUnbilled: v.optional(v.literal(true)),
});
/** Changes a household. */
export type ChangeFeeAccount = v.InferOutput<typeof changeFeeAccountSchema>;
/** POST …/accounts/:accountId/persons: how many live there from a day on. */
export const setFeePersonsSchema = v.strictObject({ id: idSchema, from: daySchema, count: digitsSchema(0, 50) });
/** How many live there. */
export type SetFeePersons = v.InferOutput<typeof setFeePersonsSchema>;

/** GET …/accounts. `q`: a whole number, its last digits or a part of the label. */
export const feeAccountQuerySchema = v.strictObject({
  q: v.optional(v.pipe(v.string(), v.maxLength(60))),
  service: v.optional(feeServiceSchema),
  /** Only those with something overdue. */
  arrears: v.optional(v.literal('true')),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});
/** One household in the list. */
export const feeAccountRowSchema = v.object({
  id: idSchema,
  service: feeServiceSchema,
  label: v.string(),
  tail: v.string(),
  state: v.picklist(['open', 'closed']),
  openBills: v.number(),
  openFen: fenSchema,
  overdueFen: fenSchema,
  balanceFen: fenSchema,
});
/** One household in the list. */
export type FeeAccountRow = v.InferOutput<typeof feeAccountRowSchema>;

/** A bill in a list. */
export const feeBillRowSchema = v.object({
  id: idSchema,
  kind: v.picklist(['bill', 'correction']),
  corrects: v.optional(idSchema),
  state: v.picklist(['open', 'paid', 'void']),
  isCorrected: v.boolean(),
  from: daySchema,
  to: daySchema,
  dueOn: daySchema,
  isOverdue: v.boolean(),
  principalFen: fenSchema,
  paidFen: fenSchema,
  leftFen: fenSchema,
  version: v.number(),
  madeAt: instantSchema,
  /** Why it was corrected or made void. */
  reason: v.optional(v.string()),
});
/** A bill in a list. */
export type FeeBillRow = v.InferOutput<typeof feeBillRowSchema>;
const ratedLineSchema = v.object({
  id: v.string(),
  label: bilingualSchema,
  words: bilingualSchema,
  kind: v.string(),
  amountFen: fenSchema,
  unroundedYuan: v.string(),
  version: v.string(),
});
/** What rating gave: lines, use, tiers. */
export const ratedViewSchema = v.object({
  lines: v.array(ratedLineSchema),
  totalFen: fenSchema,
  usage: v.array(
    v.object({
      meterId: v.string(),
      from: v.object({ on: daySchema, value: v.string() }),
      to: v.object({ on: daySchema, value: v.string() }),
      quantity: v.string(),
      isEstimate: v.boolean(),
    }),
  ),
  tiers: v.array(
    v.object({
      componentId: v.string(),
      window: v.string(),
      used: v.string(),
      unit: v.string(),
      current: v.number(),
      left: v.nullable(v.string()),
      tiers: v.array(v.object({ upTo: v.nullable(v.string()), price: v.string() })),
    }),
  ),
  versions: v.array(v.string()),
});
/** What rating gave. */
export type RatedView = v.InferOutput<typeof ratedViewSchema>;
/** One bill with its lines and what was put towards it. */
export const feeBillSchema = v.object({
  ...feeBillRowSchema.entries,
  accountId: idSchema,
  service: feeServiceSchema,
  rated: ratedViewSchema,
  /** As of now; it belongs to no bill and is never kept on one. */
  lateFeeFen: fenSchema,
  allocations: v.array(
    v.object({
      id: idSchema,
      principalFen: fenSchema,
      lateFen: fenSchema,
      source: v.picklist(['payment', 'balance', 'credit', 'office', 'reversal']),
      note: v.string(),
      at: instantSchema,
      by: v.optional(v.string()),
    }),
  ),
});
/** One bill. */
export type FeeBill = v.InferOutput<typeof feeBillSchema>;

/** One household: who lives there, meters, bills, money. `number` only where the caller may see it. */
export const feeAccountSchema = v.object({
  ...feeAccountRowSchema.entries,
  number: v.string(),
  labelMasked: v.string(),
  hasSecret: v.boolean(),
  tariffId: v.optional(idSchema),
  tariffName: v.optional(bilingualSchema),
  areaM2: v.optional(v.string()),
  innerAreaM2: v.optional(v.string()),
  customerClass: v.string(),
  payerObject: v.picklist(['home', 'parking-space', 'shop', 'line']),
  values: v.record(v.string(), v.string()),
  movedIn: v.optional(daySchema),
  movedOut: v.optional(daySchema),
  version: v.number(),
  persons: v.array(v.object({ from: daySchema, count: v.number() })),
  meters: v.array(feeMeterSchema),
  bills: v.array(feeBillRowSchema),
  entries: v.array(
    v.object({
      id: idSchema,
      number: v.number(),
      kind: v.picklist(['top-up', 'credit', 'use', 'reversal', 'adjustment']),
      amountFen: fenSchema,
      afterFen: fenSchema,
      note: v.string(),
      at: instantSchema,
      by: v.optional(v.string()),
    }),
  ),
});
/** One household. */
export type FeeAccount = v.InferOutput<typeof feeAccountSchema>;

/** POST …/bills/:billId/correction: rates the bill again from what is known now, and bills the difference. */
export const correctFeeBillSchema = v.strictObject({ id: idSchema, reason: reasonSchema });
/** What a correction came to. `bill` is absent when nothing differs. Later bills of the same window follow one by one. */
export const correctedFeeBillSchema = v.object({ bill: v.optional(feeBillSchema), later: v.array(idSchema) });
/** POST …/bills/:billId/void. */
export const voidFeeBillSchema = v.strictObject({ reason: reasonSchema });
/** POST …/bills/:billId/payments: money that the payee's own office took; the late fee as of now with it. */
export const takeFeePaymentSchema = v.strictObject({
  id: idSchema,
  /** The version that the payer was shown. */
  version: v.number(),
  principalFen: amountFenSchema,
  lateFen: v.pipe(fenSchema, v.minValue(0)),
  note: noteSchema,
});
/** Money that the office took. */
export type TakeFeePayment = v.InferOutput<typeof takeFeePaymentSchema>;
/** POST …/accounts/:accountId/balance: money in advance at the office, or a correction of it. */
export const changeFeeBalanceSchema = v.strictObject({
  id: idSchema,
  kind: v.picklist(['top-up', 'adjustment']),
  amountFen: v.pipe(fenSchema, v.minValue(-100_000_000), v.maxValue(100_000_000)),
  note: v.pipe(v.string(), v.trim(), v.minLength(3, 'must say why'), v.maxLength(200)),
});
/** Money in advance. */
export type ChangeFeeBalance = v.InferOutput<typeof changeFeeBalanceSchema>;

/** GET …/arrears: what is overdue, by household, the most first. */
export const feeArrearsSchema = v.object({
  items: v.array(
    v.object({
      accountId: idSchema,
      service: feeServiceSchema,
      label: v.string(),
      tail: v.string(),
      bills: v.number(),
      leftFen: fenSchema,
      oldestDueOn: daySchema,
      days: v.number(),
    }),
  ),
  totalFen: fenSchema,
});
/** What is overdue. */
export type FeeArrears = v.InferOutput<typeof feeArrearsSchema>;
