import * as v from 'valibot';
import { idSchema, reasonSchema } from './common.ts';
import { feeServiceSchema } from './fees-office.ts';
import { daySchema } from './fees-values.ts';
import { commonTotalSchema } from './fees-work.ts';
import { fenSchema } from './payments.ts';

/** What a correction of many bills would change: a page of households, each with its bills before and after. */
export const feeCorrectionPreviewSchema = v.object({
  bills: v.number(),
  households: v.number(),
  items: v.array(
    v.object({
      accountId: idSchema,
      label: v.string(),
      tail: v.string(),
      /** Of the bills that are looked at; absent where the household cannot be corrected. */
      oldFen: v.optional(fenSchema),
      newFen: v.optional(fenSchema),
      refusal: v.optional(v.string()),
      detail: v.optional(v.string()),
    }),
  ),
  /** The last household of this page, when there are more behind it. */
  next: v.optional(idSchema),
});
/** What a correction of many bills would change. */
export type FeeCorrectionPreview = v.InferOutput<typeof feeCorrectionPreviewSchema>;

/** POST …/versions/:versionId/effects: what the version would change of bills that were made. `behind`: `next` of the page before. */
export const feeVersionEffectsSchema = v.strictObject({ behind: v.optional(idSchema) });

const totalEntries = {
  service: feeServiceSchema,
  from: daySchema,
  to: daySchema,
  tariffId: idSchema,
  componentId: v.pipe(v.string(), v.maxLength(80)),
  of: commonTotalSchema,
};
/** Days, share and what its total should have been. */
export type WrongFeeTotal = v.InferOutput<v.StrictObjectSchema<typeof totalEntries, undefined>>;
/** POST …/shares/preview: what another total of a building would change; nothing is kept. */
export const previewFeeTotalSchema = v.strictObject({ ...totalEntries, behind: v.optional(idSchema) });
/** Another total to look at. */
export type PreviewFeeTotal = v.InferOutput<typeof previewFeeTotalSchema>;
const totalSchema = v.object({ total: v.string(), wholeFen: fenSchema });
/** What another total would change, with the two totals and what their shares sum to. */
export const feeTotalPreviewSchema = v.object({
  ...feeCorrectionPreviewSchema.entries,
  old: totalSchema,
  new: totalSchema,
});
/** What another total would change. */
export type FeeTotalPreview = v.InferOutput<typeof feeTotalPreviewSchema>;
/** POST …/shares/corrections: corrects the bills that share a total. The same id again goes on with the same run. */
export const correctFeeTotalSchema = v.strictObject({ id: idSchema, reason: reasonSchema, ...totalEntries });
/** A total to correct. */
export type CorrectFeeTotal = v.InferOutput<typeof correctFeeTotalSchema>;
