import { sql } from 'kysely';
import { shanghaiDay, shanghaiDayStartMs } from '../../../domain/payments/numbers.ts';
import type { Today } from '../../../protocol/http/merchant.ts';
import type { Core } from '../../core.ts';
import { channelsOf } from './names.ts';
import { noteOf } from './today-note.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** As many earlier days of the same weekday make what is usual. */
const usualDays = 4;

interface HourSum {
  readonly day: number;
  readonly hour: number;
  readonly channel: string;
  readonly fen: number;
  readonly early_fen: number;
  readonly count: number;
}

/**
 * Sums of paid attempts by day, hour and channel, over the day that begins at `startMs` and the same weekdays before it
 * (0 is the day itself, 1 a week before, …). `early_fen` counts what came by the same time of day as `untilMs`.
 */
async function readSums(core: Core, merchantId: string, startMs: number, untilMs: number): Promise<HourSum[]> {
  const passed = untilMs - startMs;
  const starts = Array.from({ length: usualDays + 1 }, (_, weeks) => startMs - weeks * 7 * dayMs);
  const parts = starts.map((start, day) => {
    const hour = sql`floor(extract(epoch from (paid_at - ${new Date(start)}::timestamptz)) / 3600)::int`;
    return sql`select ${sql.lit(day)}::int as day, ${hour} as hour, channel, sum(amount_fen)::bigint as fen,
        coalesce(sum(amount_fen) filter (where paid_at < ${new Date(start + passed)}), 0)::bigint as early_fen,
        count(*)::int as count
      from payment_attempts
      where merchant_id = ${merchantId} and state = 'paid'
        and paid_at >= ${new Date(start)} and paid_at < ${new Date(day === 0 ? untilMs : start + dayMs)}
      group by 2, 3`;
  });
  return (await sql<HourSum>`${sql.join(parts, sql` union all `)}`.execute(core.db)).rows;
}

/** The value in the middle of whole numbers; of an even count the mean of the middle two, rounded. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return Math.round((low + high) / 2);
}

const sumOf = (rows: readonly HourSum[], pick: (row: HourSum) => number): number =>
  rows.reduce((sum, row) => sum + pick(row), 0);

function hoursOf(rows: readonly HourSum[]): number[] {
  return Array.from({ length: 24 }, (_, hour) =>
    sumOf(
      rows.filter((row) => row.hour === hour),
      (row) => row.fen,
    ),
  );
}

/** What is usual, from the days on which anything was paid at all; nothing when there was none. */
function usualOf(sums: readonly HourSum[]): Pick<Today, 'usualFen' | 'usualHours'> {
  const days = Array.from({ length: usualDays }, (_, index) => sums.filter((row) => row.day === index + 1));
  const open = days.filter((rows) => rows.length > 0);
  if (open.length === 0) return {};
  const hours = open.map(hoursOf);
  return {
    usualFen: medianOf(open.map((rows) => sumOf(rows, (row) => row.early_fen))),
    usualHours: Array.from({ length: 24 }, (_, hour) => medianOf(hours.map((day) => day[hour] ?? 0))),
  };
}

interface DayLimit {
  readonly channel: string;
  readonly max_fen: number;
  readonly used_fen: number;
}

/** Of each channel the tightest of the merchant's limits of the day, over all terminals. */
async function readLimits(core: Core, merchantId: string, day: string): Promise<ReadonlyMap<string, DayLimit>> {
  const rows = await core.db
    .selectFrom('limit_rules as r')
    .leftJoin('limit_buckets as b', (join) =>
      join.onRef('b.rule_id', '=', 'r.id').on('b.window_start', '=', sql<string>`${day}::date`),
    )
    .select([
      'r.channel',
      sql<number>`r.max_fen`.as('max_fen'),
      sql<number>`coalesce(b.reserved_fen + b.committed_fen, 0)`.as('used_fen'),
    ])
    .where('r.merchant_id', '=', merchantId)
    .where('r.is_active', '=', true)
    .where('r.window_kind', '=', 'day')
    .where('r.terminal_id', 'is', null)
    .where('r.max_fen', 'is not', null)
    .execute();
  const tightest = [...rows].sort((a, b) => b.max_fen - b.used_fen - (a.max_fen - a.used_fen));
  return new Map(tightest.map((row) => [row.channel, row]));
}

async function readRefunds(
  core: Core,
  merchantId: string,
  startMs: number,
  untilMs: number,
): Promise<Today['refunds']> {
  const row = await core.db
    .selectFrom('payment_refunds')
    .select((eb) => [
      eb.fn.countAll<number>().as('count'),
      sql<number>`coalesce(sum(amount_fen), 0)::bigint`.as('amountFen'),
    ])
    .where('merchant_id', '=', merchantId)
    .where('created_at', '>=', new Date(startMs))
    .where('created_at', '<', new Date(untilMs))
    .where('state', '!=', 'failed')
    .where('cause', 'in', ['merchant', 'api', 'part', 'reconciliation'])
    .executeTakeFirstOrThrow();
  return { count: row.count, amountFen: row.amountFen };
}

/** A day at a glance; the present one when `day` is absent. */
export async function readToday(core: Core, merchantId: string, day: string | undefined): Promise<Today> {
  const nowMs = core.clock();
  const today = shanghaiDay(nowMs);
  const chosen = day ?? today;
  const isToday = chosen === today;
  const startMs = shanghaiDayStartMs(chosen);
  const untilMs = isToday ? nowMs : startMs + dayMs;
  const [sums, refunds, limits, known, note] = await Promise.all([
    readSums(core, merchantId, startMs, untilMs),
    readRefunds(core, merchantId, startMs, untilMs),
    isToday ? readLimits(core, merchantId, chosen) : new Map<string, DayLimit>(),
    channelsOf(core, merchantId),
    isToday ? noteOf(core, merchantId, startMs) : undefined,
  ]);
  const own = sums.filter((row) => row.day === 0);
  const codes = [...new Set([...known, ...own.map((row) => row.channel)])];
  return {
    day: chosen,
    isToday,
    until: new Date(untilMs).toISOString(),
    amountFen: sumOf(own, (row) => row.fen),
    payments: sumOf(own, (row) => row.count),
    refunds,
    ...usualOf(sums),
    hours: hoursOf(own),
    channels: codes.map((channel) => {
      const rows = own.filter((row) => row.channel === channel);
      const limit = limits.get(channel);
      const resumesAt = new Date(startMs + 24 * hourMs).toISOString();
      return {
        channel,
        amountFen: sumOf(rows, (row) => row.fen),
        payments: sumOf(rows, (row) => row.count),
        ...(limit === undefined ? {} : { limit: { maxFen: limit.max_fen, usedFen: limit.used_fen, resumesAt } }),
      };
    }),
    ...(note === undefined ? {} : { note }),
  };
}
