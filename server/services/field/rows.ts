import { sql } from 'kysely';
import { delegationRefusals, type DelegationRefusal, usesGaps } from '../../../domain/unlock/delegation-policy.ts';
import { reasonsOf } from '../../../domain/unlock/states.ts';
import type { DelegationView } from '../../../protocol/http/field.ts';
import type { Db } from '../../store/database.ts';
import type { StoredDecision } from '../../store/schema.ts';

type Terminals = DelegationView['terminals'];

/** A delegation with everything that its view needs. */
export interface DelegationRow {
  readonly id: string;
  readonly sequence: number;
  readonly state: DelegationView['state'];
  readonly technician_id: string;
  readonly technician_name: string;
  readonly field_key_id: string;
  readonly key_label: string;
  readonly body_hash: Buffer;
  readonly hours: number;
  readonly note: string;
  readonly renews: string | null;
  readonly asked_at: Date;
  readonly checks: StoredDecision['checks'];
  readonly policy_version: number;
  readonly refusal: { code: string; next: string } | null;
  readonly reasons_ok: number;
  readonly uses_max: number;
  readonly uses_per_terminal_max: number;
  readonly probation_hours: number;
  readonly probation_limit_fen: number;
  readonly not_before: Date | null;
  readonly not_after: Date | null;
  readonly bytes: Buffer | null;
  readonly decided_by: string | null;
  readonly decider_name: string | null;
  readonly decided_at: Date | null;
  readonly decision_reason: string | null;
  readonly revoked_by: string | null;
  readonly revoker_name: string | null;
  readonly revoked_at: Date | null;
  readonly revoked_reason: string | null;
  readonly fetched_at: Date | null;
  readonly terminals: (Omit<Terminals[number], 'deviceId'> & { identityKey: string })[];
  readonly seconds: DelegationView['seconds'];
  readonly uses: (Omit<DelegationView['uses'][number], 'sources' | 'at'> & {
    at: string;
    byTechnician: boolean;
    byTerminal: boolean;
  })[];
}

const select = sql`
select d.*, u.name as technician_name, f.label as key_label, a.name as decider_name, r.name as revoker_name,
  (select json_agg(json_build_object('ticketId', x.ticket_id, 'ticketNumber', k.number,
    'identityKey', encode(t.identity_public_key, 'hex'),
    'terminal', json_build_object('id', t.id, 'label', t.label, 'serial', t.serial, 'model', t.model,
      'deviceId', encode(t.device_id, 'hex'), 'merchantName', m.name, 'place', t.place, 'seal', t.seal),
    'secondKeyIds', (select json_agg(s.key_id order by s.key_id) from delegation_seconds s
      where s.delegation_id = d.id and s.terminal_id = t.id),
    'uses', (select count(*) from delegation_uses y where y.delegation_id = d.id and y.terminal_id = t.id),
    'kit', exists (select 1 from orders o where o.terminal_id = t.id and o.delegation_sequence = d.sequence)
    ) order by x.place)
    from delegation_terminals x join terminals t on t.id = x.terminal_id join merchants m on m.id = t.merchant_id
      join tickets k on k.id = x.ticket_id where x.delegation_id = d.id) as terminals,
  (select json_agg(json_build_object('keyId', q.id, 'person', json_build_object('id', p.id, 'name', p.name),
    'role', p.role, 'label', q.label) order by p.name, q.id)
    from field_keys q join "user" p on p.id = q.person_id
    where q.id in (select s.key_id from delegation_seconds s where s.delegation_id = d.id)) as seconds,
  coalesce((select json_agg(json_build_object('useIndex', y.use_index, 'terminalId', y.terminal_id,
    'caseId', y.case_id, 'second', json_build_object('id', p.id, 'name', p.name), 'at', y.used_at,
    'timeProven', y.time_proven, 'byTechnician', y.technician_at is not null,
    'byTerminal', y.terminal_at is not null) order by y.use_index, y.used_at)
    from delegation_uses y join "user" p on p.id = y.second_id where y.delegation_id = d.id), '[]') as uses
from delegations d join "user" u on u.id = d.technician_id join field_keys f on f.id = d.field_key_id
left join "user" a on a.id = d.decided_by left join "user" r on r.id = d.revoked_by`;

/** What a list of delegations is narrowed to. */
export interface DelegationFilter {
  readonly state?: DelegationView['state'] | undefined;
  readonly technicianId?: string | undefined;
  /** Only those that name this person as second person. */
  readonly secondId?: string | undefined;
  readonly limit: number;
  /** Sequence number behind which the page starts. */
  readonly before?: number | undefined;
}

/** Delegations, newest first. */
export async function readDelegations(db: Db, filter: DelegationFilter): Promise<DelegationRow[]> {
  const { state, technicianId, secondId, before } = filter;
  const { rows } = await sql<DelegationRow>`${select}
    where (${state ?? null}::text is null or d.state = ${state ?? null})
      and (${technicianId ?? null}::text is null or d.technician_id = ${technicianId ?? null})
      and (${before ?? null}::bigint is null or d.sequence < ${before ?? null})
      and (${secondId ?? null}::text is null or exists (select 1 from delegation_seconds s
        join field_keys q on q.id = s.key_id where s.delegation_id = d.id and q.person_id = ${secondId ?? null}))
    order by d.sequence desc limit ${filter.limit}`.execute(db);
  return rows;
}

/** One delegation, or `undefined`. */
export async function findDelegation(db: Db, id: string): Promise<DelegationRow | undefined> {
  const { rows } = await sql<DelegationRow>`${select} where d.id = ${id}`.execute(db);
  return rows[0];
}

/** What people call it. */
export const numberOf = (sequence: number): string => `D-${String(sequence)}`;

/** A refusal as it is kept: the code and its next step. */
export function refusalOf(code: DelegationRefusal): { code: string; next: string } {
  return { code, next: delegationRefusals[code] };
}

/** The delegation as its readers see it. */
export function viewDelegation(row: DelegationRow): DelegationView {
  const { missing, doubled } = usesGaps(row.uses.map((use) => use.useIndex));
  return {
    id: row.id,
    number: numberOf(row.sequence),
    state: row.state,
    technician: { id: row.technician_id, name: row.technician_name },
    fieldKey: { id: row.field_key_id, label: row.key_label },
    terminals: row.terminals.map(({ identityKey: _, ...terminal }) => ({
      ...terminal,
      deviceId: Buffer.from(terminal.terminal.deviceId, 'hex').toString('base64url'),
    })),
    seconds: row.seconds,
    actions: ['clearSoft', 'clearTamper'],
    reasonsOk: reasonsOf(row.reasons_ok),
    usesMax: row.uses_max,
    usesPerTerminalMax: row.uses_per_terminal_max,
    hours: row.hours,
    note: row.note,
    askedAt: row.asked_at.toISOString(),
    checks: row.checks,
    ...(row.refusal === null ? {} : { refusal: row.refusal }),
    ...timesOf(row),
    ...peopleOf(row),
    ...(row.renews === null ? {} : { renews: row.renews }),
    uses: row.uses.map(({ byTechnician, byTerminal, at, ...use }) => ({
      ...use,
      at: new Date(at).toISOString(),
      sources: [...(byTechnician ? (['technician'] as const) : []), ...(byTerminal ? (['terminal'] as const) : [])],
    })),
    missing,
    doubled,
  };
}

type Times = Pick<DelegationView, 'notBefore' | 'notAfter' | 'fetchedAt'>;

function timesOf(row: DelegationRow): Times {
  return {
    ...(row.not_before === null ? {} : { notBefore: row.not_before.toISOString() }),
    ...(row.not_after === null ? {} : { notAfter: row.not_after.toISOString() }),
    ...(row.fetched_at === null ? {} : { fetchedAt: row.fetched_at.toISOString() }),
  };
}

type Decided = Pick<DelegationView, 'decidedBy' | 'decidedAt' | 'decisionReason'>;
type Revoked = Pick<DelegationView, 'revokedBy' | 'revokedAt' | 'revokedReason'>;

function peopleOf(row: DelegationRow): Decided & Revoked {
  return {
    ...(row.decided_by === null ? {} : { decidedBy: { id: row.decided_by, name: row.decider_name ?? '' } }),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at.toISOString() }),
    ...(row.decision_reason === null ? {} : { decisionReason: row.decision_reason }),
    ...(row.revoked_by === null ? {} : { revokedBy: { id: row.revoked_by, name: row.revoker_name ?? '' } }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
    ...(row.revoked_reason === null ? {} : { revokedReason: row.revoked_reason }),
  };
}
