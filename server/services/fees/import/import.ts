import { createHash } from 'node:crypto';
import { err, ok } from '../../../../domain/result.ts';
import {
  importCommitMax,
  type CommitFeeImport,
  type FeeImportDone,
  type FeeImportPreview,
  type PreviewFeeImport,
} from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { createAccount } from '../accounts/create.ts';
import { installMeter } from '../meters/install.ts';
import { enterReading } from '../meters/readings.ts';
import { type Clerk, derivedId, hashOf, inOneAct } from '../parts.ts';
import { type AccountWish, planAccounts } from './accounts.ts';
import { type PlannedRow, type PlanScope, readHeadings } from './plan.ts';
import { type FileProblem, readFileRows } from './read-file.ts';
import { planReadings, type ReadingWish } from './readings.ts';

type Wish = AccountWish | ReadingWish;

/** A file as it was read, or why it cannot be. */
interface Plan {
  readonly problem?: FileProblem | 'missing-column';
  readonly problemDetail?: string;
  readonly columns: FeeImportPreview['columns'];
  readonly dropped: string[];
  readonly rows: readonly PlannedRow<Wish>[];
}

const none = { columns: [], dropped: [], rows: [] };

async function planOf(core: Core, merchantId: string, body: PreviewFeeImport): Promise<Answer<Plan>> {
  const file = await readFileRows(Buffer.from(body.content, 'base64'));
  if (!file.ok) return ok({ ...none, problem: file.error });
  const headings = readHeadings(file.value, body.kind, body.service);
  const shown = { columns: headings.columns.map((column) => ({ ...column })), dropped: [...headings.dropped] };
  if (headings.missing.length > 0)
    return ok({ ...shown, rows: [], problem: 'missing-column', problemDetail: headings.missing.join('、') });
  const scope: PlanScope = { core, merchantId, service: body.service, file: file.value, headings };
  const rows = await (body.kind === 'accounts' ? planAccounts(scope) : planReadings(scope));
  return rows === undefined ? err('not-found', 'service') : ok({ ...shown, rows });
}

/** Reads a file and says what each row would do; nothing is kept. */
export async function previewImport(
  core: Core,
  merchantId: string,
  body: PreviewFeeImport,
): Promise<Answer<FeeImportPreview>> {
  const plan = await planOf(core, merchantId, body);
  if (!plan.ok) return plan;
  const { rows, problem, problemDetail, columns, dropped } = plan.value;
  const shown = rows.map(({ row, label, tail, text, faults, isSame }) => {
    const action = faults.length > 0 ? ('fault' as const) : isSame ? ('same' as const) : ('add' as const);
    return { row, label, tail, text, action, faults };
  });
  const count = (action: string): number => shown.filter((one) => one.action === action).length;
  return ok({
    ...(problem === undefined ? {} : { problem }),
    ...(problemDetail === undefined ? {} : { problemDetail }),
    columns,
    dropped,
    rows: shown,
    ...{ add: count('add'), same: count('same'), faulty: count('fault') },
  });
}

interface Bringing {
  readonly core: Core;
  readonly actor: Clerk;
  readonly merchantId: string;
  readonly importId: string;
}

async function bringAccount({ core, actor, merchantId, importId }: Bringing, row: number, wish: AccountWish) {
  const accountId = derivedId(importId, row, 'account');
  const made = await createAccount(core, actor, merchantId, { id: accountId, ...wish.account });
  if (!made.ok || wish.meter === undefined) return made;
  const meter = { id: derivedId(importId, row, 'meter'), kind: wish.account.service, ...wish.meter };
  return installMeter(core, actor, { merchantId, accountId }, meter);
}

async function bringReading({ core, actor, merchantId, importId }: Bringing, row: number, wish: ReadingWish) {
  const place = { merchantId, meterId: wish.meter.id };
  return enterReading(core, actor, place, { id: derivedId(importId, row, 'reading'), ...wish.reading });
}

/** Brings rows in, each by itself. A row that is refused after all is named and stops no other. */
async function bring(bringing: Bringing, rows: readonly PlannedRow<Wish>[]): Promise<Omit<FeeImportDone, 'id'>> {
  const refused: FeeImportDone['refused'] = [];
  let [done, same] = [0, 0];
  const byDay = (one: PlannedRow<Wish>): string =>
    one.wish !== undefined && 'reading' in one.wish ? one.wish.reading.on : '';
  for (const planned of [...rows].sort((a, b) =>
    byDay(a) < byDay(b) ? -1 : byDay(a) > byDay(b) ? 1 : a.row - b.row,
  )) {
    const { row, wish, isSame, faults } = planned;
    if (isSame) {
      same += 1;
      continue;
    }
    if (wish === undefined) {
      refused.push({ row, faults });
      continue;
    }
    const answer = await ('account' in wish ? bringAccount(bringing, row, wish) : bringReading(bringing, row, wish));
    if (answer.ok) done += 1;
    else refused.push({ row, faults: [{ column: '', reason: answer.detail ?? answer.error }] });
  }
  return { done, same, refused };
}

async function keptAnswer(
  core: Core,
  merchantId: string,
  body: CommitFeeImport,
  rowsHash: Buffer,
): Promise<Answer<FeeImportDone> | undefined> {
  const kept = await core.db
    .selectFrom('fee_imports')
    .select(['sha256', 'rows_hash', 'result'])
    .where('merchant_id', '=', merchantId)
    .where('id', '=', body.id)
    .executeTakeFirst();
  if (kept === undefined) return undefined;
  const sha256 = createHash('sha256').update(body.content).digest();
  const isSame = kept.sha256.equals(sha256) && kept.rows_hash.equals(rowsHash);
  return isSame ? ok(kept.result as FeeImportDone) : err('exists-with-different-body', 'id');
}

/** Brings in a file's good rows, or those of them that were chosen. The same id again gives the same answer. */
export async function commitImport(
  core: Core,
  actor: Clerk,
  merchantId: string,
  body: CommitFeeImport,
): Promise<Answer<FeeImportDone>> {
  const rowsHash = hashOf({ rows: body.rows ?? null, kind: body.kind, service: body.service });
  const kept = await keptAnswer(core, merchantId, body, rowsHash);
  if (kept !== undefined) return kept;
  const plan = await planOf(core, merchantId, body);
  if (!plan.ok) return plan;
  if (plan.value.problem !== undefined) return err('bad-request', 'content');
  const wanted = body.rows === undefined ? undefined : new Set(body.rows);
  const rows = plan.value.rows.filter((one) => (wanted === undefined ? one.wish !== undefined : wanted.has(one.row)));
  if (rows.length > importCommitMax) return err('too-large', 'rows');
  const result = { id: body.id, ...(await bring({ core, actor, merchantId, importId: body.id }, rows)) };
  const facts = { importId: body.id, kind: body.kind, service: body.service, rows: rows.length, done: result.done };
  const done = await inOneAct(core, { act: 'fees.imported', actor, merchantId, facts }, async (db) => {
    await db
      .insertInto('fee_imports')
      .values({
        ...{ merchant_id: merchantId, id: body.id, kind: body.kind, service: body.service },
        sha256: createHash('sha256').update(body.content).digest(),
        rows_hash: rowsHash,
        ...{ rows: rows.length, done: result.done, result: JSON.stringify(result) },
        ...{ at: new Date(core.clock()), by: actor?.id ?? null },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return ok(undefined);
  });
  return done.ok ? ok(result) : done;
}
