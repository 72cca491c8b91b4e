import { fen } from '../../../domain/money.ts';
import { askedBackFen } from '../../../domain/payments/refunding.ts';
import { err } from '../../../domain/result.ts';
import type { AppRefund } from '../../../protocol/http/terminal-app.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import { readSettings } from '../channels/settings.ts';
import type { PaymentActor, PaymentService } from '../payments/service.ts';
import type { SignedInApp } from './apps.ts';

/** What a refund from a terminal works with. */
export interface RefundTools {
  readonly core: Core;
  readonly payments: PaymentService;
  readonly factors: FactorService;
}

/**
 * A refund of an order of this terminal. Above the merchant's amount a member of the merchant's staff confirms with a
 * second factor. All refunds of one order count together, so that many small ones do not go round it.
 */
export async function refundFromTerminal(
  tools: RefundTools,
  app: SignedInApp,
  orderId: string,
  body: AppRefund,
): Promise<Answer<OrderView>> {
  const { core, payments } = tools;
  const ref = { merchantId: app.merchantId, orderId };
  const order = await payments.order(ref);
  if (!order.ok) return order;
  if (order.value.terminalId !== app.terminalId) return err('not-found');
  const isRepeated = order.value.refunds.some(({ id }) => id === body.id);
  const { refundFactorAboveFen } = await readSettings(core, app.merchantId);
  const amountFen = body.amountFen ?? order.value.paidFen - order.value.refundedFen;
  const isLarge = askedBackFen(order.value.refunds) + amountFen > refundFactorAboveFen;
  let actor: PaymentActor = { kind: 'terminal', id: app.terminalId, name: app.label };
  if (isLarge && !isRepeated) {
    const staff = await approverOf(tools, app, orderId, body);
    if (!staff.ok) return staff;
    actor = { kind: 'person', id: staff.value.id, name: staff.value.name };
  }
  const amount = body.amountFen === undefined ? {} : { amountFen: fen(body.amountFen) };
  const bound = isLarge && !isRepeated ? {} : { unconfirmedMaxFen: fen(refundFactorAboveFen) };
  const given = await payments.refund(actor, { ...ref, id: body.id, reason: body.reason, ...amount, ...bound });
  return !given.ok && given.error === 'factor-needed' ? err('factor-needed', 'approval') : given;
}

/** The member of staff who confirms. An unknown address is answered like a wrong code. */
async function approverOf(
  { core, factors }: RefundTools,
  app: SignedInApp,
  orderId: string,
  body: AppRefund,
): Promise<Answer<Actor>> {
  if (body.approval === undefined) return err('factor-needed', 'approval');
  const person = await core.db
    .selectFrom('user')
    .select(['id', 'name'])
    .where('email', '=', body.approval.email.trim().toLowerCase())
    .where('role', '=', 'merchant')
    .where('state', '=', 'active')
    .where('merchantId', '=', app.merchantId)
    .executeTakeFirst();
  if (person === undefined) return err('factor-wrong', 'approval.factor');
  const actor: Actor = { ...person, role: 'merchant' };
  const verdict = await factors.verify(actor, orderId, body.approval.factor);
  if (verdict.ok) return { ok: true, value: actor };
  return verdict.error === 'factor-wrong' ? err('factor-wrong', 'approval.factor') : verdict;
}
