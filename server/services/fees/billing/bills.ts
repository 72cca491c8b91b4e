import { err, ok } from '../../../../domain/result.ts';
import type { FeeBill, TakeFeePayment } from '../../../../protocol/http/fees-office.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { billRowView } from '../accounts/rows.ts';
import { type Clerk, inOneAct, todayOf } from '../parts.ts';
import { readOwed } from '../quotes/owed.ts';
import { ratedView } from '../tariffs/views.ts';

const reasonMinChars = 3;

/** Which bill. */
export interface BillPlace {
  readonly merchantId: string;
  readonly billId: string;
}

/** A bill's row. */
export async function readBillRow(db: Db, { merchantId, billId }: BillPlace) {
  return db
    .selectFrom('fee_bills')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', billId)
    .executeTakeFirst();
}
/** A bill's row. */
export type BillRow = NonNullable<Awaited<ReturnType<typeof readBillRow>>>;

async function allocationsOf(core: Core, { merchantId, billId }: BillPlace): Promise<FeeBill['allocations']> {
  const rows = await core.db
    .selectFrom('fee_allocations as a')
    .leftJoin('user as u', 'u.id', 'a.by')
    .select(['a.id', 'a.principal_fen', 'a.late_fen', 'a.source', 'a.note', 'a.at', 'u.name as by'])
    .where('a.merchant_id', '=', merchantId)
    .where('a.bill_id', '=', billId)
    .orderBy('a.at')
    .orderBy('a.bill_version')
    .limit(200)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    principalFen: row.principal_fen,
    lateFen: row.late_fen,
    source: row.source,
    note: row.note,
    at: row.at.toISOString(),
    ...(row.by === null ? {} : { by: row.by }),
  }));
}

/** The late fee as of now, of an open bill. */
async function lateFeeNow(core: Core, row: BillRow): Promise<number> {
  if (row.state !== 'open') return 0;
  const { merchant_id: merchantId, account_id: accountId } = row;
  const [owed] = await readOwed(core.db, { merchantId, accountId, billIds: [row.id], atMs: core.clock() });
  return owed?.lateFen ?? 0;
}

/** One bill with its lines, its late fee as of now and what was put towards it. */
export async function billAnswer(core: Core, place: BillPlace): Promise<Answer<FeeBill>> {
  const row = await readBillRow(core.db, place);
  if (row === undefined) return err('not-found');
  return ok({
    ...billRowView(row, todayOf(core)),
    accountId: row.account_id,
    service: row.service,
    rated: ratedView(row.rated),
    lateFeeFen: await lateFeeNow(core, row),
    allocations: await allocationsOf(core, place),
  });
}

/** Locks a bill, behind its household, and gives its row. */
export async function lockBill(db: Db, place: BillPlace): Promise<BillRow | undefined> {
  const row = await readBillRow(db, place);
  if (row === undefined) return undefined;
  await db
    .selectFrom('fee_accounts')
    .select('id')
    .where('merchant_id', '=', place.merchantId)
    .where('id', '=', row.account_id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return db
    .selectFrom('fee_bills')
    .selectAll()
    .where('merchant_id', '=', place.merchantId)
    .where('id', '=', place.billId)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** Takes a bill back. Only the household's newest, because later ones went on from it; and only while nothing was paid. */
export async function voidBill(core: Core, actor: Clerk, place: BillPlace, reason: string): Promise<Answer<FeeBill>> {
  const { merchantId, billId } = place;
  const done = await inOneAct(
    core,
    { act: 'fees.bill-void', actor, merchantId, facts: { billId, reason } },
    async (db) => {
      const row = await lockBill(db, place);
      if (row === undefined) return err('not-found');
      if (row.state === 'void') return ok(undefined);
      if (row.paid_fen > 0 || row.late_paid_fen > 0) return err('fee-refused', 'paid');
      if (row.kind === 'correction' || row.is_corrected) return err('fee-refused', 'corrected');
      const later = await db
        .selectFrom('fee_bills')
        .select('id')
        .where('merchant_id', '=', merchantId)
        .where('account_id', '=', row.account_id)
        .where('state', '<>', 'void')
        .where('period_from', '>', row.period_to)
        .executeTakeFirst();
      if (later !== undefined) return err('fee-refused', 'later-bills');
      await db
        .updateTable('fee_bills')
        .set({ state: 'void', void_reason: reason, changed_at: new Date(core.clock()) })
        .where('merchant_id', '=', merchantId)
        .where('id', '=', billId)
        .execute();
      return ok(undefined);
    },
  );
  return done.ok ? billAnswer(core, place) : done;
}

/**
 * What is wrong with the late fee that the office took. A bill that is settled has no late fee any more, so less than what
 * is owed is a waiver and needs its reason; without one the fee has grown since the bill was looked at.
 */
async function lateFault(
  core: Core,
  db: Db,
  row: BillRow,
  { principalFen, lateFen, note }: TakeFeePayment,
): Promise<Answer<never> | undefined> {
  const place = { merchantId: row.merchant_id, accountId: row.account_id, billIds: [row.id] };
  const [owed] = await readOwed(db, { ...place, atMs: core.clock() });
  const dueFen = owed?.lateFen ?? 0;
  if (lateFen > dueFen) return err('bad-request', 'lateFen');
  const isWaived = principalFen === row.left_fen && lateFen < dueFen;
  return isWaived && note.trim().length < reasonMinChars ? err('not-in-state', 'lateFen') : undefined;
}

/** Money that the payee's own office took for a bill, as of the version that the payer was shown. */
export async function takePayment(
  core: Core,
  actor: Clerk,
  place: BillPlace,
  body: TakeFeePayment,
): Promise<Answer<FeeBill>> {
  const { merchantId, billId } = place;
  const known = await core.db
    .selectFrom('fee_allocations')
    .select(['bill_id', 'principal_fen'])
    .where('id', '=', body.id)
    .executeTakeFirst();
  if (known !== undefined) {
    const isSame = known.bill_id === billId && known.principal_fen === body.principalFen;
    return isSame ? billAnswer(core, place) : err('exists-with-different-body', 'id');
  }
  const facts = { billId, allocationId: body.id, principalFen: body.principalFen, lateFen: body.lateFen };
  try {
    const done = await inOneAct(core, { act: 'fees.payment-taken', actor, merchantId, facts }, async (db) => {
      const row = await lockBill(db, place);
      if (row === undefined) return err('not-found');
      if (row.state !== 'open') return err('not-in-state', row.state);
      if (row.version !== body.version) return err('not-in-state', 'version');
      if (body.principalFen > row.left_fen) return err('bad-request', 'principalFen');
      const fault = await lateFault(core, db, row, body);
      if (fault !== undefined) return fault;
      await db
        .insertInto('fee_allocations')
        .values({
          ...{ merchant_id: merchantId, id: body.id, account_id: row.account_id, bill_id: billId },
          ...{ bill_version: body.version, principal_fen: body.principalFen, late_fen: body.lateFen },
          ...{ source: 'office', note: body.note, at: new Date(core.clock()), by: actor?.id ?? null },
        })
        .execute();
      return ok(undefined);
    });
    return done.ok ? await billAnswer(core, place) : done;
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('not-in-state', 'version');
    throw error;
  }
}
