import { sql } from 'kysely';
import { writeAudit } from '../audit/records.ts';
import type { Core } from '../core.ts';
import { raiseAlarm } from '../services/alarms.ts';

const batchRows = 200;
const receiptWaitMs = 24 * 3_600_000;
const photoOrphanMs = 7 * 24 * 3_600_000;

/** PENDING grants whose time is over become EXPIRED, and so do their cases. A receipt may still post them. */
export async function expireGrants(core: Core): Promise<void> {
  const nowMs = core.clock();
  const now = new Date(nowMs);
  const rows = await core.db.transaction().execute(async (db) => {
    const { rows: expired } = await sql<{ terminal_id: string; case_id: string }>`
      update grants set state = 'EXPIRED', settled_at = ${now}
      where (terminal_id, case_id) in (select terminal_id, case_id from grants
        where state = 'PENDING' and not_after < ${now} order by not_after limit ${batchRows} for update skip locked)
      returning terminal_id, case_id`.execute(db);
    if (expired.length === 0) return expired;
    await db
      .updateTable('unlock_cases')
      .set({ state: 'expired', updated_at: now })
      .where(
        'id',
        'in',
        expired.map((row) => row.case_id),
      )
      .where('state', '=', 'granted')
      .execute();
    await writeAudit(
      db,
      nowMs,
      ...expired.map((row) => ({
        act: 'grant.expired',
        subject: `terminal:${row.terminal_id}`,
        facts: { caseId: row.case_id },
      })),
    );
    return expired;
  });
  announce(
    core,
    rows.map((row) => row.case_id),
  );
}

/** A grant that left the server and brought no receipt within 24 hours is an alarm, once. */
export async function raiseMissingReceipts(core: Core): Promise<void> {
  const nowMs = core.clock();
  const rows = await core.db.transaction().execute(async (db) => {
    const silent = await db
      .updateTable('grants')
      .set({ alarmed: true })
      .where('state', '=', 'EXPIRED')
      .where('alarmed', '=', false)
      .where('made_at', '<', new Date(nowMs - receiptWaitMs))
      .returning(['terminal_id', 'case_id'])
      .execute();
    for (const row of silent) {
      const subject = `terminal:${row.terminal_id}`;
      await raiseAlarm(db, nowMs, {
        kind: 'receipt-missing',
        severity: 'stop',
        subject,
        facts: { caseId: row.case_id },
      });
      await writeAudit(db, nowMs, { act: 'grant.unanswered', subject, facts: { caseId: row.case_id } });
    }
    return silent;
  });
  announce(
    core,
    rows.map((row) => row.case_id),
    true,
  );
}

/** Probations whose time is over may be released; the order goes out when the terminal is next on a cable. */
export async function releaseProbations(core: Core): Promise<void> {
  const nowMs = core.clock();
  const rows = await core.db.transaction().execute(async (db) => {
    const over = await db
      .updateTable('unlock_cases')
      .set({ releasable: true, updated_at: new Date(nowMs) })
      .where('state', '=', 'probation')
      .where('releasable', '=', false)
      .where('probation_until', '<=', new Date(nowMs))
      .returning(['terminal_id', 'id'])
      .execute();
    await writeAudit(
      db,
      nowMs,
      ...over.map((row) => ({
        act: 'probation.over',
        subject: `terminal:${row.terminal_id}`,
        facts: { caseId: row.id },
      })),
    );
    return over;
  });
  announce(
    core,
    rows.map((row) => row.id),
  );
}

/** Removes what nobody can use any more: old challenges, and photos whose case never came. */
export async function removeStale(core: Core): Promise<void> {
  const now = new Date();
  await core.db.deleteFrom('factor_challenges').where('expires_at', '<', now).execute();
  await core.db
    .deleteFrom('photos')
    .where('at', '<', new Date(core.clock() - photoOrphanMs))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom('unlock_cases').whereRef('unlock_cases.id', '=', 'photos.case_id').select('unlock_cases.id')),
      ),
    )
    .execute();
}

function announce(core: Core, caseIds: readonly string[], isAlarm = false): void {
  for (const id of caseIds) {
    core.bus.publish(
      { name: 'unlock', id },
      { name: 'audit', id },
      ...(isAlarm ? [{ name: 'alarm' as const, id }] : []),
    );
  }
}
