import { type RateSeries, unusualRates } from '../../../domain/unlock/unusual-rates.ts';
import type { Core } from '../../core.ts';
import { raiseAlarm } from '../alarms.ts';

const dayMs = 24 * 3_600_000;
const daysMax = 28;

interface CountRow {
  readonly subject: string;
  /** 0: the last 24 hours. */
  readonly day: number;
  readonly count: number;
}

const countsText = `
with recent as (
  select c.technician_id, t.model, t.merchant_id,
    floor(extract(epoch from $1::timestamptz - c.unlocked_at) / 86400)::int as day
  from unlock_cases c join terminals t on t.id = c.terminal_id
  where c.unlocked_at > $2 and c.unlocked_at <= $1)
select 'person:' || technician_id as subject, day, count(*) from recent group by 1, 2
union all select 'model:' || model, day, count(*) from recent group by 1, 2
union all select 'merchant:' || merchant_id, day, count(*) from recent group by 1, 2`;

/** Unlocks of each technician, model and merchant, by rolling days back from now. */
async function readSeries(core: Core, nowMs: number): Promise<RateSeries[]> {
  const first = await core.pool.query<{ at: Date | null }>('select min(unlocked_at) as at from unlock_cases');
  const firstMs = first.rows[0]?.at?.getTime() ?? nowMs;
  const days = Math.min(daysMax, Math.floor((nowMs - firstMs) / dayMs));
  const { rows } = await core.pool.query<CountRow>(countsText, [
    new Date(nowMs),
    new Date(nowMs - (daysMax + 1) * dayMs),
  ]);
  return [...new Set(rows.map((row) => row.subject))].map((subject) => {
    const on = (day: number): number => rows.find((row) => row.subject === subject && row.day === day)?.count ?? 0;
    return { subject, today: on(0), before: Array.from({ length: days }, (_, i) => on(i + 1)) };
  });
}

/** Raises an alarm for each technician, model or merchant whose unlocks of the last day stand out, once a day. */
export async function raiseUnusualRates(core: Core): Promise<void> {
  const nowMs = core.clock();
  for (const rate of unusualRates(await readSeries(core, nowMs))) {
    const alarmId = await core.db.transaction().execute(async (db) => {
      const known = await db
        .selectFrom('alarms')
        .select('id')
        .where('kind', '=', 'unusual-rate')
        .where('subject', '=', rate.subject)
        .where('raised_at', '>', new Date(nowMs - dayMs))
        .executeTakeFirst();
      if (known !== undefined) return undefined;
      const { subject, today, usual, score } = rate;
      const facts = { today, usual, score };
      return raiseAlarm(db, nowMs, { kind: 'unusual-rate', severity: 'warn', subject, facts });
    });
    if (alarmId !== undefined) core.bus.publish({ name: 'alarm', id: alarmId });
  }
}
