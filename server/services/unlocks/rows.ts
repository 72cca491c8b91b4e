import type { Pool } from 'pg';
import type { StoredDecision, StoredInspection } from '../../store/schema.ts';

/** A photo without its bytes. */
export interface PhotoRow {
  readonly id: string;
  readonly kind: 'rear' | 'seal' | 'other';
  readonly size: number;
  readonly sha256: string;
  readonly at: string;
}

/** A commissioning order without its bytes. */
export interface OrderRow {
  readonly sequence: number;
  readonly step: string;
  readonly state: 'kit' | 'sent' | 'done' | 'failed' | 'void';
  readonly sentAt: string;
  readonly reportedAt: string | null;
  readonly detail: Record<string, unknown> | null;
}

/** What an on-site unlock left, on its case. */
export interface SiteRow {
  readonly delegationId: string;
  readonly sequence: number;
  readonly useIndex: number;
  readonly secondId: string;
  readonly secondName: string;
  readonly timeProven: boolean;
  readonly usedAt: string;
  readonly byTechnician: boolean;
  readonly byTerminal: boolean;
}

/** One case with everything that its view needs, in one row. */
export interface CaseRow {
  readonly id: string;
  readonly terminal_id: string;
  readonly ticket_id: string;
  readonly technician_id: string;
  readonly state: string;
  readonly lock_epoch: number;
  readonly nonce: Buffer;
  readonly reasons: number;
  readonly firmware: number;
  readonly boot_count: number;
  readonly flags: number;
  readonly signed: boolean;
  readonly log_continues: boolean;
  readonly epoch_continues: boolean;
  readonly size_bytes: number;
  readonly screen_number: string;
  readonly response_secret: Buffer;
  readonly decision: StoredDecision;
  readonly probation_hours: number;
  readonly probation_limit_fen: number;
  readonly actions: number;
  readonly inspection: StoredInspection | null;
  readonly abort: Buffer | null;
  readonly opened_at: Date | null;
  readonly opened_by: string | null;
  readonly commission_key: Buffer | null;
  readonly device_epoch: number | null;
  readonly unlocked_at: Date | null;
  readonly probation_until: Date | null;
  readonly releasable: boolean;
  readonly asked_at: Date;
  readonly updated_at: Date;
  readonly body_hash: Buffer;
  readonly deferred: boolean;
  readonly label: string;
  readonly serial: string;
  readonly model: string;
  readonly device_id: Buffer;
  readonly place: string;
  readonly seal: string;
  readonly merchant_name: string;
  readonly ticket_number: string;
  readonly ticket_assignee: string | null;
  readonly technician_name: string;
  readonly opener_name: string | null;
  readonly approver_name: string | null;
  readonly grant_state: 'PENDING' | 'POSTED' | 'VOID' | 'EXPIRED' | null;
  readonly grant_sealed: Buffer | null;
  readonly grant_size: number | null;
  readonly grant_not_after: Date | null;
  readonly grant_late: boolean | null;
  readonly photos: readonly PhotoRow[];
  readonly orders: readonly OrderRow[];
  readonly site: SiteRow | null;
}

/** What every case query selects; conditions follow. */
export const caseSelect = `
select c.id, c.terminal_id, c.ticket_id, c.technician_id, c.state, c.lock_epoch, c.nonce, c.reasons, c.firmware,
  c.boot_count, c.flags, c.signed, c.log_continues, c.epoch_continues, c.size_bytes, c.screen_number,
  c.response_secret, c.decision, c.probation_hours, c.probation_limit_fen, c.actions, c.inspection, c.abort,
  c.opened_at, c.opened_by, c.commission_key, c.device_epoch, c.unlocked_at, c.probation_until, c.releasable,
  c.asked_at, c.updated_at, c.body_hash, c.deferred,
  t.label, t.serial, t.model, t.device_id, t.place, t.seal, m.name as merchant_name,
  k.number as ticket_number, k.assignee_id as ticket_assignee,
  u.name as technician_name, o.name as opener_name, a.name as approver_name,
  g.state as grant_state, g.sealed as grant_sealed, g.size_bytes as grant_size, g.not_after as grant_not_after,
  g.late as grant_late,
  coalesce((select json_agg(json_build_object('id', p.id, 'kind', p.kind, 'size', length(p.bytes),
    'sha256', encode(p.sha256, 'hex'), 'at', p.at) order by p.at, p.id)
    from photos p where p.case_id = c.id and p.uploader_id = c.technician_id), '[]') as photos,
  coalesce((select json_agg(json_build_object('sequence', r.order_sequence, 'step', r.step, 'state', r.state,
    'sentAt', r.sent_at, 'reportedAt', r.reported_at, 'detail', r.detail) order by r.order_sequence)
    from orders r where r.case_id = c.id), '[]') as orders,
  case when c.decision ->> 'by' = 'delegation' then (select json_build_object('delegationId', x.delegation_id,
    'sequence', d.sequence, 'useIndex', x.use_index, 'secondId', x.second_id, 'secondName', s.name,
    'timeProven', x.time_proven, 'usedAt', x.used_at, 'byTechnician', x.technician_at is not null,
    'byTerminal', x.terminal_at is not null)
    from delegation_uses x join delegations d on d.id = x.delegation_id join "user" s on s.id = x.second_id
    where x.terminal_id = c.terminal_id and x.case_id = c.id) end as site
from unlock_cases c
join terminals t on t.id = c.terminal_id
join merchants m on m.id = t.merchant_id
join tickets k on k.id = c.ticket_id
join "user" u on u.id = c.technician_id
left join "user" o on o.id = c.opened_by
left join "user" a on a.id = c.decision ->> 'approverId'
left join grants g on g.terminal_id = c.terminal_id and g.case_id = c.id`;

/** One case by its id, or by the id that its technician gave it while the terminal handed the unlock in first. */
export async function findCase(pool: Pool, id: string): Promise<CaseRow | undefined> {
  const read = async (caseId: string): Promise<CaseRow | undefined> => {
    const { rows } = await pool.query<CaseRow>({
      name: 'case-by-id',
      text: `${caseSelect} where c.id = $1`,
      values: [caseId],
    });
    return rows[0];
  };
  const row = await read(id);
  if (row !== undefined) return row;
  const alias = await pool.query<{ id: string }>('select id from unlock_cases where alias_id = $1', [id]);
  return alias.rows[0] === undefined ? undefined : read(alias.rows[0].id);
}
