import { allocate, type Allocated } from '../../../../domain/fees/allocate.ts';
import { fen } from '../../../../domain/money.ts';
import type { FeeReceipt, QuoteDocument } from '../../../../protocol/fees/documents.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { documentOf, signDocument } from '../documents/sign.ts';
import { type Frame, readFrame } from '../quotes/frame.ts';
import { type Owed, readOwed } from '../quotes/owed.ts';
import { type QuoteRow, readQuoteRow } from '../quotes/rows.ts';
import { lineWords, noteWords, type Words } from '../quotes/words.ts';
import { channelName, partLines } from './document.ts';
import { lockHousehold, noRefund, type OrderPlace, type PaidOrder, readPaidOrder, takeWork } from './facts.ts';
import { fittedReceipt } from './fit.ts';

interface Settlement {
  readonly row: QuoteRow;
  readonly order: PaidOrder;
  readonly frame: Frame;
  readonly owed: readonly Owed[];
  readonly allocated: Allocated;
}

/**
 * Puts the money of a paid order towards the bills of its quote, in the payee's order and as of the platform's moment of
 * payment, and makes the receipt: all in one transaction, once. What more is owed by then stays owed; what is too much,
 * because a bill was paid otherwise or corrected, goes to the household's balance. No fen is lost.
 * @returns the quote, or `undefined` when there is nothing to do any more.
 */
export async function settlePayment(core: Core, place: OrderPlace): Promise<QuoteRow | undefined> {
  return core.db.transaction().execute(async (db) => {
    const row = await readQuoteRow(db, place.orderId);
    if (row === undefined) throw new Error(`order ${place.orderId} has no quote`);
    await lockHousehold(db, row);
    if (!(await takeWork(db, place, noRefund))) return undefined;
    const order = await readPaidOrder(db, place);
    const frame = await readFrame(db, { merchantId: row.merchant_id, accountId: row.account_id }, row.terminal_id);
    if (order === undefined || frame === undefined) throw new Error(`order ${place.orderId} is not to be settled`);
    const settlement = await allocatedOf(db, row, order, frame);
    await writeAllocations(core, db, settlement);
    await writeReceipt(core, db, settlement);
    await db
      .deleteFrom('fee_claims')
      .where('merchant_id', '=', row.merchant_id)
      .where('quote_id', '=', row.id)
      .execute();
    return row;
  });
}

async function allocatedOf(db: Db, row: QuoteRow, order: PaidOrder, frame: Frame): Promise<Settlement> {
  const paidFen = fen(order.paidFen);
  if (row.top_up_fen !== null) return { row, order, frame, owed: [], allocated: { parts: [], surplusFen: paidFen } };
  const account = { merchantId: row.merchant_id, accountId: row.account_id };
  const billIds = row.bills.map(({ id }) => id);
  const owed = await readOwed(db, { ...account, billIds, atMs: order.paidAt.getTime(), isLocked: true });
  return { row, order, frame, owed, allocated: allocate(paidFen, owed, frame.allocation) };
}

async function writeAllocations(core: Core, db: Db, { row, order, owed, allocated }: Settlement): Promise<void> {
  const nowMs = core.clock();
  const place = { merchant_id: row.merchant_id, account_id: row.account_id };
  const source = { order_id: row.id, quote_id: row.id, at: order.paidAt };
  const versions = new Map(owed.map(({ id, version }) => [id, version]));
  for (const part of allocated.parts) {
    await db
      .insertInto('fee_allocations')
      .values({
        ...place,
        ...{ id: uuidv7(nowMs), bill_id: part.id, bill_version: versions.get(part.id) ?? 0 },
        ...{ principal_fen: part.principalFen, late_fen: part.lateFen, source: 'payment' as const },
        ...source,
      })
      .execute();
  }
  if (allocated.surplusFen === 0) return;
  await db
    .insertInto('fee_balance_entries')
    .values({
      ...{ ...place, id: uuidv7(nowMs), kind: 'top-up' as const, amount_fen: allocated.surplusFen },
      ...{ ...source, note: row.top_up_fen === null ? 'surplus' : '' },
    })
    .execute();
}

/** What stays owed of each bill of the quote. */
function leftOf({ owed, allocated }: Settlement, billId: string): number {
  const bill = owed.find(({ id }) => id === billId);
  const part = allocated.parts.find(({ id }) => id === billId);
  if (bill === undefined) return 0;
  return bill.principalFen + bill.lateFen - (part?.principalFen ?? 0) - (part?.lateFen ?? 0);
}

function receiptOf(core: Core, settlement: Settlement): FeeReceipt {
  const { row, order, frame, allocated } = settlement;
  const quote = documentOf<QuoteDocument>(row);
  const titles = new Map(quote.bills.map(({ billId, title }) => [billId, title]));
  const titleOf = (billId: string): Words => titles.get(billId) ?? quote.title;
  const surplusWords = row.top_up_fen === null ? lineWords.surplus : lineWords.topUp;
  const bills = quote.bills.map(({ billId, title }) => {
    const part = allocated.parts.find(({ id }) => id === billId);
    const paidFen = (part?.principalFen ?? 0) + (part?.lateFen ?? 0);
    return { billId, title, paidFen: fen(paidFen), leftFen: fen(leftOf(settlement, billId)) };
  });
  const isSurplus = row.top_up_fen === null && allocated.surplusFen > 0;
  const notes = {
    ofBills: bills.flatMap(({ title, leftFen }) => (leftFen > 0 ? [noteWords.stillOwed(title, leftFen)] : [])),
    general: isSurplus ? [noteWords.surplus(allocated.surplusFen)] : [],
  };
  const receipt: Omit<FeeReceipt, 'notes'> = {
    ...{ v: 1, kind: 'payment', receiptNo: order.receiptNo, quoteId: row.id, service: row.service, title: quote.title },
    ...{ payee: { name: frame.payeeName }, terminal: quote.terminal, household: quote.household },
    lines: partLines(allocated.parts, titleOf, { surplusFen: allocated.surplusFen, surplusWords }),
    ...{ totalFen: order.paidFen, channelName: channelName(core, order.channel) },
    ...(order.transactionId === null ? {} : { transactionId: order.transactionId }),
    ...{ paidAt: order.paidAt.toISOString(), bills },
  };
  return fittedReceipt(receipt, notes);
}

async function writeReceipt(core: Core, db: Db, settlement: Settlement): Promise<void> {
  const { row, order } = settlement;
  const receipt = receiptOf(core, settlement);
  await db
    .insertInto('fee_receipts')
    .values({
      ...{ merchant_id: row.merchant_id, receipt_no: receipt.receiptNo, account_id: row.account_id, quote_id: row.id },
      ...{ terminal_id: row.terminal_id, kind: 'payment', total_fen: order.paidFen },
      title: JSON.stringify(receipt.title),
      ...signDocument(core.keys(), 'receipt', receipt),
      at: new Date(core.clock()),
    })
    .execute();
}
