import { createHash } from 'node:crypto';
import { type Err, err, ok } from '../../../../domain/result.ts';
import type { ApiErrorCode } from '../../../../protocol/http/common.ts';
import {
  importCommitMax,
  type CommitFeeImport,
  type FeeImportDone,
  type FeeImportPreview,
  type PreviewFeeImport,
} from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { makeAccount } from '../accounts/create.ts';
import { hangFirst } from '../meters/install.ts';
import { enterReading } from '../meters/readings.ts';
import { type Clerk, derivedId, hashOf, inOneAct } from '../parts.ts';
import { type AccountWish, planAccounts } from './accounts.ts';
import { type Headings, type PlannedRow, type PlanScope, readHeadings } from './plan.ts';
import { type FileProblem, type FileRows, readFileRows } from './read-file.ts';
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

/** The rows that are wanted, and others of the same households, with which they are judged. */
function onlyAbout(file: FileRows, { places }: Headings, wanted: ReadonlySet<number> | undefined): FileRows {
  if (wanted === undefined) return file;
  const numberOf = ({ cells }: FileRows['rows'][number]): string =>
    (cells[places.get('number') ?? -1] ?? '').replace(/\D/g, '');
  const numbers = new Set(file.rows.filter(({ row }) => wanted.has(row)).map(numberOf));
  return { ...file, rows: file.rows.filter((row) => numbers.has(numberOf(row))) };
}

async function planOf(
  core: Core,
  merchantId: string,
  body: PreviewFeeImport,
  wanted?: ReadonlySet<number>,
): Promise<Answer<Plan>> {
  const file = await readFileRows(Buffer.from(body.content, 'base64'));
  if (!file.ok) return ok({ ...none, problem: file.error });
  const headings = readHeadings(file.value, body.kind, body.service);
  const shown = { columns: headings.columns.map((column) => ({ ...column })), dropped: [...headings.dropped] };
  if (headings.missing.length > 0)
    return ok({ ...shown, rows: [], problem: 'missing-column', problemDetail: headings.missing.join('、') });
  const scope: PlanScope = {
    core,
    merchantId,
    service: body.service,
    file: onlyAbout(file.value, headings, wanted),
    headings,
  };
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

/** A household with its meter, or neither. */
async function bringAccount({ core, actor, merchantId, importId }: Bringing, row: number, wish: AccountWish) {
  const place = { merchantId, accountId: derivedId(importId, row, 'account') };
  const account = { id: place.accountId, ...wish.account };
  if (wish.meter === undefined) return makeAccount(core, actor, merchantId, account);
  const body = { id: derivedId(importId, row, 'meter'), kind: wish.account.service, ...wish.meter };
  return makeAccount(core, actor, merchantId, account, (db) => hangFirst({ core, db, actor, place, body }));
}

async function bringReading({ core, actor, merchantId, importId }: Bringing, row: number, wish: ReadingWish) {
  const place = { merchantId, meterId: wish.meter.id };
  return enterReading(core, actor, place, { id: derivedId(importId, row, 'reading'), ...wish.reading });
}

/** Why a row was refused after all; a number that is taken is no wrong one. */
function reasonOf({ error, detail }: Err<ApiErrorCode>): string {
  return error === 'already-exists' ? error : (detail ?? error);
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
    else refused.push({ row, faults: [{ column: '', reason: reasonOf(answer) }] });
  }
  return { done, same, refused };
}

/** What tells one commit from another. */
interface Mark {
  readonly sha256: Buffer;
  readonly rowsHash: Buffer;
}

async function keptAnswer(
  core: Core,
  merchantId: string,
  id: string,
  { sha256, rowsHash }: Mark,
): Promise<Answer<FeeImportDone> | undefined> {
  const kept = await core.db
    .selectFrom('fee_imports')
    .select(['sha256', 'rows_hash', 'result'])
    .where('merchant_id', '=', merchantId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (kept === undefined) return undefined;
  const isSame = kept.sha256.equals(sha256) && kept.rows_hash.equals(rowsHash);
  return isSame ? ok(kept.result as FeeImportDone) : err('exists-with-different-body', 'id');
}

async function commitOnce(
  { core, actor, merchantId, importId }: Bringing,
  body: CommitFeeImport,
  mark: Mark,
): Promise<Answer<FeeImportDone>> {
  const kept = await keptAnswer(core, merchantId, importId, mark);
  if (kept !== undefined) return kept;
  const wanted = body.rows === undefined ? undefined : new Set(body.rows);
  const plan = await planOf(core, merchantId, body, wanted);
  if (!plan.ok) return plan;
  if (plan.value.problem !== undefined) return err('bad-request', 'content');
  const rows = plan.value.rows.filter((one) => (wanted === undefined ? one.wish !== undefined : wanted.has(one.row)));
  if (rows.length > importCommitMax) return err('too-large', 'rows');
  const result = { id: importId, ...(await bring({ core, actor, merchantId, importId }, rows)) };
  const facts = { importId, kind: body.kind, service: body.service, rows: rows.length, done: result.done };
  const done = await inOneAct(core, { act: 'fees.imported', actor, merchantId, facts }, async (db) => {
    await db
      .insertInto('fee_imports')
      .values({
        ...{ merchant_id: merchantId, id: importId, kind: body.kind, service: body.service },
        ...{ sha256: mark.sha256, rows_hash: mark.rowsHash },
        ...{ rows: rows.length, done: result.done, result: JSON.stringify(result) },
        ...{ at: new Date(core.clock()), by: actor?.id ?? null },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return ok(undefined);
  });
  return done.ok ? ok(result) : done;
}

/** Commits under way. A caller who gave up waiting asks again, and must not race with the first call. */
const underWay = new WeakMap<Core, Map<string, Promise<Answer<FeeImportDone>>>>();

/** Brings in a file's good rows, or those of them that were chosen. The same id again gives the same answer. */
export async function commitImport(
  core: Core,
  actor: Clerk,
  merchantId: string,
  body: CommitFeeImport,
): Promise<Answer<FeeImportDone>> {
  const mark = {
    sha256: createHash('sha256').update(body.content).digest(),
    rowsHash: hashOf({ rows: body.rows ?? null, kind: body.kind, service: body.service }),
  };
  const key = [merchantId, body.id, mark.sha256.toString('hex'), mark.rowsHash.toString('hex')].join(' ');
  const running = underWay.get(core) ?? new Map<string, Promise<Answer<FeeImportDone>>>();
  underWay.set(core, running);
  const first = running.get(key);
  if (first !== undefined) return first;
  const work = commitOnce({ core, actor, merchantId, importId: body.id }, body, mark).finally(() =>
    running.delete(key),
  );
  running.set(key, work);
  return work;
}
