import * as v from 'valibot';
import { attemptActs, refundActs } from '../../domain/payments/review.ts';
import { idSchema, instantSchema, reasonSchema } from './common.ts';
import { paymentEventSchema } from './merchant-acts.ts';
import { amountFenSchema, channelCodeSchema, fenSchema, orderViewSchema } from './payments.ts';
import { factorSchema } from './people.ts';

/** One side of a payment in review: what we asked, or what the platform said. */
const sideSchema = v.object({
  number: v.string(),
  amountFen: fenSchema,
  currency: v.string(),
  /** The merchant's number at the platform. */
  merchant: v.string(),
});

/** An attempt in review. `theirs` is absent while the platform has said nothing that could be compared. */
export const reviewAttemptSchema = v.object({
  attemptId: idSchema,
  channel: channelCodeSchema,
  ours: sideSchema,
  theirs: v.optional(
    v.object({ ...sideSchema.entries, transactionId: v.string(), paidAt: instantSchema, saidAt: instantSchema }),
  ),
  /** What could be decided, were the platform's newest word still true; it is asked again with every decision. */
  acts: v.array(v.picklist(attemptActs)),
});
/** An attempt in review. */
export type ReviewAttempt = v.InferOutput<typeof reviewAttemptSchema>;

/** A refund that does not come about by itself. */
export const reviewRefundSchema = v.object({ refundId: idSchema, acts: v.array(v.picklist(refundActs)) });

/** GET /api/reviews/:id: a payment that a person must look at, with both sides. `exchanges`: what went over the wire, for the office. */
export const reviewSchema = v.object({
  order: orderViewSchema,
  merchant: v.object({ id: idSchema, name: v.string() }),
  terminal: v.object({ id: idSchema, label: v.string() }),
  attempts: v.array(reviewAttemptSchema),
  refunds: v.array(reviewRefundSchema),
  events: v.array(paymentEventSchema),
  exchanges: v.array(
    v.object({ eventId: idSchema, at: instantSchema, kind: v.string(), raw: v.string(), sha256: v.string() }),
  ),
});
/** A payment that a person must look at. */
export type Review = v.InferOutput<typeof reviewSchema>;

/** GET /api/reviews: payments in review of all merchants, newest first, at most 200. */
export const reviewsSchema = v.object({
  items: v.array(
    v.object({
      orderId: idSchema,
      orderNo: v.string(),
      merchantName: v.string(),
      terminalLabel: v.string(),
      amountFen: fenSchema,
      createdAt: instantSchema,
    }),
  ),
});

const decided = { id: idSchema, reason: reasonSchema, factor: v.optional(factorSchema) };
/**
 * What a person decides. Whatever moves money needs a second factor; the challenge of a passkey is made for `id`, which
 * names this decision. `takenFen` is what the person saw that the platform took.
 */
export const decideReviewSchema = v.variant('act', [
  v.strictObject({ ...decided, act: v.picklist(['ask', 'no-money']), attemptId: idSchema }),
  v.strictObject({
    ...decided,
    act: v.picklist(['accept', 'give-back']),
    attemptId: idSchema,
    takenFen: amountFenSchema,
  }),
  v.strictObject({ ...decided, act: v.picklist(refundActs), refundId: idSchema }),
]);
/** What a person decides about a payment in review. */
export type DecideReview = v.InferOutput<typeof decideReviewSchema>;
