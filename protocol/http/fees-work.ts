import * as v from 'valibot';
import { idSchema, instantSchema, reasonSchema } from './common.ts';
import { feeServiceSchema, ratedViewSchema } from './fees-office.ts';
import { daySchema, quantitySchema } from './fees-values.ts';
import { bilingualSchema, fenSchema } from './payments.ts';

/** Largest body with a tariff, a version or its examples, in bytes. */
export const tariffBodyMaxBytes = 262_144;
/** Largest file that is brought in, in bytes, and as base64 in a body. */
export const importFileMaxBytes = 1_048_576;
export const importBodyMaxBytes = 1_500_000;
/** Rows of a file that is brought in, and of those how many with one call. */
export const importRowsMax = 2_000;
export const importCommitMax = 500;

/** A tariff's JSON as the published schema says (protocol/fees); it is checked by the rules' own reader. */
const tariffJsonSchema = v.record(v.string(), v.unknown());

/** One worked example and what it gave. */
export const exampleResultSchema = v.object({
  name: v.string(),
  isRight: v.boolean(),
  expected: v.string(),
  got: v.string(),
  rated: v.optional(ratedViewSchema),
});
/** What the worked examples of a version gave. `problem`: it cannot even be read, and where. */
export const exampleReportSchema = v.object({
  isRight: v.boolean(),
  problem: v.optional(v.string()),
  examples: v.array(exampleResultSchema),
});
/** What the worked examples gave. */
export type ExampleReportView = v.InferOutput<typeof exampleReportSchema>;

/** One edition of a tariff. */
export const feeVersionSchema = v.object({
  id: idSchema,
  number: v.number(),
  state: v.picklist(['draft', 'active', 'retired']),
  effectiveFrom: daySchema,
  effectiveTo: v.optional(daySchema),
  /** Rules and examples as JSON of the published schema. */
  body: tariffJsonSchema,
  examples: v.array(v.unknown()),
  note: v.string(),
  createdAt: instantSchema,
  createdBy: v.optional(v.string()),
  activatedAt: v.optional(instantSchema),
  activatedBy: v.optional(v.string()),
  version: v.number(),
});
/** One edition of a tariff. */
export type FeeVersion = v.InferOutput<typeof feeVersionSchema>;
/** A tariff in the list. */
export const feeTariffRowSchema = v.object({
  id: idSchema,
  service: feeServiceSchema,
  name: bilingualSchema,
  versions: v.number(),
  drafts: v.number(),
  /** In force today. */
  activeFrom: v.optional(daySchema),
  households: v.number(),
});
/** A tariff in the list. */
export type FeeTariffRow = v.InferOutput<typeof feeTariffRowSchema>;
/** A tariff with its versions, newest first. */
export const feeTariffSchema = v.object({
  id: idSchema,
  service: feeServiceSchema,
  name: bilingualSchema,
  details: tariffJsonSchema,
  versions: v.array(feeVersionSchema),
});
/** A tariff with its versions. */
export type FeeTariff = v.InferOutput<typeof feeTariffSchema>;

/** POST …/tariffs: a whole tariff; its versions become drafts. `shipped`: one that comes with the program, by name. */
export const createFeeTariffSchema = v.strictObject({
  id: idSchema,
  tariff: v.optional(tariffJsonSchema),
  shipped: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,80}$/))),
});
/** A new tariff. */
export type CreateFeeTariff = v.InferOutput<typeof createFeeTariffSchema>;
/** GET /api/fees/shipped-tariffs. */
export const shippedTariffsSchema = v.object({
  items: v.array(
    v.object({ name: v.string(), service: feeServiceSchema, title: bilingualSchema, examples: v.number() }),
  ),
});
/** Tariffs that come with the program. */
export type ShippedTariffs = v.InferOutput<typeof shippedTariffsSchema>;

/** PUT …/tariffs/:tariffId/versions/:versionId: makes a draft or changes it. `version`: what was read, 0 for a new one. */
export const saveFeeVersionSchema = v.strictObject({
  version: v.number(),
  effectiveFrom: daySchema,
  effectiveTo: v.optional(daySchema),
  body: tariffJsonSchema,
  examples: v.pipe(v.array(v.unknown()), v.maxLength(200)),
  note: v.pipe(v.string(), v.maxLength(500)),
});
/** A draft. */
export type SaveFeeVersion = v.InferOutput<typeof saveFeeVersionSchema>;
/** POST …/tariffs/:tariffId/check: tries a draft that is not kept. */
export const checkFeeVersionSchema = v.strictObject({
  effectiveFrom: daySchema,
  body: tariffJsonSchema,
  examples: v.pipe(v.array(v.unknown()), v.maxLength(200)),
});
/** A draft to try. */
export type CheckFeeVersion = v.InferOutput<typeof checkFeeVersionSchema>;
/** POST …/versions/:versionId/activate. `correction`: bills of days that it covers are corrected, in a run with this id. */
export const activateFeeVersionSchema = v.strictObject({
  correction: v.optional(v.strictObject({ id: idSchema, reason: reasonSchema })),
});
/** How a version comes into force. */
export type ActivateFeeVersion = v.InferOutput<typeof activateFeeVersionSchema>;
/** What activation came to. It is refused while an example is wrong; `report` says which. `billed`: how much it would correct. */
export const activatedFeeVersionSchema = v.object({
  isActive: v.boolean(),
  reason: v.optional(v.picklist(['example-wrong', 'no-example', 'bad-tariff', 'same-day', 'billed'])),
  billed: v.optional(v.object({ bills: v.number(), households: v.number() })),
  /** The run that corrects bills. */
  runId: v.optional(idSchema),
  report: exampleReportSchema,
  tariff: feeTariffSchema,
});
/** What activation came to. */
export type ActivatedFeeVersion = v.InferOutput<typeof activatedFeeVersionSchema>;
/** POST …/versions/:versionId/retire. */
export const retireFeeVersionSchema = v.strictObject({ effectiveTo: daySchema });

/** POST …/tariffs/:tariffId/what-if: rates one imagined bill; `draft` is used as if it were in force. */
export const whatIfSchema = v.strictObject({
  draft: v.optional(checkFeeVersionSchema),
  input: v.record(v.string(), v.unknown()),
});
/** An imagined bill. */
export type WhatIf = v.InferOutput<typeof whatIfSchema>;
/** What it would cost, or why that cannot be said. */
export const whatIfReplySchema = v.object({
  rated: v.optional(ratedViewSchema),
  refusal: v.optional(v.string()),
  detail: v.optional(v.string()),
});
/** What it would cost. */
export type WhatIfReply = v.InferOutput<typeof whatIfReplySchema>;
/** POST …/versions/:versionId/compare: a version against what last month's bills came to. */
export const compareSchema = v.strictObject({ from: daySchema, to: daySchema });
/** Old against new, by household, those that change most first. */
export const comparisonSchema = v.object({
  bills: v.number(),
  oldFen: fenSchema,
  newFen: fenSchema,
  more: v.number(),
  less: v.number(),
  items: v.array(
    v.object({
      billId: idSchema,
      label: v.string(),
      tail: v.string(),
      oldFen: fenSchema,
      newFen: v.optional(fenSchema),
      refusal: v.optional(v.string()),
    }),
  ),
});
/** Old against new. */
export type Comparison = v.InferOutput<typeof comparisonSchema>;

/** A building's whole: as a sum, or from the readings of the common meter. */
export const commonTotalSchema = v.union([
  v.strictObject({ total: quantitySchema }),
  v.strictObject({ before: quantitySchema, after: quantitySchema, multiplier: v.optional(quantitySchema) }),
]);
/** POST …/runs: bills every household of a service for a period. The same id again goes on with the same run. */
export const startFeeRunSchema = v.strictObject({
  id: idSchema,
  service: feeServiceSchema,
  from: daySchema,
  to: daySchema,
  dueOn: v.optional(daySchema),
  /** What the building has in common, one for each share of the price lists: the whole, or the common meter's readings. */
  common: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          tariffId: idSchema,
          componentId: v.pipe(v.string(), v.maxLength(80)),
          of: commonTotalSchema,
        }),
      ),
      v.maxLength(50),
    ),
  ),
});
/** A billing run to start. */
export type StartFeeRun = v.InferOutput<typeof startFeeRunSchema>;
/** GET …/shares: for which days. */
export const feeSharesQuerySchema = v.strictObject({ service: feeServiceSchema, from: daySchema, to: daySchema });
/** What a run of these days must be told of the building. `known`: an earlier run of the days divided it already. */
export const feeSharesSchema = v.object({
  items: v.array(
    v.object({
      tariffId: idSchema,
      tariffName: bilingualSchema,
      componentId: v.string(),
      label: bilingualSchema,
      of: v.picklist(['amount', 'quantity']),
      unit: bilingualSchema,
      key: v.picklist(['area', 'units', 'people', 'coefficient']),
      known: v.optional(v.string()),
    }),
  ),
});
/** What a run must be told of the building. */
export type FeeShares = v.InferOutput<typeof feeSharesSchema>;
/**
 * How far a run is. `kept`: households that had a bill for these days already, or whose bills come to the same again. A
 * `correction` corrects the bills of a price list: by a version that came into force, or by a building's other total.
 */
export const feeRunSchema = v.object({
  id: idSchema,
  kind: v.picklist(['bills', 'correction']),
  tariffId: v.optional(idSchema),
  versionId: v.optional(idSchema),
  reason: v.optional(v.string()),
  service: feeServiceSchema,
  from: daySchema,
  to: daySchema,
  dueOn: daySchema,
  state: v.picklist(['running', 'done', 'cancelled']),
  isCancelling: v.boolean(),
  total: v.number(),
  made: v.number(),
  kept: v.number(),
  refused: v.number(),
  madeFen: fenSchema,
  startedAt: instantSchema,
  startedBy: v.optional(v.string()),
  finishedAt: v.optional(instantSchema),
});
/** How far a run is. */
export type FeeRun = v.InferOutput<typeof feeRunSchema>;
/** A run with the households that could not be billed, and why. */
export const feeRunDetailSchema = v.object({
  ...feeRunSchema.entries,
  /** What was divided. `billedFen` with that of earlier runs of the same days; the rest is of households not billed. */
  shares: v.array(
    v.object({
      componentId: v.string(),
      label: bilingualSchema,
      total: v.string(),
      wholeFen: fenSchema,
      billedFen: fenSchema,
      bills: v.number(),
      members: v.number(),
      tariffId: idSchema,
      /** Where a correction said another total later, `total` and `wholeFen` are that one, and this is what the run was told. */
      told: v.optional(v.string()),
    }),
  ),
  refusals: v.array(
    v.object({
      accountId: idSchema,
      label: v.string(),
      tail: v.string(),
      reason: v.string(),
      detail: v.string(),
    }),
  ),
});
/** A run with its refusals. */
export type FeeRunDetail = v.InferOutput<typeof feeRunDetailSchema>;

const importEntries = {
  kind: v.picklist(['accounts', 'readings']),
  service: feeServiceSchema,
  fileName: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  /** The file's bytes, base64. */
  content: v.pipe(v.string(), v.maxLength(importBodyMaxBytes), v.regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64')),
};
/** POST …/imports/preview: reads a file and keeps nothing. */
export const previewFeeImportSchema = v.strictObject(importEntries);
/** A file to look through. */
export type PreviewFeeImport = v.InferOutput<typeof previewFeeImportSchema>;
/** What is wrong with a row: the column as the file calls it, and a reason. */
export const importFaultSchema = v.object({ column: v.string(), reason: v.string() });
/** What a file would do. Numbers are shown by their last digits only. `dropped`: columns about persons, never kept. */
export const feeImportPreviewSchema = v.object({
  /** The file as a whole cannot be used, and why. */
  problem: v.optional(
    v.picklist(['unreadable', 'too-many-rows', 'no-rows', 'missing-column', 'old-excel', 'too-large', 'encoding']),
  ),
  problemDetail: v.optional(v.string()),
  columns: v.array(v.object({ name: v.string(), field: v.nullable(v.string()) })),
  dropped: v.array(v.string()),
  rows: v.array(
    v.object({
      /** As the spreadsheet counts them; 1 is the heading. */
      row: v.number(),
      label: v.string(),
      tail: v.string(),
      text: v.string(),
      action: v.picklist(['add', 'same', 'fault']),
      faults: v.array(importFaultSchema),
    }),
  ),
  add: v.number(),
  same: v.number(),
  faulty: v.number(),
});
/** What a file would do. */
export type FeeImportPreview = v.InferOutput<typeof feeImportPreviewSchema>;
/** POST …/imports: the same file again, and the rows that are wanted; all good ones when absent. */
export const commitFeeImportSchema = v.strictObject({
  id: idSchema,
  ...importEntries,
  rows: v.optional(v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(2))), v.maxLength(importCommitMax))),
});
/** A file to bring in. */
export type CommitFeeImport = v.InferOutput<typeof commitFeeImportSchema>;
/** What was brought in. */
export const feeImportDoneSchema = v.object({
  id: idSchema,
  done: v.number(),
  same: v.number(),
  refused: v.array(v.object({ row: v.number(), faults: v.array(importFaultSchema) })),
});
/** What was brought in. */
export type FeeImportDone = v.InferOutput<typeof feeImportDoneSchema>;
/** GET …/imports/template. */
export const feeTemplateQuerySchema = v.strictObject({
  kind: v.picklist(['accounts', 'readings']),
  service: feeServiceSchema,
  format: v.picklist(['csv', 'xlsx']),
  language: v.optional(v.picklist(['zh', 'en'])),
});
/** Which template. */
export type FeeTemplateQuery = v.InferOutput<typeof feeTemplateQuerySchema>;
