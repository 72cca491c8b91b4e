import { sql } from 'kysely';
import { shanghaiDay, shanghaiDayStartMs } from '../../../domain/payments/numbers.ts';
import type { Balance } from '../../../protocol/http/merchant-acts.ts';
import type { Core } from '../../core.ts';

/** Entries carry the time at which they were written; after this long nothing can come for a time before. */
const settledAfterMs = 3_600_000;

interface AccountSum {
  readonly account: string;
  readonly amount_fen: number;
}

interface Base {
  /** Everything before this instant is summed up; `undefined`: nothing is. */
  readonly until: Date | undefined;
  readonly sums: ReadonlyMap<string, number>;
}

/** The newest sums that were kept and are not later than `at`. */
async function readBase(core: Core, merchantId: string, at: Date): Promise<Base> {
  const rows = await core.db
    .selectFrom('ledger_snapshots')
    .select(['until', 'account', 'amount_fen'])
    .where('merchant_id', '=', merchantId)
    .where('until', '=', (eb) =>
      eb
        .selectFrom('ledger_snapshots')
        .select((inner) => inner.fn.max('until').as('until'))
        .where('merchant_id', '=', merchantId)
        .where('until', '<=', at),
    )
    .execute();
  return { until: rows[0]?.until, sums: new Map(rows.map((row) => [row.account, row.amount_fen])) };
}

/** Accounts of this merchant, found by skipping from one to the next in the index, not by reading the entries. */
async function accountsOf(core: Core, merchantId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ account: string }>`
    with recursive accounts as (
      (select account from ledger_entries where merchant_id = ${merchantId} order by account limit 1)
      union all
      select (select e.account from ledger_entries e
              where e.merchant_id = ${merchantId} and e.account > a.account order by e.account limit 1)
      from accounts a where a.account is not null)
    select account from accounts where account is not null`.execute(core.db);
  return rows.map(({ account }) => account);
}

async function sumBetween(
  core: Core,
  merchantId: string,
  accounts: readonly string[],
  from: Date | undefined,
  before: Date,
): Promise<ReadonlyMap<string, number>> {
  if (accounts.length === 0) return new Map();
  const { rows } = await sql<AccountSum>`
    select account, sum(amount_fen)::bigint as amount_fen from ledger_entries
    where merchant_id = ${merchantId} and account in (${sql.join(accounts)})
      and at < ${before} ${from === undefined ? sql`` : sql`and at >= ${from}`}
    group by account`.execute(core.db);
  return new Map(rows.map((row) => [row.account, row.amount_fen]));
}

function add(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const sums = new Map(a);
  for (const [account, amount] of b) sums.set(account, (sums.get(account) ?? 0) + amount);
  return sums;
}

/** Keeps the sums up to the last day that is over, so that the next question has less to add up. */
async function keep(core: Core, merchantId: string, until: Date, sums: ReadonlyMap<string, number>): Promise<void> {
  if (sums.size === 0) return;
  const rows = [...sums].map(([account, amount]) => ({ merchant_id: merchantId, until, account, amount_fen: amount }));
  await core.db
    .insertInto('ledger_snapshots')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Sums of every account over all entries before `at`. Days that are over are summed up once and kept. */
export async function sumsBefore(core: Core, merchantId: string, at: Date): Promise<ReadonlyMap<string, number>> {
  const base = await readBase(core, merchantId, at);
  const accounts = await accountsOf(core, merchantId);
  const settledMs = Math.min(at.getTime(), core.clock() - settledAfterMs);
  const dayEnd = new Date(shanghaiDayStartMs(shanghaiDay(settledMs)));
  if (base.until !== undefined && dayEnd <= base.until)
    return add(base.sums, await sumBetween(core, merchantId, accounts, base.until, at));
  const closed = add(base.sums, await sumBetween(core, merchantId, accounts, base.until, dayEnd));
  await keep(core, merchantId, dayEnd, closed);
  return add(closed, await sumBetween(core, merchantId, accounts, dayEnd, at));
}

/** What is owed to the merchant at an instant, by channel; accounts are named in domain/payments/ledger.ts. */
export async function readBalance(core: Core, merchantId: string, at: string | undefined): Promise<Balance> {
  const instant = at === undefined ? new Date(core.clock()) : new Date(at);
  const sums = await sumsBefore(core, merchantId, instant);
  const channels = [...new Set([...sums.keys()].flatMap((account) => account.split(':')[1] ?? []))].sort();
  return {
    at: instant.toISOString(),
    channels: channels.map((channel) => ({
      channel,
      clearingFen: sums.get(`clearing:${channel}`) ?? 0,
      feesFen: sums.get(`fees:${channel}`) ?? 0,
      otherFen: (sums.get(`surplus:${channel}`) ?? 0) + (sums.get(`differences:${channel}`) ?? 0),
    })),
    payableFen: -(sums.get('payable') ?? 0) || 0,
  };
}
