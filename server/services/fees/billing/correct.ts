import { err, ok } from '../../../../domain/result.ts';
import { correct } from '../../../../domain/tariffs/correct.ts';
import type { RatedBill } from '../../../../domain/tariffs/rating.ts';
import type * as v from 'valibot';
import type { correctedFeeBillSchema } from '../../../../protocol/http/fees-office.ts';
import { canonicalJson } from '../../../../protocol/log/entry.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { readAccountRow } from '../accounts/rows.ts';
import { type Clerk, inOneAct, plusDays, serviceRow, todayOf } from '../parts.ts';
import { loadCompiled } from '../tariffs/load.ts';
import { billAnswer, type BillPlace, type BillRow, lockBill, readBillRow } from './bills.ts';
import { type HouseholdRating, rateHousehold } from './rate-household.ts';
import { commonOf, readDivisions } from './shares.ts';

/** What a correction came to. */
export type CorrectedBill = v.InferOutput<typeof correctedFeeBillSchema>;

/** What a correction is asked for with. */
export interface CorrectionWish {
  readonly id: string;
  readonly reason: string;
}

/** A bill's whole rating as it stands: that of its newest correction, or its own. */
async function standingOf(db: Db, bill: BillRow): Promise<RatedBill> {
  const newest = await db
    .selectFrom('fee_bills')
    .select('snapshot')
    .where('merchant_id', '=', bill.merchant_id)
    .where('corrects', '=', bill.id)
    .orderBy('made_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return newest?.snapshot.whole ?? bill.rated;
}

/** Later bills of the household that went on from another state than the one that is known now. */
async function laterBills(db: Db, bill: BillRow): Promise<string[]> {
  const rows = await db
    .selectFrom('fee_bills')
    .select('id')
    .where('merchant_id', '=', bill.merchant_id)
    .where('account_id', '=', bill.account_id)
    .where('kind', '=', 'bill')
    .where('state', '<>', 'void')
    .where('period_from', '>', bill.period_to)
    .orderBy('period_from')
    .limit(100)
    .execute();
  return rows.map(({ id }) => id);
}

interface Delta {
  readonly bill: BillRow;
  readonly before: RatedBill;
  readonly now: HouseholdRating;
}

async function dueOf(core: Core, db: Db, bill: BillRow): Promise<string> {
  const service = await serviceRow(db, bill.merchant_id, bill.service);
  return plusDays(todayOf(core), service?.due_days ?? 0);
}

/** Writes the difference as a bill of its own, and gives back what was too much: to the bill while it is open, then to the balance. */
async function writeDelta(core: Core, db: Db, actor: Clerk, wish: CorrectionWish, delta: Delta): Promise<void> {
  const { bill, before, now } = delta;
  const lines = correct(before, now.rated);
  const totalFen = lines.reduce((sum, line) => sum + line.amountFen, 0);
  const at = new Date(core.clock());
  const whole = now.rated;
  await db
    .insertInto('fee_bills')
    .values({
      ...{ merchant_id: bill.merchant_id, id: wish.id, account_id: bill.account_id, service: bill.service },
      ...{ kind: 'correction', corrects: bill.id, reason: wish.reason, period_from: bill.period_from },
      ...{ period_to: bill.period_to, due_on: await dueOf(core, db, bill), tariff_id: bill.tariff_id },
      rated: JSON.stringify({ ...whole, lines, totalFen }),
      snapshot: JSON.stringify({ ...now.snapshot, whole }),
      principal_fen: totalFen,
      state: totalFen > 0 ? 'open' : 'paid',
      ...(totalFen > 0 ? {} : { paid_at: at }),
      made_at: at,
      made_by: actor?.id ?? null,
      changed_at: at,
    })
    .execute();
  await db
    .updateTable('fee_bills')
    .set({ is_corrected: true, changed_at: at })
    .where('merchant_id', '=', bill.merchant_id)
    .where('id', '=', bill.id)
    .execute();
  if (totalFen < 0) await giveBack(core, db, bill, wish.id, -totalFen);
}

async function giveBack(core: Core, db: Db, bill: BillRow, correctionId: string, fen: number): Promise<void> {
  const at = new Date(core.clock());
  const place = { merchant_id: bill.merchant_id, account_id: bill.account_id };
  const now = await readBillRow(db, { merchantId: bill.merchant_id, billId: bill.id });
  const toBill = now?.state === 'open' ? Math.min(now.left_fen, fen) : 0;
  if (now !== undefined && toBill > 0)
    await db
      .insertInto('fee_allocations')
      .values({
        ...{ ...place, id: uuidv7(core.clock()), bill_id: bill.id, bill_version: now.version },
        ...{ principal_fen: toBill, source: 'credit', note: correctionId, at },
      })
      .execute();
  if (fen > toBill)
    await db
      .insertInto('fee_balance_entries')
      .values({
        ...place,
        id: uuidv7(core.clock()),
        kind: 'credit',
        amount_fen: fen - toBill,
        bill_id: correctionId,
        at,
      })
      .execute();
}

/**
 * Rates a bill again from what is known now and bills the difference; the bill itself stays as it was made. Where the
 * state that later bills went on from became another, they are named, oldest first, so that each can follow.
 */
export async function correctBill(
  core: Core,
  actor: Clerk,
  place: BillPlace,
  wish: CorrectionWish,
): Promise<Answer<CorrectedBill>> {
  const { merchantId, billId } = place;
  const known = await readBillRow(core.db, { merchantId, billId: wish.id });
  if (known !== undefined && known.corrects !== billId) return err('exists-with-different-body', 'id');
  const outcome = { isNew: false, later: [] as string[] };
  if (known === undefined) {
    const facts = { billId, correctionId: wish.id, reason: wish.reason };
    const done = await inOneAct(core, { act: 'fees.bill-corrected', actor, merchantId, facts }, async (db) => {
      const bill = await lockBill(db, place);
      if (bill === undefined) return err('not-found');
      if (bill.kind !== 'bill' || bill.state === 'void') return err('not-in-state', bill.state);
      const row = await readAccountRow(db, { merchantId, accountId: bill.account_id });
      const compiled = await loadCompiled(db, { merchantId, tariffId: bill.tariff_id });
      if (row === undefined) return err('not-found');
      if (!compiled.ok) return err('fee-refused', compiled.error);
      const period = { from: bill.period_from, to: bill.period_to };
      const { account } = bill.snapshot;
      const common = commonOf(await readDivisions(db, merchantId, bill.run_id), bill.tariff_id, bill.account_id);
      const now = await rateHousehold(core, db, row, { compiled: compiled.value, period, account, common });
      if (!now.ok) return err('fee-refused', now.error);
      const before = await standingOf(db, bill);
      if (canonicalJson(before.state) !== canonicalJson(now.value.rated.state))
        outcome.later = await laterBills(db, bill);
      const isSame = correct(before, now.value.rated).length === 0 && outcome.later.length === 0;
      if (isSame) return ok(undefined);
      await writeDelta(core, db, actor, wish, { bill, before, now: now.value });
      outcome.isNew = true;
      return ok(undefined);
    });
    if (!done.ok) return done;
    if (!outcome.isNew) return ok({ later: [] });
  }
  const bill = await billAnswer(core, { merchantId, billId: wish.id });
  return bill.ok ? ok({ bill: bill.value, later: outcome.later }) : bill;
}
