import { err, ok } from '../../../../domain/result.ts';
import type { QuoteView } from '../../../../protocol/http/fees-terminal.ts';
import type { Answer } from '../../../answer.ts';
import type { PaymentActor } from '../../payments/service.ts';
import type { SignedInApp } from '../../terminal-apps/apps.ts';
import { type QuoteRow, readQuoteRow } from '../quotes/rows.ts';
import { quoteView, type ViewTools } from '../quotes/view.ts';
import { releaseClaims } from './claims.ts';

/**
 * Ends what was begun under a quote. `ended`: no money will be kept under it. `paid`: it was paid after all. `ending`: the
 * platform is not certain yet; the sweeper goes on with it.
 */
export async function endOrder(
  { core, payments }: ViewTools,
  row: QuoteRow,
  actor: PaymentActor,
): Promise<'ended' | 'paid' | 'ending'> {
  const ref = { merchantId: row.merchant_id, orderId: row.id };
  await payments.cancelOrder(actor, ref);
  const order = await payments.order(ref);
  if (!order.ok || order.value.state === 'cancelled') {
    await releaseClaims(core, row);
    return 'ended';
  }
  return order.value.state === 'open' || order.value.state === 'part-paid' ? 'ending' : 'paid';
}

/** Gives a quote up: the resident went away or chose otherwise. What was paid meanwhile stays paid. */
export async function giveUpQuote(tools: ViewTools, app: SignedInApp, quoteId: string): Promise<Answer<QuoteView>> {
  const row = await readQuoteRow(tools.core.db, quoteId);
  if (row?.terminal_id !== app.terminalId) return err('not-found');
  const order = await tools.payments.order({ merchantId: row.merchant_id, orderId: row.id });
  const isOpen = !order.ok || order.value.state === 'open' || order.value.state === 'cancelled';
  if (isOpen) {
    await tools.core.db
      .updateTable('fee_quotes')
      .set({ given_up_at: new Date(tools.core.clock()) })
      .where('merchant_id', '=', row.merchant_id)
      .where('id', '=', row.id)
      .where('given_up_at', 'is', null)
      .execute();
    await endOrder(tools, row, { kind: 'terminal', id: app.terminalId, name: app.label });
  }
  return ok(await quoteView(tools, (await readQuoteRow(tools.core.db, quoteId)) ?? row));
}
