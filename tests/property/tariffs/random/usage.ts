import type { BillUsage, IntervalUsage, MeterReading, RatedMeter } from '../../../../domain/tariffs/rating.ts';
import type { Dice } from './dice.ts';

const dayMs = 86_400_000;

/** How a bill's usage is told: which quantities and which prices by the hour a tariff can then ask for. */
export type Source = 'plain' | 'named' | 'meters' | 'registers' | 'intervals';
/** Kinds of meters, and names of periods that are registers as well. */
export const kinds = ['cold', 'hot'] as const;
/** Names of periods that are registers as well. */
export const registers = ['p0', 'p1', 'p2'] as const;

/** Days of a bill as numbers of days since 1970. */
export interface BillDays {
  readonly from: number;
  readonly to: number;
}

const written = new Map<number, string>();
/** `yyyy-mm-dd`. */
export function dayText(day: number): string {
  const text = written.get(day) ?? new Date(day * dayMs).toISOString().slice(0, 10);
  written.set(day, text);
  return text;
}

const offsets = ['+08:00', '+00:00', '-05:00', '+05:45', '+14:00'] as const;
const minutesOf = (offset: string): number =>
  (offset.startsWith('-') ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4)));

/** A minute of the wall clock in a zone, written with an offset of another. */
export function instantText(dice: Dice, minute: number, zone: number): string {
  const offset = dice.pick(offsets);
  const text = new Date((minute - zone + minutesOf(offset)) * 60_000).toISOString().slice(0, 16);
  return `${text}${dice.pick(['', ':00', ':59.999'])}${offset === '+00:00' ? dice.pick(['Z', offset]) : offset}`;
}

/** Readings of one register from before the bill or its first day on, to its last or after; of some days two. */
function readingsOf(
  dice: Dice,
  meter: RatedMeter,
  register: string | undefined,
  days: BillDays,
  zone: number,
): MeterReading[] {
  const dial = Number(meter.maxDial ?? '1000000');
  let value = meter.maxDial !== undefined && dice.once(2) ? dial - 1 - dice.whole(50) : dice.whole(400);
  let before = String(value);
  const readings: MeterReading[] = [];
  const at: number[] = [days.from - (dice.once(4) ? dice.whole(20) : 0)];
  for (let count = dice.whole(4); count > 0; count -= 1) at.push(days.from + 1 + dice.whole(days.to - days.from));
  at.push(days.to + (dice.once(4) ? dice.whole(20) : 0));
  for (const day of [...new Set(at)].sort((a, b) => a - b)) {
    const quality = dice.pick(['actual', 'actual', 'estimate', 'self', 'final', 'first'] as const);
    const entry = { meterId: meter.id, quality, ...(register === undefined ? {} : { register }) };
    const minute = dice.once(4) ? 1 + dice.whole(1439) : 0;
    if (minute > 0 && dice.once(3)) readings.push({ ...entry, at: dayText(day), value: before });
    const text = minute > 0 ? instantText(dice, day * 1440 + minute, zone) : dayText(day);
    before = `${String(value)}${dice.pick(['', '.5', '.125'])}`;
    readings.push({ ...entry, at: text, value: before });
    value += 1 + dice.whole(Math.min(300, Math.floor(dial / 4)));
    if (value >= dial) value -= dial;
  }
  return readings;
}

/** Cuts a meter's readings in two: another meter hangs there from some reading on. */
function replaced(dice: Dice, meter: RatedMeter, readings: readonly MeterReading[]): BillUsage {
  const at = 1 + dice.whole(Math.max(1, readings.length - 1));
  const start = readings[at - 1] as MeterReading;
  const shift = Number(start.value);
  const next: RatedMeter = { id: 'next', kind: meter.kind, replaces: meter.id };
  const later = [start, ...readings.slice(at)].map((one, index) => ({
    ...one,
    meterId: 'next',
    value: (index === 0 ? 0 : Math.max(0, Number(one.value) - shift) + index * 400).toFixed(3),
  }));
  return { meters: [meter, next], readings: [...readings.slice(0, at), ...later] };
}

function metersFor(dice: Dice, days: BillDays, zone: number): BillUsage {
  const plain: RatedMeter = {
    id: 'm0',
    kind: 'cold',
    ...dice.maybe(3, () => ({ maxDial: dice.pick(['1000', '10000']) })),
    ...dice.maybe(4, () => ({ multiplier: dice.pick(['1.5', '40', '0.001']) })),
  };
  const readings = readingsOf(dice, plain, undefined, days, zone);
  // Without a meter's description nothing rolls over.
  const rising = (one: MeterReading, index: number): MeterReading => ({ ...one, value: String(index * 40) });
  if (dice.once(8)) return { readings: readings.map(rising) };
  const usage =
    dice.once(4) && plain.maxDial === undefined ? replaced(dice, plain, readings) : { meters: [plain], readings };
  const hot: RatedMeter = { id: 'hot', kind: 'hot' };
  const hotReadings = readingsOf(dice, hot, undefined, days, zone);
  const all = [...(usage.readings ?? []), ...hotReadings];
  return { meters: [...(usage.meters ?? []), hot], readings: dice.once(2) ? all : all.reverse() };
}

function registersFor(dice: Dice, days: BillDays, zone: number): BillUsage {
  const meter: RatedMeter = { id: 'm0', kind: 'cold' };
  const names = dice.once(3) ? [undefined, ...registers] : registers;
  const readings = names.flatMap((name) => readingsOf(dice, meter, name, days, zone));
  if (!dice.once(4)) return { meters: [meter], readings };
  const plain: RatedMeter = { id: 'm1', kind: 'cold' };
  return { meters: [meter, plain], readings: [...readings, ...readingsOf(dice, plain, undefined, days, zone)] };
}

/** Lengths of the intervals of a day; all are whole numbers of minutes. */
const lengths = [15, 30, 60, 60, 60, 120, 45, 7, 240, 1440];

/** Intervals from midnight to midnight; some lie across a day's end inside of the bill. */
function intervalsFor(dice: Dice, days: BillDays, zone: number): IntervalUsage[] {
  const intervals: IntervalUsage[] = [];
  const end = days.to * 1440;
  const usual = dice.pick(lengths);
  const decimals = dice.pick([1, 3, 6]);
  const offset = dice.pick(offsets);
  const shift = minutesOf(offset) - zone;
  for (let minute = days.from * 1440; minute < end;) {
    const minutes = Math.min(end - minute, usual === 7 ? dice.pick([7, 15, 55, 300]) : usual, 1440);
    const start = `${new Date((minute + shift) * 60_000).toISOString().slice(0, 16)}${offset}`;
    intervals.push({ start, minutes, quantity: dice.decimal(minutes > 300 ? 40 : 3, decimals) });
    minute += minutes;
  }
  if (dice.once(5)) intervals.reverse();
  return intervals;
}

function quantitiesFor(dice: Dice, names: readonly string[]): Record<string, string> {
  const one = (): string => dice.pick(['0', dice.decimal(400, 0), dice.decimal(900, 3), dice.decimal(3, 6)]);
  return Object.fromEntries(names.map((name) => [name, one()]));
}

/** A household's usage. */
export function randomUsage(dice: Dice, source: Source, days: BillDays, zone: number): BillUsage {
  if (source === 'plain') return { quantities: quantitiesFor(dice, ['', ...(dice.once(3) ? kinds : [])]) };
  if (source === 'named') return { quantities: quantitiesFor(dice, dice.once(3) ? ['', ...registers] : registers) };
  if (source === 'meters') return metersFor(dice, days, zone);
  if (source === 'registers') return registersFor(dice, days, zone);
  return { intervals: intervalsFor(dice, days, zone) };
}
