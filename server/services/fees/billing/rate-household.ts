import { sql } from 'kysely';
import { err, ok, type Result } from '../../../../domain/result.ts';
import type { CompiledTariff } from '../../../../domain/tariffs/compiled.ts';
import { rate } from '../../../../domain/tariffs/rate.ts';
import type {
  CommonTotal,
  RatedAccount,
  RatedBill,
  RatedState,
  RateRefusal,
} from '../../../../domain/tariffs/rating.ts';
import { shanghaiRfc3339 } from '../../../channels/shared/shanghai-time.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import type { BillSnapshot } from '../../../store/schema-fees.ts';
import { type FeeAccountRow, ratedAccountOf, readPersons } from '../accounts/rows.ts';
import { plusDays } from '../parts.ts';
import { type BillPeriod, usageOf } from './usage.ts';

/** What a household is to be billed, and of what that was made. */
export interface HouseholdRating {
  readonly rated: RatedBill;
  readonly snapshot: BillSnapshot;
}

/** What earlier bills used up: the state after the newest bill, or correction of one, that ends before the period. */
async function stateBefore(
  db: Db,
  row: FeeAccountRow,
  from: string,
): Promise<{ id: string; state: RatedState } | undefined> {
  const { rows } = await sql<{ id: string; state: RatedState }>`
    select id, rated -> 'state' as state from fee_bills
    where merchant_id = ${row.merchant_id} and account_id = ${row.id} and state <> 'void' and period_to < ${from}::date
    order by period_to desc, number desc, made_at desc, id desc limit 1`.execute(db);
  return rows[0];
}

/** The days of a period in which the household lived here; `undefined` when there are none. */
export function livedDays(row: FeeAccountRow, { from, to }: BillPeriod): BillPeriod | undefined {
  const first = row.moved_in !== null && row.moved_in > from ? row.moved_in : from;
  const last = row.moved_out !== null && row.moved_out < to ? row.moved_out : to;
  return first > last ? undefined : { from: first, to: last };
}

/** What a rating is made with, besides the household. */
export interface RatingTask {
  readonly compiled: CompiledTariff;
  readonly period: BillPeriod;
  /** The household as it was when the bill was first made; as it is now when absent. */
  readonly account?: RatedAccount;
  /** What is shared with it, by component. */
  readonly common?: Readonly<Record<string, CommonTotal>>;
}

/** Rates one household for a period from what is known now. A refusal is never a bill of 0. */
export async function rateHousehold(
  core: Core,
  db: Db,
  row: FeeAccountRow,
  { compiled, period, account: snapshot, common }: RatingTask,
): Promise<Result<HouseholdRating, RateRefusal>> {
  const persons = await readPersons(db, { merchantId: row.merchant_id, accountId: row.id });
  const account = { ...(snapshot ?? ratedAccountOf(row, undefined)), ...(persons.length === 0 ? {} : { persons }) };
  const { usage, ids, asRead } = await usageOf(db, row, period, account);
  const previous = await stateBefore(db, row, period.from);
  const rated = rate(compiled, {
    account,
    ...(usage === undefined ? {} : { usage }),
    period: { from: period.from, to: plusDays(period.to, 1) },
    ...(previous === undefined ? {} : { previous: previous.state }),
    ...(common === undefined ? {} : { common }),
    asOf: shanghaiRfc3339(core.clock()),
  });
  if (!rated.ok) return err(rated.error, rated.detail);
  const kept = { account, readingIds: ids, ...(previous === undefined ? {} : { previousBillId: previous.id }) };
  return ok({ rated: { ...rated.value, usage: asRead(rated.value.usage) }, snapshot: kept });
}
