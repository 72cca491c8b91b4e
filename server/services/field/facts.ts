import { sql } from 'kysely';
import type { DelegatedTerminalFacts, DelegationFacts, SecondFacts } from '../../../domain/unlock/delegation-policy.ts';
import { err, ok } from '../../../domain/result.ts';
import type { Answer } from '../../answer.ts';
import type { Db } from '../../store/database.ts';
import { startOfDay } from '../unlocks/facts.ts';
import { readGaps } from './gaps.ts';

/** One terminal that somebody wants in a delegation. */
export interface WantedTerminal {
  readonly ticketId: string;
  readonly secondKeyIds: readonly string[];
}

/** What is asked for. */
export interface Wanted {
  readonly delegationId: string;
  readonly technicianId: string;
  readonly fieldKeyId: string;
  readonly hours: number;
  readonly terminals: readonly WantedTerminal[];
}

/** A second person's key as the database knows it. */
export interface SecondRow {
  readonly key_id: string;
  readonly public_key: Buffer;
  readonly person_id: string;
  readonly person_name: string;
  readonly label: string;
  readonly role: string;
  readonly is_active: boolean;
  readonly merchant_id: string | null;
  readonly pair_month: number;
}

/** A wanted terminal as the database knows it. */
export interface WantedRow {
  readonly ticket_id: string;
  readonly ticket_state: string;
  readonly ticket_assignee: string | null;
  readonly terminal_id: string;
  readonly merchant_id: string;
  readonly merchant_name: string;
  readonly label: string;
  readonly device_id: Buffer;
  readonly package_public_key: Buffer | null;
  readonly stolen: boolean;
  readonly reasons: number;
  readonly unlocks_lifetime: number;
  readonly for_depot: boolean;
  readonly listed_by_other: boolean;
  readonly site_week: number;
}

/** The policy's facts with the rows that they were made from, in the order of the wish. */
export interface ReadWish {
  readonly facts: DelegationFacts;
  readonly terminals: readonly (WantedRow & { readonly secondKeyIds: readonly string[] })[];
  readonly seconds: ReadonlyMap<string, SecondRow>;
  readonly technicianKey: Buffer;
}

const dayMs = 86_400_000;

/** Terminals of these tickets. */
export async function readTerminalsWanted(
  db: Db,
  ticketIds: readonly string[],
  technicianId: string,
  nowMs: number,
): Promise<WantedRow[]> {
  const { rows } = await sql<WantedRow>`
    select k.id as ticket_id, k.state as ticket_state, k.assignee_id as ticket_assignee, t.id as terminal_id,
      t.merchant_id, m.name as merchant_name, t.label, t.device_id, t.package_public_key, t.stolen,
      case when t.state_confirmed = 'LOCKED' then t.reasons else 0 end as reasons, t.unlocks_lifetime,
      coalesce((select c.state = 'refused' and c.decision ->> 'outcome' = 'depot' from unlock_cases c
        where c.terminal_id = t.id order by c.asked_at desc limit 1), false) as for_depot,
      exists (select 1 from delegation_terminals x join delegations d on d.id = x.delegation_id
        where x.terminal_id = t.id and d.technician_id <> ${technicianId}
        and (d.state = 'waiting' or (d.state = 'active' and d.not_after > ${new Date(nowMs)}))) as listed_by_other,
      (select count(*) from delegation_uses x join terminals o on o.id = x.terminal_id
        where o.merchant_id = t.merchant_id and x.used_at >= ${new Date(nowMs - 7 * dayMs)}) as site_week
    from tickets k join terminals t on t.id = k.terminal_id join merchants m on m.id = t.merchant_id
    where k.id = any(${[...ticketIds]}::uuid[])`.execute(db);
  return rows;
}

/** Keys with which somebody could confirm beside this technician: the named ones, or all in force. */
export async function readSecondKeys(
  db: Db,
  technicianId: string,
  nowMs: number,
  keyIds?: readonly string[],
): Promise<SecondRow[]> {
  const { rows } = await sql<SecondRow>`
    select f.id as key_id, f.public_key, f.label, u.id as person_id, u.name as person_name, u.role,
      f.state = 'active' and u.state = 'active' as is_active, u."merchantId" as merchant_id,
      (select count(*) from delegation_uses x join delegations d on d.id = x.delegation_id
        where x.used_at >= ${new Date(nowMs - 30 * dayMs)} and ((d.technician_id = ${technicianId} and x.second_id = u.id)
          or (d.technician_id = u.id and x.second_id = ${technicianId}))) as pair_month
    from field_keys f join "user" u on u.id = f.person_id
    where case when ${keyIds === undefined} then f.state = 'active' and u.state = 'active'
        and u.role in ('technician', 'merchant')
      else f.id = any(${[...(keyIds ?? [])]}::uuid[]) end
    order by u.name, f.enrolled_at`.execute(db);
  return rows;
}

/** What the policy looks at of one second person on one terminal. */
export function secondFacts(second: SecondRow, technicianId: string, merchantId: string): SecondFacts {
  return {
    isTechnician: second.person_id === technicianId,
    isActive: second.is_active,
    role: second.role,
    ownMerchant: second.merchant_id === merchantId,
    pairMonth: second.pair_month,
  };
}

/** Reads everything that the policy looks at. An unknown ticket or key is named as the field of the body. */
export async function readWish(db: Db, wanted: Wanted, nowMs: number): Promise<Answer<ReadWish>> {
  const { technicianId } = wanted;
  const key = await db
    .selectFrom('field_keys as f')
    .innerJoin('user as u', 'u.id', 'f.person_id')
    .select(['f.public_key', 'f.state', 'u.state as person_state', 'u.role'])
    .where('f.id', '=', wanted.fieldKeyId)
    .where('f.person_id', '=', technicianId)
    .executeTakeFirst();
  if (key === undefined) return err('not-found', 'fieldKeyId');
  const ticketIds = wanted.terminals.map((terminal) => terminal.ticketId);
  const keyIds = wanted.terminals.flatMap((terminal) => terminal.secondKeyIds);
  const rows = await readTerminalsWanted(db, ticketIds, technicianId, nowMs);
  const seconds = new Map((await readSecondKeys(db, technicianId, nowMs, keyIds)).map((row) => [row.key_id, row]));
  const terminals: (WantedRow & { secondKeyIds: readonly string[] })[] = [];
  const terminalFacts: DelegatedTerminalFacts[] = [];
  for (const [i, { ticketId, secondKeyIds }] of wanted.terminals.entries()) {
    const row = rows.find((candidate) => candidate.ticket_id === ticketId);
    const place = `terminals.${String(i)}`;
    if (row === undefined) return err('not-found', `${place}.ticketId`);
    if (terminals.some((other) => other.terminal_id === row.terminal_id)) {
      return err('bad-request', `${place}.ticketId`);
    }
    const unknown = secondKeyIds.findIndex((id) => !seconds.has(id));
    if (unknown >= 0) return err('not-found', `${place}.secondKeyIds.${String(unknown)}`);
    const named = secondKeyIds.flatMap((id) => seconds.get(id) ?? []);
    terminals.push({ ...row, secondKeyIds });
    terminalFacts.push(terminalFactsOf(row, technicianId, named));
  }
  const terminalIds = terminals.map((terminal) => terminal.terminal_id);
  const counts = await readCounts(db, wanted, terminalIds, nowMs);
  const isKeyActive = key.state === 'active' && key.person_state === 'active' && key.role === 'technician';
  const facts = {
    keyActive: isKeyActive,
    hours: wanted.hours,
    terminals: terminalFacts,
    secondsCount: seconds.size,
    ...counts,
  };
  return ok({ facts, terminals, seconds, technicianKey: key.public_key });
}

function terminalFactsOf(row: WantedRow, technicianId: string, seconds: readonly SecondRow[]): DelegatedTerminalFacts {
  return {
    label: row.label,
    ticketOpen: row.ticket_state !== 'closed',
    ticketOwn: row.ticket_assignee === technicianId,
    stolen: row.stolen,
    forDepot: row.for_depot,
    reasons: row.reasons,
    unlocksLifetime: row.unlocks_lifetime,
    listedByOther: row.listed_by_other,
    siteWeek: row.site_week,
    seconds: seconds.map((second) => secondFacts(second, technicianId, row.merchant_id)),
  };
}

type Counts = Pick<DelegationFacts, 'active' | 'today' | 'missing' | 'doubled' | 'hoursSinceRevocation'>;

async function readCounts(db: Db, wanted: Wanted, terminalIds: readonly string[], nowMs: number): Promise<Counts> {
  const { technicianId, delegationId } = wanted;
  const { rows } = await sql<{ active: number; today: number; revoked_at: Date | null }>`
    select count(*) filter (where (d.state = 'waiting' or (d.state = 'active' and d.not_after > ${new Date(nowMs)}))
        and not exists (select 1 from delegation_terminals x
          where x.delegation_id = d.id and x.terminal_id = any(${[...terminalIds]}::uuid[]))) as active,
      count(*) filter (where d.asked_at >= ${startOfDay(nowMs)} and d.state <> 'refused') as today,
      max(d.revoked_at) filter (where d.revocation_epoch is not null
        and d.revoked_by is distinct from d.technician_id) as revoked_at
    from delegations d where d.technician_id = ${technicianId} and d.id <> ${delegationId}`.execute(db);
  const [row] = rows;
  const gaps = await readGaps(db, nowMs, technicianId);
  const total = (counts: readonly (readonly number[])[]): number => counts.reduce((sum, list) => sum + list.length, 0);
  const revokedAt = row?.revoked_at ?? null;
  return {
    active: row?.active ?? 0,
    today: row?.today ?? 0,
    missing: total(gaps.filter((gap) => !gap.missingSettled).map((gap) => gap.missing)),
    doubled: total(gaps.filter((gap) => !gap.doubledSettled).map((gap) => gap.doubled)),
    hoursSinceRevocation: revokedAt === null ? undefined : (nowMs - revokedAt.getTime()) / 3_600_000,
  };
}
