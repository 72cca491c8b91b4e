import { type RawBuilder, sql } from 'kysely';
import type { Core } from '../../../core.ts';
import type { QuoteRow } from '../quotes/rows.ts';
import { noRefund } from '../receipts/facts.ts';

/** A claim without an order is from a call that died; a live call is over long before. */
const orphanMs = 120_000;
/** Money that a person must look at keeps a bill from being paid again for so long. */
const reviewMs = 3 * 86_400_000;

/**
 * Whether claim `c` with its order `o` still keeps others away: while money may come in under it, and while a payment
 * waits to be put towards its bills. One that a crash left behind, or that was made beside the order's end, does not.
 */
function stands(nowMs: number): RawBuilder<boolean> {
  return sql<boolean>`case when o.id is null or o.state = 'cancelled' then c.claimed_at > ${new Date(nowMs - orphanMs)}
    when o.state = 'review' then o.updated_at > ${new Date(nowMs - reviewMs)}
    when o.state in ('open', 'part-paid') then true
    else exists (select 1 from fee_work w where w.merchant_id = c.merchant_id and w.order_id = c.quote_id
      and w.refund_id = ${noRefund}) end`;
}
const withOrder = sql`left join payment_orders o on o.merchant_id = c.merchant_id and o.id = c.quote_id`;

/** What claiming a quote's bills came to. `held`: somebody pays one of them now, at `terminalId` under `quoteId`. */
export type Claimed =
  { readonly kind: 'claimed' } | { readonly kind: 'held'; readonly quoteId: string; readonly terminalId: string };

interface Holder {
  readonly quote_id: string;
  readonly terminal_id: string;
}

/**
 * Claims the bills of a quote: all of them or none. While a claim stands nobody else begins to pay one of these bills, at
 * any terminal. It goes when the order ended without money, or together with the receipt when it was paid.
 */
export async function claimBills(core: Core, row: QuoteRow): Promise<Claimed> {
  if (row.bills.length === 0) return { kind: 'claimed' };
  const nowMs = core.clock();
  return core.db.transaction().execute(async (db) => {
    // One after the other for a household, so that two quotes with the same bills never wait for each other.
    await sql`select 1 from fee_accounts where merchant_id = ${row.merchant_id} and id = ${row.account_id} for no key update`.execute(
      db,
    );
    const ids = row.bills.map(({ id }) => id);
    const { rows } = await sql<Holder>`
      select c.quote_id, c.terminal_id from fee_claims c ${withOrder}
      where c.merchant_id = ${row.merchant_id} and c.bill_id = any(${ids}::uuid[]) and c.quote_id <> ${row.id}
        and ${stands(nowMs)} limit 1`.execute(db);
    const [holder] = rows;
    if (holder !== undefined)
      return { kind: 'held', quoteId: holder.quote_id, terminalId: holder.terminal_id } as const;
    await db
      .insertInto('fee_claims')
      .values(
        row.bills.map(({ id, version }) => ({
          ...{ merchant_id: row.merchant_id, bill_id: id, bill_version: version, quote_id: row.id },
          ...{ terminal_id: row.terminal_id, claimed_at: new Date(nowMs) },
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['merchant_id', 'bill_id']).doUpdateSet(({ ref }) => ({
          bill_version: ref('excluded.bill_version'),
          quote_id: ref('excluded.quote_id'),
          terminal_id: ref('excluded.terminal_id'),
          claimed_at: ref('excluded.claimed_at'),
        })),
      )
      .execute();
    return { kind: 'claimed' } as const;
  });
}

/** Lets go of the claims of a quote for which no order was made. */
export async function releaseClaims(core: Core, row: Pick<QuoteRow, 'merchant_id' | 'id'>): Promise<void> {
  await sql`
    delete from fee_claims c where c.merchant_id = ${row.merchant_id} and c.quote_id = ${row.id}
      and not exists (select 1 from payment_orders o where o.merchant_id = c.merchant_id and o.id = c.quote_id
        and o.state <> 'cancelled')`.execute(core.db);
}

/** Bills that somebody pays at this moment. */
export async function claimedBills(
  core: Core,
  merchantId: string,
  billIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (billIds.length === 0) return new Set();
  const { rows } = await sql<{ bill_id: string }>`
    select c.bill_id from fee_claims c ${withOrder}
    where c.merchant_id = ${merchantId} and c.bill_id = any(${[...billIds]}::uuid[]) and ${stands(core.clock())}`.execute(
    core.db,
  );
  return new Set(rows.map((row) => row.bill_id));
}

/** Removes claims that no longer keep anybody away. */
export async function forgetClaims(core: Core): Promise<void> {
  await sql`
    delete from fee_claims d using fee_claims c ${withOrder}
    where d.merchant_id = c.merchant_id and d.bill_id = c.bill_id and d.quote_id = c.quote_id
      and c.claimed_at < ${new Date(core.clock() - orphanMs)} and not (${stands(core.clock())})`.execute(core.db);
}
