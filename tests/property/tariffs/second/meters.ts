import type { BillUsage, MeterReading, RatedMeter } from '../../../../domain/tariffs/rating.ts';
import { dayOf, minuteOf } from './calendar.ts';
import { no } from './formula.ts';
import { compare, known, least, type Num, num, one, part, rounded, times, zero } from './numbers.ts';

/** What went through between two readings of one register. */
interface Rise {
  readonly from: number;
  readonly to: number;
  readonly amount: Num;
}

/** A place where something is counted: a meter with those that hung there before, and one of its registers. */
export interface Place {
  readonly meter: string;
  readonly kind: string;
  readonly register: string | undefined;
  readonly rises: Rise[];
}

interface Seen {
  readonly minute: number;
  readonly value: Num;
}

const dayOfMinute = (minute: number): number => Math.floor(minute / 1440);

function seenAt({ at, value }: MeterReading, zone: number): Seen {
  const day = at.length === 10 ? dayOf(at) : undefined;
  const minute = at.length === 10 ? (day === undefined ? undefined : day * 1440) : minuteOf(at, zone);
  const shown = num(value);
  if (minute === undefined || shown === undefined) return no('bad-input');
  return shown < 0n ? no('negative-usage') : { minute, value: shown };
}

/** The last reading of each day, by day. Of one moment there is one truth. */
function byDay(seen: readonly Seen[]): [number, Num][] {
  const moments = new Map<number, Num>();
  for (const { minute, value } of seen) {
    const before = moments.get(minute);
    if (before !== undefined && before !== value) no('bad-input');
    moments.set(minute, value);
  }
  const days = new Map<number, Num>();
  for (const minute of [...moments.keys()].sort((a, b) => a - b)) {
    days.set(dayOfMinute(minute), moments.get(minute) as Num);
  }
  return [...days];
}

function risen(before: Num, now: Num, meter: RatedMeter | undefined): Num {
  if (now >= before) return now - before;
  if (meter?.maxDial === undefined) return no('reading-falls');
  const dial = known(meter.maxDial);
  const rolled = dial - before + now;
  return before >= dial || compare(rolled + rolled, dial) > 0 ? no('reading-falls') : rolled;
}

/** The first meter of those that hung in one place. */
function firstOf(id: string, meters: readonly RatedMeter[]): string {
  let at = id;
  for (let steps = 0; steps <= meters.length; steps += 1) {
    const before = meters.find((meter) => meter.id === at)?.replaces;
    if (before === undefined) return at;
    at = before;
  }
  return no('bad-input');
}

/** All that was counted, place by place. */
export function placesOf({ readings = [], meters }: BillUsage, zone: number, note: (what: string) => void): Place[] {
  const groups = new Map<string, { meterId: string; register: string | undefined; seen: Seen[] }>();
  for (const reading of readings) {
    const { meterId, register } = reading;
    if (meters !== undefined && !meters.some(({ id }) => id === meterId)) no('bad-input');
    const key = JSON.stringify([meterId, register ?? null]);
    const group = groups.get(key) ?? { meterId, register, seen: [] };
    group.seen.push(seenAt(reading, zone));
    groups.set(key, group);
  }
  const places = new Map<string, Place>();
  for (const { meterId, register, seen } of groups.values()) {
    const meter = meters?.find(({ id }) => id === meterId);
    const first = firstOf(meterId, meters ?? []);
    const key = JSON.stringify([first, register ?? null]);
    if (places.has(key)) note('a meter that was replaced');
    const place = places.get(key) ?? { meter: first, kind: meter?.kind ?? '', register, rises: [] };
    const factor = meter?.multiplier === undefined ? one : known(meter.multiplier);
    const days = byDay(seen);
    days.slice(1).forEach(([to, now], index) => {
      const [from, before] = days[index] as [number, Num];
      if (now < before) note('a meter that rolls over');
      place.rises.push({ from, to, amount: times(risen(before, now, meter), factor) });
    });
    places.set(key, place);
  }
  for (const { rises } of places.values()) rises.sort((a, b) => a.from - b.from);
  return [...places.values()];
}

/** Refuses a place of which some day of the bill is not known, or is counted twice. */
export function checkPlace({ rises }: Place, from: number, to: number): void {
  if (rises.some((rise, index) => rise.from < (rises[index - 1]?.to ?? rise.from))) no('bad-input');
  for (let day = from; day < to; day += 1) {
    if (!rises.some((rise) => rise.from <= day && day < rise.to)) no('missing-reading');
  }
}

/** What a quantity that is spread over some days had come to on the morning of a day; never more than all of it. */
export function reached(rise: Rise, day: number, step: Num): Num {
  if (day <= rise.from) return zero;
  if (day >= rise.to) return rise.amount;
  return least(rise.amount, rounded(part(rise.amount, day - rise.from, rise.to - rise.from), step, 'half-up'));
}
