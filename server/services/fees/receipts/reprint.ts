import { err, ok } from '../../../../domain/result.ts';
import type { FeePrinted, FeeReceiptView } from '../../../../protocol/http/fees-terminal.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { SignedInApp } from '../../terminal-apps/apps.ts';
import { signedDocument } from '../documents/sign.ts';
import { readVisit } from '../lookup/visit.ts';
import type { ReceiptRow } from '../quotes/rows.ts';

/** How long a terminal may print what came about at it without anybody naming the household again. */
const freshMs = 3_600_000;

/** What is asked for. */
export interface ReceiptAsk {
  readonly receiptNo: string;
  readonly visit?: string | undefined;
}

/** A receipt that this terminal may show; another household's does not exist here. */
async function findReceipt(core: Core, app: SignedInApp, ask: ReceiptAsk): Promise<ReceiptRow | 'expired' | undefined> {
  const nowMs = core.clock();
  const query = core.db.selectFrom('fee_receipts').selectAll().where('receipt_no', '=', ask.receiptNo);
  if (ask.visit === undefined)
    return query
      .where('terminal_id', '=', app.terminalId)
      .where('at', '>', new Date(nowMs - freshMs))
      .executeTakeFirst();
  const visit = readVisit(core.keys(), app.terminalId, ask.visit, nowMs);
  if (visit === undefined) return 'expired';
  return query.where('merchant_id', '=', visit.payeeId).where('account_id', '=', visit.accountId).executeTakeFirst();
}

async function viewOf(core: Core, row: ReceiptRow): Promise<FeeReceiptView> {
  const counted = await core.db
    .selectFrom('fee_receipt_prints')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('merchant_id', '=', row.merchant_id)
    .where('receipt_no', '=', row.receipt_no)
    .executeTakeFirstOrThrow();
  return { document: signedDocument(row), prints: Number(counted.count) };
}

/** A receipt to show or print again. */
export async function readReceipt(core: Core, app: SignedInApp, ask: ReceiptAsk): Promise<Answer<FeeReceiptView>> {
  const row = await findReceipt(core, app, ask);
  if (row === 'expired') return err('expired', 'visit');
  return row === undefined ? err('not-found') : ok(await viewOf(core, row));
}

/** Notes a print. */
export async function notePrinted(
  core: Core,
  app: SignedInApp,
  receiptNo: string,
  print: FeePrinted,
): Promise<Answer<FeeReceiptView>> {
  const row = await findReceipt(core, app, { receiptNo, visit: print.visit });
  if (row === 'expired') return err('expired', 'visit');
  if (row === undefined) return err('not-found');
  await core.db
    .insertInto('fee_receipt_prints')
    .values({
      ...{ merchant_id: row.merchant_id, receipt_no: row.receipt_no, id: print.id },
      ...{ terminal_id: app.terminalId, at: new Date(core.clock()) },
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return ok(await viewOf(core, row));
}
