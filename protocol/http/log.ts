import * as v from 'valibot';
import { base64urlSchema } from './common.ts';

/** Bytes of a hash of the log. */
const hashBytes = 32;
/** Hashes of one proof: a tree of 2^63 leaves needs no more. */
export const proofHashesMax = 63;
/** Characters of a signed checkpoint with its witnesses' lines. */
export const checkpointMaxChars = 4_000;
/** Largest log entry, in bytes. */
export const logEntryMaxBytes = 16_384;

/** Proof that an entry stands in the log (RFC 6962, section 2.1.1), against a signed checkpoint (C2SP tlog-checkpoint). */
export const logProofSchema = v.object({
  /** The entry as hashed. */
  entry: base64urlSchema(logEntryMaxBytes),
  index: v.number(),
  checkpoint: v.pipe(v.string(), v.maxLength(checkpointMaxChars)),
  hashes: v.pipe(v.array(base64urlSchema(hashBytes)), v.maxLength(proofHashesMax)),
});
/** Proof that an entry stands in the log. */
export type LogProof = v.InferOutput<typeof logProofSchema>;
