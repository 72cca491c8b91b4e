import { Exact } from '../../../../domain/tariffs/exact.ts';
import { sql } from 'kysely';
import type { MeterReading } from '../../../../domain/tariffs/rating.ts';
import type { Db } from '../../../store/database.ts';
import { daysBetween } from '../parts.ts';

/** A reading that counts. */
export interface CurrentReading {
  readonly id: string;
  readonly meter_id: string;
  readonly register: string;
  readonly read_on: string;
  readonly value: string;
  readonly quality: MeterReading['quality'];
}

const readingsMax = 1_000;

/** Readings of a meter that no later one took the place of, oldest first. */
export async function currentReadings(db: Db, merchantId: string, meterId: string): Promise<CurrentReading[]> {
  const { rows } = await sql<CurrentReading>`
    select r.id, r.meter_id, r.register, r.read_on, r.value, r.quality from fee_readings r
    where r.merchant_id = ${merchantId} and r.meter_id = ${meterId}
      and not exists (select 1 from fee_readings l where l.merchant_id = r.merchant_id and l.supersedes = r.id)
    order by r.read_on desc, r.id desc limit ${readingsMax}`.execute(db);
  return rows.reverse();
}

/** A value that somebody wants to enter. */
export interface WantedValue {
  readonly meter: { readonly max_dial: string | null; readonly from_on: string; readonly to_on: string | null };
  readonly on: string;
  readonly value: string;
  readonly register: string;
  /** The meter went past its largest number since the reading before. */
  readonly rolledOver: boolean;
  /** The reading whose place it takes. */
  readonly supersedes?: string;
}

const exact = (text: string): Exact => Exact.read(text) ?? Exact.zero;

/** How much a meter counted from one value to the next; `undefined` when it would have gone backwards. */
function riseOf(before: string, now: string, maxDial: string | null, rolledOver: boolean): Exact | undefined {
  const rise = exact(now).minus(exact(before));
  if (!rise.isNegative) return rise;
  if (maxDial === null || !rolledOver) return undefined;
  const rolled = rise.plus(exact(maxDial));
  // As rating sees it: more than half of the dial is a wrong reading.
  return rolled.isNegative || rolled.plus(rolled).compare(exact(maxDial)) > 0 ? undefined : rolled;
}

/** Why a value cannot be: `reading-falls`, `next-is-lower`, `above-dial`, `outside-meter`, `same-day`. */
export function checkValue(known: readonly CurrentReading[], wanted: WantedValue): string | undefined {
  const { meter, on, value, register, rolledOver } = wanted;
  if (on < meter.from_on || (meter.to_on !== null && on > meter.to_on)) return 'outside-meter';
  if (meter.max_dial !== null && exact(value).compare(exact(meter.max_dial)) >= 0) return 'above-dial';
  const others = known.filter((one) => one.register === register && one.id !== wanted.supersedes);
  if (others.some((one) => one.read_on === on)) return 'same-day';
  if (others.some((one) => one.quality === 'final' && one.read_on < on)) return 'outside-meter';
  const before = others.findLast((one) => one.read_on < on);
  if (before !== undefined && riseOf(before.value, value, meter.max_dial, rolledOver) === undefined)
    return 'reading-falls';
  const after = others.find((one) => one.read_on > on);
  if (after !== undefined && riseOf(value, after.value, meter.max_dial, true) === undefined) return 'next-is-lower';
  return undefined;
}

/** Days before an estimate whose use it goes by, at least and at most. */
const estimateFromDays = { least: 7, most: 400 } as const;

/**
 * What a meter would show if it went on as in the year before: whole units. `undefined` when nothing is known to go by.
 * Between two readings it lies on the line between them.
 */
export function estimatedValue(
  known: readonly CurrentReading[],
  on: string,
  meter: { readonly max_dial: string | null },
): string | undefined {
  const before = known.filter((one) => one.read_on < on);
  const last = before.at(-1);
  const after = known.find((one) => one.read_on > on);
  if (last === undefined) return undefined;
  const first =
    after === undefined
      ? before.find((one) => daysBetween(one.read_on, last.read_on) <= estimateFromDays.most && one !== last)
      : last;
  const end = after ?? last;
  if (first === undefined) return undefined;
  const days = daysBetween(first.read_on, end.read_on);
  if (days < (after === undefined ? estimateFromDays.least : 1)) return undefined;
  const rise = riseOf(first.value, end.value, meter.max_dial, true);
  if (rise === undefined) return undefined;
  const since = daysBetween(last.read_on, on);
  const grown = rise.times(Exact.of(since, days)).roundedTo(Exact.one, 'half-up');
  const shown = exact(last.value).plus(grown);
  const dial = meter.max_dial === null ? undefined : exact(meter.max_dial);
  return (dial !== undefined && shown.compare(dial) >= 0 ? shown.minus(dial) : shown).toText();
}
