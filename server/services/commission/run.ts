import { sql } from 'kysely';
import { err, ok } from '../../../domain/result.ts';
import { decodeReport } from '../../../protocol/unlock/v1/codec.ts';
import { isSignedByDevice } from '../../../protocol/unlock/v1/ed25519.ts';
import type { CommissionReport } from '../../../protocol/unlock/v1/messages.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import { sha256Hex } from '../../audit/sha256.ts';
import { verifyByNode } from '../../keys/node-keys.ts';
import type { Db } from '../../store/database.ts';
import { raiseAlarm } from '../alarms.ts';
import { closeTicketAsDone, keepDeviceWord, lockTerminal } from '../terminal-writes.ts';
import { type CaseRow, caseSelect, findCase } from '../unlocks/rows.ts';
import { mayCourier } from '../unlocks/settle.ts';
import { makeOrder, type RunStep, runSteps } from './orders.ts';
import { judgeReport } from './reports.ts';

/** The case after the call, and the order that the device must get next, if any. */
export interface CommissionStepAnswer {
  readonly row: CaseRow;
  readonly order?: Uint8Array;
}

/** Tries per step before the case is stuck and the office must look. */
const triesPerStepMax = 10;
const runStates = ['unlocked', 'commissioning', 'probation'];

/**
 * Takes a report if there is one, and gives the present order. Safe to repeat: a report that was taken already changes
 * nothing, and an unanswered order comes again byte for byte.
 */
export async function commissionStep(
  core: Core,
  actor: Actor,
  id: string,
  report: Uint8Array | undefined,
): Promise<Answer<CommissionStepAnswer>> {
  const found = await findCase(core.pool, id);
  if (found === undefined || !mayCourier(found, actor)) return err('not-found');
  if (found.state === 'done') return ok({ row: found });
  if (!runStates.includes(found.state) || found.commission_key === null) return err('not-in-state');
  const taken = report === undefined ? ok(nothingTaken) : await takeReport(core, actor, found, report);
  if (!taken.ok) return taken;
  const present = await presentOrder(core, actor, found, taken.value.aheadSequence);
  if (!present.ok) return present;
  const row = await findCase(core.pool, id);
  if (row === undefined) return err('not-found');
  // Only news is announced: a screen that asks again on every announcement must come to rest.
  if (taken.value.isNew || present.value.isNew) {
    core.bus.publish({ name: 'unlock', id }, { name: 'terminal', id: row.terminal_id }, { name: 'audit', id });
  }
  const { order } = present.value;
  return ok({ row, ...(order === undefined ? {} : { order }) });
}

/** What a report brought. `aheadSequence`: it answers an order that was made ahead, so the technician goes on with those. */
interface TakenReport {
  readonly isNew: boolean;
  readonly aheadSequence?: number;
}

const nothingTaken: TakenReport = { isNew: false };

async function takeReport(core: Core, actor: Actor, found: CaseRow, bytes: Uint8Array): Promise<Answer<TakenReport>> {
  const decoded = decodeReport(bytes);
  if (!decoded.ok) return err('bad-request', 'report');
  const report = decoded.value.message;
  if (!found.device_id.equals(report.deviceId)) return err('wrong-terminal', 'report');
  const { identity_public_key: identityKey } = await core.db
    .selectFrom('terminals')
    .select('identity_public_key')
    .where('id', '=', found.terminal_id)
    .executeTakeFirstOrThrow();
  if (!isSignedByDevice('report', decoded.value, new Uint8Array(identityKey), verifyByNode))
    return err('bad-signature', 'report');
  return core.db.transaction().execute((db) => keepReport(core, db, actor, found, report, bytes));
}

async function keepReport(
  core: Core,
  db: Db,
  actor: Actor,
  found: CaseRow,
  report: CommissionReport,
  bytes: Uint8Array,
): Promise<Answer<TakenReport>> {
  await lockTerminal(db, found.terminal_id);
  const order = await db
    .selectFrom('orders')
    .selectAll()
    .where('terminal_id', '=', found.terminal_id)
    .where('order_sequence', '=', report.orderSequence)
    .forUpdate()
    .executeTakeFirst();
  if (order === undefined || order.case_id !== found.id) return err('report-refused', 'report');
  const ahead = order.delegation_sequence === null ? {} : { aheadSequence: order.order_sequence };
  // An order made ahead is answered by what the device did with it, whatever the server hoped meanwhile.
  if (order.state === 'done' || order.state === 'failed') return ok({ isNew: false, ...ahead });
  if (report.lockEpoch !== found.device_epoch) return err('report-refused', 'report');
  const nowMs = core.clock();
  const now = new Date(nowMs);
  const step = order.step as RunStep;
  const checks = await sentKeyChecks(db, found.terminal_id, order.order_sequence);
  const judgement = judgeReport(report, { step, expected: order.expected, checks });
  await db
    .updateTable('orders')
    .set({
      state: judgement.done ? 'done' : 'failed',
      detail: JSON.stringify(judgement.detail),
      report: bytes,
      reported_at: now,
    })
    .where('terminal_id', '=', found.terminal_id)
    .where('order_sequence', '=', order.order_sequence)
    .execute();
  if (order.delegation_sequence !== null) await beginCommissioning(db, found, now);
  await keepDeviceWord(db, found.terminal_id, report, now);
  const subject = `terminal:${found.terminal_id}`;
  const facts = {
    caseId: found.id,
    step,
    orderSequence: order.order_sequence,
    done: judgement.done,
    why: judgement.detail['why'] ?? null,
    reportSha256: sha256Hex(bytes),
  };
  await writeAudit(db, nowMs, { act: 'commission.report', actorId: actor.id, subject, facts });
  if (judgement.done) await finishStep(db, found, step, order.order_sequence, checks, now);
  else if (judgement.grave)
    await raiseAlarm(db, nowMs, { kind: 'commissioning-failed', severity: 'stop', subject, facts });
  return ok({ isNew: true, ...ahead });
}

/** On site no order was sent by the server, so the first report says that the work has begun. */
async function beginCommissioning(db: Db, found: CaseRow, now: Date): Promise<void> {
  await db
    .updateTable('unlock_cases')
    .set({ state: 'commissioning', updated_at: now })
    .where('terminal_id', '=', found.terminal_id)
    .where('id', '=', found.id)
    .where('state', '=', 'unlocked')
    .execute();
}

async function sentKeyChecks(db: Db, terminalId: string, orderSequence: number): Promise<Map<string, Uint8Array>> {
  const rows = await db
    .selectFrom('terminal_keys')
    .select(['slot', 'kcv'])
    .where('terminal_id', '=', terminalId)
    .where('order_sequence', '=', orderSequence)
    .execute();
  return new Map(rows.map((row) => [row.slot, new Uint8Array(row.kcv)]));
}

async function finishStep(
  db: Db,
  found: CaseRow,
  step: RunStep,
  orderSequence: number,
  checks: ReadonlyMap<string, Uint8Array>,
  now: Date,
): Promise<void> {
  if (step === 'keys') {
    await db
      .updateTable('terminal_keys')
      .set({ loaded_at: now })
      .where('terminal_id', '=', found.terminal_id)
      .where('order_sequence', '=', orderSequence)
      .execute();
    const check = Buffer.from(checks.get('mac') ?? [])
      .toString('hex')
      .toUpperCase();
    await db
      .updateTable('terminals')
      .set({ keys_state: 'loaded', key_check: check })
      .where('id', '=', found.terminal_id)
      .execute();
  }
  if (step === 'probation') await moveCase(db, found, 'probation', now);
  if (step === 'release') {
    await moveCase(db, found, 'done', now);
    await closeTicketAsDone(db, found.ticket_id, now);
  }
}

async function moveCase(db: Db, found: CaseRow, state: string, now: Date): Promise<void> {
  const until = found.probation_until;
  await db
    .updateTable('unlock_cases')
    .set({ state, updated_at: now })
    .where('terminal_id', '=', found.terminal_id)
    .where('id', '=', found.id)
    .where('state', 'in', runStates)
    .execute();
  if (state !== 'probation') return;
  await db.updateTable('terminals').set({ probation_until: until }).where('id', '=', found.terminal_id).execute();
}

interface PresentOrder {
  readonly isNew: boolean;
  readonly order?: Uint8Array;
}

/**
 * The unanswered order again, or a new one for the first step that is not done; nothing while probation lasts. After a
 * report on an order made ahead, the next of those comes first; asked for without one, the server takes over.
 */
async function presentOrder(
  core: Core,
  actor: Actor,
  found: CaseRow,
  aheadSequence: number | undefined,
): Promise<Answer<PresentOrder>> {
  const { id, terminal_id: terminalId } = found;
  return core.db.transaction().execute(async (db) => {
    await lockTerminal(db, terminalId);
    const row = await findCaseIn(db, id);
    if (row === undefined || !runStates.includes(row.state)) return ok({ isNew: false });
    const orders = await db
      .selectFrom('orders')
      .select(['step', 'state', 'bytes', 'not_after', 'order_sequence'])
      .where('terminal_id', '=', terminalId)
      .where('case_id', '=', id)
      .orderBy('order_sequence')
      .execute();
    const step = runSteps.find((name) => !orders.some((order) => order.step === name && order.state === 'done'));
    if (step === undefined || (step === 'release' && !isReleasable(core, row))) return ok({ isNew: false });
    const isLive = (order: { readonly not_after: Date }): boolean => order.not_after.getTime() > core.clock();
    const ahead = orders.find(
      (order) => order.state === 'kit' && order.step === step && order.order_sequence > (aheadSequence ?? Infinity),
    );
    if (ahead !== undefined && isLive(ahead)) return ok({ isNew: false, order: new Uint8Array(ahead.bytes) });
    const given = orders.filter((order) => order.state !== 'kit' && order.state !== 'void');
    const last = given.at(-1);
    if (last?.step === step && last.state === 'sent' && isLive(last))
      return ok({ isNew: false, order: new Uint8Array(last.bytes) });
    if (given.filter((order) => order.step === step).length >= triesPerStepMax) return err('not-in-state', step);
    return ok({ isNew: true, order: await sendOrder(core, db, actor, row, step) });
  });
}

function isReleasable(core: Core, row: CaseRow): boolean {
  if (row.state !== 'probation') return false;
  return row.releasable || (row.probation_until !== null && row.probation_until.getTime() <= core.clock());
}

async function sendOrder(core: Core, db: Db, actor: Actor, row: CaseRow, step: RunStep): Promise<Uint8Array> {
  const nowMs = core.clock();
  const { order_sequence: orderSequence } = await db
    .updateTable('terminals')
    .set({ order_sequence: sql<number>`order_sequence + 1` })
    .where('id', '=', row.terminal_id)
    .returning('order_sequence')
    .executeTakeFirstOrThrow();
  // The device will follow the higher number: what was made ahead is worth nothing from here on.
  await db
    .updateTable('orders')
    .set({ state: 'void' })
    .where('terminal_id', '=', row.terminal_id)
    .where('state', '=', 'kit')
    .execute();
  const made = await makeOrder(db, core.keys(), row, step, orderSequence, nowMs);
  await db
    .insertInto('orders')
    .values({
      terminal_id: row.terminal_id,
      order_sequence: orderSequence,
      case_id: row.id,
      step,
      bytes: made.bytes,
      expected: made.expected,
      state: 'sent',
      not_after: made.notAfter,
      sent_at: new Date(nowMs),
      reported_at: null,
    })
    .execute();
  await db
    .updateTable('unlock_cases')
    .set({
      updated_at: new Date(nowMs),
      ...(row.state === 'unlocked' ? { state: 'commissioning' } : {}),
      ...(made.probationUntil === undefined ? {} : { probation_until: made.probationUntil }),
    })
    .where('terminal_id', '=', row.terminal_id)
    .where('id', '=', row.id)
    .execute();
  await writeAudit(db, nowMs, {
    act: 'commission.order',
    actorId: actor.id,
    subject: `terminal:${row.terminal_id}`,
    facts: { caseId: row.id, step, orderSequence, orderSha256: sha256Hex(made.bytes) },
  });
  return made.bytes;
}

async function findCaseIn(db: Db, id: string): Promise<CaseRow | undefined> {
  const { rows } = await sql<CaseRow>`${sql.raw(caseSelect)} where c.id = ${id}`.execute(db);
  return rows[0];
}
