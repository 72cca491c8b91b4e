import { shanghaiDay } from '../../../channels/shared/shanghai-time.ts';
import type { Db } from '../../../store/database.ts';
import { plusDays, serviceRow } from '../parts.ts';
import { type FeeAccountRow, readMeters } from './rows.ts';

/** Days from the first to the last, both with. */
interface Days {
  readonly from: string;
  readonly to: string;
}

/** Stretches of days that are named; more of them help nobody. */
const namedMax = 6;

/** What of `whole` none of these covers, in order. `billed` is in the order of its first days. */
function gapsOf(whole: Days, billed: readonly Days[]): Days[] {
  const gaps: Days[] = [];
  let next = whole.from;
  for (const { from, to } of billed) {
    if (from > whole.to) break;
    if (from > next) gaps.push({ from: next, to: plusDays(from, -1) });
    if (to >= next) next = plusDays(to, 1);
  }
  return next <= whole.to ? [...gaps, { from: next, to: whole.to }] : gaps;
}

/**
 * Days up to the last one here that no bill covers, as `from/to` and in order; nothing when there are none. The first day
 * is the one on which somebody moved in, else the first that was billed or metered. Who has no price list is not billed.
 */
export async function unbilledDays(db: Db, row: FeeAccountRow, lastDay: string): Promise<string | undefined> {
  const tariffId = row.tariff_id ?? (await serviceRow(db, row.merchant_id, row.service))?.tariff_id ?? null;
  if (tariffId === null) return undefined;
  const bills = await db
    .selectFrom('fee_bills')
    .select(['period_from as from', 'period_to as to'])
    .where('merchant_id', '=', row.merchant_id)
    .where('account_id', '=', row.id)
    .where('kind', '=', 'bill')
    .where('state', '<>', 'void')
    .orderBy('period_from')
    .execute();
  const [meter] = await readMeters(db, { merchantId: row.merchant_id, accountId: row.id });
  const first = row.moved_in ?? bills[0]?.from ?? meter?.from_on ?? shanghaiDay(row.created_at.getTime());
  const gaps = gapsOf({ from: first, to: lastDay }, bills).map(({ from, to }) =>
    from === to ? from : `${from}/${to}`,
  );
  if (gaps.length === 0) return undefined;
  return gaps.length > namedMax ? `${gaps.slice(0, namedMax).join(', ')} …` : gaps.join(', ');
}
