import { sql } from 'kysely';
import type { BillUsage, RatedAccount, RatedBill } from '../../../../domain/tariffs/rating.ts';
import type { Db } from '../../../store/database.ts';
import { type FeeAccountRow, readMeters } from '../accounts/rows.ts';
import type { CurrentReading } from '../meters/series.ts';
import { plusDays } from '../parts.ts';

/** First and last day of a bill, both inclusive. */
export interface BillPeriod {
  readonly from: string;
  readonly to: string;
}

type MeterRow = Awaited<ReturnType<typeof readMeters>>[number];

/** What was used in a period, and of which readings. */
export interface PeriodUsage {
  readonly usage?: BillUsage;
  readonly ids: string[];
  /** Gives rows of a rated bill the days on which the meters were truly read. */
  readonly asRead: (rows: RatedBill['usage']) => RatedBill['usage'];
}

const readingsMax = 2_000;

/** Readings that tell what was used in a period: those in it and, of every register, the next ones before and behind. */
async function readingsAround(db: Db, row: FeeAccountRow, { from, to }: BillPeriod): Promise<CurrentReading[]> {
  const end = plusDays(to, 1);
  const { rows } = await sql<CurrentReading>`
    with current as (select r.* from fee_readings r where r.merchant_id = ${row.merchant_id} and r.account_id = ${row.id}
      and not exists (select 1 from fee_readings l where l.merchant_id = r.merchant_id and l.supersedes = r.id))
    select c.id, c.meter_id, c.register, c.read_on, c.value, c.quality from current c
    where c.read_on >= coalesce((select max(b.read_on) from current b where b.meter_id = c.meter_id
        and b.register = c.register and b.read_on <= ${from}::date), ${from}::date)
      and c.read_on <= coalesce((select min(b.read_on) from current b where b.meter_id = c.meter_id
        and b.register = c.register and b.read_on >= ${end}::date), ${end}::date)
    order by c.read_on, c.id limit ${readingsMax}`.execute(db);
  return rows;
}

/** One register's readings, oldest first. */
interface Series {
  readonly meter: MeterRow;
  readonly readings: readonly CurrentReading[];
}

function seriesOf(meters: readonly MeterRow[], readings: readonly CurrentReading[]): Series[] {
  return meters.flatMap((meter) => {
    const own = readings.filter((one) => one.meter_id === meter.id);
    const registers = [...new Set(own.map(({ register }) => register))];
    const all = registers.map((register) => ({ meter, readings: own.filter((one) => one.register === register) }));
    // A first value without a register says nothing of a meter that is read by its registers.
    const isUnread = (one: Series): boolean =>
      one.readings.every(({ register, quality }) => register === '' && quality === 'first');
    return registers.length > 1 ? all.filter((one) => !isUnread(one)) : all;
  });
}

interface Span {
  readonly from: string;
  /** The day after the last. */
  readonly end: string;
  readonly movedOut: string | undefined;
  /** Meters that hung there before others; what they counted goes on in those. */
  readonly replaced: ReadonlySet<string>;
}

/**
 * The last value of a register behind which nothing went through: of a meter that came down for good, or of the
 * household's last day when none was read after it. Days behind it count nothing, so no second reading is asked for.
 */
function closingOf({ meter, readings }: Series, { end, movedOut, replaced }: Span): CurrentReading | undefined {
  const last = readings.at(-1);
  if (last === undefined || last.read_on >= end || replaced.has(meter.id)) return undefined;
  const isLastDay = movedOut !== undefined && plusDays(movedOut, 1) === end && last.read_on === movedOut;
  return last.read_on === meter.to_on || isLastDay ? last : undefined;
}

/** The first value of a meter that went up after another of its kind had come down in the same days. */
function openingOf({ meter, readings }: Series, { from }: Span, all: readonly MeterRow[]): CurrentReading | undefined {
  const [first] = readings;
  if (first === undefined || first.read_on !== meter.from_on || meter.from_on <= from || meter.replaces !== null)
    return undefined;
  const isAfter = all.some((one) => one.kind === meter.kind && one.to_on !== null && one.to_on <= meter.from_on);
  return isAfter ? first : undefined;
}

function ratedReading(one: CurrentReading, on = one.read_on) {
  const plain = { meterId: one.meter_id, at: on, value: one.value, quality: one.quality };
  return one.register === '' ? plain : { ...plain, register: one.register };
}

/** What a household's meters say of a period. */
export async function usageOf(
  db: Db,
  row: FeeAccountRow,
  period: BillPeriod,
  account: RatedAccount,
): Promise<PeriodUsage> {
  const all = await readMeters(db, { merchantId: row.merchant_id, accountId: row.id });
  if (all.length === 0) return { ids: [], asRead: (rows) => rows };
  const replaced = new Set(all.flatMap(({ replaces }) => (replaces === null ? [] : [replaces])));
  const span: Span = { from: period.from, end: plusDays(period.to, 1), movedOut: account.movedOut, replaced };
  const hung = (meter: MeterRow): boolean =>
    meter.from_on < span.end &&
    (meter.to_on === null || meter.to_on > span.from || (meter.to_on === span.from && !replaced.has(meter.id)));
  const meters = all.filter(hung);
  const series = seriesOf(meters, await readingsAround(db, row, period));
  const readings = series.flatMap((one) => one.readings);
  const closings = series.flatMap((one) => closingOf(one, span) ?? []);
  const openings = series.flatMap((one) => openingOf(one, span, meters) ?? []);
  const usage = {
    meters: meters.map((meter) => ({
      id: meter.id,
      kind: meter.kind,
      ...(meter.max_dial === null ? {} : { maxDial: meter.max_dial }),
      multiplier: meter.multiplier,
      ...(meter.replaces === null ? {} : { replaces: meter.replaces }),
    })),
    readings: [
      ...openings.map((one) => ratedReading(one, span.from)),
      ...readings.map((one) => ratedReading(one)),
      ...closings.map((one) => ratedReading(one, span.end)),
    ],
  };
  const lastOf = new Map(closings.map((one) => [one.meter_id, one.read_on]));
  const firstOf = new Map(openings.map((one) => [one.meter_id, one.read_on]));
  const asRead = (rows: RatedBill['usage']): RatedBill['usage'] =>
    rows.map((one) => ({
      ...one,
      from: { ...one.from, on: (one.from.on === span.from ? firstOf.get(one.meterId) : undefined) ?? one.from.on },
      to: { ...one.to, on: (one.to.on === span.end ? lastOf.get(one.meterId) : undefined) ?? one.to.on },
    }));
  return { usage, ids: readings.map(({ id }) => id), asRead };
}
