import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import { raiseAlarm } from '../alarms.ts';
import { readGaps } from './gaps.ts';
import { voidKits } from './kits.ts';
import { revokeDelegations } from './revoke.ts';

const waitingMs = 48 * 3_600_000;

/** Delegations whose time is over end, and wishes that nobody answered in two days; records of uses are still taken. */
export async function endDelegations(core: Core): Promise<void> {
  const nowMs = core.clock();
  const rows = await core.db.transaction().execute(async (db) => {
    const over = await db
      .updateTable('delegations')
      .set({ state: 'ended', ended_at: new Date(nowMs) })
      .where((eb) =>
        eb.or([
          eb.and([eb('state', '=', 'active'), eb('not_after', '<', new Date(nowMs))]),
          eb.and([eb('state', '=', 'waiting'), eb('asked_at', '<', new Date(nowMs - waitingMs))]),
        ]),
      )
      .returning(['id', 'sequence'])
      .execute();
    await voidKits(
      db,
      over.map((row) => row.sequence),
    );
    await writeAudit(
      db,
      nowMs,
      ...over.map(({ id, sequence }) => ({
        act: 'delegation.ended',
        subject: `delegation:${id}`,
        facts: { number: `D-${String(sequence)}` },
      })),
    );
    return over;
  });
  announce(
    core,
    rows.map((row) => row.id),
  );
}

/** A person whose account was closed or given other work holds no delegation, and confirms none. */
export async function revokeOfLeavers(core: Core): Promise<void> {
  const nowMs = core.clock();
  const leavers = await core.db
    .selectFrom('delegations as d')
    .innerJoin('user as u', 'u.id', 'd.technician_id')
    .select('d.id')
    .where((eb) =>
      eb.or([
        eb('d.state', 'in', ['waiting', 'active']),
        eb.and([eb('d.state', '=', 'ended'), eb('d.not_after', '>', new Date(nowMs))]),
      ]),
    )
    .where((eb) =>
      eb.or([
        eb('u.state', '!=', 'active'),
        eb('u.role', '!=', 'technician'),
        eb.exists(
          eb
            .selectFrom('delegation_seconds as s')
            .innerJoin('field_keys as k', 'k.id', 's.key_id')
            .innerJoin('user as p', 'p.id', 'k.person_id')
            .select('s.key_id')
            .whereRef('s.delegation_id', '=', 'd.id')
            .where('p.state', '!=', 'active'),
        ),
      ]),
    )
    .execute();
  if (leavers.length === 0) return;
  const ids = leavers.map((row) => row.id);
  const cause = { actor: undefined, reason: 'account closed or changed', nowMs };
  announce(core, await core.db.transaction().execute((db) => revokeDelegations(db, ids, cause)));
}

/** Use numbers that nobody handed in although it is time are an alarm, once for each delegation. */
export async function raiseMissingUses(core: Core): Promise<void> {
  const nowMs = core.clock();
  const due = (await readGaps(core.db, nowMs)).filter((gaps) => gaps.missing.length > 0);
  for (const gaps of due) {
    const alarmId = await core.db.transaction().execute(async (db) => {
      const marked = await db
        .updateTable('delegations')
        .set({ missing_alarmed: true })
        .where('id', '=', gaps.delegationId)
        .where('missing_alarmed', '=', false)
        .executeTakeFirst();
      if (marked.numUpdatedRows === 0n) return undefined;
      const subject = `delegation:${gaps.delegationId}`;
      const facts = { number: `D-${String(gaps.sequence)}`, technicianId: gaps.technicianId, missing: gaps.missing };
      await writeAudit(db, nowMs, { act: 'uses.missing', subject, facts });
      return raiseAlarm(db, nowMs, { kind: 'uses-missing', severity: 'stop', subject, facts });
    });
    if (alarmId !== undefined) core.bus.publish({ name: 'alarm', id: alarmId });
    if (alarmId !== undefined) announce(core, [gaps.delegationId]);
  }
}

function announce(core: Core, ids: readonly string[]): void {
  for (const id of ids) core.bus.publish({ name: 'delegation', id }, { name: 'audit', id });
}
