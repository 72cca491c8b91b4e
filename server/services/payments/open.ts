import { beginAttempt } from '../../../domain/payments/attempts.ts';
import { faultOf, plan, send } from './begin.ts';
import { newOrder } from './new-order.ts';
import { type EngineParts, leaseMs, momentOf, nameOf } from './parts.ts';
import type { NewAttempt, NewOrder, PaymentActor } from './service.ts';
import type { StoredOrder } from './store.ts';

/** An order that is about to be made. */
export interface FreshOrder {
  readonly order: NewOrder;
  readonly bodyHash: string;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

/**
 * Makes an order together with its first attempt in one write, when nothing at all stands in the way: one read, one
 * commit, then the platform. `undefined` otherwise, with nothing written; the caller goes step by step then and finds
 * out what it was.
 */
export async function openWithAttempt(
  parts: EngineParts,
  actor: PaymentActor,
  fresh: FreshOrder,
  attempt: NewAttempt,
): Promise<StoredOrder | undefined> {
  const { order, nowMs } = fresh;
  if (faultOf(attempt) !== undefined) return undefined;
  const facts = await parts.store.facts(order.merchantId, order.terminalId, nowMs, true);
  const { place, orderNo } = facts;
  if (place === undefined || place === null || orderNo === undefined) return undefined;
  const made = newOrder(order, fresh, { ...place, orderNo });
  const planned = await plan(parts, made, facts, actor, attempt);
  if (planned.kind !== 'planned') return undefined;
  const begun = beginAttempt(made, planned.wish, { ...momentOf(parts), nowMs: planned.wish.lookAtMs - leaseMs });
  if (!begun.ok) return undefined;
  const told = { kind: 'order-made', facts: { amountFen: order.amountFen }, ...nameOf(actor) } as const;
  const outcome = { ...begun.value, events: [told, ...begun.value.events] };
  if ((await parts.store.createWith(made, outcome, nowMs)) !== 'written') return undefined;
  const stored = { ...outcome.next, place };
  parts.publish(stored, outcome);
  return send(parts, stored, planned.open, attempt);
}
