import * as v from 'valibot';
import { signedDocumentSchema } from '../../../protocol/fees/documents.ts';

/** Limits of what a profile holds; small enough for any browser's storage. */
export const profileLimits = { nameChars: 40, households: 12, labelChars: 40, numberChars: 40, receipts: 60 } as const;

const profileSchema = v.object({
  name: v.pipe(v.string(), v.maxLength(profileLimits.nameChars)),
  households: v.pipe(
    v.array(
      v.object({
        label: v.pipe(v.string(), v.maxLength(profileLimits.labelChars)),
        number: v.pipe(v.string(), v.maxLength(profileLimits.numberChars)),
      }),
    ),
    v.maxLength(profileLimits.households),
  ),
  account: v.pipe(v.string(), v.regex(/^(\d{8,34})?$/)),
  /** Signed receipts, newest first. */
  receipts: v.pipe(v.array(signedDocumentSchema), v.maxLength(profileLimits.receipts)),
});
/** What a resident keeps on their own phone and nowhere else. */
export type Profile = v.InferOutput<typeof profileSchema>;

/** A profile with nothing in it. */
export const emptyProfile: Profile = { name: '', households: [], account: '', receipts: [] };

/** Reads what was decrypted; `undefined` when it is no profile. */
export function parseProfile(text: string): Profile | undefined {
  try {
    const parsed = v.safeParse(profileSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** With `receipt` in front; the same one twice is one, and the oldest leave when there are too many. */
export function withReceipt(profile: Profile, receipt: Profile['receipts'][number]): Profile {
  const others = profile.receipts.filter(({ bytes }) => bytes !== receipt.bytes);
  return { ...profile, receipts: [receipt, ...others].slice(0, profileLimits.receipts) };
}
