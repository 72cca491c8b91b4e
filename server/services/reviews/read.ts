import { sql } from 'kysely';
import type { PaidProof } from '../../../domain/payments/answers.ts';
import type { AttemptRecord } from '../../../domain/payments/records.ts';
import { attemptChoices, isStuck, refundActs } from '../../../domain/payments/review.ts';
import type { Review, ReviewAttempt } from '../../../protocol/http/reviews.ts';
import type { Core } from '../../core.ts';
import { orderView } from '../payments/view.ts';
import type { OrderRef } from '../payments/service.ts';
import type { StoredOrder } from '../payments/store.ts';

const eventsMax = 1_000;
const listMax = 200;

/** Where the order with this id is. Keys begin with the merchant, so each merchant is one look into the index. */
export async function findOrder(core: Core, orderId: string): Promise<OrderRef | undefined> {
  const { rows } = await sql<{ merchantId: string }>`
    select m.id as "merchantId" from merchants m
    where exists (select from payment_orders o where o.merchant_id = m.id and o.id = ${orderId})`.execute(core.db);
  const [found] = rows;
  return found === undefined ? undefined : { merchantId: found.merchantId, orderId };
}

/** Payments in review of all merchants, newest first. */
export async function listReviews(core: Core) {
  const rows = await core.db
    .selectFrom('payment_orders as o')
    .innerJoin('merchants as m', 'm.id', 'o.merchant_id')
    .innerJoin('terminals as t', 't.id', 'o.terminal_id')
    .select(['o.id', 'o.order_no', 'o.amount_fen', 'o.created_at', 'm.name', 't.label'])
    .where('o.state', '=', 'review')
    .orderBy('o.created_at', 'desc')
    .orderBy('o.id', 'desc')
    .limit(listMax)
    .execute();
  return rows.map((row) => ({
    ...{ orderId: row.id, orderNo: row.order_no, merchantName: row.name, terminalLabel: row.label },
    ...{ amountFen: row.amount_fen, createdAt: row.created_at.toISOString() },
  }));
}

async function readEvents(core: Core, { merchantId, orderId }: OrderRef) {
  return core.db
    .selectFrom('payment_events')
    .select(['id', 'at', 'kind', 'by', 'attempt_id', 'refund_id', 'facts', 'raw', 'raw_sha256'])
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .orderBy('at')
    .orderBy('id')
    .limit(eventsMax)
    .execute();
}

type EventRow = Awaited<ReturnType<typeof readEvents>>[number];

/** What a platform said last about an attempt that could be compared. */
function lastProof(events: readonly EventRow[], attemptId: string): { proof: PaidProof; at: Date } | undefined {
  const told = events.findLast(({ kind, attempt_id: of, facts }) => {
    return kind === 'differs' && of === attemptId && facts['proof'] !== undefined;
  });
  return told === undefined ? undefined : { proof: told.facts['proof'] as PaidProof, at: told.at };
}

function attemptOf(
  stored: StoredOrder,
  attempt: AttemptRecord,
  events: readonly EventRow[],
  platformMerchantId: string,
): ReviewAttempt {
  const told = lastProof(events, attempt.id);
  const result = told === undefined ? ({ kind: 'unknown', why: '' } as const) : ({ kind: 'paid', ...told } as const);
  const word = { attemptId: attempt.id, result, source: 'person', feePpm: 0, platformMerchantId } as const;
  const { attemptNo: number, amountFen, channel } = attempt;
  const proof = told?.proof;
  const theirs = proof && {
    ...{ number: proof.attemptNo, amountFen: proof.amountFen, currency: proof.currency },
    ...{ merchant: proof.platformMerchantId, transactionId: proof.transactionId },
    ...{ paidAt: new Date(proof.paidAtMs).toISOString(), saidAt: told.at.toISOString() },
  };
  return {
    attemptId: attempt.id,
    channel,
    ours: { number, amountFen, currency: 'CNY', merchant: platformMerchantId },
    ...(theirs === undefined ? {} : { theirs }),
    acts: attemptChoices(stored, { ...word, refundsByTransaction: false }),
  };
}

/** An order with both sides of what is in review. `withExchanges`: with what went over the wire, for the office. */
export async function readReview(
  core: Core,
  stored: StoredOrder,
  ref: OrderRef,
  withExchanges: boolean,
): Promise<Review> {
  const [events, accounts] = await Promise.all([
    readEvents(core, ref),
    core.db
      .selectFrom('channel_accounts')
      .select(['id', 'platform_merchant_id'])
      .where('merchant_id', '=', ref.merchantId)
      .execute(),
  ]);
  const numbers = new Map(accounts.map((account) => [account.id, account.platform_merchant_id]));
  const { order, attempts, refunds, place } = stored;
  return {
    order: orderView(stored),
    merchant: { id: order.merchantId, name: place.merchantName },
    terminal: { id: order.terminalId, label: place.terminalLabel },
    attempts: attempts
      .filter(({ state }) => state === 'review')
      .map((attempt) => attemptOf(stored, attempt, events, numbers.get(attempt.accountId) ?? '')),
    refunds: refunds
      .filter((refund) => order.state === 'review' && isStuck(refund, stored))
      .map(({ id }) => ({ refundId: id, acts: [...refundActs] })),
    events: events.map((row) => ({
      ...{ id: row.id, at: row.at.toISOString(), kind: row.kind, facts: row.facts },
      ...(row.by === null ? {} : { by: row.by }),
      ...(row.attempt_id === null ? {} : { attemptId: row.attempt_id }),
      ...(row.refund_id === null ? {} : { refundId: row.refund_id }),
    })),
    exchanges: withExchanges ? events.flatMap(exchangeOf) : [],
  };
}

function exchangeOf({ id, at, kind, raw, raw_sha256: hash }: EventRow): Review['exchanges'] {
  if (raw === null || hash === null) return [];
  return [{ eventId: id, at: at.toISOString(), kind, raw, sha256: hash.toString('hex') }];
}
