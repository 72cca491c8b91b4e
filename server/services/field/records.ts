import { err, ok } from '../../../domain/result.ts';
import type { DeviceRecords, SubmitSiteRecord } from '../../../protocol/http/field.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../store/database.ts';
import { raiseAlarm } from '../alarms.ts';
import { lockTerminal } from '../terminal-writes.ts';
import { type CheckedSite, checkSite, type SiteRecordBytes, type UnknownSite } from './site-check.ts';
import { keepSite, type SiteOutcome } from './site-keep.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));

function recordBytes(record: { request: string; bundle: string; receipt: string }): SiteRecordBytes {
  return { request: bytesOf(record.request), bundle: bytesOf(record.bundle), receipt: bytesOf(record.receipt) };
}

/**
 * Takes an on-site unlock from the technician. Safe to repeat: the receipt names the act. @returns the case's id,
 * which is the client's unless the terminal handed the same unlock in before.
 */
export async function submitSiteRecord(core: Core, actor: Actor, body: SubmitSiteRecord): Promise<Answer<string>> {
  const checked = await checkSite(core.db, recordBytes(body), core.clock());
  if (!('ok' in checked)) {
    await hearUnknown(core, checked, actor.id);
    return err('receipt-unknown', 'bundle');
  }
  if (!checked.ok) return checked;
  const site = checked.value;
  const ticket = await core.db
    .selectFrom('tickets')
    .select(['terminal_id', 'assignee_id'])
    .where('id', '=', body.ticketId)
    .executeTakeFirst();
  const isCourier = site.delegation.technician_id === actor.id || ticket?.assignee_id === actor.id;
  if (!isCourier) return err('not-found', 'bundle');
  if (ticket?.terminal_id !== site.terminalId) return err('ticket-not-yours', 'ticketId');
  const given = { source: 'technician' as const, actorId: actor.id, caseId: body.caseId, ticketId: body.ticketId };
  const outcome = await keep(core, site, { ...given, inspection: body.inspection });
  return outcome.ok ? ok(outcome.value.caseId) : outcome;
}

/**
 * Takes what a terminal hands in by itself. All records are checked before the first is taken. One under a delegation
 * that is not ours is heard like the others, with an alarm: the terminal need not bring it again.
 */
export async function submitDeviceRecords(
  core: Core,
  body: DeviceRecords,
): Promise<Answer<{ taken: number; known: number }>> {
  const checks: (CheckedSite | UnknownSite)[] = [];
  for (const [i, record] of body.records.entries()) {
    const checked = await checkSite(core.db, recordBytes(record), core.clock());
    const place = `records.${String(i)}`;
    if ('ok' in checked && !checked.ok) {
      return err(checked.error, checked.detail === undefined ? place : `${place}.${checked.detail}`);
    }
    checks.push('ok' in checked ? checked.value : checked);
  }
  let taken = 0;
  for (const site of checks) {
    if (!('delegation' in site)) {
      if (await hearUnknown(core, site)) taken += 1;
      continue;
    }
    const outcome = await keep(core, site, { source: 'terminal' });
    if (!outcome.ok) return outcome;
    if (outcome.value.isNew) taken += 1;
  }
  return ok({ taken, known: checks.length - taken });
}

async function keep(
  core: Core,
  site: CheckedSite,
  given: Parameters<typeof keepSite>[2],
): Promise<Answer<SiteOutcome>> {
  const nowMs = core.clock();
  try {
    const outcome = await core.db.transaction().execute((db) => keepSite(db, site, given, nowMs));
    if (outcome.ok && outcome.value.isNew) await markKeys(core.db, site);
    if (outcome.ok) announce(core, site, outcome.value);
    return outcome;
  } catch (error) {
    // The case id is somebody else's; the receipt itself is held by the terminal's row.
    if (sqlState(error) === uniqueViolation) return err('exists-with-different-body', 'caseId');
    throw error;
  }
}

/** Outside the record's transaction: who revokes a key holds the key first and the terminals second. */
async function markKeys(db: Db, site: CheckedSite): Promise<void> {
  await db
    .updateTable('field_keys')
    .set({ last_used_at: site.usedAt })
    .where('id', 'in', [site.fieldKeyId, site.second.keyId])
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', site.usedAt)]))
    .execute();
}

function announce(core: Core, site: CheckedSite, outcome: SiteOutcome): void {
  if (!outcome.hasChanged) return;
  core.bus.publish(
    ...[outcome.caseId, ...outcome.superseded].map((id) => ({ name: 'unlock' as const, id })),
    { name: 'terminal', id: site.terminalId },
    { name: 'delegation', id: site.delegation.id },
    { name: 'audit', id: outcome.caseId },
    ...outcome.alarms.map((id) => ({ name: 'alarm' as const, id })),
  );
}

/**
 * A true device under authority that is not ours: somebody else holds signing keys, or a database was set back.
 * @returns whether it is news.
 */
async function hearUnknown(core: Core, site: UnknownSite, actorId?: string): Promise<boolean> {
  const nowMs = core.clock();
  const subject = `terminal:${site.terminalId}`;
  const receipt = site.receiptHash.toString('hex');
  const alarmId = await core.db.transaction().execute(async (db) => {
    await lockTerminal(db, site.terminalId);
    const known = await db
      .selectFrom('alarms')
      .select('facts')
      .where('subject', '=', subject)
      .where('kind', '=', 'bad-signature')
      .execute();
    if (known.some(({ facts }) => facts['receipt'] === receipt)) return undefined;
    const facts = { why: 'unknown-delegation', receipt, bundle: site.bundleHash.toString('hex') };
    await writeAudit(db, nowMs, { act: 'site.unknown-delegation', actorId, subject, facts });
    return raiseAlarm(db, nowMs, { kind: 'bad-signature', severity: 'stop', subject, facts });
  });
  if (alarmId !== undefined) core.bus.publish({ name: 'alarm', id: alarmId }, { name: 'audit', id: alarmId });
  return alarmId !== undefined;
}
