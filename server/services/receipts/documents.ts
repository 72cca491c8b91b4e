import { sql } from 'kysely';
import type { ReceiptDocument } from '../../../protocol/http/receipts.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';
import { uuidv7 } from '../../store/uuid.ts';

/** Where an order is. */
export interface OrderPlace {
  readonly merchantId: string;
  readonly orderId: string;
}

/** Receipts of one order at most: parts and refunds are few, but nothing is unbounded. */
const receiptsMax = 200;

async function readShop(db: Db, { merchantId, orderId }: OrderPlace) {
  return db
    .selectFrom('payment_orders as o')
    .innerJoin('merchants as m', 'm.id', 'o.merchant_id')
    .innerJoin('terminals as t', 't.id', 'o.terminal_id')
    .leftJoin('merchant_settings as s', 's.merchant_id', 'o.merchant_id')
    .select([
      'o.order_no',
      'o.amount_fen',
      'm.name',
      'm.address',
      't.label',
      't.serial',
      's.receipt_title',
      's.receipt_footer',
    ])
    .where('o.merchant_id', '=', merchantId)
    .where('o.id', '=', orderId)
    .executeTakeFirst();
}

async function readPaid(db: Db, { merchantId, orderId }: OrderPlace) {
  return db
    .selectFrom('payment_attempts as a')
    .innerJoin('channel_accounts as c', 'c.id', 'a.account_id')
    .leftJoin('receipts as r', 'r.attempt_id', 'a.id')
    .select([
      ...(['a.id', 'a.attempt_no', 'a.channel', 'a.kind', 'a.amount_fen', 'a.transaction_id', 'a.payer'] as const),
      ...(['a.paid_at', 'c.platform_merchant_id', 'r.receipt_no'] as const),
    ])
    .where('a.merchant_id', '=', merchantId)
    .where('a.order_id', '=', orderId)
    .where('a.state', '=', 'paid')
    .orderBy('a.paid_at')
    .orderBy('a.number')
    .limit(receiptsMax)
    .execute();
}

async function readRefunds(db: Db, { merchantId, orderId }: OrderPlace) {
  return db
    .selectFrom('payment_refunds as f')
    .innerJoin('payment_attempts as a', 'a.id', 'f.attempt_id')
    .innerJoin('channel_accounts as c', 'c.id', 'a.account_id')
    .leftJoin('receipts as r', 'r.refund_id', 'f.id')
    .select([
      ...(['f.id', 'f.refund_no', 'f.attempt_id', 'f.amount_fen', 'f.reason', 'f.platform_refund_id'] as const),
      ...(['f.done_at', 'a.channel', 'a.payer', 'a.attempt_no', 'a.kind', 'c.platform_merchant_id'] as const),
      'r.receipt_no',
    ])
    .where('f.merchant_id', '=', merchantId)
    .where('f.order_id', '=', orderId)
    .where('f.state', '=', 'done')
    .orderBy('f.done_at')
    .orderBy('f.id')
    .limit(receiptsMax)
    .execute();
}

type Shop = NonNullable<Awaited<ReturnType<typeof readShop>>>;
type Paid = Awaited<ReturnType<typeof readPaid>>[number];
type Refunded = Awaited<ReturnType<typeof readRefunds>>[number];

function nameOf(core: Core, channel: string): ReceiptDocument['channelName'] {
  return core.channels.find(({ code }) => code === channel)?.name ?? { zh: channel, en: channel };
}

/** What every receipt of a shop says. */
function commonOf(core: Core, shop: Shop, row: Paid | Refunded) {
  return {
    title: shop.receipt_title ?? '',
    merchantName: shop.name,
    merchantAddress: shop.address,
    platformMerchantId: row.platform_merchant_id,
    terminalLabel: shop.label,
    terminalSerial: shop.serial,
    orderNo: shop.order_no,
    attemptNo: row.attempt_no,
    channel: row.channel,
    channelName: nameOf(core, row.channel),
    ...(row.payer === null ? {} : { payer: row.payer }),
    orderAmountFen: shop.amount_fen,
    footer: shop.receipt_footer ?? '',
  };
}

function paymentDocument(core: Core, shop: Shop, row: Paid, before: readonly Paid[], receiptNo: string, id: string) {
  return {
    ...commonOf(core, shop, row),
    id,
    receiptNo,
    kind: 'payment' as const,
    ...(row.transaction_id === null ? {} : { transactionId: row.transaction_id }),
    amountFen: row.amount_fen,
    at: (row.paid_at ?? new Date(0)).toISOString(),
    others: before.map((other) => ({ channelName: nameOf(core, other.channel), amountFen: other.amount_fen })),
    needsSignature: row.kind === 'card',
  } satisfies ReceiptDocument;
}

function refundDocument(core: Core, shop: Shop, row: Refunded, of: string | undefined, receiptNo: string, id: string) {
  return {
    ...commonOf(core, shop, row),
    id,
    receiptNo,
    kind: 'refund' as const,
    refundNo: row.refund_no,
    ...(of === undefined ? {} : { ofReceiptNo: of }),
    ...(row.platform_refund_id === null ? {} : { transactionId: row.platform_refund_id }),
    amountFen: row.amount_fen,
    at: (row.done_at ?? new Date(0)).toISOString(),
    others: [],
    reason: row.reason,
    needsSignature: row.kind === 'card',
  } satisfies ReceiptDocument;
}

interface Made {
  readonly document: ReceiptDocument;
  readonly attemptId?: string;
  readonly refundId?: string;
}

/** Documents that an order should have and has not yet, in the order of what happened. */
function missingOf(core: Core, shop: Shop, paid: readonly Paid[], refunds: readonly Refunded[]): Made[] {
  const nowMs = core.clock();
  const made: Made[] = [];
  const numbers = new Map(paid.flatMap((row) => (row.receipt_no === null ? [] : [[row.id, row.receipt_no]])));
  let part = numbers.size;
  for (const [index, row] of paid.entries()) {
    if (row.receipt_no !== null) continue;
    part += 1;
    const receiptNo = `TK-${shop.order_no}${part === 1 ? '' : `-${String(part)}`}`;
    numbers.set(row.id, receiptNo);
    const document = paymentDocument(core, shop, row, paid.slice(0, index), receiptNo, uuidv7(nowMs));
    made.push({ document, attemptId: row.id });
  }
  let back = refunds.filter((row) => row.receipt_no !== null).length;
  for (const row of refunds) {
    if (row.receipt_no !== null) continue;
    back += 1;
    const receiptNo = `TK-${shop.order_no}-R${String(back)}`;
    const document = refundDocument(core, shop, row, numbers.get(row.attempt_id), receiptNo, uuidv7(nowMs));
    made.push({ document, refundId: row.id });
  }
  return made;
}

/**
 * Writes the receipts that an order should have and has not yet: one for each paid attempt and each refund that is
 * done. What stands there already is never touched, whatever the shop is called today. @returns false without such an order.
 */
export async function makeReceipts(core: Core, place: OrderPlace): Promise<boolean> {
  return core.db.transaction().execute(async (db) => {
    // Two that ask at once must not give two numbers to one payment.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`receipts:${place.orderId}`}, 0))`.execute(db);
    const shop = await readShop(db, place);
    if (shop === undefined) return false;
    const nowMs = core.clock();
    const missing = missingOf(core, shop, await readPaid(db, place), await readRefunds(db, place));
    if (missing.length === 0) return true;
    await db
      .insertInto('receipts')
      .values(
        missing.map(({ document, attemptId, refundId }) => ({
          merchant_id: place.merchantId,
          order_id: place.orderId,
          id: document.id,
          attempt_id: attemptId ?? null,
          refund_id: refundId ?? null,
          receipt_no: document.receiptNo,
          document: JSON.stringify(document),
          at: new Date(nowMs),
        })),
      )
      .execute();
    return true;
  });
}
