import { sql } from 'kysely';
import type { Today } from '../../../protocol/http/merchant.ts';
import type { Core } from '../../core.ts';

type Note = NonNullable<Today['note']>;

const dayMs = 86_400_000;
/** An unclear answer is no news before it has been so for this long. */
const unknownAfterMs = 2 * 60_000;

interface NoteRow {
  readonly count: number;
  readonly order_id: string;
  readonly amount_fen: number;
  readonly channel: string | null;
  readonly at: Date;
  readonly is_over: boolean;
}

const questions = {
  review: (merchantId: string) => sql<NoteRow>`
    select count(*) over ()::int as count, id as order_id, amount_fen, channel, created_at as at, false as is_over
    from payment_orders where merchant_id = ${merchantId} and state = 'review'
    order by created_at desc limit 1`,
  'refund-failed': (merchantId: string, since: Date) => sql<NoteRow>`
    select count(*) over ()::int as count, order_id, amount_fen, channel, created_at as at, false as is_over
    from payment_refunds where merchant_id = ${merchantId} and created_at >= ${since} and state = 'failed'
    order by created_at desc limit 1`,
  unknown: (merchantId: string, _since: Date, before: Date) => sql<NoteRow>`
    select count(*) over ()::int as count, order_id, amount_fen, channel, created_at as at, false as is_over
    from payment_attempts where merchant_id = ${merchantId} and state in ('created', 'submitted', 'pending', 'unknown')
      and state = 'unknown' and created_at < ${before}
    order by created_at limit 1`,
  late: (merchantId: string, since: Date) => sql<NoteRow>`
    select count(*) over ()::int as count, r.order_id, r.amount_fen, r.channel, coalesce(a.paid_at, r.created_at) as at,
      r.state = 'done' as is_over
    from payment_refunds r join payment_attempts a on a.id = r.attempt_id
    where r.merchant_id = ${merchantId} and r.created_at >= ${since} and r.cause in ('late', 'surplus') and r.state <> 'failed'
    order by r.created_at desc limit 1`,
} as const;

/**
 * The one thing of today and yesterday that is worth a sentence, what needs a person first. `startMs` is the start of the
 * day.
 */
export async function noteOf(core: Core, merchantId: string, startMs: number): Promise<Note | undefined> {
  const since = new Date(startMs - dayMs);
  const before = new Date(core.clock() - unknownAfterMs);
  for (const kind of ['review', 'refund-failed', 'unknown', 'late'] as const) {
    const [row] = (await questions[kind](merchantId, since, before).execute(core.db)).rows;
    if (row === undefined) continue;
    return {
      kind,
      count: row.count,
      orderId: row.order_id,
      amountFen: row.amount_fen,
      ...(row.channel === null ? {} : { channel: row.channel }),
      at: row.at.toISOString(),
      isOver: row.is_over,
    };
  }
  return undefined;
}
