import type { CompiledWhen } from './compiled.ts';
import { Exact } from './exact.ts';
import { checkCover, hoursSum, type IntervalTable, intervalSum, readIntervals } from './intervals.ts';
import { checkSeries, readSeries, type Series, seriesBetween, upToDay } from './meters.ts';
import type { BillUsage, RatedBill } from './rating.ts';
import { refuse } from './refused.ts';

/** Which usage. */
export interface UsageWanted {
  readonly kind?: string;
  readonly register?: string;
}

/** What was used in a bill, asked for by days. Reads each source once, and only when somebody asks. */
export class UsageBook {
  readonly #usage: BillUsage;
  readonly #from: number;
  readonly #to: number;
  readonly #zoneMinutes: number;
  readonly #holidays: ReadonlySet<number>;
  #series: readonly Series[] | undefined;
  #table: IntervalTable | undefined;
  readonly #named = new Map<string, Exact>();

  constructor(
    usage: BillUsage,
    from: number,
    to: number,
    zone: { zoneMinutes: number; holidays: ReadonlySet<number> },
  ) {
    this.#usage = usage;
    this.#from = from;
    this.#to = to;
    this.#zoneMinutes = zone.zoneMinutes;
    this.#holidays = zone.holidays;
  }

  /** True when hours are known. */
  get hasIntervals(): boolean {
    return (this.#usage.intervals?.length ?? 0) > 0;
  }

  /** The intervals, in order and complete. */
  intervals(): IntervalTable {
    if (this.#table === undefined) {
      const { intervals = [] } = this.#usage;
      if (intervals.length === 0) refuse('missing-reading', 'usage.intervals: this price goes by the hour');
      this.#table = readIntervals(intervals, this.#zoneMinutes);
      checkCover(this.#table, this.#from, this.#to);
    }
    return this.#table;
  }

  /** What fell on some days, within some hours of them where `hours` says so. */
  between(wanted: UsageWanted, from: number, to: number, step: Exact, hours?: CompiledWhen['hours']): Exact {
    if (hours !== undefined) return Exact.ofMillionths(hoursSum(this.intervals(), hours, this.#holidays, from, to));
    const isAny = wanted.kind === undefined && wanted.register === undefined;
    if (isAny && this.hasIntervals) return Exact.ofMillionths(intervalSum(this.intervals(), from, to));
    const series = this.#matching(wanted);
    if (series.length > 0) {
      return series.reduce((sum, one) => sum.plus(seriesBetween(one, from, to, step)), Exact.zero);
    }
    const quantity = this.#quantity(wanted);
    if (quantity === undefined) {
      const what = wanted.register ?? wanted.kind ?? 'usage';
      return refuse('missing-reading', `usage: there is no reading and no quantity of "${what}"`);
    }
    const piece = { from: this.#from, to: this.#to, quantity };
    return upToDay(piece, to, step).minus(upToDay(piece, from, step));
  }

  /** True when the total of a period of time is known by its name. */
  hasPeriod(name: string): boolean {
    return this.#matching({ register: name }).length > 0 || this.#usage.quantities?.[name] !== undefined;
  }

  /** Days on which a meter was read, within the bill. */
  readingDays(): readonly number[] {
    return this.#all().flatMap(({ pieces }) => pieces.map(({ to }) => to).filter((day) => day < this.#to));
  }

  /** Readings as they are printed. What lies beside the bill's days was cut by days, and so is an estimate. */
  rows(): RatedBill['usage'] {
    if (this.#usage.readings === undefined) return [];
    return this.#all().flatMap(({ rows, pieces }) => {
      const [first, last] = [pieces[0], pieces.at(-1)];
      const isCut = first !== undefined && last !== undefined && (first.from < this.#from || last.to > this.#to);
      return isCut ? rows.map((row) => ({ ...row, isEstimate: true })) : rows;
    });
  }

  #all(): readonly Series[] {
    this.#series ??= this.#usage.readings === undefined ? [] : readSeries(this.#usage, this.#zoneMinutes);
    return this.#series;
  }

  #matching({ kind, register }: UsageWanted): readonly Series[] {
    const ofKind = this.#all().filter((one) => kind === undefined || one.kind === kind || one.kind === '');
    // Of each meter its total, or all of its registers where it has none.
    const plain = new Set(ofKind.filter((one) => one.register === undefined).map(({ meter }) => meter));
    const isWanted = (one: Series): boolean =>
      register === undefined ? one.register === undefined || !plain.has(one.meter) : one.register === register;
    const found = ofKind.filter(isWanted);
    for (const one of found) checkSeries(one, this.#from, this.#to);
    return found;
  }

  #quantity({ kind, register }: UsageWanted): Exact | undefined {
    const { quantities } = this.#usage;
    if (quantities === undefined) return undefined;
    const name = register ?? (kind !== undefined && Object.hasOwn(quantities, kind) ? kind : '');
    if (Object.hasOwn(quantities, name)) return this.#readNamed(name, quantities[name] ?? '');
    if (register !== undefined) return undefined;
    const parts = Object.entries(quantities);
    return parts.length === 0
      ? undefined
      : parts.reduce((sum, [part, text]) => sum.plus(this.#readNamed(part, text)), Exact.zero);
  }

  #readNamed(name: string, text: string): Exact {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const value = Exact.read(text);
    if (value === undefined) return refuse('bad-input', `usage.quantities.${name}: "${text}" is no decimal number`);
    if (value.isNegative) refuse('negative-usage', `usage.quantities.${name}: ${text} is below 0`);
    this.#named.set(name, value);
    return value;
  }
}
