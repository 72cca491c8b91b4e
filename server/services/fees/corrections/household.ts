import { sql } from 'kysely';
import { err, ok, type Result } from '../../../../domain/result.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import type { FeeAccountRow } from '../accounts/rows.ts';
import { spendBalance } from '../billing/balance.ts';
import { type BillRow, lockBill } from '../billing/bills.ts';
import { type CorrectionRefusal, type Corrector, recount, writeDelta } from '../billing/correct.ts';
import type { RatingTools } from '../billing/rating-tools.ts';
import { type CorrectionScope, meant } from './scope.ts';

/** One household's bills to correct. */
export interface HouseholdTask {
  readonly scope: CorrectionScope;
  readonly tools: RatingTools;
  readonly corrector: Corrector;
  readonly reason: string;
}

/** What a household's bills came to before and come to now, and how many of them got a correction. */
export interface HouseholdCorrection {
  readonly oldFen: number;
  readonly newFen: number;
  readonly corrections: number;
}

/** Bills of one household that are looked at in one correction. */
const billsMax = 400;

/** The household's bills from the first that is meant on, oldest first. */
async function billsOf(db: Db, row: FeeAccountRow, scope: CorrectionScope) {
  const { rows } = await sql<{ id: string; is_meant: boolean }>`
    select b.id, ${meant(scope)} as is_meant from fee_bills b
    where b.merchant_id = ${row.merchant_id} and b.account_id = ${row.id} and b.kind = 'bill' and b.state <> 'void'
      and b.period_to >= (select min(b.period_to) from fee_bills b where ${meant(scope)} and b.account_id = ${row.id})
    order by b.period_from limit ${billsMax + 1}`.execute(db);
  return rows;
}

/**
 * Corrects the bills of one household in the caller's transaction, which holds its row: those that are meant, and those
 * behind them for as long as they went on from a state that became another. On a refusal the caller undoes everything.
 */
export async function correctHousehold(
  core: Core,
  db: Db,
  row: FeeAccountRow,
  { scope, tools, corrector, reason }: HouseholdTask,
): Promise<Result<HouseholdCorrection, CorrectionRefusal | 'closed'>> {
  const bills = await billsOf(db, row, scope);
  if (bills.length > billsMax) return err('too-large');
  let [oldFen, newFen, corrections, follows] = [0, 0, 0, false];
  const dearer: string[] = [];
  for (const { id, is_meant: isMeant } of bills) {
    if (!isMeant && !follows) continue;
    const bill: BillRow | undefined = await lockBill(db, { merchantId: row.merchant_id, billId: id });
    if (bill === undefined) continue;
    const counted = await recount(core, db, row, bill, tools);
    if (!counted.ok) return err(counted.error, `${bill.period_from}/${bill.period_to} ${counted.detail ?? ''}`.trim());
    const { before, now, isStateNew, isSame } = counted.value;
    follows = isStateNew;
    oldFen += before.totalFen;
    newFen += now.rated.totalFen;
    if (isSame) continue;
    // Nobody could pay, or be paid back: the office settles that with them by hand.
    if (row.state === 'closed') return err('closed', String(now.rated.totalFen - before.totalFen));
    const wish = { id: uuidv7(core.clock()), reason };
    const fen = await writeDelta(core, db, corrector, wish, counted.value);
    corrections += 1;
    if (fen > 0) dearer.push(wish.id);
  }
  for (const id of dearer) await spendBalance(core, db, row, id);
  return ok({ oldFen, newFen, corrections });
}
