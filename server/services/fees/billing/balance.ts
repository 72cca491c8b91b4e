import { err, ok } from '../../../../domain/result.ts';
import type { ChangeFeeBalance, FeeAccount } from '../../../../protocol/http/fees-office.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { lockAccount } from '../accounts/change.ts';
import { accountAnswer, type AccountPlace, type FeeAccountRow } from '../accounts/rows.ts';
import { type Clerk, inOneAct } from '../parts.ts';

/** What a household has with its payee now. */
export async function balanceOf(db: Db, row: FeeAccountRow): Promise<number> {
  const last = await db
    .selectFrom('fee_balance_entries')
    .select('after_fen')
    .where('merchant_id', '=', row.merchant_id)
    .where('account_id', '=', row.id)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.after_fen ?? 0;
}

/** Pays what is left of a bill from the household's balance, as far as it reaches. @returns what was used. */
export async function spendBalance(core: Core, db: Db, row: FeeAccountRow, billId: string): Promise<number> {
  const [balance, bill] = [await balanceOf(db, row), await billOf(db, row, billId)];
  const fen = Math.min(balance, bill?.left_fen ?? 0);
  if (bill === undefined || bill.state !== 'open' || fen <= 0) return 0;
  const at = new Date(core.clock());
  const entryId = uuidv7(core.clock());
  const place = { merchant_id: row.merchant_id, account_id: row.id };
  await db
    .insertInto('fee_balance_entries')
    .values({ ...place, id: entryId, kind: 'use', amount_fen: -fen, bill_id: billId, at })
    .execute();
  await db
    .insertInto('fee_allocations')
    .values({
      ...place,
      ...{ id: uuidv7(core.clock()), bill_id: billId, bill_version: bill.version, principal_fen: fen },
      ...{ source: 'balance', balance_entry_id: entryId, at },
    })
    .execute();
  return fen;
}

async function billOf(db: Db, row: FeeAccountRow, billId: string) {
  return db
    .selectFrom('fee_bills')
    .select(['left_fen', 'state', 'version'])
    .where('merchant_id', '=', row.merchant_id)
    .where('account_id', '=', row.id)
    .where('id', '=', billId)
    .executeTakeFirst();
}

/** Money in advance that the payee's office took, or a correction of the balance with its reason. */
export async function changeBalance(
  core: Core,
  actor: Clerk,
  place: AccountPlace,
  body: ChangeFeeBalance,
): Promise<Answer<FeeAccount>> {
  const { merchantId, accountId } = place;
  if (body.amountFen === 0 || (body.kind === 'top-up' && body.amountFen < 0)) return err('bad-request', 'amountFen');
  const known = await core.db
    .selectFrom('fee_balance_entries')
    .select(['account_id', 'amount_fen'])
    .where('id', '=', body.id)
    .executeTakeFirst();
  if (known !== undefined) {
    const isSame = known.account_id === accountId && known.amount_fen === body.amountFen;
    return isSame ? accountAnswer(core, place) : err('exists-with-different-body', 'id');
  }
  const facts = { accountId, entryId: body.id, kind: body.kind, amountFen: body.amountFen };
  const done = await inOneAct(core, { act: 'fees.balance-changed', actor, merchantId, facts }, async (db) => {
    const row = await lockAccount(db, place);
    if (row === undefined) return err('not-found');
    // What came in after the household was ended can be paid out, and nothing else.
    if (row.state === 'closed' && body.amountFen > 0) return err('not-in-state', 'closed');
    if ((await balanceOf(db, row)) + body.amountFen < 0) return err('fee-refused', 'balance');
    await db
      .insertInto('fee_balance_entries')
      .values({
        ...{ merchant_id: merchantId, account_id: accountId, id: body.id, kind: body.kind },
        ...{ amount_fen: body.amountFen, note: body.note, at: new Date(core.clock()), by: actor?.id ?? null },
      })
      .execute();
    return ok(undefined);
  });
  return done.ok ? accountAnswer(core, place) : done;
}
