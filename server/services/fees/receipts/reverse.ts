import { sql } from 'kysely';
import { type Allocated, takeBack } from '../../../../domain/fees/allocate.ts';
import { type Fen, fen } from '../../../../domain/money.ts';
import type { FeeReceipt } from '../../../../protocol/fees/documents.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { raiseAlarm } from '../../alarms.ts';
import { documentOf, signDocument } from '../documents/sign.ts';
import { type QuoteRow, readQuoteRow, type ReceiptRow } from '../quotes/rows.ts';
import { lineWords, noteWords, type Words } from '../quotes/words.ts';
import { channelName, partLines } from './document.ts';
import { lockHousehold, noRefund, type OrderPlace, takeWork } from './facts.ts';
import { fittedReceipt } from './fit.ts';

interface Refund {
  readonly number: number;
  readonly amount_fen: number;
  readonly reason: string;
  readonly channel: string;
  readonly platform_refund_id: string | null;
  readonly done_at: Date | null;
}

/** Where a payment's money is now: allocations and balance entry with their ids, less what was given back before. */
interface Standing {
  readonly allocated: Allocated;
  readonly allocationOf: ReadonlyMap<string, string>;
  readonly balanceEntryId?: string;
  /** What of the surplus the household still has. */
  readonly availableFen: number;
}

/**
 * Takes a refund back from where its payment went: the bills are owed again, and a document says so. All in one
 * transaction, once. @returns the quote, or `undefined` when there is nothing to do.
 */
export async function settleRefund(core: Core, place: OrderPlace, refundId: string): Promise<QuoteRow | undefined> {
  return core.db.transaction().execute(async (db) => {
    const row = await readQuoteRow(db, place.orderId);
    if (row === undefined) throw new Error(`order ${place.orderId} has no quote`);
    await lockHousehold(db, row);
    if (!(await takeWork(db, place, refundId))) return undefined;
    const receipt = await paymentReceipt(db, row);
    if (receipt === undefined) {
      if (await isUnsettled(db, place)) throw new Error(`order ${place.orderId}: its payment comes first`);
      // Given back before it was ever put towards anything, from an order that a person had to look at.
      return undefined;
    }
    const refund = await readRefund(db, place, refundId);
    const standing = await standingOf(db, row);
    const taken = takeBack(fen(refund.amount_fen), standing.allocated);
    const surplusFen = Math.min(taken.surplusFen, standing.availableFen);
    const spentFen = taken.surplusFen - surplusFen + taken.missingFen;
    await writeBack(core, db, { row, refundId, at: refund.done_at ?? new Date(core.clock()) }, standing, {
      ...taken,
      surplusFen: fen(surplusFen),
    });
    if (spentFen > 0) await tellSpent(core, db, row, { refundId, spentFen });
    const document = await reversalOf(core, db, { row, receipt, refund, taken, spentFen });
    await writeReversal(core, db, { row, refundId, document });
    return row;
  });
}

async function paymentReceipt(db: Db, row: QuoteRow): Promise<ReceiptRow | undefined> {
  return db
    .selectFrom('fee_receipts')
    .selectAll()
    .where('merchant_id', '=', row.merchant_id)
    .where('quote_id', '=', row.id)
    .where('kind', '=', 'payment')
    .executeTakeFirst();
}

async function isUnsettled(db: Db, { merchantId, orderId }: OrderPlace): Promise<boolean> {
  const waiting = await db
    .selectFrom('fee_work')
    .select('order_id')
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('refund_id', '=', noRefund)
    .executeTakeFirst();
  return waiting !== undefined;
}

async function readRefund(db: Db, { merchantId, orderId }: OrderPlace, refundId: string): Promise<Refund> {
  return db
    .selectFrom('payment_refunds')
    .select(['number', 'amount_fen', 'reason', 'channel', 'platform_refund_id', 'done_at'])
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('id', '=', refundId)
    .executeTakeFirstOrThrow();
}

interface PartRow {
  readonly id: string;
  readonly bill_id: string;
  readonly principal: number;
  readonly late: number;
}

/** Parts stand in the order in which money was put towards bills. */
async function standingOf(db: Db, row: QuoteRow): Promise<Standing> {
  const { rows: parts } = await sql<PartRow>`
    select a.id, a.bill_id, (a.principal_fen + coalesce(r.principal, 0))::bigint as principal,
      (a.late_fen + coalesce(r.late, 0))::bigint as late
    from fee_allocations a join fee_bills b on b.merchant_id = a.merchant_id and b.id = a.bill_id
      left join lateral (select sum(v.principal_fen) as principal, sum(v.late_fen) as late
      from fee_allocations v where v.merchant_id = a.merchant_id and v.reverses = a.id) r on true
    where a.merchant_id = ${row.merchant_id} and a.order_id = ${row.id} and a.source = 'payment'
    order by b.due_on, b.id`.execute(db);
  const { rows: entries } = await sql<{ id: string; left: number; balance: number }>`
    select e.id, (e.amount_fen + coalesce((select sum(v.amount_fen) from fee_balance_entries v
        where v.merchant_id = e.merchant_id and v.reverses = e.id), 0))::bigint as left,
      (select l.after_fen from fee_balance_entries l where l.merchant_id = e.merchant_id and l.account_id = e.account_id
        order by l.number desc limit 1) as balance
    from fee_balance_entries e
    where e.merchant_id = ${row.merchant_id} and e.order_id = ${row.id} and e.kind = 'top-up'`.execute(db);
  const [entry] = entries;
  return {
    allocated: {
      parts: parts.map((part) => ({ id: part.bill_id, principalFen: fen(part.principal), lateFen: fen(part.late) })),
      surplusFen: fen(entry?.left ?? 0),
    },
    allocationOf: new Map(parts.map((part) => [part.bill_id, part.id])),
    ...(entry === undefined ? {} : { balanceEntryId: entry.id }),
    availableFen: Math.min(entry?.left ?? 0, entry?.balance ?? 0),
  };
}

async function writeBack(
  core: Core,
  db: Db,
  { row, refundId, at }: { readonly row: QuoteRow; readonly refundId: string; readonly at: Date },
  standing: Standing,
  taken: Allocated,
): Promise<void> {
  const nowMs = core.clock();
  const common = { merchant_id: row.merchant_id, account_id: row.account_id, order_id: row.id, quote_id: row.id, at };
  for (const part of taken.parts) {
    const bill = await db
      .selectFrom('fee_bills')
      .select('version')
      .where('merchant_id', '=', row.merchant_id)
      .where('id', '=', part.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    await db
      .insertInto('fee_allocations')
      .values({
        ...{ ...common, id: uuidv7(nowMs), bill_id: part.id, bill_version: bill.version, source: 'reversal' as const },
        ...{ principal_fen: -part.principalFen, late_fen: -part.lateFen, refund_id: refundId },
        reverses: standing.allocationOf.get(part.id) ?? null,
      })
      .execute();
  }
  if (taken.surplusFen === 0) return;
  await db
    .insertInto('fee_balance_entries')
    .values({
      ...{ ...common, id: uuidv7(nowMs), kind: 'reversal' as const, amount_fen: -taken.surplusFen },
      ...{ reverses: standing.balanceEntryId ?? null, refund_id: refundId },
    })
    .execute();
}

/** Money went back that the household had used already: the office must see to it. */
async function tellSpent(
  core: Core,
  db: Db,
  row: QuoteRow,
  facts: { readonly refundId: string; readonly spentFen: number },
): Promise<void> {
  await raiseAlarm(db, core.clock(), {
    kind: 'fee-not-settled',
    severity: 'stop',
    subject: `order:${row.id}`,
    facts: { what: 'balance-spent', orderId: row.id, refundId: facts.refundId, amountFen: facts.spentFen },
  });
}

interface Reversal {
  readonly row: QuoteRow;
  readonly receipt: ReceiptRow;
  readonly refund: Refund;
  readonly taken: Allocated & { readonly missingFen: Fen };
  readonly spentFen: number;
}

async function leftNow(db: Db, row: QuoteRow, billIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (billIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('fee_bills')
    .select(['id', 'left_fen'])
    .where('merchant_id', '=', row.merchant_id)
    .where('id', 'in', billIds)
    .execute();
  return new Map(rows.map(({ id, left_fen: left }) => [id, left]));
}

/** The document that says what was given back. Its amounts are above 0, like those of the receipt that it reverses. */
async function reversalOf(
  core: Core,
  db: Db,
  { row, receipt, refund, taken, spentFen }: Reversal,
): Promise<FeeReceipt> {
  const paid = documentOf<FeeReceipt>(receipt);
  const titles = new Map(paid.bills.map(({ billId, title }) => [billId, title as Words]));
  const titleOf = (billId: string): Words => titles.get(billId) ?? paid.title;
  const left = await leftNow(
    db,
    row,
    taken.parts.map(({ id }) => id),
  );
  const bills = taken.parts.map((part) => ({
    ...{ billId: part.id, title: titleOf(part.id), paidFen: fen(-part.principalFen - part.lateFen) },
    leftFen: fen(left.get(part.id) ?? 0),
  }));
  const notes = {
    ofBills: bills.map(({ title, paidFen }) => noteWords.owedAgain(title, -paidFen)),
    general: spentFen > 0 ? [noteWords.balanceSpent(spentFen)] : [],
  };
  const surplusFen = taken.surplusFen + taken.missingFen;
  const document: Omit<FeeReceipt, 'notes'> = {
    ...{
      v: 1,
      kind: 'reversal',
      receiptNo: `${paid.receiptNo}-R${String(refund.number)}`,
      ofReceiptNo: paid.receiptNo,
    },
    ...{ quoteId: row.id, service: paid.service, title: paid.title, payee: paid.payee, terminal: paid.terminal },
    household: paid.household,
    lines: partLines(taken.parts, titleOf, { surplusFen, surplusWords: lineWords.takenBack }),
    ...{ totalFen: refund.amount_fen, channelName: channelName(core, refund.channel) },
    ...(refund.platform_refund_id === null ? {} : { transactionId: refund.platform_refund_id }),
    ...{ paidAt: (refund.done_at ?? new Date(core.clock())).toISOString(), bills },
    ...(refund.reason === '' ? {} : { reason: refund.reason }),
  };
  return fittedReceipt(document, notes);
}

async function writeReversal(
  core: Core,
  db: Db,
  { row, refundId, document }: { readonly row: QuoteRow; readonly refundId: string; readonly document: FeeReceipt },
): Promise<void> {
  await db
    .insertInto('fee_receipts')
    .values({
      ...{ merchant_id: row.merchant_id, receipt_no: document.receiptNo, account_id: row.account_id, quote_id: row.id },
      ...{ terminal_id: row.terminal_id, kind: 'reversal', of_receipt_no: document.ofReceiptNo ?? null },
      ...{ refund_id: refundId, total_fen: document.totalFen, title: JSON.stringify(document.title) },
      ...signDocument(core.keys(), 'receipt', document),
      at: new Date(core.clock()),
    })
    .execute();
}
