import {
  askedBackFen,
  askRefund,
  type RefundWord,
  sendRefund,
  settleRefund,
} from '../../../domain/payments/refunding.ts';
import type { RefundResult } from '../../../domain/payments/answers.ts';
import type { Outcome } from '../../../domain/payments/records.ts';
import { err, ok } from '../../../domain/result.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { Memo } from '../../channels/channel.ts';
import { ask, attemptFacts, refundFacts } from './call.ts';
import type { OpenChannel } from './desk.ts';
import { change, type EngineParts, hashOf, leaseMs, momentOf, nameOf } from './parts.ts';
import type { NewRefund, PaymentActor } from './service.ts';
import type { StoredOrder } from './store.ts';
import { orderView } from './view.ts';

const dayMs = 86_400_000;

/** Writes refunds down, sends them, and gives the order as it is then. A stopped merchant or terminal gives nothing back. */
export async function refund(parts: EngineParts, actor: PaymentActor, wish: NewRefund): Promise<Answer<OrderView>> {
  const stored = await parts.store.load(wish);
  if (stored === undefined) return err('not-found');
  const bodyHash = hashOf(wish.amountFen ?? null, wish.attemptId ?? null, wish.reason);
  const repeated = repeatedRefund(stored, wish.id, bodyHash);
  if (repeated !== undefined) return repeated;
  const { merchantId, terminalId } = stored.order;
  const facts = await parts.store.facts(merchantId, terminalId, parts.clock());
  if (facts.merchantState === 'stopped') return err('paused', 'merchant');
  if (facts.terminalState === 'stopped') return err('paused', 'terminal');
  let fault: Answer<OrderView> | undefined;
  const written = await change(parts, stored, (order) => {
    fault = repeatedRefund(order, wish.id, bodyHash);
    if (fault !== undefined) return undefined;
    const asked = askRefund(order, wishOf(parts, actor, wish, bodyHash), momentOf(parts));
    fault = asked.ok ? unconfirmed(asked.value, wish) : asked;
    return asked.ok && fault === undefined ? asked.value : undefined;
  });
  if (fault !== undefined) return fault;
  if (written.result === 'id-used') return err('exists-with-different-body', 'id');
  let order = written.order;
  const isNew = ({ id }: { readonly id: string }): boolean => !stored.refunds.some((other) => other.id === id);
  for (const { id } of written.order.refunds.filter(isNew)) order = await runRefund(parts, order, id);
  return ok(orderView(order));
}

/** What nobody has confirmed must stay below its amount, together with what went back before. */
function unconfirmed({ next }: Outcome, { unconfirmedMaxFen: maxFen }: NewRefund): Answer<OrderView> | undefined {
  const isMore = maxFen !== undefined && askedBackFen(next.refunds) > maxFen;
  return isMore ? err('factor-needed', 'factor') : undefined;
}

function repeatedRefund(stored: StoredOrder, id: string, bodyHash: string): Answer<OrderView> | undefined {
  const same = stored.refunds.find((other) => other.id === id);
  if (same === undefined) return undefined;
  return same.bodyHash === bodyHash ? ok(orderView(stored)) : err('exists-with-different-body', 'id');
}

function wishOf(parts: EngineParts, actor: PaymentActor, wish: NewRefund, bodyHash: string) {
  const bounds = (channel: string) => {
    const found = parts.desk.definitions.find(({ code }) => code === channel)?.capabilities;
    return { refundsMax: found?.refundsPerPayment ?? 1, forMs: (found?.refundDays ?? 1) * dayMs };
  };
  return {
    ...{ id: wish.id, reason: wish.reason, bodyHash, bounds, lookAtMs: parts.clock() + leaseMs, ...nameOf(actor) },
    cause: actor.kind === 'api-key' ? ('api' as const) : ('merchant' as const),
    ...(wish.amountFen === undefined ? {} : { amountFen: wish.amountFen }),
    ...(wish.attemptId === undefined ? {} : { attemptId: wish.attemptId }),
  };
}

/** Brings a refund one step further: sends it, or asks what became of it, always under the same number. */
export async function runRefund(parts: EngineParts, stored: StoredOrder, refundId: string): Promise<StoredOrder> {
  const found = stored.refunds.find(({ id }) => id === refundId);
  const attempt = stored.attempts.find(({ id }) => id === found?.attemptId);
  if (found === undefined || attempt === undefined) return stored;
  const open = await parts.desk.open(attempt.accountId);
  if (open === undefined) {
    const result = { kind: 'unknown', why: 'the account cannot be opened' } as const;
    return hearRefund(parts, stored, { refundId, result });
  }
  return found.state === 'created' ? send(parts, stored, open, refundId) : askAbout(parts, stored, open, refundId);
}

async function send(
  parts: EngineParts,
  stored: StoredOrder,
  open: OpenChannel,
  refundId: string,
): Promise<StoredOrder> {
  const facts = factsOf(parts, stored, open, refundId);
  const { channel } = open;
  const { result } = await ask(parts, async () => {
    const memo: Memo = (await channel.prepareRefund?.(facts.attempt, facts.refund)) ?? {};
    return { kind: 'memo' as const, memo };
  });
  if (result.kind !== 'memo') return hearRefund(parts, stored, { refundId, result });
  const { memo } = result;
  const sent = { refundId, memo, lookAtMs: parts.clock() + leaseMs };
  const isCreated = ({ refunds }: StoredOrder): boolean =>
    refunds.some(({ id, state }) => id === refundId && state === 'created');
  const marked = await change(parts, stored, (order) =>
    isCreated(order) ? sendRefund(order, sent, momentOf(parts)) : undefined,
  );
  // Somebody else sends it already.
  if (marked.result !== 'written') return marked.order;
  const ready = factsOf(parts, marked.order, open, refundId);
  const asked = await ask(parts, () => channel.refund(ready.attempt, ready.refund));
  return hearRefund(parts, marked.order, { refundId, isFirst: true, ...asked });
}

async function askAbout(
  parts: EngineParts,
  stored: StoredOrder,
  open: OpenChannel,
  refundId: string,
): Promise<StoredOrder> {
  const { channel } = open;
  const { attempt, refund: facts } = factsOf(parts, stored, open, refundId);
  const asked = await ask(parts, async (): Promise<RefundResult> => {
    const known = await channel.queryRefund(attempt, facts);
    return known.kind === 'not-found' ? channel.refund(attempt, facts) : known;
  });
  return hearRefund(parts, stored, { refundId, ...asked });
}

function factsOf(parts: EngineParts, stored: StoredOrder, { definition }: OpenChannel, refundId: string) {
  const found = stored.refunds.find(({ id }) => id === refundId);
  const attempt = stored.attempts.find(({ id }) => id === found?.attemptId);
  if (found === undefined || attempt === undefined) throw new RangeError(`refund: ${refundId}`);
  return {
    attempt: attemptFacts(parts, stored, attempt),
    refund: refundFacts(parts, attempt, found, definition.capabilities),
  };
}

async function hearRefund(parts: EngineParts, stored: StoredOrder, word: RefundWord): Promise<StoredOrder> {
  return (await change(parts, stored, (order) => settleRefund(order, word, momentOf(parts)))).order;
}
