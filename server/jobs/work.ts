import { writeAudit } from '../audit/records.ts';
import type { Core } from '../core.ts';
import { raiseAlarm } from '../services/alarms.ts';
import { lockTerminal } from '../services/terminal-writes.ts';
import type { Db } from '../store/database.ts';

const batchRows = 200;
const receiptWaitMs = 24 * 3_600_000;
const photoOrphanMs = 7 * 24 * 3_600_000;

/** PENDING grants whose time is over become EXPIRED, and so do their cases. A receipt may still post them. */
export async function expireGrants(core: Core): Promise<void> {
  const now = new Date(core.clock());
  const overdue = await core.db
    .selectFrom('grants')
    .select(['terminal_id', 'case_id'])
    .where('state', '=', 'PENDING')
    .where('not_after', '<', now)
    .orderBy('not_after')
    .limit(batchRows)
    .execute();
  for (const grant of overdue) {
    if (await core.db.transaction().execute((db) => expireGrant(db, grant, now))) announce(core, [grant.case_id]);
  }
}

interface GrantKey {
  readonly terminal_id: string;
  readonly case_id: string;
}

async function expireGrant(db: Db, grant: GrantKey, now: Date): Promise<boolean> {
  await lockTerminal(db, grant.terminal_id);
  const changed = await db
    .updateTable('grants')
    .set({ state: 'EXPIRED', settled_at: now })
    .where('terminal_id', '=', grant.terminal_id)
    .where('case_id', '=', grant.case_id)
    .where('state', '=', 'PENDING')
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) return false;
  await db
    .updateTable('unlock_cases')
    .set({ state: 'expired', updated_at: now })
    .where('terminal_id', '=', grant.terminal_id)
    .where('id', '=', grant.case_id)
    .where('state', '=', 'granted')
    .execute();
  const subject = `terminal:${grant.terminal_id}`;
  await writeAudit(db, now.getTime(), { act: 'grant.expired', subject, facts: { caseId: grant.case_id } });
  return true;
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
