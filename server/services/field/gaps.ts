import { sql } from 'kysely';
import { usesGaps } from '../../../domain/unlock/delegation-policy.ts';
import type { Db } from '../../store/database.ts';

/** Use numbers of one delegation that do not add up. */
export interface Gaps {
  readonly delegationId: string;
  readonly sequence: number;
  readonly technicianId: string;
  /** Missing, and it is time: the delegation is over, or a later use has been known for a day. */
  readonly missing: readonly number[];
  readonly doubled: readonly number[];
  /** The office has looked at the alarm and closed it. */
  readonly missingSettled: boolean;
  readonly doubledSettled: boolean;
}

interface UseRow {
  readonly delegation_id: string;
  readonly sequence: number;
  readonly technician_id: string;
  readonly not_after: Date | null;
  readonly indexes: number[];
  readonly heard: Date[];
  readonly missing_settled: boolean;
  readonly doubled_settled: boolean;
}

const waitMs = 24 * 3_600_000;
const lookBackMs = 90 * 24 * 3_600_000;

const settled = (kind: string) => sql<boolean>`(
  exists (select 1 from alarms a where a.subject = 'delegation:' || d.id and a.kind = ${kind} and a.closed_at is not null)
  and not exists (select 1 from alarms a
    where a.subject = 'delegation:' || d.id and a.kind = ${kind} and a.closed_at is null))`;

/** Delegations of the last 90 days, one technician's or everybody's, whose uses do not add up. */
export async function readGaps(db: Db, nowMs: number, technicianId?: string): Promise<Gaps[]> {
  const { rows } = await sql<UseRow>`
    select d.id as delegation_id, d.sequence, d.technician_id, d.not_after,
      array_agg(x.use_index) as indexes, array_agg(least(x.technician_at, x.terminal_at)) as heard,
      ${settled('uses-missing')} as missing_settled, ${settled('uses-doubled')} as doubled_settled
    from delegations d join delegation_uses x on x.delegation_id = d.id
    where d.asked_at >= ${new Date(nowMs - lookBackMs)}
      and (${technicianId ?? null}::text is null or d.technician_id = ${technicianId ?? null})
    group by d.technician_id, d.id`.execute(db);
  return rows.map((row) => gapsOf(row, nowMs)).filter((gaps) => gaps.missing.length + gaps.doubled.length > 0);
}

function gapsOf(row: UseRow, nowMs: number): Gaps {
  const { missing, doubled } = usesGaps(row.indexes);
  const isOver = row.not_after !== null && row.not_after.getTime() < nowMs;
  const isDue = (index: number): boolean =>
    isOver || row.indexes.some((other, i) => other > index && (row.heard[i]?.getTime() ?? nowMs) < nowMs - waitMs);
  return {
    delegationId: row.delegation_id,
    sequence: row.sequence,
    technicianId: row.technician_id,
    missing: missing.filter(isDue),
    doubled,
    missingSettled: row.missing_settled,
    doubledSettled: row.doubled_settled,
  };
}
