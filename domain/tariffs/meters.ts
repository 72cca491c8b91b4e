import { dayText, readDay, readInstant } from './days.ts';
import { Exact } from './exact.ts';
import { tariffLimits } from './limits.ts';
import type { BillUsage, MeterReading, RatedBill, RatedMeter } from './rating.ts';
import { refuse } from './refused.ts';

/** What went through between two readings: days as numbers, `to` exclusive. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly quantity: Exact;
  readonly isEstimate: boolean;
}

/** One register of a meter and of those that hung there before it, in order of time. */
export interface Series {
  /** The first meter of those that hung there one after the other. */
  readonly meter: string;
  readonly kind: string;
  readonly register: string | undefined;
  readonly pieces: readonly Piece[];
  readonly rows: RatedBill['usage'];
}

interface ReadValue {
  readonly minute: number;
  readonly day: number;
  readonly value: Exact;
  readonly reading: MeterReading;
}

function decimal(text: string, path: string): Exact {
  return Exact.read(text) ?? refuse('bad-input', `${path}: "${text}" is no decimal number`);
}

/** Where a reading stands; only made for a refusal. */
const place = (index: number, entry: string): string => `usage.readings.${String(index)}.${entry}`;

function readValue(reading: MeterReading, zoneMinutes: number, index: number): ReadValue {
  const day = readDay(reading.at);
  const minute = day === undefined ? readInstant(reading.at, zoneMinutes) : day * 1440;
  if (minute === undefined)
    return refuse('bad-input', `${place(index, 'at')}: "${reading.at}" is neither a day nor an instant`);
  const value =
    Exact.read(reading.value) ??
    refuse('bad-input', `${place(index, 'value')}: "${reading.value}" is no decimal number`);
  if (value.isNegative) refuse('negative-usage', `${place(index, 'value')}: a meter does not show less than 0`);
  return { minute, day: Math.floor(minute / 1440), value, reading };
}

/** In order; of one day only the last. Two at the same moment must say the same. */
function inOrder(values: readonly ReadValue[], meterId: string): ReadValue[] {
  const ordered = [...values].sort((a, b) => a.minute - b.minute);
  return ordered.filter((now, index) => {
    const next = ordered[index + 1];
    if (next?.minute === now.minute && next.value.compare(now.value) !== 0) {
      refuse('bad-input', `usage.readings: meter ${meterId} has two different readings at ${now.reading.at}`);
    }
    return next?.day !== now.day;
  });
}

function difference(before: ReadValue, now: ReadValue, meter: RatedMeter): Exact {
  const rise = now.value.minus(before.value);
  if (!rise.isNegative) return rise;
  const falls = `usage.readings: meter ${meter.id} falls from ${before.reading.value} to ${now.reading.value}`;
  if (meter.maxDial === undefined) return refuse('reading-falls', falls);
  const dial = decimal(meter.maxDial, 'usage.meters.maxDial');
  const rolled = rise.plus(dial);
  // More than half of the dial is no roll-over but a wrong reading.
  if (before.value.compare(dial) >= 0 || rolled.times(Exact.of(2n)).compare(dial) > 0) {
    return refuse('reading-falls', `${falls}, which is no roll-over`);
  }
  return rolled;
}

function piecesOf(values: readonly ReadValue[], meter: RatedMeter): { pieces: Piece[]; rows: RatedBill['usage'] } {
  const multiplier = meter.multiplier === undefined ? Exact.one : decimal(meter.multiplier, 'usage.meters.multiplier');
  if (multiplier.top <= 0n) refuse('bad-input', 'usage.meters.multiplier: must be above 0');
  const pieces = values.slice(1).map((now, index): Piece => {
    const before = values[index] as ReadValue;
    const quantity = difference(before, now, meter).times(multiplier);
    const isEstimate = [before, now].some(({ reading }) => reading.quality === 'estimate');
    return { from: before.day, to: now.day, quantity, isEstimate };
  });
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined || pieces.length === 0) return { pieces, rows: [] };
  const row = {
    meterId: meter.id,
    from: { on: dayText(first.day), value: first.reading.value },
    to: { on: dayText(last.day), value: last.reading.value },
    quantity: pieces.reduce((sum, piece) => sum.plus(piece.quantity), Exact.zero).toText(),
    isEstimate: pieces.some(({ isEstimate }) => isEstimate),
  };
  return { pieces, rows: [row] };
}

function rootOf(meter: RatedMeter, byId: ReadonlyMap<string, RatedMeter>): string {
  let [at, steps] = [meter, 0];
  while (at.replaces !== undefined) {
    const before = byId.get(at.replaces);
    if (before === undefined) return at.replaces;
    steps += 1;
    if (steps > byId.size) refuse('bad-input', `usage.meters: ${meter.id} replaces itself`);
    at = before;
  }
  return at.id;
}

/** Reads meters and readings, in any order, into series. */
export function readSeries(usage: BillUsage, zoneMinutes: number): readonly Series[] {
  const { readings = [], meters } = usage;
  if (readings.length > tariffLimits.readingsMax) refuse('too-large', 'usage.readings: has too many');
  if ((meters?.length ?? 0) > tariffLimits.metersMax) refuse('too-large', 'usage.meters: has too many');
  const byId = new Map((meters ?? []).map((meter) => [meter.id, meter]));
  const groups = new Map<string, { meter: RatedMeter; register: string | undefined; values: ReadValue[] }>();
  readings.forEach((reading, index) => {
    const { meterId, register } = reading;
    const meter = byId.get(meterId) ?? (meters === undefined ? { id: meterId, kind: '' } : undefined);
    if (meter === undefined) return refuse('bad-input', `${place(index, 'meterId')}: there is no meter "${meterId}"`);
    const key = seriesKey(meterId, register);
    const group = groups.get(key) ?? { meter, register, values: [] };
    group.values.push(readValue(reading, zoneMinutes, index));
    groups.set(key, group);
  });
  const chains = new Map<string, Chain>();
  for (const { meter, register, values } of groups.values()) {
    const root = rootOf(meter, byId);
    const key = seriesKey(root, register);
    const read = { meter: root, kind: meter.kind, register, ...piecesOf(inOrder(values, meter.id), meter) };
    const chain = chains.get(key);
    chains.set(key, chain === undefined ? read : joined(chain, read));
  }
  return [...chains.values()];
}

type Chain = Series & { readonly pieces: Piece[] };

/** Of a meter and a register; no meter's id has the sign between them. */
function seriesKey(meterId: string, register: string | undefined): string {
  return register === undefined ? meterId : `${meterId}\u0000${register}`;
}

function joined(one: Chain, other: Chain): Chain {
  return {
    ...one,
    pieces: [...one.pieces, ...other.pieces].sort((a, b) => a.from - b.from),
    rows: [...one.rows, ...other.rows].sort((a, b) => (a.from.on < b.from.on ? -1 : a.from.on > b.from.on ? 1 : 0)),
  };
}

/** Refuses when a day of the bill lies between no two readings, or between two meters' at once. */
export function checkSeries(series: Series, from: number, to: number): void {
  let covered = from;
  let end = Number.NEGATIVE_INFINITY;
  for (const piece of series.pieces) {
    if (piece.from < end) refuse('bad-input', `usage.readings: two meters counted at once on ${dayText(piece.from)}`);
    if (piece.from <= covered && piece.to > covered) covered = piece.to;
    end = piece.to;
  }
  if (covered < to) refuse('missing-reading', `usage.readings: nothing is known from ${dayText(covered)} on`);
}

/** What fell on some days: by days between readings, cut to multiples of `step` that add up to the whole. */
export function seriesBetween(series: Series, from: number, to: number, step: Exact): Exact {
  let total = Exact.zero;
  for (const piece of series.pieces) {
    const [start, end] = [Math.max(from, piece.from), Math.min(to, piece.to)];
    if (start >= end) continue;
    total = total.plus(upToDay(piece, end, step).minus(upToDay(piece, start, step)));
  }
  return total;
}

/** What a quantity that is spread evenly had reached on a day: never more than all of it, however coarse the step. */
export function upToDay(piece: Omit<Piece, 'isEstimate'>, day: number, step: Exact): Exact {
  if (day >= piece.to) return piece.quantity;
  if (day <= piece.from) return Exact.zero;
  const reached = piece.quantity.times(Exact.of(day - piece.from, piece.to - piece.from)).roundedTo(step, 'half-up');
  return reached.min(piece.quantity);
}
