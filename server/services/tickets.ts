import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { err, ok } from '../../domain/result.ts';
import { reasonsOf, terminalStates } from '../../domain/unlock/states.ts';
import type { AssignTicket, CloseTicket, CreateTicket, Ticket } from '../../protocol/http/tickets.ts';
import type { Actor, Answer } from '../answer.ts';
import { writeAudit } from '../audit/records.ts';
import type { Core } from '../core.ts';
import { type Db, sqlState, uniqueViolation } from '../store/database.ts';
import { type Page, pageOf, type PageQuery } from './paging.ts';

/** What a list of tickets is narrowed to; `mine` is a technician's id: theirs and those nobody has. */
export interface TicketFilter {
  readonly mine?: string | undefined;
  readonly state?: Ticket['state'] | undefined;
}

/** Pieces of work on terminals. */
export interface TicketService {
  list(query: PageQuery & TicketFilter): Promise<Page<Ticket>>;
  get(id: string): Promise<Answer<Ticket>>;
  /** `actor` is absent for start-up code. A technician's own ticket is assigned to them at once. */
  create(actor: Actor | undefined, body: CreateTicket): Promise<Answer<Ticket>>;
  claim(actor: Actor, id: string): Promise<Answer<Ticket>>;
  assign(actor: Actor, id: string, body: AssignTicket): Promise<Answer<Ticket>>;
  close(actor: Actor, id: string, body: CloseTicket): Promise<Answer<Ticket>>;
}

const foreignKeyViolation = '23503';

/** Builds the service. */
export function createTicketService(core: Core): TicketService {
  return {
    list: (query) => listTickets(core, query),
    get: (id) => readTicket(core, id),
    create: (actor, body) => createTicket(core, actor, body),
    claim: (actor, id) => claimTicket(core, actor, id),
    assign: (actor, id, body) => assignTicket(core, actor, id, body),
    close: (actor, id, body) => closeTicket(core, actor, id, body),
  };
}

function selectTickets(core: Core) {
  return core.db
    .selectFrom('tickets as k')
    .innerJoin('terminals as t', 't.id', 'k.terminal_id')
    .innerJoin('merchants as m', 'm.id', 't.merchant_id')
    .leftJoin('user as a', 'a.id', 'k.assignee_id')
    .leftJoin('user as o', 'o.id', 'k.opened_by')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('unlock_cases as c')
          .whereRef('c.ticket_id', '=', 'k.id')
          .select(['c.id as case_id', 'c.state as case_state'])
          .orderBy('c.asked_at', 'desc')
          .limit(1)
          .as('c'),
      (join) => join.onTrue(),
    )
    .selectAll('k')
    .select(['t.label', 't.serial', 't.model', 't.device_id', 't.place', 't.seal', 't.state_confirmed', 't.reasons'])
    .select([
      'm.name as merchant_name',
      'a.name as assignee_name',
      'o.name as opener_name',
      'c.case_id',
      'c.case_state',
    ]);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectTickets>['executeTakeFirstOrThrow']>>;

function ticketOf(row: Row): Ticket {
  const confirmed = terminalStates.find((state) => state === row.state_confirmed);
  return {
    id: row.id,
    number: row.number,
    kind: 'unlock',
    state: row.state as Ticket['state'],
    note: row.note,
    terminal: {
      id: row.terminal_id,
      label: row.label,
      serial: row.serial,
      model: row.model,
      deviceId: row.device_id.toString('hex'),
      merchantName: row.merchant_name,
      place: row.place,
      seal: row.seal,
    },
    ...(confirmed === undefined ? {} : { terminalState: confirmed }),
    reasons: reasonsOf(row.reasons),
    ...(row.assignee_id === null ? {} : { assignee: { id: row.assignee_id, name: row.assignee_name ?? '' } }),
    ...(row.opened_by === null ? {} : { openedBy: { id: row.opened_by, name: row.opener_name ?? '' } }),
    openedAt: row.opened_at.toISOString(),
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at.toISOString() }),
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...(row.case_id === null ? {} : { caseId: row.case_id }),
    ...(row.case_state === null ? {} : { caseState: row.case_state }),
  };
}

async function listTickets(core: Core, query: PageQuery & TicketFilter): Promise<Page<Ticket>> {
  let rows = selectTickets(core)
    .orderBy('k.opened_at', 'desc')
    .orderBy('k.id', 'desc')
    .limit(query.limit + 1);
  const { mine, state } = query;
  if (mine !== undefined) {
    rows = rows.where((eb) =>
      eb.or([eb('k.assignee_id', '=', mine), eb.and([eb('k.assignee_id', 'is', null), eb('k.state', '=', 'open')])]),
    );
  }
  if (state !== undefined) rows = rows.where('k.state', '=', state);
  const after = /^(.+)\|([0-9a-f-]{36})$/.exec(query.after ?? '');
  if (after !== null)
    rows = rows.where(sql<boolean>`(k.opened_at, k.id) < (${after[1]}::timestamptz, ${after[2]}::uuid)`);
  return pageOf((await rows.execute()).map(ticketOf), query.limit, (ticket) => `${ticket.openedAt}|${ticket.id}`);
}

async function readTicket(core: Core, id: string): Promise<Answer<Ticket>> {
  const row = await selectTickets(core).where('k.id', '=', id).executeTakeFirst();
  return row === undefined ? err('not-found') : ok(ticketOf(row));
}

/** `U-` month and day in China `-` running number. */
async function nextNumber(db: Db, nowMs: number): Promise<string> {
  const { rows } = await sql<{ n: number }>`select nextval('ticket_numbers') as n`.execute(db);
  const china = new Date(nowMs + 8 * 3_600_000).toISOString();
  return `U-${china.slice(5, 7)}${china.slice(8, 10)}-${String(rows[0]?.n ?? 0).padStart(3, '0')}`;
}

async function createTicket(core: Core, actor: Actor | undefined, body: CreateTicket): Promise<Answer<Ticket>> {
  const nowMs = core.clock();
  const isTechnician = actor?.role === 'technician';
  if (isTechnician && body.assigneeId !== undefined && body.assigneeId !== actor.id)
    return err('forbidden', 'assigneeId');
  const assigneeId = isTechnician ? actor.id : (body.assigneeId ?? null);
  if (assigneeId !== null && !(await isTechnicianId(core, assigneeId))) return err('bad-request', 'assigneeId');
  const bodyHash = createHash('sha256')
    .update(JSON.stringify([body.terminalId, body.note, body.assigneeId ?? null]))
    .digest();
  try {
    const isNew = await core.db
      .transaction()
      .execute((db) => insertTicket(db, { actor, body, assigneeId, bodyHash, nowMs }));
    if (isNew) core.bus.publish({ name: 'ticket', id: body.id }, { name: 'audit', id: body.id });
  } catch (error) {
    if (sqlState(error) === foreignKeyViolation) return err('not-found', 'terminalId');
    if (sqlState(error) !== uniqueViolation) throw error;
  }
  const kept = await core.db.selectFrom('tickets').select('body_hash').where('id', '=', body.id).executeTakeFirst();
  if (kept?.body_hash.equals(bodyHash) !== true) return err('exists-with-different-body', 'id');
  return readTicket(core, body.id);
}

interface NewTicket {
  readonly actor: Actor | undefined;
  readonly body: CreateTicket;
  readonly assigneeId: string | null;
  readonly bodyHash: Buffer;
  readonly nowMs: number;
}

async function insertTicket(db: Db, ticket: NewTicket): Promise<boolean> {
  const { actor, body, assigneeId, bodyHash, nowMs } = ticket;
  const known = await db.selectFrom('tickets').select('id').where('id', '=', body.id).executeTakeFirst();
  if (known !== undefined) return false;
  await db
    .insertInto('tickets')
    .values({
      id: body.id,
      number: await nextNumber(db, nowMs),
      terminal_id: body.terminalId,
      state: assigneeId === null ? 'open' : 'assigned',
      note: body.note,
      body_hash: bodyHash,
      opened_by: actor?.id ?? null,
      opened_at: new Date(nowMs),
      assignee_id: assigneeId,
      closed_at: null,
      outcome: null,
    })
    .execute();
  await writeAudit(db, nowMs, {
    act: 'ticket.opened',
    actorId: actor?.id,
    subject: `terminal:${body.terminalId}`,
    facts: { ticketId: body.id },
  });
  return true;
}

async function isTechnicianId(core: Core, id: string): Promise<boolean> {
  const row = await core.db.selectFrom('user').select(['role', 'state']).where('id', '=', id).executeTakeFirst();
  return row?.role === 'technician' && row.state !== 'disabled';
}

async function changeTicket(
  core: Core,
  actor: Actor,
  id: string,
  act: string,
  update: (db: Db) => Promise<bigint>,
): Promise<Answer<Ticket>> {
  const before = await readTicket(core, id);
  if (!before.ok) return before;
  const nowMs = core.clock();
  const count = await core.db.transaction().execute(async (db) => {
    const changed = await update(db);
    if (changed === 1n) {
      await writeAudit(db, nowMs, {
        act,
        actorId: actor.id,
        subject: `terminal:${before.value.terminal.id}`,
        facts: { ticketId: id },
      });
    }
    return changed;
  });
  const after = await readTicket(core, id);
  if (count !== 1n) return err('not-in-state');
  core.bus.publish({ name: 'ticket', id }, { name: 'audit', id });
  return after;
}

async function claimTicket(core: Core, actor: Actor, id: string): Promise<Answer<Ticket>> {
  const found = await readTicket(core, id);
  if (found.ok && found.value.state === 'assigned' && found.value.assignee?.id === actor.id) return found;
  return changeTicket(core, actor, id, 'ticket.claimed', async (db) => {
    const changed = await db
      .updateTable('tickets')
      .set({ state: 'assigned', assignee_id: actor.id })
      .where('id', '=', id)
      .where('state', '=', 'open')
      .where('assignee_id', 'is', null)
      .executeTakeFirst();
    return changed.numUpdatedRows;
  });
}

async function assignTicket(core: Core, actor: Actor, id: string, body: AssignTicket): Promise<Answer<Ticket>> {
  if (!(await isTechnicianId(core, body.assigneeId))) return err('bad-request', 'assigneeId');
  return changeTicket(core, actor, id, 'ticket.assigned', async (db) => {
    const changed = await db
      .updateTable('tickets')
      .set({ state: 'assigned', assignee_id: body.assigneeId })
      .where('id', '=', id)
      .where('state', '!=', 'closed')
      .executeTakeFirst();
    return changed.numUpdatedRows;
  });
}

async function closeTicket(core: Core, actor: Actor, id: string, body: CloseTicket): Promise<Answer<Ticket>> {
  const found = await readTicket(core, id);
  if (!found.ok) return found;
  if (actor.role === 'technician' && found.value.assignee?.id !== actor.id) return err('ticket-not-yours');
  if (found.value.state === 'closed') return found;
  return changeTicket(core, actor, id, 'ticket.closed', async (db) => {
    const changed = await db
      .updateTable('tickets')
      .set({ state: 'closed', closed_at: new Date(core.clock()), outcome: body.outcome })
      .where('id', '=', id)
      .where('state', '!=', 'closed')
      .executeTakeFirst();
    return changed.numUpdatedRows;
  });
}
