import { type RawBuilder, sql } from 'kysely';
import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { Db } from '../../../store/database.ts';

/**
 * Which bills a correction is about: those of a price list on days of a version, or those of the runs that divided a
 * building's total. Later bills of the same household follow as far as what they went on from became another.
 */
export type CorrectionScope = { readonly merchantId: string; readonly tariffId: string } & (
  | { readonly is: 'version'; readonly from: string; readonly to: string | null }
  | { readonly is: 'total'; readonly service: FeeService; readonly from: string; readonly to: string }
);

/** True for the bills `b` that a correction is about. */
export function meant(scope: CorrectionScope): RawBuilder<boolean> {
  const own = sql<boolean>`b.merchant_id = ${scope.merchantId} and b.tariff_id = ${scope.tariffId} and b.kind = 'bill'
    and b.state <> 'void'`;
  if (scope.is === 'version')
    return sql<boolean>`${own} and b.period_to >= ${scope.from}::date
      and (${scope.to}::date is null or b.period_from <= ${scope.to}::date)`;
  return sql<boolean>`${own} and b.run_id in (select r.id from fee_runs r where r.merchant_id = ${scope.merchantId}
    and r.service = ${scope.service} and r.period_from = ${scope.from}::date and r.period_to = ${scope.to}::date
    and r.kind = 'bills')`;
}

/** How many bills and households a correction is about, and their last day. */
export async function countMeant(
  db: Db,
  scope: CorrectionScope,
): Promise<{ bills: number; households: number; last: string | null }> {
  const { rows } = await sql<{ bills: number; households: number; last: string | null }>`
    select count(*) as bills, count(distinct b.account_id) as households, max(b.period_to) as last
    from fee_bills b where ${meant(scope)}`.execute(db);
  return rows[0] ?? { bills: 0, households: 0, last: null };
}

/** Households that a correction is about, in the order in which a run goes through them. */
export async function nextMeant(
  db: Db,
  scope: CorrectionScope,
  behind: string | null,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct b.account_id as id from fee_bills b
    where ${meant(scope)} and (${behind}::uuid is null or b.account_id > ${behind}::uuid)
    order by b.account_id limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}
