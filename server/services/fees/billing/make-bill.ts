import { err, ok, type Result } from '../../../../domain/result.ts';
import type { CompiledTariff } from '../../../../domain/tariffs/compiled.ts';
import type { CommonTotal, RateRefusal } from '../../../../domain/tariffs/rating.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import type { FeeAccountRow } from '../accounts/rows.ts';
import { spendBalance } from './balance.ts';
import { livedDays, rateHousehold } from './rate-household.ts';
import type { BillPeriod } from './usage.ts';

/** Why a household cannot be billed. */
export type BillRefusal = RateRefusal | 'no-tariff' | 'negative-total' | 'overlap';

/** One bill that is wanted. */
export interface BillTask {
  readonly compiled: CompiledTariff;
  readonly tariffId: string;
  readonly period: BillPeriod;
  readonly dueOn: string;
  readonly runId?: string;
  readonly actorId: string | undefined;
  /** What is shared with the household, by component. */
  readonly common?: Readonly<Record<string, CommonTotal>>;
}

/** `made` with its sum, or `kept`: there is a bill for exactly these days already. */
export type BillOutcome =
  { readonly is: 'made'; readonly billId: string; readonly fen: number } | { readonly is: 'kept' | 'away' };

/** Makes one household's bill in the caller's transaction, which holds the household's row, and pays it from its balance. */
export async function makeBill(
  core: Core,
  db: Db,
  row: FeeAccountRow,
  task: BillTask,
): Promise<Result<BillOutcome, BillRefusal>> {
  const period = livedDays(row, task.period);
  if (period === undefined) return ok({ is: 'away' });
  const known = await overlapping(db, row, period);
  if (known !== undefined) {
    const isSame = known.period_from === period.from && known.period_to === period.to;
    return isSame ? ok({ is: 'kept' }) : err('overlap', `${known.period_from}/${known.period_to}`);
  }
  const { compiled, common } = task;
  const rating = await rateHousehold(core, db, row, { compiled, period, ...(common && { common }) });
  if (!rating.ok) return rating;
  const { rated, snapshot } = rating.value;
  if (rated.totalFen < 0) return err('negative-total', String(rated.totalFen));
  const now = new Date(core.clock());
  const id = uuidv7(core.clock());
  await db
    .insertInto('fee_bills')
    .values({
      ...{ merchant_id: row.merchant_id, id, account_id: row.id, service: row.service, kind: 'bill' },
      ...{ period_from: period.from, period_to: period.to, due_on: task.dueOn, tariff_id: task.tariffId },
      run_id: task.runId ?? null,
      rated: JSON.stringify(rated),
      snapshot: JSON.stringify(snapshot),
      principal_fen: rated.totalFen,
      state: rated.totalFen === 0 ? 'paid' : 'open',
      ...(rated.totalFen === 0 ? { paid_at: now } : {}),
      made_at: now,
      made_by: task.actorId ?? null,
      changed_at: now,
    })
    .execute();
  await spendBalance(core, db, row, id);
  return ok({ is: 'made', billId: id, fen: rated.totalFen });
}

async function overlapping(db: Db, row: FeeAccountRow, period: BillPeriod) {
  return db
    .selectFrom('fee_bills')
    .select(['period_from', 'period_to'])
    .where('merchant_id', '=', row.merchant_id)
    .where('account_id', '=', row.id)
    .where('kind', '=', 'bill')
    .where('state', '<>', 'void')
    .where('period_from', '<=', period.to)
    .where('period_to', '>=', period.from)
    .executeTakeFirst();
}
