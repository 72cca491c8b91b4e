import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';
import { raiseAlarm } from '../alarms.ts';
import { warningDays } from './account-rows.ts';

const dayMs = 86_400_000;
const batchRows = 100;
/** The shorter time first, so that a key that is found late raises one alarm and not two. */
const stages = [...warningDays].sort((a, b) => a - b);

/** Keys in use that end within `days` and were not alarmed for that, unless a younger one of the purpose lasts longer. */
async function readEnding(db: Db, nowMs: number, days: number) {
  return db
    .selectFrom('channel_keys as k')
    .innerJoin('channel_accounts as a', 'a.id', 'k.account_id')
    .select(['k.account_id', 'k.id', 'k.purpose', 'k.key_id', 'k.not_after', 'a.merchant_id', 'a.channel'])
    .where('k.state', '=', 'active')
    .where('k.not_after', '<', new Date(nowMs + days * dayMs))
    .where((eb) => eb.or([eb('k.alarmed_days', 'is', null), eb('k.alarmed_days', '>', days)]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('channel_keys as n')
            .whereRef('n.account_id', '=', 'k.account_id')
            .whereRef('n.purpose', '=', 'k.purpose')
            .where('n.state', '=', 'active')
            .where((eb) => eb.or([eb('n.not_after', 'is', null), eb('n.not_after', '>', eb.ref('k.not_after'))]))
            .select('n.id'),
        ),
      ),
    )
    .orderBy('k.not_after')
    .limit(batchRows)
    .forUpdate('k')
    .execute();
}

/** An alarm 30 and 7 days before a key ends that is in use, once each. @returns ids of the alarms. */
async function raiseStage(db: Db, nowMs: number, days: number): Promise<string[]> {
  const ids: string[] = [];
  for (const row of await readEnding(db, nowMs, days)) {
    await db
      .updateTable('channel_keys')
      .set({ alarmed_days: days })
      .where('account_id', '=', row.account_id)
      .where('id', '=', row.id)
      .execute();
    const subject = `merchant:${row.merchant_id}`;
    const { channel, purpose, key_id: keyId } = row;
    const facts = { channel, purpose, keyId, days, endsAt: row.not_after?.toISOString() };
    const severity = days === stages[0] ? 'stop' : 'warn';
    ids.push(await raiseAlarm(db, nowMs, { kind: 'channel-key-ends', severity, subject, facts }));
    await writeAudit(db, nowMs, { act: 'channel-key.ends', subject, facts });
  }
  return ids;
}

/** Warns of keys that end soon. A job; safe to run at any time. */
export async function raiseKeyEnds(core: Core): Promise<void> {
  const nowMs = core.clock();
  const raised = await core.db.transaction().execute(async (db) => {
    const ids: string[] = [];
    for (const days of stages) ids.push(...(await raiseStage(db, nowMs, days)));
    return ids;
  });
  core.bus.publish(
    ...raised.flatMap((id) => [
      { name: 'alarm' as const, id },
      { name: 'audit' as const, id },
    ]),
  );
}
