import { sql } from 'kysely';
import type { Core } from '../../../core.ts';
import { raiseAlarm } from '../../alarms.ts';
import type { QuoteRow } from '../quotes/rows.ts';
import { noRefund, type OrderPlace } from './facts.ts';
import { settleRefund } from './reverse.ts';
import { settlePayment } from './settle.ts';

interface WorkRow {
  readonly merchant_id: string;
  readonly order_id: string;
  readonly refund_id: string;
  readonly tries: number;
}

const batchMax = 50;
const retryMs = 2_000;
const retryMaxMs = 5 * 60_000;
/** After so many tries a person must look; it is tried on all the same. */
const alarmAfter = 8;

/** What settling works with. */
export interface SettleTools {
  readonly core: Core;
}

/**
 * Does what an order brought about for its household, the payment before its refunds. Safe to call at any time and in many
 * processes at once; without anything to do it costs one look at an index. What fails is written down and tried again.
 */
export async function settleOrder({ core }: SettleTools, { merchantId, orderId }: OrderPlace): Promise<void> {
  const rows = await core.db
    .selectFrom('fee_work')
    .select(['merchant_id', 'order_id', 'refund_id', 'tries'])
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .orderBy('refund_id')
    .execute();
  for (const row of rows) if (!(await work(core, row))) return;
}

/** Does what is due, whoever noted it. @returns how much was looked at. */
export async function settleDue({ core }: SettleTools): Promise<number> {
  const rows = await core.db
    .selectFrom('fee_work')
    .select(['merchant_id', 'order_id', 'refund_id', 'tries'])
    .where('next_try_at', '<=', new Date(core.clock()))
    .orderBy('next_try_at')
    .orderBy('refund_id')
    .limit(batchMax)
    .execute();
  const failed = new Set<string>();
  for (const row of rows) {
    // A refund waits for its payment.
    if (failed.has(row.order_id)) continue;
    if (!(await work(core, row))) failed.add(row.order_id);
  }
  return rows.length;
}

async function work(core: Core, row: WorkRow): Promise<boolean> {
  const place = { merchantId: row.merchant_id, orderId: row.order_id };
  try {
    const quote =
      row.refund_id === noRefund ? await settlePayment(core, place) : await settleRefund(core, place, row.refund_id);
    if (quote !== undefined) tell(core, quote);
    return true;
  } catch (error) {
    core.log.error({ err: error, order: row.order_id }, 'a payment of fees could not be put towards its bills');
    await postpone(core, row);
    return false;
  }
}

function tell(core: Core, quote: QuoteRow): void {
  const { terminal_merchant_id: merchantId, terminal_id: terminalId } = quote;
  core.bus.publish({ name: 'fees', id: quote.id, scope: { merchantId, terminalId } });
}

async function postpone(core: Core, row: WorkRow): Promise<void> {
  const nowMs = core.clock();
  const waitMs = Math.min(retryMs * 2 ** row.tries, retryMaxMs);
  await core.db.transaction().execute(async (db) => {
    await db
      .updateTable('fee_work')
      .set({ tries: sql<number>`tries + 1`, next_try_at: new Date(nowMs + waitMs) })
      .where('merchant_id', '=', row.merchant_id)
      .where('order_id', '=', row.order_id)
      .where('refund_id', '=', row.refund_id)
      .execute();
    if (row.tries + 1 !== alarmAfter) return;
    await raiseAlarm(db, nowMs, {
      kind: 'fee-not-settled',
      severity: 'stop',
      subject: `order:${row.order_id}`,
      facts: { what: 'fee-not-settled', orderId: row.order_id },
    });
  });
}
