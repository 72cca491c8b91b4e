import { fen } from '../../../../domain/money.ts';
import type { QuoteDocument } from '../../../../protocol/fees/documents.ts';
import { documentOf } from '../documents/sign.ts';
import { type Computed, computeQuote } from './compute.ts';
import { newQuoteId, writeQuote } from './make.ts';
import { type QuoteRow, readQuoteRow } from './rows.ts';
import type { ViewTools } from './view.ts';
import { changeWords, type Words } from './words.ts';

/** What a quote's inputs come to now. */
export function computeAgain({ core }: ViewTools, row: QuoteRow): Promise<Computed> {
  const account = { merchantId: row.merchant_id, accountId: row.account_id };
  const billIds = row.top_up_fen === null ? row.bills.map(({ id }) => id) : undefined;
  return computeQuote(core.db, { account, billIds, topUpFen: row.top_up_fen ?? undefined }, core.clock());
}

/** True when a quote is no longer what is owed, or its time is over. */
export function isStale({ core }: ViewTools, row: QuoteRow, computed: Computed): boolean {
  const isOver = row.given_up_at !== null || row.valid_until.getTime() <= core.clock();
  return isOver || row.inputs_hash !== computed.inputsHash;
}

/** What became different between a quote and what is owed now, in words. */
function changesOf(row: QuoteRow, computed: Computed, isOver: boolean): Words[] {
  const titles = new Map(
    documentOf<QuoteDocument>(row).bills.map(({ billId, title }) => [billId, title as Words] as const),
  );
  const changes = row.bills.flatMap((was) => {
    const is = computed.owed.find(({ id }) => id === was.id);
    const title = is?.title ?? titles.get(was.id) ?? { zh: '', en: '' };
    if (is === undefined) return [changeWords.gone(title)];
    return [
      ...(is.principalFen === was.principalFen
        ? []
        : [changeWords.principal(title, was.principalFen, is.principalFen)]),
      ...(is.lateFen === was.lateFen ? [] : [changeWords.lateFee(title, was.lateFen, is.lateFen)]),
      ...(is.version !== was.version && is.principalFen === was.principalFen ? [changeWords.corrected(title)] : []),
    ];
  });
  const isSame = row.total_fen === computed.totalFen;
  return [
    ...(isOver ? [changeWords.timeOver] : []),
    ...changes,
    isSame ? changeWords.sameSum : changeWords.sum(row.total_fen, computed.totalFen),
  ];
}

/**
 * Makes a quote anew with what is owed now. Safe to repeat: a quote is replaced once. `undefined` when nothing of it is
 * owed any more.
 */
export async function requote(tools: ViewTools, row: QuoteRow, computed: Computed): Promise<QuoteRow | undefined> {
  const { core } = tools;
  if (row.replaced_by !== null) return readQuoteRow(core.db, row.replaced_by);
  if (computed.totalFen <= fen(0)) return undefined;
  const isOver = row.given_up_at !== null || row.valid_until.getTime() <= core.clock();
  const id = newQuoteId(tools);
  await writeQuote(tools, {
    ...{ id, account: { merchantId: row.merchant_id, accountId: row.account_id }, terminalId: row.terminal_id },
    ...{ terminalMerchantId: row.terminal_merchant_id, bodyHash: Buffer.from(row.body_hash), computed },
    ...{ replaces: row.id, changed: changesOf(row, computed, isOver) },
  });
  const next = await core.db
    .selectFrom('fee_quotes')
    .selectAll()
    .where('merchant_id', '=', row.merchant_id)
    .where('replaces', '=', row.id)
    .executeTakeFirst();
  if (next === undefined) return undefined;
  await core.db
    .updateTable('fee_quotes')
    .set({ replaced_by: next.id })
    .where('merchant_id', '=', row.merchant_id)
    .where('id', '=', row.id)
    .where('replaced_by', 'is', null)
    .execute();
  return next;
}
