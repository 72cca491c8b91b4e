import { ok, type Result } from '../../../../domain/result.ts';
import { fen } from '../../../../domain/money.ts';
import type { CompiledTariff } from '../../../../domain/tariffs/compiled.ts';
import { rate } from '../../../../domain/tariffs/rate.ts';
import type { LateFeeBase, RatedAccount, RateRefusal } from '../../../../domain/tariffs/rating.ts';
import { shanghaiDay, shanghaiRfc3339 } from '../../../channels/shared/shanghai-time.ts';
import type { Db } from '../../../store/database.ts';

/** An open bill, as far as its late fee needs it. */
export interface LateBill {
  readonly merchant_id: string;
  readonly id: string;
  readonly due_on: string;
  readonly principal_fen: number;
  readonly late_paid_fen: number;
}

/** What was put towards a bill's principal, each with its day, less what of it was given back. */
export async function lateBaseOf(db: Db, bill: LateBill): Promise<LateFeeBase> {
  const rows = await db
    .selectFrom('fee_allocations as a')
    .select(['a.principal_fen', 'a.at'])
    .select(({ selectFrom }) =>
      selectFrom('fee_allocations as r')
        .whereRef('r.merchant_id', '=', 'a.merchant_id')
        .whereRef('r.reverses', '=', 'a.id')
        .select(({ fn }) => fn.sum<number | null>('r.principal_fen').as('back'))
        .as('back'),
    )
    .where('a.merchant_id', '=', bill.merchant_id)
    .where('a.bill_id', '=', bill.id)
    .where('a.source', '<>', 'reversal')
    .orderBy('a.at')
    .execute();
  const paid = rows
    .map((row) => ({ on: shanghaiDay(row.at.getTime()), fen: fen(row.principal_fen + Number(row.back ?? 0)) }))
    .filter((part) => part.fen > 0);
  return { billId: bill.id, dueOn: bill.due_on, principalFen: fen(bill.principal_fen), paid };
}

/** What a bill's delay costs as of an instant, less what was paid of that. It is told, never kept. */
export async function lateFeeOf(
  db: Db,
  compiled: CompiledTariff,
  account: RatedAccount,
  bill: LateBill,
  nowMs: number,
): Promise<Result<number, RateRefusal>> {
  if (bill.due_on >= shanghaiDay(nowMs)) return ok(0);
  const base = await lateBaseOf(db, bill);
  const rated = rate(compiled, { account, asOf: shanghaiRfc3339(nowMs), lateFees: [base] });
  if (!rated.ok) return rated;
  return ok(Math.max(0, rated.value.totalFen - bill.late_paid_fen));
}
