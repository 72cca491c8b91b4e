import { sql } from 'kysely';
import type { Db } from '../../../store/database.ts';
import type { QuoteRow } from '../quotes/rows.ts';

/** Stands for "no refund" where a payment itself is to be done. */
export const noRefund = '00000000-0000-0000-0000-000000000000';

/** Where an order is; a quote's order has the quote's id. */
export interface OrderPlace {
  readonly merchantId: string;
  readonly orderId: string;
}

/** What a platform confirmed about an order that is paid. */
export interface PaidOrder {
  readonly paidFen: number;
  readonly orderNo: string;
  readonly receiptNo: string;
  readonly paidAt: Date;
  readonly channel: string;
  readonly transactionId: string | null;
}

/** The order with the attempt that paid it; `undefined` when it is not paid. */
export async function readPaidOrder(db: Db, { merchantId, orderId }: OrderPlace): Promise<PaidOrder | undefined> {
  const row = await db
    .selectFrom('payment_orders as o')
    .innerJoin('payment_attempts as a', (join) =>
      join.onRef('a.merchant_id', '=', 'o.merchant_id').onRef('a.order_id', '=', 'o.id').on('a.state', '=', 'paid'),
    )
    .select([
      'o.paid_fen',
      'o.order_no',
      'o.receipt_no',
      'o.paid_at',
      'a.channel',
      'a.transaction_id',
      'a.paid_at as at',
    ])
    .where('o.merchant_id', '=', merchantId)
    .where('o.id', '=', orderId)
    .orderBy('a.number')
    .limit(1)
    .executeTakeFirst();
  const paidAt = row?.paid_at ?? row?.at;
  if (row === undefined || paidAt === undefined || paidAt === null) return undefined;
  return {
    ...{ paidFen: row.paid_fen, orderNo: row.order_no, receiptNo: row.receipt_no ?? `TK-${row.order_no}`, paidAt },
    ...{ channel: row.channel, transactionId: row.transaction_id },
  };
}

/** Takes what is to be done for an order, or for one refund of it. False: somebody else has done it. */
export async function takeWork(db: Db, { merchantId, orderId }: OrderPlace, refundId: string): Promise<boolean> {
  const taken = await db
    .deleteFrom('fee_work')
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('refund_id', '=', refundId)
    .executeTakeFirst();
  return taken.numDeletedRows > 0n;
}

/** Holds the household of a quote until the transaction ends. */
export async function lockHousehold(db: Db, row: Pick<QuoteRow, 'merchant_id' | 'account_id'>): Promise<void> {
  await sql`
    select 1 from fee_accounts where merchant_id = ${row.merchant_id} and id = ${row.account_id}
    for no key update`.execute(db);
}
