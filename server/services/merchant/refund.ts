import { fen } from '../../../domain/money.ts';
import { askedBackFen } from '../../../domain/payments/refunding.ts';
import { err } from '../../../domain/result.ts';
import type { MerchantRefund } from '../../../protocol/http/merchant-acts.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import { readSettings } from '../channels/settings.ts';
import type { OrderRef, PaymentService } from '../payments/service.ts';

/** What a refund by a person works with. */
export interface MerchantTools {
  readonly core: Core;
  readonly payments: PaymentService;
  readonly factors: FactorService;
}

/** What may still be given back: of one part, or of the whole order. Refunds on their way count as given back. */
function leftFen(order: OrderView, attemptId: string | undefined): number {
  const parts = order.attempts.filter(
    ({ id, state }) => state === 'paid' && (attemptId === undefined || id === attemptId),
  );
  const ids = new Set(parts.map(({ id }) => id));
  const under = order.refunds.filter(
    ({ state, transactionId, attemptId: of }) => state !== 'failed' && transactionId === undefined && ids.has(of),
  );
  return parts.reduce((sum, part) => sum + part.amountFen, 0) - under.reduce((sum, part) => sum + part.amountFen, 0);
}

/**
 * A refund that a person of the merchant asks for. All refunds of one order count together against the amount from which
 * a second factor is asked, so that many small ones do not go round it. The same id again is the same refund, and needs
 * no new factor.
 */
export async function refundByPerson(
  { core, payments, factors }: MerchantTools,
  actor: Actor,
  ref: OrderRef,
  { id, amountFen, attemptId, reason, factor }: MerchantRefund,
): Promise<Answer<OrderView>> {
  const order = await payments.order(ref);
  if (!order.ok) return order;
  const isRepeated = order.value.refunds.some((refund) => refund.id === id);
  const left = leftFen(order.value, attemptId);
  if (!isRepeated) {
    if (left <= 0) return err('not-in-state', 'nothing of this payment is left to refund');
    if (amountFen !== undefined && amountFen > left) return err('bad-request', 'amountFen');
  }
  const { refundFactorAboveFen } = await readSettings(core, ref.merchantId);
  const isSmall = askedBackFen(order.value.refunds) + (amountFen ?? left) <= refundFactorAboveFen;
  if (!isRepeated && !isSmall) {
    if (factor === undefined) return err('factor-needed', 'factor');
    const verdict = await factors.verify(actor, id, factor);
    if (!verdict.ok) return verdict;
  }
  return payments.refund(
    { kind: 'person', id: actor.id, name: actor.name },
    {
      ...ref,
      ...{ id, reason },
      ...(amountFen === undefined ? {} : { amountFen: fen(amountFen) }),
      ...(attemptId === undefined ? {} : { attemptId }),
      ...(isRepeated || isSmall ? { unconfirmedMaxFen: fen(refundFactorAboveFen) } : {}),
    },
  );
}
