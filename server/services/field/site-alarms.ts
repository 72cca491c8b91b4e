import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import type { Db } from '../../store/database.ts';
import { type AlarmEntry, raiseAlarm } from '../alarms.ts';
import type { CheckedSite } from './site-check.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

/** Raises everything that a new on-site unlock gives cause for. @returns ids of the alarms. */
export async function alarmsForNew(db: Db, site: CheckedSite, caseId: string, nowMs: number): Promise<string[]> {
  const entries = [
    ...(await conflicts(db, site, caseId)),
    ...(await doubles(db, site, caseId)),
    ...standing(site, caseId, nowMs),
  ];
  const ids: string[] = [];
  for (const entry of entries) ids.push(await raiseAlarm(db, nowMs, entry));
  return ids;
}

/** One lock of one device is cleared once. Two receipts for it mean that two devices hold one identity. */
async function conflicts(db: Db, site: CheckedSite, caseId: string): Promise<AlarmEntry[]> {
  const subject = `terminal:${site.terminalId}`;
  const others = await db
    .selectFrom('delegation_uses')
    .select(['case_id', 'receipt_hash'])
    .where('terminal_id', '=', site.terminalId)
    .where('lock_epoch', '=', site.receiptMessage.lockEpoch)
    .execute();
  const differing = others.map((other) => ({
    kind: 'site-record-differs' as const,
    severity: 'stop' as const,
    subject,
    facts: { caseId, otherCaseId: other.case_id, why: 'receipt', receipt: hex(site.receiptHash) },
  }));
  if (site.refusal === undefined) return differing;
  const facts = { caseId, why: 'refused', refusal: site.refusal, receipt: hex(site.receiptHash) };
  return [...differing, { kind: 'site-record-differs', severity: 'stop', subject, facts }];
}

async function doubles(db: Db, site: CheckedSite, caseId: string): Promise<AlarmEntry[]> {
  const other = await db
    .selectFrom('delegation_uses')
    .select('case_id')
    .where('delegation_id', '=', site.delegation.id)
    .where('use_index', '=', site.response.useIndex)
    .executeTakeFirst();
  if (other === undefined) return [];
  return [
    {
      kind: 'uses-doubled',
      severity: 'stop',
      subject: `delegation:${site.delegation.id}`,
      facts: { caseId, otherCaseId: other.case_id, useIndex: site.response.useIndex },
    },
  ];
}

/** Was the delegation in force? What nobody can prove is said as such. */
function standing(site: CheckedSite, caseId: string, nowMs: number): AlarmEntry[] {
  const { delegation, timeProven, receiptMessage } = site;
  const subject = `delegation:${delegation.id}`;
  const usedMs = receiptMessage.deviceTimeSeconds * 1000;
  const facts = { caseId, usedAt: site.usedAt.toISOString(), timeProven };
  if (delegation.revoked_at !== null) {
    const isBefore = timeProven && usedMs < delegation.revoked_at.getTime();
    const severity = isBefore ? 'warn' : 'stop';
    const when = isBefore ? 'before' : timeProven ? 'after' : 'unproven';
    return [{ kind: 'revoked-delegation-used', severity, subject, facts: { ...facts, revocation: when } }];
  }
  const notAfterMs = (delegation.not_after?.getTime() ?? 0) + unlockLimits.clockSkewSeconds * 1000;
  if (timeProven) return usedMs > notAfterMs ? [{ kind: 'time-unproven', severity: 'stop', subject, facts }] : [];
  return nowMs > notAfterMs ? [{ kind: 'time-unproven', severity: 'warn', subject, facts }] : [];
}

/** Technician and terminal hand in the same receipt beside different requests: once an alarm is enough. */
export async function differs(
  db: Db,
  site: CheckedSite,
  caseId: string,
  detail: Readonly<Record<string, string>>,
  nowMs: number,
): Promise<string[]> {
  const subject = `terminal:${site.terminalId}`;
  const receipt = hex(site.receiptHash);
  const known = await db
    .selectFrom('alarms')
    .select('facts')
    .where('subject', '=', subject)
    .where('kind', '=', 'site-record-differs')
    .execute();
  if (known.some(({ facts }) => facts['receipt'] === receipt && facts['why'] === detail['why'])) return [];
  const facts = { caseId, receipt, ...detail };
  return [await raiseAlarm(db, nowMs, { kind: 'site-record-differs', severity: 'stop', subject, facts })];
}
