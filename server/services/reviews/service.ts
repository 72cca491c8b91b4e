import { fen } from '../../../domain/money.ts';
import { err, ok } from '../../../domain/result.ts';
import { needsFactor } from '../../../protocol/http/review-factors.ts';
import type { DecideReview, Review } from '../../../protocol/http/reviews.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import type { OrderRef, PaymentService, ReviewWish } from '../payments/service.ts';
import { findOrder, listReviews, readReview } from './read.ts';

/** A person's way out of review. With a merchant the order must be that merchant's; without one it may be anybody's. */
export interface ReviewService {
  list(): ReturnType<typeof listReviews>;
  read(orderId: string, merchantId?: string): Promise<Answer<Review>>;
  /** `factor-needed` for what moves money; the challenge of a passkey is made for the decision's id. */
  decide(actor: Actor, orderId: string, body: DecideReview, merchantId?: string): Promise<Answer<OrderView>>;
}

/** What the service works with. */
export interface ReviewParts {
  readonly core: Core;
  readonly payments: PaymentService;
  readonly factors: FactorService;
}

/** Builds the service. */
export function createReviewService({ core, payments, factors }: ReviewParts): ReviewService {
  const place = async (orderId: string, merchantId: string | undefined): Promise<OrderRef | undefined> =>
    merchantId === undefined ? findOrder(core, orderId) : { merchantId, orderId };
  return {
    list: () => listReviews(core),
    read: async (orderId, merchantId) => {
      const ref = await place(orderId, merchantId);
      const stored = ref === undefined ? undefined : await payments.snapshot(ref);
      if (ref === undefined || stored === undefined) return err('not-found');
      return ok(await readReview(core, stored, ref, merchantId === undefined));
    },
    decide: async (actor, orderId, body, merchantId) => {
      const ref = await place(orderId, merchantId);
      if (ref === undefined) return err('not-found');
      if (needsFactor(body.act)) {
        if (body.factor === undefined) return err('factor-needed', 'factor');
        const verdict = await factors.verify(actor, body.id, body.factor);
        if (!verdict.ok) return verdict;
      }
      const person = { kind: 'person', id: actor.id, name: actor.name } as const;
      const decided = await payments.decide(person, { ...ref, on: onOf(body), reason: body.reason });
      if (decided.ok) core.bus.publish({ name: 'audit', id: orderId });
      return decided;
    },
  };
}

function onOf(body: DecideReview): ReviewWish['on'] {
  if ('refundId' in body) return { act: body.act, refundId: body.refundId };
  const amount = 'takenFen' in body ? { takenFen: fen(body.takenFen) } : {};
  return { act: body.act, attemptId: body.attemptId, ...amount };
}
