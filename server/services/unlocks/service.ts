import { err, ok } from '../../../domain/result.ts';
import type {
  CommissionAnswer,
  CreateUnlock,
  DecideUnlockBody,
  Photo,
  ReleaseBody,
  SubmitInspection,
  UnlockCase,
} from '../../../protocol/http/unlocks.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import type { Trust } from '../../keys/trust.ts';
import { commissionStep } from '../commission/run.ts';
import type { LogService } from '../log.ts';
import { type Page, pageOf, type PageQuery } from '../paging.ts';
import { decideCase, openCase } from './approve.ts';
import { askForUnlock } from './ask.ts';
import type { DutyDesk } from './duty.ts';
import { evidenceFor } from './evidence.ts';
import { keepPhoto, type PhotoUpload, readPhoto, submitInspection } from './inspect.ts';
import { type CaseRow, caseSelect, findCase } from './rows.ts';
import { takeReceipt, withdrawCase } from './settle.ts';
import { base64url, viewCase } from './view.ts';

/** What a list of cases is narrowed to. */
export interface CaseFilter {
  readonly state?: UnlockCase['state'] | 'active' | undefined;
  readonly ticketId?: string | undefined;
  readonly terminalId?: string | undefined;
}

/** Unlock cases from the request to NORMAL. Technicians see their own, the office sees all. */
export interface UnlockService {
  create(actor: Actor, body: CreateUnlock): Promise<Answer<UnlockCase>>;
  list(actor: Actor, query: PageQuery & CaseFilter): Promise<Page<UnlockCase>>;
  get(actor: Actor, id: string): Promise<Answer<UnlockCase>>;
  putPhoto(actor: Actor, upload: PhotoUpload): Promise<Answer<Photo>>;
  getPhoto(actor: Actor, caseId: string, photoId: string): Promise<Answer<{ type: string; bytes: Buffer }>>;
  inspect(actor: Actor, id: string, body: SubmitInspection): Promise<Answer<UnlockCase>>;
  open(actor: Actor, id: string): Promise<Answer<UnlockCase>>;
  decide(actor: Actor, id: string, body: DecideUnlockBody): Promise<Answer<UnlockCase>>;
  withdraw(actor: Actor, id: string): Promise<Answer<UnlockCase>>;
  receipt(actor: Actor, id: string, receipt: Uint8Array): Promise<Answer<UnlockCase>>;
  commission(actor: Actor, id: string, report: Uint8Array | undefined): Promise<Answer<CommissionAnswer>>;
  release(actor: Actor, id: string, body: ReleaseBody): Promise<Answer<UnlockCase>>;
}

/** What the service is wired to. */
export interface UnlockContext {
  readonly core: Core;
  readonly trust: Trust;
  readonly factors: FactorService;
  readonly duty: DutyDesk;
  readonly log: Pick<LogService, 'proofOf'>;
}

/** Builds the service. */
export function createUnlockService(context: UnlockContext): UnlockService {
  const { core } = context;
  const seen = (actor: Actor, answer: Promise<Answer<CaseRow>>) => toView(context, actor, answer);
  return {
    create: (actor, body) => createCase(context, actor, body),
    list: (actor, query) => listCases(context, actor, query),
    get: (actor, id) => getCase(context, actor, id),
    putPhoto: (actor, upload) => keepPhoto(core, actor, upload),
    getPhoto: (actor, caseId, photoId) => readPhoto(core, actor, caseId, photoId),
    inspect: (actor, id, body) => seen(actor, submitInspection(core, actor, id, body)),
    open: (actor, id) => seen(actor, openCase(core, actor, id)),
    decide: (actor, id, body) => seen(actor, decideCase(context, actor, id, body)),
    withdraw: (actor, id) => seen(actor, withdrawCase(core, actor, id)),
    receipt: (actor, id, receipt) => seen(actor, takeReceipt(core, actor, id, receipt)),
    commission: (actor, id, report) => commission(context, actor, id, report),
    release: (actor, id, body) => seen(actor, releaseCase(context, actor, id, body)),
  };
}

async function view(context: UnlockContext, actor: Actor, row: CaseRow): Promise<UnlockCase> {
  const isWaiting = row.state === 'waiting' || row.state === 'needs-inspection';
  const approverOnDuty = isWaiting ? await context.duty.onDuty() : undefined;
  return viewCase(row, actor, { keyset: context.trust.keyset(), approverOnDuty });
}

async function toView(
  context: UnlockContext,
  actor: Actor,
  answer: Promise<Answer<CaseRow>>,
): Promise<Answer<UnlockCase>> {
  const settled = await answer;
  return settled.ok ? ok(await view(context, actor, settled.value)) : settled;
}

async function createCase(context: UnlockContext, actor: Actor, body: CreateUnlock): Promise<Answer<UnlockCase>> {
  const asked = await askForUnlock(context, actor, body);
  if (!asked.ok) return asked;
  const mayInspect = asked.value.state === 'needs-inspection' && asked.value.id === body.id;
  if (body.inspection === undefined || !mayInspect) return ok(await view(context, actor, asked.value));
  return toView(context, actor, submitInspection(context.core, actor, body.id, body.inspection));
}

function maySee(actor: Actor, row: CaseRow): boolean {
  return actor.role !== 'technician' || row.technician_id === actor.id || row.ticket_assignee === actor.id;
}

async function getCase(context: UnlockContext, actor: Actor, id: string): Promise<Answer<UnlockCase>> {
  const row = await findCase(context.core.pool, id);
  if (row === undefined || !maySee(actor, row)) return err('not-found');
  const [viewed, proof] = await Promise.all([view(context, actor, row), context.log.proofOf(row.terminal_id, row.id)]);
  const seen = { ...viewed, ...(proof === undefined ? {} : { proof }) };
  return ok(actor.role === 'technician' ? seen : { ...seen, evidence: await evidenceFor(context.core, row) });
}

async function listCases(
  context: UnlockContext,
  actor: Actor,
  query: PageQuery & CaseFilter,
): Promise<Page<UnlockCase>> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (text: string, ...given: unknown[]): void => {
    conditions.push(text.replace(/\?/g, () => `$${String(values.push(given.shift()))}`));
  };
  if (actor.role === 'technician') where('(c.technician_id = ? or k.assignee_id = ?)', actor.id, actor.id);
  if (query.state === 'active') where("c.state not in ('refused', 'withdrawn', 'expired', 'void', 'done')");
  else if (query.state !== undefined) where('c.state = ?', query.state);
  if (query.ticketId !== undefined) where('c.ticket_id = ?', query.ticketId);
  if (query.terminalId !== undefined) where('c.terminal_id = ?', query.terminalId);
  const after = /^(.+)\|([0-9a-f-]{36})$/.exec(query.after ?? '');
  if (after !== null) where('(c.asked_at, c.id) < (?::timestamptz, ?::uuid)', after[1], after[2]);
  const filter = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  values.push(query.limit + 1);
  const text = `${caseSelect} ${filter} order by c.asked_at desc, c.id desc limit $${String(values.length)}`;
  const { rows } = await context.core.pool.query<CaseRow>(text, values);
  const views = await Promise.all(rows.map((row) => view(context, actor, row)));
  return pageOf(views, query.limit, (item) => `${item.askedAt}|${item.id}`);
}

async function commission(
  context: UnlockContext,
  actor: Actor,
  id: string,
  report: Uint8Array | undefined,
): Promise<Answer<CommissionAnswer>> {
  const step = await commissionStep(context.core, actor, id, report);
  if (!step.ok) return step;
  const seen = await view(context, actor, step.value.row);
  return ok({ case: seen, ...(step.value.order === undefined ? {} : { order: base64url(step.value.order) }) });
}

/** Ends probation early; the release order goes out when the terminal is next on a cable. */
async function releaseCase(
  context: UnlockContext,
  actor: Actor,
  id: string,
  body: ReleaseBody,
): Promise<Answer<CaseRow>> {
  const { core, factors } = context;
  const found = await findCase(core.pool, id);
  if (found === undefined) return err('not-found');
  if (found.technician_id === actor.id) return err('same-person');
  if (found.state !== 'probation') return err('not-in-state');
  const factor = await factors.verify(actor, id, body.factor);
  if (!factor.ok) return factor;
  const nowMs = core.clock();
  await core.db.transaction().execute(async (db) => {
    const changed = await db
      .updateTable('unlock_cases')
      .set({ releasable: true, updated_at: new Date(nowMs) })
      .where('terminal_id', '=', found.terminal_id)
      .where('id', '=', id)
      .where('state', '=', 'probation')
      .where('releasable', '=', false)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    const facts = { caseId: id, reason: body.reason, factor: body.factor.kind };
    await writeAudit(db, nowMs, {
      act: 'probation.released',
      actorId: actor.id,
      subject: `terminal:${found.terminal_id}`,
      facts,
    });
  });
  core.bus.publish({ name: 'unlock', id }, { name: 'audit', id });
  const row = await findCase(core.pool, id);
  return row === undefined ? err('not-found') : ok(row);
}
