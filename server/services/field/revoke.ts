import { sql } from 'kysely';
import type { Actor } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Db } from '../../store/database.ts';
import { lockTerminal } from '../terminal-writes.ts';
import { voidKits } from './kits.ts';

/** Why something is revoked, and by whom; nobody when the server does it. */
export interface RevokeCause {
  readonly actor: Pick<Actor, 'id'> | undefined;
  readonly reason: string;
  readonly nowMs: number;
}

/** The terminals of these delegations, locked one after the other in one fixed order. */
export async function lockTerminalsOf(db: Db, delegationIds: readonly string[]): Promise<string[]> {
  if (delegationIds.length === 0) return [];
  const rows = await db
    .selectFrom('delegation_terminals')
    .select('terminal_id')
    .distinct()
    .where('delegation_id', 'in', [...delegationIds])
    .orderBy('terminal_id')
    .execute();
  for (const row of rows) await lockTerminal(db, row.terminal_id);
  return rows.map((row) => row.terminal_id);
}

/**
 * Revokes signed delegations whose time is not over, also replaced ones: the fleet's counter rises by one, and the
 * next grant for each listed terminal carries a floor that ends them there. Waiting ones are taken back.
 * @returns ids of those that changed.
 */
export async function revokeDelegations(db: Db, ids: readonly string[], cause: RevokeCause): Promise<string[]> {
  if (ids.length === 0) return [];
  const now = new Date(cause.nowMs);
  await lockTerminalsOf(db, ids);
  const rows = await db
    .updateTable('delegations')
    .set({
      state: 'revoked',
      revoked_at: now,
      revoked_by: cause.actor?.id ?? null,
      revoked_reason: cause.reason,
    })
    .where('id', 'in', [...ids])
    .where((eb) =>
      eb.or([eb('state', '=', 'waiting'), eb.and([eb('state', 'in', ['active', 'ended']), eb('not_after', '>', now)])]),
    )
    .returning(['id', 'sequence', 'technician_id', 'revocation_epoch'])
    .execute();
  const signed = rows.filter((row) => row.revocation_epoch !== null);
  if (signed.length > 0) {
    await sql`update revocation_counter set epoch = epoch + 1`.execute(db);
    for (const row of signed) await raiseFloors(db, row.id, (row.revocation_epoch ?? 0) + 1);
    await voidKits(
      db,
      signed.map((row) => row.sequence),
    );
  }
  await writeAudit(
    db,
    cause.nowMs,
    ...rows.map((row) => ({
      act: 'delegation.revoked',
      actorId: cause.actor?.id,
      subject: `delegation:${row.id}`,
      facts: { number: `D-${String(row.sequence)}`, technicianId: row.technician_id, reason: cause.reason },
    })),
  );
  return rows.map((row) => row.id);
}

async function raiseFloors(db: Db, delegationId: string, floor: number): Promise<void> {
  await sql`update terminals set revocation_floor = greatest(revocation_floor, ${floor}), version = version + 1
    where id in (select terminal_id from delegation_terminals where delegation_id = ${delegationId})`.execute(db);
}
