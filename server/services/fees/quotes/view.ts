import { fen } from '../../../../domain/money.ts';
import type { QuoteView } from '../../../../protocol/http/fees-terminal.ts';
import type { AttemptView, OrderView } from '../../../../protocol/http/payments.ts';
import type { Core } from '../../../core.ts';
import type { PaymentService } from '../../payments/service.ts';
import { signedDocument } from '../documents/sign.ts';
import { settleOrder } from '../receipts/work.ts';
import { type QuoteRow, readQuoteReceipts, readQuoteRow, type ReceiptRow } from './rows.ts';

/** What a view is made with. */
export interface ViewTools {
  readonly core: Core;
  readonly payments: PaymentService;
}

type Stage = NonNullable<QuoteView['stage']>;

const stages: Readonly<Record<AttemptView['state'], Stage>> = {
  created: 'starting',
  submitted: 'starting',
  pending: 'at-platform',
  unknown: 'checking',
  paid: 'paid',
  'paid-late': 'closed',
  closed: 'closed',
  failed: 'failed',
  review: 'checking',
};
const liveStates: readonly AttemptView['state'][] = ['created', 'submitted', 'pending', 'unknown'];

/** The order of a quote, once one was made. */
export async function orderOf({ payments }: ViewTools, row: QuoteRow): Promise<OrderView | undefined> {
  const order = await payments.order({ merchantId: row.merchant_id, orderId: row.id });
  return order.ok ? order.value : undefined;
}

/** The attempt that may still bring money. */
export function liveAttemptOf(order: OrderView | undefined): AttemptView | undefined {
  return order?.attempts.find(({ state }) => liveStates.includes(state));
}

function stateOf(
  core: Core,
  row: QuoteRow,
  order: OrderView | undefined,
  receipts: readonly ReceiptRow[],
): QuoteView['state'] {
  const paid = receipts.find(({ kind }) => kind === 'payment');
  if (paid !== undefined) {
    const back = receipts.reduce((sum, { kind, total_fen: fen }) => sum + (kind === 'reversal' ? fen : 0), 0);
    return back >= paid.total_fen ? 'reversed' : 'paid';
  }
  if (order?.state === 'review') return 'review';
  // Paid at the platform, and put towards the bills in this moment.
  if (order?.state === 'paid') return 'paying';
  if (liveAttemptOf(order) !== undefined || order?.isEnding === true) return 'paying';
  if (row.replaced_by !== null) return 'replaced';
  const isOver = row.given_up_at !== null || row.valid_until.getTime() <= core.clock();
  return isOver || (order !== undefined && order.state !== 'open') ? 'expired' : 'open';
}

function stageOf(order: OrderView | undefined, receipts: readonly ReceiptRow[]): Pick<QuoteView, 'stage' | 'reason'> {
  const attempt = liveAttemptOf(order) ?? order?.attempts.at(-1);
  if (receipts.length > 0) return { stage: 'paid' };
  if (order?.state === 'paid') return { stage: 'checking' };
  return attempt === undefined ? {} : stageOfAttempt(attempt);
}

/** Where one attempt stands, in the words that terminal and phone share. */
export function stageOfAttempt(attempt: AttemptView): { readonly stage: Stage; readonly reason?: string } {
  if (attempt.isEnding) return { stage: 'checking' };
  const reason = attempt.state === 'paid-late' ? 'paid-late' : attempt.reason;
  return { stage: stages[attempt.state], ...(reason === undefined ? {} : { reason }) };
}

/** Channels whose code this quote's terminal can show for its sum at this moment. */
async function channelsHere({ payments }: ViewTools, row: QuoteRow): Promise<NonNullable<QuoteView['here']>> {
  const { routes } = await payments.routes(row.merchant_id, row.terminal_id, fen(row.total_fen));
  const shown = routes.filter(({ isAvailable, kinds }) => isAvailable && kinds.includes('qr'));
  return shown.map(({ channel: code, name }) => ({ code, name }));
}

/** The code that stands on the terminal's screen. A payment that is being ended has none: nobody shall pay it any more. */
function codeOf(attempt: AttemptView | undefined): Pick<QuoteView, 'code'> {
  if (attempt?.kind !== 'qr' || attempt.state !== 'pending' || attempt.isEnding || attempt.qr === undefined) return {};
  const { qr: text, createdAt, expiresAt } = attempt;
  return { code: { text, createdAt, expiresAt } };
}

/** Where a quote stands now. What was paid meanwhile is put towards its bills first. */
export async function quoteView(tools: ViewTools, given: QuoteRow): Promise<QuoteView> {
  const { core } = tools;
  const order = await orderOf(tools, given);
  if (order !== undefined) await settleOrder(tools, { merchantId: given.merchant_id, orderId: given.id });
  const row = (await readQuoteRow(core.db, given.id)) ?? given;
  const receipts = order === undefined ? [] : await readQuoteReceipts(core.db, row);
  const attempt = liveAttemptOf(order) ?? order?.attempts.at(-1);
  const state = stateOf(core, row, order, receipts);
  const newest = state === 'reversed' ? receipts.at(-1) : receipts[0];
  return {
    quoteId: row.id,
    document: signedDocument(row),
    state,
    ...(attempt === undefined ? {} : { payId: attempt.id, channel: attempt.channel }),
    ...stageOf(order, receipts),
    ...(newest === undefined ? {} : { receipt: signedDocument(newest) }),
    ...(row.changed.length === 0 ? {} : { changed: [...row.changed] }),
    ...(state === 'open' || state === 'expired' ? { here: await channelsHere(tools, row) } : {}),
    ...codeOf(liveAttemptOf(order)),
  };
}
