import type * as v from 'valibot';
import { err, ok, type Result } from '../../../../domain/result.ts';
import { correct } from '../../../../domain/tariffs/correct.ts';
import type { RatedBill } from '../../../../domain/tariffs/rating.ts';
import type { correctedFeeBillSchema } from '../../../../protocol/http/fees-office.ts';
import { canonicalJson } from '../../../../protocol/log/entry.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { type FeeAccountRow, readAccountRow } from '../accounts/rows.ts';
import { type Clerk, inOneAct, plusDays, serviceRow, todayOf } from '../parts.ts';
import { spendBalance } from './balance.ts';
import { billAnswer, type BillPlace, type BillRow, lockBill, readBillRow } from './bills.ts';
import type { BillRefusal } from './make-bill.ts';
import { type HouseholdRating, rateHousehold } from './rate-household.ts';
import { RatingTools } from './rating-tools.ts';
import { commonOf } from './shares.ts';

/** What a correction came to. */
export type CorrectedBill = v.InferOutput<typeof correctedFeeBillSchema>;

/** What a correction is asked for with. */
export interface CorrectionWish {
  readonly id: string;
  readonly reason: string;
}

/** Why a bill cannot be corrected. */
export type CorrectionRefusal = BillRefusal | 'common-versions';

/** A bill rated again beside what stands of it. */
export interface Recount {
  readonly bill: BillRow;
  readonly before: RatedBill;
  readonly now: HouseholdRating;
  /** Which correction of the bill it would be. */
  readonly number: number;
  /** What later bills go on from became another. */
  readonly isStateNew: boolean;
  /** Nothing is to be written: neither lines nor state differ. */
  readonly isSame: boolean;
}

/** A bill's whole rating as it stands: that of its newest correction, with its number, or its own. */
async function standingOf(db: Db, bill: BillRow): Promise<{ number: number; rated: RatedBill }> {
  const newest = await db
    .selectFrom('fee_bills')
    .select(['snapshot', 'number'])
    .where('merchant_id', '=', bill.merchant_id)
    .where('corrects', '=', bill.id)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return { number: newest?.number ?? 0, rated: newest?.snapshot.whole ?? bill.rated };
}

/** A share that two versions charge would be paid twice by everybody. */
function sharesTwice({ lines }: RatedBill): boolean {
  const versions = new Map<string, string>();
  return lines.some(({ kind, componentId, version }) => {
    if (kind !== 'share') return false;
    const before = versions.get(componentId) ?? version;
    versions.set(componentId, before);
    return before !== version;
  });
}

/** Rates a bill again from what is known now, for the household as it was. */
export async function recount(
  core: Core,
  db: Db,
  row: FeeAccountRow,
  bill: BillRow,
  tools: RatingTools,
): Promise<Result<Recount, CorrectionRefusal>> {
  const compiled = await tools.tariff(db, bill.tariff_id);
  if (compiled === undefined) return err('no-tariff');
  const period = { from: bill.period_from, to: bill.period_to };
  const common = commonOf(await tools.divisions(db, bill.run_id), bill.tariff_id, bill.account_id);
  const now = await rateHousehold(core, db, row, { compiled, period, account: bill.snapshot.account, common });
  if (!now.ok) return now;
  const { rated } = now.value;
  if (rated.totalFen < 0) return err('negative-total', String(rated.totalFen));
  if (sharesTwice(rated)) return err('common-versions');
  const { number, rated: before } = await standingOf(db, bill);
  const isStateNew = canonicalJson(before.state) !== canonicalJson(rated.state);
  const isSame = !isStateNew && correct(before, rated).length === 0;
  return ok({ bill, before, now: now.value, number: number + 1, isStateNew, isSame });
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

async function dueOf(core: Core, db: Db, bill: BillRow): Promise<string> {
  const service = await serviceRow(db, bill.merchant_id, bill.service);
  return plusDays(todayOf(core), service?.due_days ?? 0);
}

/** Who corrects, and in which run. */
export interface Corrector {
  readonly by: string | undefined;
  readonly runId?: string;
}

/**
 * Writes the difference as a bill of its own, and gives back what was too much: to the bill and its earlier corrections
 * while they are open, then to the balance. @returns the difference in fen.
 */
export async function writeDelta(
  core: Core,
  db: Db,
  { by, runId }: Corrector,
  wish: CorrectionWish,
  { bill, before, now, number }: Recount,
): Promise<number> {
  const lines = correct(before, now.rated);
  const totalFen = lines.reduce((sum, line) => sum + line.amountFen, 0);
  const at = new Date(core.clock());
  const whole = now.rated;
  await db
    .insertInto('fee_bills')
    .values({
      ...{ merchant_id: bill.merchant_id, id: wish.id, account_id: bill.account_id, service: bill.service },
      ...{ kind: 'correction', corrects: bill.id, number, reason: wish.reason, period_from: bill.period_from },
      ...{ period_to: bill.period_to, due_on: await dueOf(core, db, bill), tariff_id: bill.tariff_id },
      run_id: runId ?? null,
      rated: JSON.stringify({ ...whole, lines, totalFen }),
      snapshot: JSON.stringify({ ...now.snapshot, whole }),
      principal_fen: totalFen,
      state: totalFen > 0 ? 'open' : 'paid',
      ...(totalFen > 0 ? {} : { paid_at: at }),
      made_at: at,
      made_by: by ?? null,
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
  return totalFen;
}

/** The bill and its corrections of which something is left, the bill first. */
async function openOf(db: Db, bill: BillRow) {
  return db
    .selectFrom('fee_bills')
    .select(['id', 'left_fen', 'version'])
    .where('merchant_id', '=', bill.merchant_id)
    .where('account_id', '=', bill.account_id)
    .where((eb) => eb.or([eb('id', '=', bill.id), eb('corrects', '=', bill.id)]))
    .where('state', '=', 'open')
    .orderBy('made_at')
    .orderBy('id')
    .execute();
}

async function giveBack(core: Core, db: Db, bill: BillRow, correctionId: string, fen: number): Promise<void> {
  const at = new Date(core.clock());
  const place = { merchant_id: bill.merchant_id, account_id: bill.account_id };
  let rest = fen;
  for (const open of await openOf(db, bill)) {
    const part = Math.min(open.left_fen, rest);
    if (part <= 0) continue;
    rest -= part;
    await db
      .insertInto('fee_allocations')
      .values({
        ...{ ...place, id: uuidv7(core.clock()), bill_id: open.id, bill_version: open.version },
        ...{ principal_fen: part, source: 'credit', note: correctionId, at },
      })
      .execute();
  }
  if (rest === 0) return;
  const credit = { id: uuidv7(core.clock()), kind: 'credit' as const, amount_fen: rest, bill_id: correctionId, at };
  await db
    .insertInto('fee_balance_entries')
    .values({ ...place, ...credit })
    .execute();
}

interface Outcome {
  isNew: boolean;
  later: string[];
}

async function correctOne(
  core: Core,
  db: Db,
  actor: Clerk,
  place: BillPlace,
  wish: CorrectionWish,
): Promise<Answer<Outcome>> {
  const bill = await lockBill(db, place);
  if (bill === undefined) return err('not-found');
  if (bill.kind !== 'bill' || bill.state === 'void') return err('not-in-state', bill.state);
  const row = await readAccountRow(db, { merchantId: place.merchantId, accountId: bill.account_id });
  if (row === undefined) return err('not-found');
  const counted = await recount(core, db, row, bill, new RatingTools(place.merchantId));
  if (!counted.ok) return err('fee-refused', counted.error);
  if (counted.value.isSame) return ok({ isNew: false, later: [] });
  const later = counted.value.isStateNew ? await laterBills(db, bill) : [];
  const fen = await writeDelta(core, db, { by: actor?.id }, wish, counted.value);
  if (fen > 0) await spendBalance(core, db, row, wish.id);
  return ok({ isNew: true, later });
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
  let later: string[] = [];
  if (known === undefined) {
    const facts = { billId, correctionId: wish.id, reason: wish.reason };
    const act = { act: 'fees.bill-corrected', actor, merchantId, facts };
    const done = await inOneAct(core, act, (db) => correctOne(core, db, actor, place, wish));
    if (!done.ok) return done;
    if (!done.value.isNew) return ok({ later: [] });
    later = done.value.later;
  }
  const bill = await billAnswer(core, { merchantId, billId: wish.id });
  return bill.ok ? ok({ bill: bill.value, later }) : bill;
}
