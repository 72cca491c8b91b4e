import type { Db } from '../../../store/database.ts';

/** The row of a quote. */
export async function readQuoteRow(db: Db, quoteId: string) {
  return db.selectFrom('fee_quotes').selectAll().where('id', '=', quoteId).executeTakeFirst();
}
/** The row of a quote. */
export type QuoteRow = NonNullable<Awaited<ReturnType<typeof readQuoteRow>>>;

/** Receipts of a quote, the payment's first. */
export async function readQuoteReceipts(db: Db, { merchant_id: merchantId, id }: Pick<QuoteRow, 'merchant_id' | 'id'>) {
  return db
    .selectFrom('fee_receipts')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('quote_id', '=', id)
    .orderBy('at')
    .orderBy('receipt_no')
    .limit(60)
    .execute();
}
/** The row of a receipt. */
export type ReceiptRow = Awaited<ReturnType<typeof readQuoteReceipts>>[number];
