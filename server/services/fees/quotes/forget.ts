import { sql } from 'kysely';
import type { Core } from '../../../core.ts';

/** How long what nobody paid is kept; longer than a phone may ask for its result. */
const keptMs = 31 * 86_400_000;
const batchRows = 500;

/** Removes quotes that never led to an order, and tokens whose time is over. A few at a time. */
export async function forgetQuotes(core: Core): Promise<void> {
  const before = new Date(core.clock() - keptMs);
  await sql`
    delete from fee_payments p using (select merchant_id, id from fee_payments where begun_at < ${before} limit ${batchRows}) x
    where p.merchant_id = x.merchant_id and p.id = x.id`.execute(core.db);
  await sql`
    delete from fee_quotes q using (
      select q.merchant_id, q.id from fee_quotes q where q.computed_at < ${before}
        and not exists (select 1 from payment_orders o where o.merchant_id = q.merchant_id and o.id = q.id)
        and not exists (select 1 from fee_payments p where p.merchant_id = q.merchant_id and p.quote_id = q.id)
      order by q.computed_at limit ${batchRows}) x
    where q.merchant_id = x.merchant_id and q.id = x.id`.execute(core.db);
}
