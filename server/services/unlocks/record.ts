import type { Pool } from 'pg';
import { softReasonsMask } from '../../../domain/unlock/states.ts';
import type { AuditEntry } from '../../audit/records.ts';
import { auditRow } from '../../audit/records.ts';
import { alarmRow, type AlarmEntry } from '../alarms.ts';
import type { MadeGrant } from './grant.ts';
import type { CaseRow } from './rows.ts';

/** Everything that one decision writes. */
export interface DecisionRecord {
  readonly row: CaseRow;
  readonly tamper: boolean;
  readonly logHead: Uint8Array;
  /** The plain request, kept as evidence. */
  readonly request: Uint8Array;
  /** What the device signed may be believed: its counters are kept and older cases of the terminal give way. */
  readonly isTrusted: boolean;
  readonly keysetSequence: number;
  readonly grant: MadeGrant | undefined;
  readonly grantSequence: number;
  /** The terminal's row version that the decision was made on. */
  readonly terminalVersion: number;
  readonly audit: readonly AuditEntry[];
  readonly alarms: readonly AlarmEntry[];
  readonly nowMs: number;
}

// One statement, so one round trip and one commit. Every part hangs on `term`: when another decision for the same
// terminal came first, its version has moved, nothing is written, and the caller decides again on fresh facts.
const recordText = `
with term as (
  update terminals set version = version + 1,
    grant_sequence = greatest(grant_sequence, $1),
    last_epoch = case when $2 then greatest(last_epoch, $3) else last_epoch end,
    last_boot = case when $2 then greatest(last_boot, $4) else last_boot end,
    firmware = case when $2 then $5 else firmware end,
    keyset_sequence = case when $2 then $6 else keyset_sequence end,
    reasons = case when $2 then $7 else reasons end,
    state_confirmed = case when $2 then 'LOCKED' else state_confirmed end,
    keys_state = case when $2 then case when $30 then 'erased' else 'kept' end else keys_state end,
    confirmed_at = case when $2 then $8 else confirmed_at end,
    log_heads = case when $2 and log_heads[cardinality(log_heads)] is distinct from $9
      then (log_heads || $9)[greatest(cardinality(log_heads) - 30, 1):] else log_heads end
  where id = $10 and version = $11 returning id),
older as (
  update unlock_cases set updated_at = $8,
    state = case when state in ('needs-inspection', 'waiting', 'granted') then 'withdrawn' else 'void' end
  where terminal_id = (select id from term) and $2 and id <> $12
    and state not in ('refused', 'withdrawn', 'expired', 'void', 'done') returning id),
voided as (
  update grants set state = 'VOID', settled_at = $8
  where terminal_id = (select id from term) and case_id in (select id from older) and state = 'PENDING'),
made_case as (
  insert into unlock_cases (terminal_id, id, ticket_id, technician_id, state, body_hash, lock_epoch, nonce, reasons,
    tamper, firmware, boot_count, flags, signed, log_head, log_continues, epoch_continues, size_bytes, screen_number,
    response_secret, decision, probation_hours, probation_limit_fen, actions, asked_at, updated_at, deferred, request)
  select id, $12, $13, $14, $15, $16, $3, $17, $7, $18, $5, $4, $19, $20, $9, $21, $22, $23, $24, $25, $26, $27, $28,
    $29, $8, $8, $37, $38 from term),
made_grant as (
  insert into grants (terminal_id, case_id, lock_epoch, nonce, grant_sequence, grant_hash, size_bytes, sealed, state,
    not_after, made_at)
  select id, $12, $3, $17, $1, $31, $32, $33, 'PENDING', $34, $8 from term where $31::bytea is not null),
made_audit as (
  insert into audit (id, at, act, actor_id, subject, facts)
  select x.* from term, jsonb_to_recordset($35::jsonb)
    as x (id uuid, at timestamptz, act text, actor_id text, subject text, facts jsonb)),
made_alarms as (
  insert into alarms (id, kind, severity, subject, facts, raised_at)
  select x.* from term, jsonb_to_recordset($36::jsonb)
    as x (id uuid, kind text, severity text, subject text, facts jsonb, raised_at timestamptz))
select (select count(*) from term) as written, array(select id from older) as superseded`;

/**
 * Writes a decision. @returns ids of older cases of the terminal that gave way, or `undefined` when somebody else was
 * faster. Throws a unique violation when the case's id was taken meanwhile.
 */
export async function recordDecision(pool: Pool, record: DecisionRecord): Promise<string[] | undefined> {
  const { rows } = await pool.query<{ written: number; superseded: string[] }>({
    name: 'unlock-record',
    text: recordText,
    values: valuesOf(record),
  });
  const [answer] = rows;
  return answer === undefined || answer.written === 0 ? undefined : answer.superseded;
}

function valuesOf(record: DecisionRecord): unknown[] {
  const { row, grant, nowMs } = record;
  const unfold = (entry: { facts: string }) => ({ ...entry, facts: JSON.parse(entry.facts) as unknown });
  return [
    record.grantSequence,
    record.isTrusted,
    row.lock_epoch,
    row.boot_count,
    row.firmware,
    record.keysetSequence,
    row.reasons,
    new Date(nowMs),
    record.logHead,
    row.terminal_id,
    record.terminalVersion,
    row.id,
    row.ticket_id,
    row.technician_id,
    row.state,
    row.body_hash,
    row.nonce,
    record.tamper,
    row.flags,
    row.signed,
    row.log_continues,
    row.epoch_continues,
    row.size_bytes,
    row.screen_number,
    row.response_secret,
    JSON.stringify(row.decision),
    row.probation_hours,
    row.probation_limit_fen,
    row.actions,
    isKeyErasing(row.reasons),
    grant?.hash ?? null,
    grant?.sizeBytes ?? null,
    grant?.sealed ?? null,
    grant?.notAfter ?? null,
    JSON.stringify(record.audit.map((entry) => unfold(auditRow(entry, nowMs)))),
    JSON.stringify(record.alarms.map((entry) => unfold(alarmRow(entry, nowMs)))),
    row.deferred,
    record.request,
  ];
}

function isKeyErasing(reasons: number): boolean {
  return (reasons & ~softReasonsMask) !== 0;
}
