import { err, ok } from '../../domain/result.ts';
import type { Alarm } from '../../protocol/http/system.ts';
import type { Actor, Answer } from '../answer.ts';
import { writeAudit } from '../audit/records.ts';
import type { Core } from '../core.ts';
import type { Db } from '../store/database.ts';
import { uuidv7 } from '../store/uuid.ts';
import { type Page, pageOf, type PageQuery } from './paging.ts';

/** Something that a person in the office must look at. */
export interface AlarmEntry {
  readonly kind: Alarm['kind'];
  readonly severity: Alarm['severity'];
  readonly subject: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An alarm's row. */
export function alarmRow(entry: AlarmEntry, nowMs: number) {
  return {
    id: uuidv7(nowMs),
    kind: entry.kind,
    severity: entry.severity,
    subject: entry.subject,
    facts: JSON.stringify(entry.facts),
    raised_at: new Date(nowMs),
  };
}

/** Raises an alarm in the caller's transaction. @returns its id, for the event after the commit. */
export async function raiseAlarm(db: Db, nowMs: number, entry: AlarmEntry): Promise<string> {
  const row = alarmRow(entry, nowMs);
  await db.insertInto('alarms').values(row).execute();
  return row.id;
}

/** Reading and closing alarms. */
export interface AlarmService {
  list(query: PageQuery & { open?: boolean }): Promise<Page<Alarm>>;
  close(actor: Actor, id: string): Promise<Answer<Alarm>>;
}

/** Alarms as the office works with them. */
export function createAlarmService(core: Core): AlarmService {
  const select = () =>
    core.db
      .selectFrom('alarms')
      .leftJoin('user', 'user.id', 'alarms.closed_by')
      .select([
        'alarms.id',
        'kind',
        'severity',
        'subject',
        'facts',
        'raised_at',
        'closed_at',
        'closed_by',
        'user.name as closer',
      ]);
  type Row = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;
  const view = (row: Row): Alarm => ({
    id: row.id,
    kind: row.kind as Alarm['kind'],
    severity: row.severity as Alarm['severity'],
    subject: row.subject,
    facts: row.facts,
    raisedAt: row.raised_at.toISOString(),
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at.toISOString() }),
    ...(row.closed_by === null ? {} : { closedBy: { id: row.closed_by, name: row.closer ?? '' } }),
  });
  return {
    list: async (query) => {
      let rows = select()
        .orderBy('alarms.id', 'desc')
        .limit(query.limit + 1);
      if (query.after !== undefined) rows = rows.where('alarms.id', '<', query.after);
      if (query.open === true) rows = rows.where('closed_at', 'is', null);
      if (query.open === false) rows = rows.where('closed_at', 'is not', null);
      return pageOf((await rows.execute()).map(view), query.limit, (alarm) => alarm.id);
    },
    close: async (actor, id) => {
      const nowMs = core.clock();
      const isClosed = await core.db.transaction().execute(async (db) => {
        const changed = await db
          .updateTable('alarms')
          .set({ closed_at: new Date(nowMs), closed_by: actor.id })
          .where('id', '=', id)
          .where('closed_at', 'is', null)
          .executeTakeFirst();
        if (changed.numUpdatedRows === 0n) return false;
        await writeAudit(db, nowMs, { act: 'alarm.closed', actorId: actor.id, subject: `alarm:${id}`, facts: {} });
        return true;
      });
      const row = await select().where('alarms.id', '=', id).executeTakeFirst();
      if (row === undefined) return err('not-found');
      if (isClosed) core.bus.publish({ name: 'alarm', id }, { name: 'audit', id });
      return ok(view(row));
    },
  };
}
