import { err, ok } from '../../../../domain/result.ts';
import type { FeeResult } from '../../../../protocol/http/fees-terminal.ts';
import type { Answer } from '../../../answer.ts';
import { tokenHash } from '../payments/token.ts';
import { readQuoteRow } from '../quotes/rows.ts';
import { orderOf, quoteView, stageOfAttempt, type ViewTools } from '../quotes/view.ts';

const tokenMs = 30 * 86_400_000;
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** What became of a payment, by the token that its phone was given. */
export async function readResult(tools: ViewTools, token: string): Promise<Answer<FeeResult>> {
  const { core } = tools;
  if (!tokenPattern.test(token)) return err('not-found');
  const payment = await core.db
    .selectFrom('fee_payments')
    .select(['id', 'quote_id'])
    .where('token_hash', '=', tokenHash(token))
    .where('begun_at', '>', new Date(core.clock() - tokenMs))
    .executeTakeFirst();
  const row = payment === undefined ? undefined : await readQuoteRow(core.db, payment.quote_id);
  if (payment === undefined || row === undefined) return err('not-found');
  const view = await quoteView(tools, row);
  const receipt = view.receipt === undefined ? {} : { receipt: view.receipt };
  if (view.state === 'reversed') return ok({ stage: 'reversed', ...receipt });
  if (view.state === 'paid') return ok({ stage: 'paid', ...receipt });
  const order = await orderOf(tools, row);
  const attempt = order?.attempts.find(({ id }) => id === payment.id);
  // The call that began it died on the way, before anything was asked of a platform.
  if (attempt === undefined) return ok({ stage: order === undefined ? 'starting' : 'closed' });
  const { stage, reason } = stageOfAttempt(attempt);
  return ok({ stage: stage === 'paid' ? 'checking' : stage, ...(reason === undefined ? {} : { reason }) });
}
