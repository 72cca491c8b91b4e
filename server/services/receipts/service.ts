import { sql } from 'kysely';
import { err, ok } from '../../../domain/result.ts';
import type { ReceiptCopy, ReceiptView } from '../../../protocol/http/receipts.ts';
import type { Printed } from '../../../protocol/http/terminal-app.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import { makeReceipts, type OrderPlace } from './documents.ts';

/** Receipts: made once from the order's rows, kept as they are, with a log of every print. */
export interface ReceiptService {
  /** Receipts of an order, in the order of what happened; made when they are first asked for. `not-found` without the order. */
  ofOrder(place: OrderPlace): Promise<Answer<{ items: ReceiptView[] }>>;
  /** Notes a print. The second of a copy is a duplicate. `by`: the person or terminal. Safe to repeat with the same id. */
  printed(merchantId: string, receiptId: string, print: Printed, by: string): Promise<Answer<ReceiptView>>;
}

/** Builds the service. */
export function createReceiptService(core: Core): ReceiptService {
  return {
    ofOrder: async (place) => {
      const isThere = await makeReceipts(core, place);
      if (!isThere) return err('not-found');
      const rows = await selectReceipts(core)
        .where('r.merchant_id', '=', place.merchantId)
        .where('r.order_id', '=', place.orderId)
        .orderBy('r.at')
        .orderBy('r.receipt_no')
        .execute();
      return ok({ items: rows.map(viewOf) });
    },
    printed: (merchantId, receiptId, print, by) => notePrint(core, { merchantId, receiptId, by }, print),
  };
}

function selectReceipts(core: Core) {
  const count = (copy: ReceiptCopy) =>
    sql<number>`(select count(*)::integer from receipt_prints p where p.receipt_id = r.id and p.copy = ${copy})`;
  return core.db
    .selectFrom('receipts as r')
    .select(['r.id', 'r.document', count('merchant').as('merchant_prints'), count('customer').as('customer_prints')]);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectReceipts>['executeTakeFirstOrThrow']>>;

function viewOf(row: Row): ReceiptView {
  return {
    document: row.document,
    prints: { merchant: row.merchant_prints, customer: row.customer_prints },
  };
}

interface PrintPlace {
  readonly merchantId: string;
  readonly receiptId: string;
  readonly by: string;
}

async function notePrint(core: Core, place: PrintPlace, print: Printed): Promise<Answer<ReceiptView>> {
  const isNoted = await core.db.transaction().execute(async (db) => {
    const receipt = await db
      .selectFrom('receipts')
      .select('id')
      .where('merchant_id', '=', place.merchantId)
      .where('id', '=', place.receiptId)
      .forUpdate()
      .executeTakeFirst();
    if (receipt === undefined) return false;
    const before = await db
      .selectFrom('receipt_prints')
      .select('id')
      .where('receipt_id', '=', receipt.id)
      .where('copy', '=', print.copy)
      .where('id', '!=', print.id)
      .limit(1)
      .executeTakeFirst();
    await db
      .insertInto('receipt_prints')
      .values({
        receipt_id: receipt.id,
        id: print.id,
        copy: print.copy,
        duplicate: before !== undefined,
        printer: print.printer,
        at: new Date(core.clock()),
        by: place.by,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return true;
  });
  if (!isNoted) return err('not-found');
  const row = await selectReceipts(core).where('r.id', '=', place.receiptId).executeTakeFirstOrThrow();
  return ok(viewOf(row));
}
