import { err, ok } from '../../../../domain/result.ts';
import type { SignedInApp } from '../../terminal-apps/apps.ts';
import type { MakeQuote, QuoteView } from '../../../../protocol/http/fees-terminal.ts';
import type { Answer } from '../../../answer.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { signDocument } from '../documents/sign.ts';
import { currentVisit } from '../lookup/visit.ts';
import { hashOf } from '../parts.ts';
import { type Computed, computeQuote, documentOfQuote } from './compute.ts';
import { readFrame } from './frame.ts';
import type { AccountRef } from './owed.ts';
import { type QuoteRow, readQuoteRow } from './rows.ts';
import type { Words } from './words.ts';
import { quoteView, type ViewTools } from './view.ts';

/** A quote that is to be written. */
export interface QuotePlan {
  readonly id: string;
  readonly account: AccountRef;
  readonly terminalId: string;
  readonly terminalMerchantId: string;
  readonly bodyHash: Uint8Array;
  readonly computed: Computed;
  readonly replaces?: string;
  readonly changed?: readonly Words[];
}

/** A household's bills, or an amount in advance, as a signed quote. The same id with the same body is the same quote. */
export async function makeQuote(tools: ViewTools, app: SignedInApp, body: MakeQuote): Promise<Answer<QuoteView>> {
  const { core } = tools;
  const { billIds, topUpFen } = body;
  if ((billIds === undefined) === (topUpFen === undefined)) return err('bad-request', 'billIds');
  const visit = await currentVisit(core, app.terminalId, body.visit);
  if (visit === undefined) return err('expired', 'visit');
  const account = { merchantId: visit.payeeId, accountId: visit.accountId };
  const chosen = billIds === undefined ? undefined : [...new Set(billIds)].sort();
  const bodyHash = hashOf({ account, terminalId: app.terminalId, billIds: chosen ?? null, topUpFen: topUpFen ?? null });
  const known = await readQuoteRow(core.db, body.id);
  if (known !== undefined) return repeated(tools, known, bodyHash);
  const computed = await computeQuote(core.db, { account, billIds: chosen, topUpFen }, core.clock());
  if (chosen !== undefined && computed.owed.length < chosen.length) return refuseBills(tools, account, chosen);
  if (computed.totalFen <= 0) return err('fee-refused', 'nothing-owed');
  const plan = {
    id: body.id,
    account,
    terminalId: app.terminalId,
    terminalMerchantId: app.merchantId,
    bodyHash,
    computed,
  };
  const written = await writeQuote(tools, plan);
  if (written !== 'written') return written === 'top-up' ? err('bad-request', 'topUpFen') : err('not-found');
  const row = await readQuoteRow(core.db, body.id);
  return row === undefined ? err('not-found') : repeated(tools, row, bodyHash);
}

async function repeated(tools: ViewTools, row: QuoteRow, bodyHash: Uint8Array): Promise<Answer<QuoteView>> {
  return row.body_hash.equals(bodyHash) ? ok(await quoteView(tools, row)) : err('exists-with-different-body', 'id');
}

/** Some of the bills are not open: paid or void by now, or of another household. */
async function refuseBills(
  { core }: ViewTools,
  { merchantId, accountId }: AccountRef,
  billIds: readonly string[],
): Promise<Answer<QuoteView>> {
  const rows = await core.db
    .selectFrom('fee_bills')
    .select('state')
    .where('merchant_id', '=', merchantId)
    .where('account_id', '=', accountId)
    .where('id', 'in', billIds)
    .execute();
  if (rows.length < billIds.length) return err('not-found', 'billIds');
  return err('fee-refused', rows.some(({ state }) => state === 'void') ? 'void' : 'already-paid');
}

/** Signs and writes a quote. `top-up`: the amount is outside of what the payee takes in advance. */
export async function writeQuote(tools: ViewTools, plan: QuotePlan): Promise<'written' | 'not-found' | 'top-up'> {
  const { core, payments } = tools;
  const { account, computed } = plan;
  const { merchantId } = account;
  const frame = await readFrame(core.db, account, plan.terminalId);
  if (frame === undefined) return 'not-found';
  const { topUpFen } = computed;
  if (topUpFen !== undefined) {
    const { topUp } = frame;
    if (topUp === undefined || topUpFen < topUp.minFen || topUpFen > topUp.maxFen) return 'top-up';
  }
  const channels = [...(await payments.linkChannels(merchantId, plan.terminalId, computed.totalFen))];
  const parts = { quoteId: plan.id, frame, computed, channels };
  const signed = signDocument(core.keys(), 'quote', await documentOfQuote(core.db, merchantId, parts));
  await core.db
    .insertInto('fee_quotes')
    .values({
      ...{ merchant_id: merchantId, id: plan.id, account_id: account.accountId, service: frame.service },
      ...{ terminal_id: plan.terminalId, terminal_merchant_id: plan.terminalMerchantId, body_hash: plan.bodyHash },
      ...{ total_fen: computed.totalFen, bills: JSON.stringify(computed.bills), top_up_fen: topUpFen ?? null },
      ...signed,
      ...{ inputs_hash: computed.inputsHash, computed_at: new Date(computed.computedAtMs) },
      ...{ valid_until: new Date(computed.validUntilMs), replaces: plan.replaces ?? null },
      changed: JSON.stringify(plan.changed ?? []),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return 'written';
}

/** A new id of a quote that the server makes itself. */
export function newQuoteId(tools: ViewTools): string {
  return uuidv7(tools.core.clock());
}
