import { yuanFromFen, fen } from '../../../domain/money.ts';
import type { HistoryFilter, HistoryRow } from '../../../protocol/http/merchant.ts';
import type { Core } from '../../core.ts';
import type { ExportColumn, ExportLanguage } from './export-words.ts';
import { exportWords } from './export-words.ts';
import { placeOf, readHistory } from './history.ts';
import { readHome } from './names.ts';

/** Largest number of rows in a file. */
export const exportMaxRows = 100_000;
const batchRows = 1_000;
/** A filter that fits few rows gives short pages; after so many pages the file ends whatever is left. */
const pagesMax = 2_000;

/** One row of the file. Amounts are in fen, time in Unix milliseconds; everything else is text as it will be read. */
export type ExportRow = Readonly<Record<Exclude<ExportColumn, 'time' | 'amount' | 'refunded'>, string>> & {
  readonly timeMs: number;
  readonly amountFen: number;
  readonly refundedFen: number;
};

interface More {
  readonly number: string;
  readonly reference: string;
  readonly note: string;
}

async function moreOf(core: Core, merchantId: string, rows: readonly HistoryRow[]): Promise<ReadonlyMap<string, More>> {
  const orders = rows.filter(({ kind }) => kind === 'payment').map(({ id }) => id);
  const refunds = rows.filter(({ kind }) => kind === 'refund').map(({ id }) => id);
  const more = new Map<string, More>();
  if (orders.length > 0) {
    const found = await core.db
      .selectFrom('payment_orders')
      .select(['id', 'receipt_no', 'external_ref', 'note'])
      .where('merchant_id', '=', merchantId)
      .where('id', 'in', orders)
      .execute();
    for (const row of found)
      more.set(row.id, { number: row.receipt_no ?? '', reference: row.external_ref ?? '', note: row.note });
  }
  if (refunds.length > 0) {
    const found = await core.db
      .selectFrom('payment_refunds')
      .select(['id', 'refund_no', 'reason'])
      .where('merchant_id', '=', merchantId)
      .where('id', 'in', refunds)
      .execute();
    for (const row of found) more.set(row.id, { number: row.refund_no, reference: '', note: row.reason });
  }
  return more;
}

/** The rows that fit, newest first, a batch at a time, at most `exportMaxRows` in all. */
export async function* exportBatches(
  core: Core,
  merchantId: string,
  filter: HistoryFilter,
  language: ExportLanguage,
): AsyncGenerator<readonly ExportRow[]> {
  const words = exportWords[language];
  const home = await readHome(core, merchantId);
  const channels = new Map(home.channels.map(({ code, name }) => [code, name[language]]));
  const terminals = new Map(home.terminals.map(({ id, label }) => [id, label]));
  let from = undefined as ReturnType<typeof placeOf>;
  let left = exportMaxRows;
  for (let page = 0; page < pagesMax && left > 0; page += 1) {
    const limit = Math.min(batchRows, left);
    const { items, older } = await readHistory(core, merchantId, filter, { from, direction: 'older', limit });
    const more = await moreOf(core, merchantId, items);
    left -= items.length;
    yield items.map((row) => ({
      timeMs: Date.parse(row.at),
      kind: words.kind[row.kind],
      orderNo: row.orderNo,
      amountFen: row.kind === 'refund' ? -row.amountFen : row.amountFen,
      refundedFen: row.refundedFen,
      channel: row.channel === undefined ? '' : (channels.get(row.channel) ?? row.channel),
      tail: row.tail ?? '',
      terminal: terminals.get(row.terminalId) ?? '',
      state: words.state[row.state],
      ...(more.get(row.id) ?? { number: '', reference: '', note: '' }),
    }));
    from = older === undefined ? undefined : placeOf(older);
    if (from === undefined) return;
  }
}

/** Text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe in front. */
export function guarded(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
}

/** Fen as a number of yuan in text: 12850 → `128.50`. */
export function yuanText(amountFen: number): string {
  return yuanFromFen(fen(amountFen));
}
