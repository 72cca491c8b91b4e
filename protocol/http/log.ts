import * as v from 'valibot';
import { base64urlSchema, instantSchema } from './common.ts';
import { logLimits } from '../log/limits.ts';

/** Bytes of a hash of the log. */
const hashBytes = 32;

/** Proof that an entry stands in the log (RFC 6962, section 2.1.1), against a signed checkpoint (C2SP tlog-checkpoint). */
export const logProofSchema = v.object({
  /** The entry as hashed. */
  entry: base64urlSchema(logLimits.entryMaxBytes),
  index: v.number(),
  checkpoint: v.pipe(v.string(), v.maxLength(logLimits.checkpointMaxChars)),
  hashes: v.pipe(v.array(base64urlSchema(hashBytes)), v.maxLength(logLimits.proofHashesMax)),
});
/** Proof that an entry stands in the log. */
export type LogProof = v.InferOutput<typeof logProofSchema>;

/** A size or index in a query string. */
const treeNumberSchema = v.pipe(
  v.string(),
  v.regex(/^(?:0|[1-9]\d{0,15})$/, 'must be a whole number'),
  v.transform(Number),
  v.safeInteger(),
);
/** Query of GET /api/log/consistency. */
export const consistencyQuerySchema = v.strictObject({ from: treeNumberSchema, to: treeNumberSchema });
/** Query of GET /api/log/inclusion. */
export const inclusionQuerySchema = v.strictObject({ index: treeNumberSchema, size: treeNumberSchema });
/** The hashes of a proof, in the order of RFC 6962. */
export const proofHashesSchema = v.object({
  hashes: v.pipe(v.array(base64urlSchema(hashBytes)), v.maxLength(logLimits.proofHashesMax)),
});
/** POST /api/log/cosignatures: a witness's signature line for the checkpoint of `size`. */
export const cosignatureSchema = v.strictObject({
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  line: v.pipe(v.string(), v.maxLength(400)),
});
/** One witness. `last`: the newest checkpoint that it cosigned. */
export const witnessSchema = v.object({
  name: v.string(),
  label: v.string(),
  vkey: v.string(),
  addedAt: instantSchema,
  last: v.optional(v.object({ size: v.number(), at: instantSchema })),
});
/** One witness. */
export type Witness = v.InferOutput<typeof witnessSchema>;
