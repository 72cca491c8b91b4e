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

interface Bin {
  /** Milliseconds from the start of the day to the start of the bin. */
  readonly afterMs: number;
  readonly channel: string;
  readonly fen: number;
  readonly count: number;
}

/** Sums of the paid attempts between two instants, by five minutes and channel. */
async function readBins(core: Core, merchantId: string, startMs: number, untilMs: number): Promise<readonly Bin[]> {
  const start = new Date(startMs);
  const { rows } = await sql<{ at: Date; channel: string; fen: number; count: number }>`
    select date_bin('5 minutes', paid_at, ${start}::timestamptz) as at, channel, sum(amount_fen)::bigint as fen,
      count(*)::int as count
    from payment_attempts
    where merchant_id = ${merchantId} and state = 'paid' and paid_at >= ${start} and paid_at < ${new Date(untilMs)}
    group by 1, 2`.execute(core.db);
  return rows.map(({ at, ...row }) => ({ ...row, afterMs: at.getTime() - startMs }));
}

/** Bins of days that are over. What is usual may be an hour old. */
interface PastDays {
  of(core: Core, merchantId: string, startMs: number): Promise<readonly Bin[]>;
}

const pastDaysMax = 400;
const believedMs = hourMs;

/** A memory of past days, the least recently asked forgotten first. */
export function createPastDays(): PastDays {
  const known = new Map<string, { readonly bins: Promise<readonly Bin[]>; readonly untilMs: number }>();
  return {
    of: (core, merchantId, startMs) => {
      const key = `${merchantId} ${String(startMs)}`;
      const found = known.get(key);
      known.delete(key);
      const isFresh = found !== undefined && found.untilMs > core.clock();
      const entry = isFresh
        ? found
        : { bins: readBins(core, merchantId, startMs, startMs + dayMs), untilMs: core.clock() + believedMs };
      entry.bins.catch(() => known.delete(key));
      known.set(key, entry);
      const [oldest] = known.keys();
      if (known.size > pastDaysMax && oldest !== undefined) known.delete(oldest);
      return entry.bins;
    },
  };
}

/** The value in the middle of whole numbers; of an even count the mean of the middle two, rounded. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return Math.round((low + high) / 2);
}

const sumOf = (bins: readonly Bin[], pick: (bin: Bin) => number): number =>
  bins.reduce((sum, bin) => sum + pick(bin), 0);

function hoursOf(bins: readonly Bin[]): number[] {
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { afterMs, fen } of bins) {
    const hour = Math.floor(afterMs / hourMs);
    hours[hour] = (hours[hour] ?? 0) + fen;
  }
  return hours;
}

/** What is usual, from the days on which anything was paid at all; nothing when there was none. */
function usualOf(days: readonly (readonly Bin[])[], passedMs: number): Pick<Today, 'usualFen' | 'usualHours'> {
  const open = days.filter((bins) => bins.length > 0);
  if (open.length === 0) return {};
  const hours = open.map(hoursOf);
  const early = (bins: readonly Bin[]): number =>
    sumOf(
      bins.filter(({ afterMs }) => afterMs < passedMs),
      ({ fen }) => fen,
    );
  return {
    usualFen: medianOf(open.map(early)),
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
    // What was taken beyond a sale was counted as one; what was taken twice never was.
    .where(
      sql<boolean>`(cause in ('merchant', 'api', 'part', 'reconciliation') or (cause = 'surplus' and transaction_id is null))`,
    )
    .executeTakeFirstOrThrow();
  return { count: row.count, amountFen: row.amountFen };
}

/** A day at a glance; the present one when `day` is absent. */
export async function readToday(
  core: Core,
  past: PastDays,
  merchantId: string,
  day: string | undefined,
): Promise<Today> {
  const nowMs = core.clock();
  const today = shanghaiDay(nowMs);
  const chosen = day ?? today;
  const isToday = chosen === today;
  const startMs = shanghaiDayStartMs(chosen);
  // What happens in this very millisecond belongs to the day.
  const untilMs = isToday ? nowMs + 1 : startMs + dayMs;
  const weeks = Array.from({ length: usualDays }, (_, index) => startMs - (index + 1) * 7 * dayMs);
  const [own, usual, refunds, limits, known, note] = await Promise.all([
    readBins(core, merchantId, startMs, untilMs),
    Promise.all(weeks.map((start) => past.of(core, merchantId, start))),
    readRefunds(core, merchantId, startMs, untilMs),
    isToday ? readLimits(core, merchantId, chosen) : new Map<string, DayLimit>(),
    channelsOf(core, merchantId),
    isToday ? noteOf(core, merchantId, startMs) : undefined,
  ]);
  const codes = [...new Set([...known, ...own.map(({ channel }) => channel)])];
  return {
    ...{ day: chosen, isToday, refunds },
    until: new Date(isToday ? nowMs : untilMs).toISOString(),
    amountFen: sumOf(own, ({ fen }) => fen),
    payments: sumOf(own, ({ count }) => count),
    ...usualOf(usual, untilMs - startMs),
    hours: hoursOf(own),
    channels: codes.map((channel) => channelOf(channel, own, limits.get(channel), startMs + dayMs)),
    ...(note === undefined ? {} : { note }),
  };
}

function channelOf(
  channel: string,
  day: readonly Bin[],
  limit: DayLimit | undefined,
  endMs: number,
): Today['channels'][number] {
  const bins = day.filter((bin) => bin.channel === channel);
  const resumesAt = new Date(endMs).toISOString();
  return {
    channel,
    amountFen: sumOf(bins, ({ fen }) => fen),
    payments: sumOf(bins, ({ count }) => count),
    ...(limit === undefined ? {} : { limit: { maxFen: limit.max_fen, usedFen: limit.used_fen, resumesAt } }),
  };
}
