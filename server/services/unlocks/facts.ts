import type { Pool } from 'pg';
import { flagBits } from '../../../protocol/unlock/v1/constants.ts';
import type { UnlockRequest } from '../../../protocol/unlock/v1/messages.ts';
import type { UnlockFacts } from '../../../domain/unlock/policy.ts';

/** What the database knows when a request arrives; one row, one round trip. Terminal columns are null when it is unknown. */
export interface FactsRow {
  readonly terminal_id: string | null;
  readonly label: string;
  readonly serial: string;
  readonly model: string;
  readonly place: string;
  readonly seal: string;
  readonly merchant_name: string;
  readonly identity_public_key: Buffer;
  readonly stolen: boolean;
  readonly last_epoch: number;
  readonly last_boot: number;
  readonly head_position: number | null;
  readonly head_count: number;
  readonly grant_sequence: number;
  readonly revocation_floor: number;
  readonly unlocks_lifetime: number;
  readonly version: number;
  readonly ticket_number: string | null;
  readonly ticket_state: string | null;
  readonly ticket_terminal: string | null;
  readonly ticket_assignee: string | null;
  readonly same_id: string | null;
  readonly same_hash: Buffer | null;
  readonly same_technician: string | null;
  readonly prior_id: string | null;
  readonly prior_state: string | null;
  readonly prior_technician: string | null;
  readonly unlocks_30: number;
  readonly tampers_30: number;
  readonly technician_today: number;
}

const factsText = `
select t.id as terminal_id, t.label, t.serial, t.model, t.place, t.seal, m.name as merchant_name,
  t.identity_public_key, t.stolen, t.last_epoch, t.last_boot,
  array_position(t.log_heads, $6) as head_position, cardinality(t.log_heads) as head_count,
  t.grant_sequence, t.revocation_floor, t.unlocks_lifetime, t.version,
  k.number as ticket_number, k.state as ticket_state, k.terminal_id as ticket_terminal, k.assignee_id as ticket_assignee,
  s.id as same_id, s.body_hash as same_hash, s.technician_id as same_technician,
  p.id as prior_id, p.state as prior_state, p.technician_id as prior_technician,
  coalesce(n.unlocks, 0) as unlocks_30, coalesce(n.tampers, 0) as tampers_30, d.today as technician_today
from (select 1) as one
left join terminals t on t.device_id = $1
left join merchants m on m.id = t.merchant_id
left join tickets k on k.id = $2
left join unlock_cases s on s.id = $3
left join lateral (select id, state, technician_id from unlock_cases
  where terminal_id = t.id and lock_epoch = $4 and nonce = $5 order by asked_at desc limit 1) p on true
left join lateral (select count(*) as unlocks, count(*) filter (where tamper) as tampers from unlock_cases
  where terminal_id = t.id and unlocked_at >= $7) n on true
left join lateral (select count(*) as today from (select 1 from unlock_cases
  where technician_id = $8 and asked_at >= $9 and (unlocked_at is not null or state = 'granted') limit $10) x) d on true`;

/** A technician's unlocks of the day are counted up to here; a policy's daily limit beyond it is no limit. */
const technicianCountMax = 200;
const dayMs = 86_400_000;
/** Beijing time: a technician's day ends at midnight there. */
const dayOffsetMs = 8 * 3_600_000;

/** Where and for whom the facts are wanted. */
export interface FactsQuery {
  readonly request: UnlockRequest;
  readonly caseId: string;
  readonly ticketId: string;
  readonly technicianId: string;
  readonly nowMs: number;
  readonly technicianLimit: number;
}

/** Start of the day in China that `nowMs` lies in. */
export function startOfDay(nowMs: number): Date {
  return new Date(Math.floor((nowMs + dayOffsetMs) / dayMs) * dayMs - dayOffsetMs);
}

/** Reads all facts in one statement. */
export async function readFacts(pool: Pool, query: FactsQuery): Promise<FactsRow> {
  const { request, nowMs } = query;
  const { rows } = await pool.query<FactsRow>({
    name: 'unlock-facts',
    text: factsText,
    values: [
      request.deviceId,
      query.ticketId,
      query.caseId,
      request.lockEpoch,
      request.nonce,
      request.logHead,
      new Date(nowMs - 30 * dayMs),
      query.technicianId,
      startOfDay(nowMs),
      Math.min(query.technicianLimit, technicianCountMax),
    ],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('readFacts: no row');
  return row;
}

/** The policy's view of the facts. `signed`: the device's signature was there and held. */
export function policyFacts(row: FactsRow, request: UnlockRequest, signed: boolean, technicianId: string): UnlockFacts {
  return {
    reasons: request.reasons,
    requestSigned: signed,
    identityAlive: (request.flags & flagBits.identityAlive) !== 0,
    epochContinues: request.lockEpoch >= row.last_epoch && request.bootCount >= row.last_boot,
    logContinues: row.head_position === null || row.head_position === row.head_count,
    stolen: row.stolen,
    ticketOpen: row.ticket_state === 'open' || row.ticket_state === 'assigned',
    ticketForTerminal: row.ticket_terminal === row.terminal_id,
    ticketAssigned: row.ticket_assignee === technicianId,
    unlocks30Days: row.unlocks_30,
    tamperUnlocks30Days: row.tampers_30,
    unlocksLifetime: row.unlocks_lifetime,
    technicianUnlocksToday: row.technician_today,
  };
}
