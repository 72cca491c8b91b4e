import { sql } from 'kysely';
import { tamperReasonsMask } from '../../../domain/unlock/policy.ts';
import { err, ok } from '../../../domain/result.ts';
import type { SubmitInspection } from '../../../protocol/http/unlocks.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import type { Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Db } from '../../store/database.ts';
import type { StoredDecision, StoredInspection } from '../../store/schema.ts';
import { lockTerminal } from '../terminal-writes.ts';
import { moveUnlocked } from '../unlocks/settle.ts';
import { linkKit } from './kits.ts';
import { alarmsForNew, differs } from './site-alarms.ts';
import type { CheckedSite } from './site-check.ts';

/** Who hands the record in, and what only the technician can add. */
export type SiteGiven =
  | { readonly source: 'terminal' }
  | {
      readonly source: 'technician';
      readonly actorId: string;
      readonly caseId: string;
      readonly ticketId: string;
      readonly inspection: SubmitInspection | undefined;
    };

/** What taking a record did. */
export interface SiteOutcome {
  readonly caseId: string;
  /** The unlock had not been heard of. */
  readonly isNew: boolean;
  readonly hasChanged: boolean;
  /** Cases that gave way to what the device has done. */
  readonly superseded: readonly string[];
  readonly alarms: readonly string[];
}

const caseIdVersion = 0x80;
const caseIdVariant = 0x80;

/** The case's id when the terminal hands in first: UUID version 8 (RFC 9562) of the receipt's hash, the same every time. */
export function siteCaseId(receiptHash: Uint8Array): string {
  const bytes = Buffer.from(receiptHash.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | caseIdVersion;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | caseIdVariant;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Keeps one on-site unlock, once, whoever brings it and however often. All in the caller's transaction. */
export async function keepSite(
  db: Db,
  site: CheckedSite,
  given: SiteGiven,
  nowMs: number,
): Promise<Answer<SiteOutcome>> {
  await lockTerminal(db, site.terminalId);
  const known = await db
    .selectFrom('delegation_uses')
    .selectAll()
    .where('terminal_id', '=', site.terminalId)
    .where('receipt_hash', '=', site.receiptHash)
    .executeTakeFirst();
  return known === undefined ? takeNew(db, site, given, nowMs) : hearAgain(db, site, given, known, nowMs);
}

interface KnownUse {
  readonly case_id: string;
  readonly request_hash: Buffer;
  readonly technician_at: Date | null;
  readonly terminal_at: Date | null;
}

async function hearAgain(
  db: Db,
  site: CheckedSite,
  given: SiteGiven,
  known: KnownUse,
  nowMs: number,
): Promise<Answer<SiteOutcome>> {
  const column = given.source === 'technician' ? 'technician_at' : 'terminal_at';
  const isFirst = known[column] === null;
  const alarms = known.request_hash.equals(site.requestHash)
    ? []
    : await differs(db, site, known.case_id, { why: 'request', source: given.source }, nowMs);
  if (isFirst) {
    await db
      .updateTable('delegation_uses')
      .set({ [column]: new Date(nowMs) })
      .where('terminal_id', '=', site.terminalId)
      .where('receipt_hash', '=', site.receiptHash)
      .execute();
    await writeAudit(db, nowMs, {
      act: 'site.heard-again',
      actorId: given.source === 'technician' ? given.actorId : undefined,
      subject: `terminal:${site.terminalId}`,
      facts: { caseId: known.case_id, source: given.source, receipt: site.receiptHash.toString('hex') },
    });
  }
  if (given.source === 'technician') await joinCase(db, site, given, known.case_id, nowMs);
  const hasChanged = isFirst || alarms.length > 0;
  return ok({ caseId: known.case_id, isNew: false, hasChanged, superseded: [], alarms });
}

type TechnicianGiven = Extract<SiteGiven, { source: 'technician' }>;

/** Brings together the technician's own name for the case, photos and inspection, with the case that the terminal made. */
async function joinCase(
  db: Db,
  site: CheckedSite,
  given: TechnicianGiven,
  caseId: string,
  nowMs: number,
): Promise<void> {
  const atCase = db.updateTable('unlock_cases').where('terminal_id', '=', site.terminalId).where('id', '=', caseId);
  if (given.caseId !== caseId) {
    await atCase.set({ alias_id: given.caseId }).where('alias_id', 'is', null).execute();
    await db.updateTable('photos').set({ case_id: caseId }).where('case_id', '=', given.caseId).execute();
  }
  if (given.inspection === undefined) return;
  const inspection = await storedInspection(db, site.terminalId, given.inspection, nowMs);
  const changed = await atCase
    .set({ inspection: JSON.stringify(inspection) })
    .where('inspection', 'is', null)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) return;
  await db
    .updateTable('terminals')
    .set({ seal: inspection.sealNew })
    .where('id', '=', site.terminalId)
    .where('last_epoch', '<=', site.receiptMessage.lockEpoch)
    .execute();
}

async function storedInspection(
  db: Db,
  terminalId: string,
  inspection: SubmitInspection,
  nowMs: number,
): Promise<StoredInspection> {
  const { seal } = await db
    .selectFrom('terminals')
    .select('seal')
    .where('id', '=', terminalId)
    .executeTakeFirstOrThrow();
  return { ...inspection, sealRegistered: seal, at: new Date(nowMs).toISOString() };
}

async function takeNew(db: Db, site: CheckedSite, given: SiteGiven, nowMs: number): Promise<Answer<SiteOutcome>> {
  const caseId = given.source === 'technician' ? given.caseId : siteCaseId(site.receiptHash);
  const taken = await db
    .selectFrom('unlock_cases')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', caseId), eb('alias_id', '=', caseId)]))
    .executeTakeFirst();
  if (taken !== undefined) return err('exists-with-different-body', 'caseId');
  const { last_epoch: lastEpoch } = await db
    .selectFrom('terminals')
    .select('last_epoch')
    .where('id', '=', site.terminalId)
    .executeTakeFirstOrThrow();
  // The device has been locked and cleared again since: this record is history, and must not move the present.
  const isBehind = lastEpoch > site.receiptMessage.lockEpoch;
  const alarms = await alarmsForNew(db, site, caseId, nowMs);
  const superseded = isBehind ? [] : await giveWay(db, site, nowMs);
  await insertCase(db, site, given, caseId, nowMs);
  await insertLedger(db, site, given, caseId, nowMs);
  const { terminalId, receiptMessage: receipt, receipt: bytes, usedAt: unlockedAt } = site;
  await moveUnlocked(db, { terminalId, caseId, receipt, bytes, unlockedAt, now: new Date(nowMs), isBehind });
  if (!isBehind) await settlePresent(db, site, caseId);
  await writeAudit(db, nowMs, auditOf(site, given, caseId));
  return ok({ caseId, isNew: true, hasChanged: true, superseded, alarms });
}

/** Cases of the same or an earlier lock end: the device has answered them by what it did. */
async function giveWay(db: Db, site: CheckedSite, nowMs: number): Promise<string[]> {
  const now = new Date(nowMs);
  const rows = await db
    .updateTable('unlock_cases')
    .set({
      updated_at: now,
      state: sql<string>`case when state in ('needs-inspection', 'waiting', 'granted') then 'withdrawn' else 'void' end`,
    })
    .where('terminal_id', '=', site.terminalId)
    .where('lock_epoch', '<=', site.requestMessage.lockEpoch)
    .where('state', 'not in', ['refused', 'withdrawn', 'expired', 'void', 'done'])
    .returning('id')
    .execute();
  await db
    .updateTable('grants')
    .set({ state: 'VOID', settled_at: now })
    .where('terminal_id', '=', site.terminalId)
    .where('lock_epoch', '<=', site.requestMessage.lockEpoch)
    .where('state', '=', 'PENDING')
    .execute();
  return rows.map((row) => row.id);
}

function decisionOf(site: CheckedSite): StoredDecision {
  const { delegation } = site;
  return {
    by: 'delegation',
    outcome: 'grant',
    rule: 0,
    policyVersion: delegation.policy_version,
    checks: delegation.checks,
    ...(delegation.decided_by === null ? {} : { approverId: delegation.decided_by }),
    ...(delegation.decision_reason === null ? {} : { reason: delegation.decision_reason }),
    at: (delegation.decided_at ?? site.usedAt).toISOString(),
  };
}

async function ticketOf(db: Db, site: CheckedSite): Promise<string> {
  const row = await db
    .selectFrom('delegation_terminals')
    .select('ticket_id')
    .where('terminal_id', '=', site.terminalId)
    .where('delegation_id', '=', site.delegation.id)
    .executeTakeFirst();
  if (row !== undefined) return row.ticket_id;
  const any = await db
    .selectFrom('tickets')
    .select('id')
    .where('terminal_id', '=', site.terminalId)
    .orderBy('opened_at', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  return any.id;
}

async function insertCase(db: Db, site: CheckedSite, given: SiteGiven, caseId: string, nowMs: number): Promise<void> {
  const { requestMessage: request, delegation, terminalId } = site;
  const { rows } = await sql<{ last_epoch: number; position: number | null; heads: number }>`
    select last_epoch, array_position(log_heads, ${Buffer.from(request.logHead)}::bytea) as position,
      cardinality(log_heads) as heads from terminals where id = ${terminalId}`.execute(db);
  const [kept] = rows;
  const fromTechnician = given.source === 'technician' ? given : undefined;
  const inspection =
    fromTechnician?.inspection === undefined
      ? null
      : await storedInspection(db, terminalId, fromTechnician.inspection, nowMs);
  await db
    .insertInto('unlock_cases')
    .values({
      ...{ terminal_id: terminalId, id: caseId, ticket_id: fromTechnician?.ticketId ?? (await ticketOf(db, site)) },
      ...{ technician_id: delegation.technician_id, state: 'granted', body_hash: site.receiptHash },
      ...{ lock_epoch: request.lockEpoch, nonce: request.nonce, reasons: request.reasons },
      ...{ tamper: (request.reasons & tamperReasonsMask) !== 0, firmware: request.firmware },
      ...{ boot_count: request.bootCount, flags: request.flags, signed: true, log_head: request.logHead },
      log_continues: kept === undefined || kept.position === null || kept.position === kept.heads,
      epoch_continues: kept === undefined || request.lockEpoch >= kept.last_epoch,
      ...{ request: site.request, size_bytes: site.request.length, screen_number: screenNumber(site.request) },
      response_secret: new Uint8Array(0),
      decision: JSON.stringify(decisionOf(site)),
      ...{ probation_hours: delegation.probation_hours, probation_limit_fen: delegation.probation_limit_fen },
      ...{ actions: site.response.actions, inspection: inspection === null ? null : JSON.stringify(inspection) },
      ...{ abort: null, opened_at: null, opened_by: null, commission_key: null, device_epoch: null, receipt: null },
      ...{ unlocked_at: null, probation_until: null, asked_at: site.usedAt, updated_at: new Date(nowMs) },
    })
    .execute();
}

async function insertLedger(db: Db, site: CheckedSite, given: SiteGiven, caseId: string, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await db
    .insertInto('grants')
    .values({
      ...{ terminal_id: site.terminalId, case_id: caseId, lock_epoch: site.requestMessage.lockEpoch },
      ...{ nonce: site.requestMessage.nonce, grant_sequence: null, grant_hash: site.bundleHash },
      ...{ size_bytes: site.bundle.length, sealed: site.bundle, state: 'POSTED' },
      ...{ not_after: site.delegation.not_after ?? now, made_at: site.usedAt, settled_at: now },
    })
    .execute();
  await db
    .insertInto('delegation_uses')
    .values({
      ...{ terminal_id: site.terminalId, receipt_hash: site.receiptHash, delegation_id: site.delegation.id },
      ...{ use_index: site.response.useIndex, case_id: caseId, request_hash: site.requestHash },
      ...{ bundle_hash: site.bundleHash, lock_epoch: site.receiptMessage.lockEpoch, second_id: site.second.personId },
      ...{ used_at: site.usedAt, time_proven: site.timeProven },
      technician_at: given.source === 'technician' ? now : null,
      terminal_at: given.source === 'terminal' ? now : null,
    })
    .execute();
}

const hourMs = 3_600_000;

/** What the unlock means for the terminal as it is now: its keys, its watch, the orders made ahead. */
async function settlePresent(db: Db, site: CheckedSite, caseId: string): Promise<void> {
  const { delegation, terminalId, receiptMessage: receipt } = site;
  await db
    .updateTable('terminals')
    .set({ keys_state: receipt.state === 'BLANK' ? 'erased' : 'kept', firmware: site.requestMessage.firmware })
    .where('id', '=', terminalId)
    .execute();
  if (receipt.state !== 'BLANK') return;
  await linkKit(db, { terminalId, delegationSequence: delegation.sequence, caseId });
  const until = new Date((delegation.not_after ?? site.usedAt).getTime() + delegation.probation_hours * hourMs);
  await db
    .updateTable('unlock_cases')
    .set({ probation_until: until })
    .where('terminal_id', '=', terminalId)
    .where('id', '=', caseId)
    .execute();
}

function auditOf(site: CheckedSite, given: SiteGiven, caseId: string) {
  const { receiptMessage: receipt, requestMessage: request } = site;
  return {
    act: 'unlock.on-site',
    actorId: given.source === 'technician' ? given.actorId : undefined,
    subject: `terminal:${site.terminalId}`,
    facts: {
      caseId,
      source: given.source,
      delegationId: site.delegation.id,
      number: `D-${String(site.delegation.sequence)}`,
      technicianId: site.delegation.technician_id,
      secondId: site.second.personId,
      useIndex: site.response.useIndex,
      reasons: request.reasons,
      lockEpoch: receipt.lockEpoch,
      state: receipt.state,
      grantedActions: receipt.grantedActions,
      usedAt: site.usedAt.toISOString(),
      timeProven: site.timeProven,
      requestSha256: site.requestHash.toString('hex'),
      bundleSha256: site.bundleHash.toString('hex'),
      receiptSha256: site.receiptHash.toString('hex'),
      keysetSequence: request.keysetSequence,
      ...(site.refusal === undefined ? {} : { refusal: site.refusal }),
    },
  };
}
