import type { PayResult } from '../../../domain/payments/answers.ts';
import type { Outcome, Snapshot } from '../../../domain/payments/records.ts';
import { decideAttempt, decideRefund } from '../../../domain/payments/review.ts';
import { type Err, err, ok, type Result } from '../../../domain/result.ts';
import type { ApiErrorCode } from '../../../protocol/http/common.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { AuditEntry } from '../../audit/records.ts';
import { type Asked, ask, attemptFacts } from './call.ts';
import { lookAt } from './look.ts';
import { change, type EngineParts, momentOf } from './parts.ts';
import type { PaymentActor, ReviewWish } from './service.ts';
import type { StoredOrder } from './store.ts';
import { orderView } from './view.ts';
import { accountFacts, noAccount } from './word.ts';

type Person = PaymentActor & { readonly kind: 'person' };

/** Does what a person decided about a payment in review, and then what follows from it at the platform. */
export async function decide(parts: EngineParts, actor: Person, wish: ReviewWish): Promise<Answer<OrderView>> {
  const stored = await parts.store.load(wish);
  if (stored === undefined) return err('not-found');
  const { on, reason } = wish;
  const said = { by: actor.name, reason };
  if ('refundId' in on)
    return write(parts, stored, auditOf(actor, wish, stored), (order) =>
      decideRefund(order, { ...on, ...said }, momentOf(parts)),
    );
  const attempt = stored.attempts.find(({ id }) => id === on.attemptId);
  if (attempt?.state !== 'review') return err('not-in-state', 'attempt');
  const open = await parts.desk.open(attempt.accountId);
  const asked: Asked<PayResult> =
    open === undefined
      ? { result: { kind: 'unknown', why: 'the account cannot be opened' } }
      : await ask(parts, async () => {
          const facts = attemptFacts(parts, stored, attempt);
          const told = await open.channel.query(facts);
          // A code that could still be paid is taken away before anybody says that nothing was.
          return on.act === 'no-money' && told.kind === 'pending' ? open.channel.close(facts) : told;
        });
  const facts = open === undefined ? noAccount : accountFacts(open);
  const word = { attemptId: attempt.id, source: 'person', ...asked, ...facts } as const;
  return write(parts, stored, auditOf(actor, wish, stored), (order) =>
    decideAttempt(order, { ...on, ...said, word }, momentOf(parts)),
  );
}

async function write(
  parts: EngineParts,
  stored: StoredOrder,
  audit: AuditEntry,
  decision: (order: Snapshot) => Result<Outcome, ApiErrorCode>,
): Promise<Answer<OrderView>> {
  let fault: Err<ApiErrorCode> | undefined;
  const written = await change(
    parts,
    stored,
    (order) => {
      const outcome = decision(order);
      fault = outcome.ok ? undefined : outcome;
      return outcome.ok ? outcome.value : undefined;
    },
    { audit },
  );
  return fault ?? ok(orderView(await lookAt(parts, written.order)));
}

function auditOf(actor: Person, { on, reason }: ReviewWish, { order }: StoredOrder): AuditEntry {
  const { merchantId, orderNo } = order;
  const subject = `order:${order.id}`;
  return { act: 'payment.reviewed', actorId: actor.id, subject, facts: { merchantId, orderNo, reason, ...on } };
}
