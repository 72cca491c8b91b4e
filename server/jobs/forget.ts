import { sql } from 'kysely';
import type { Core } from '../core.ts';

const dayMs = 24 * 3_600_000;
/**
 * For how long a platform's notification is known by its id, ms. Platforms tell one thing for days; a refund, and a
 * dispute about it, may come a year after the payment. One that came after that would be taken like a new one: a
 * payment that has ended notes it and moves no money.
 */
const noticesKeptMs = 400 * dayMs;
/** For how long a merchant may look up, and send again, a message, and for how long one waits, ms: a quarter. */
const messagesKeptMs = 90 * dayMs;
/** Rows that one turn removes, so that it never holds the database for long. */
const batchRows = 5_000;

/**
 * Forgets the ids of old notifications. What they did stands in events and ledger, which are never touched.
 * @returns how many were removed, 5,000 at most.
 */
export async function forgetNotices(core: Core): Promise<number> {
  const before = new Date(core.clock() - noticesKeptMs);
  const done = await sql`
    delete from payment_notices where (account_id, id) in (
      select account_id, id from payment_notices where at < ${before} order by at limit ${sql.lit(batchRows)})`.execute(
    core.db,
  );
  return Number(done.numAffectedRows ?? 0n);
}

/**
 * Forgets old messages to merchants' systems: those that are over, and those that waited all the time for a webhook
 * that is paused or was removed. One that is just being sent again stays.
 * @returns how many were removed, 5,000 at most.
 */
export async function forgetMessages(core: Core): Promise<number> {
  const before = new Date(core.clock() - messagesKeptMs);
  const done = await sql`
    delete from webhook_deliveries where (merchant_id, id) in (
      select merchant_id, id from webhook_deliveries
      where made_at < ${before} and (state <> 'waiting' or next_try_at < ${before})
      order by made_at limit ${sql.lit(batchRows)} for update skip locked)`.execute(core.db);
  return Number(done.numAffectedRows ?? 0n);
}
