import { sql } from 'kysely';
import { shanghaiDay, shanghaiDayStartMs } from '../../../domain/payments/numbers.ts';
import { err, ok } from '../../../domain/result.ts';
import type { PaymentEvent, Posting, Story } from '../../../protocol/http/merchant-acts.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import { readSettings } from '../channels/settings.ts';
import { makeReceipts } from '../receipts/documents.ts';
import type { OrderRef, PaymentService } from '../payments/service.ts';

const eventsMax = 1_000;
const postingLinesMax = 1_000;
const receiptsMax = 100;
const hourMs = 3_600_000;
/** Platforms offer the bill of a day from this hour of the next day on, Asia/Shanghai. */
const billHour = 10;

async function readEvents(core: Core, { merchantId, orderId }: OrderRef): Promise<PaymentEvent[]> {
  const rows = await core.db
    .selectFrom('payment_events')
    .select(['id', 'at', 'kind', 'by', 'attempt_id', 'refund_id', 'facts'])
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .orderBy('at')
    .orderBy('id')
    .limit(eventsMax)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    at: row.at.toISOString(),
    kind: row.kind,
    ...(row.by === null ? {} : { by: row.by }),
    ...(row.attempt_id === null ? {} : { attemptId: row.attempt_id }),
    ...(row.refund_id === null ? {} : { refundId: row.refund_id }),
    facts: row.facts,
  }));
}

async function readPostings(core: Core, { merchantId, orderId }: OrderRef): Promise<Posting[]> {
  const rows = await core.db
    .selectFrom('ledger_postings as p')
    .innerJoin('ledger_entries as e', (join) =>
      join.onRef('e.merchant_id', '=', 'p.merchant_id').onRef('e.posting_id', '=', 'p.id'),
    )
    .select(['p.id', 'p.at', 'p.kind', 'p.note', 'e.account', 'e.amount_fen'])
    .where('p.merchant_id', '=', merchantId)
    .where('p.order_id', '=', orderId)
    .orderBy('p.at')
    .orderBy('p.id')
    .orderBy('e.line')
    .limit(postingLinesMax)
    .execute();
  const postings = new Map<string, Posting>();
  for (const row of rows) {
    const { id, kind, note } = row;
    const posting = postings.get(id) ?? { id, at: row.at.toISOString(), kind, note, lines: [] };
    posting.lines.push({ account: row.account, amountFen: row.amount_fen });
    postings.set(id, posting);
  }
  return [...postings.values()];
}

async function readReceipts(core: Core, { merchantId, orderId }: OrderRef): Promise<Story['receipts']> {
  // A receipt is made when somebody asks for it first; the merchant may be the first.
  await makeReceipts(core, { merchantId, orderId });
  const rows = await core.db
    .selectFrom('receipts as r')
    .leftJoin('receipt_prints as p', 'p.receipt_id', 'r.id')
    .select((eb) => [
      'r.document',
      sql<number>`count(p.id) filter (where p.copy = 'merchant')`.as('merchant'),
      sql<number>`count(p.id) filter (where p.copy = 'customer')`.as('customer'),
      eb.fn.max('p.at').as('last'),
    ])
    .where('r.merchant_id', '=', merchantId)
    .where('r.order_id', '=', orderId)
    .groupBy(['r.merchant_id', 'r.order_id', 'r.id'])
    .orderBy('r.at')
    .orderBy('r.receipt_no')
    .limit(receiptsMax)
    .execute();
  return rows.map(({ document, merchant, customer, last }) => ({
    document,
    prints: { merchant, customer },
    ...(last === null ? {} : { lastPrintAt: last.toISOString() }),
  }));
}

/** The bills of platforms that will have this order's payments and are still to come. */
function billsOf(order: OrderView, nowMs: number): Story['bills'] {
  return order.attempts.flatMap(({ channel, paidAt }) => {
    if (paidAt === undefined) return [];
    const day = shanghaiDay(Date.parse(paidAt));
    const expectedMs = shanghaiDayStartMs(day) + (24 + billHour) * hourMs;
    return expectedMs <= nowMs ? [] : [{ channel, day, expectedAt: new Date(expectedMs).toISOString() }];
  });
}

/** Everything about one order of this merchant. `not-found` for orders of others too. */
export async function readStory(core: Core, payments: PaymentService, ref: OrderRef): Promise<Answer<Story>> {
  const order = await payments.order(ref);
  if (!order.ok) return order;
  const [terminal, events, postings, receipts, settings] = await Promise.all([
    core.db.selectFrom('terminals').select(['id', 'label']).where('id', '=', order.value.terminalId).executeTakeFirst(),
    readEvents(core, ref),
    readPostings(core, ref),
    readReceipts(core, ref),
    readSettings(core, ref.merchantId),
  ]);
  if (order.value.merchantId !== ref.merchantId) return err('not-found');
  return ok({
    order: order.value,
    terminal: terminal ?? { id: order.value.terminalId, label: '' },
    events,
    postings,
    receipts,
    bills: billsOf(order.value, core.clock()),
    refundFactorAboveFen: settings.refundFactorAboveFen,
  });
}
