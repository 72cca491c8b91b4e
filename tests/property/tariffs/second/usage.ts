import type { RateInput } from '../../../../domain/tariffs/rating.ts';
import type { Tariff, When } from '../../../../domain/tariffs/tariff.ts';
import { zoneOf } from './calendar.ts';
import { no } from './formula.ts';
import { goesByHour, meansMoment, measuredOf, type Piece, piecesOf } from './hours.ts';
import { checkPlace, type Place, placesOf, reached } from './meters.ts';
import { millionth, type Num, num, zero } from './numbers.ts';

/** What a bill used, asked by days. */
export class Usage {
  readonly #input: RateInput;
  readonly #zone: number;
  readonly #holidays: readonly string[];
  readonly #from: number;
  readonly #to: number;
  #places: Place[] | undefined;
  #measured: ReturnType<typeof measuredOf> | undefined;
  readonly #pieces = new Map<string, Piece[]>();

  readonly #note: (what: string) => void;

  constructor(tariff: Tariff, input: RateInput, from: number, to: number, note: (what: string) => void) {
    this.#note = note;
    this.#input = input;
    this.#zone = zoneOf(tariff.timeZone);
    this.#holidays = tariff.holidays ?? [];
    [this.#from, this.#to] = [from, to];
  }

  get hasHours(): boolean {
    return (this.#input.usage?.intervals ?? []).length > 0;
  }

  /** Parts of the intervals of some days. */
  pieces(from: number, to: number, slot: number): Piece[] {
    const { intervals = [] } = this.#input.usage ?? {};
    if (intervals.length === 0) no('missing-reading');
    this.#measured ??= measuredOf(intervals, this.#zone, this.#from, this.#to);
    const key = `${String(from)} ${String(to)} ${String(slot)}`;
    const pieces = this.#pieces.get(key) ?? piecesOf(this.#measured, from, to, slot);
    if (this.#measured.some(({ start, end }) => start < to * 1440 && to * 1440 < end)) {
      this.#note('an interval over the end of a stretch');
    }
    this.#pieces.set(key, pieces);
    return pieces;
  }

  places(): Place[] {
    this.#places ??= placesOf(this.#input.usage ?? {}, this.#zone, this.#note);
    return this.#places;
  }

  /** True when a period's total was given, by a register or by its name. */
  knows(name: string): boolean {
    return this.#of(undefined, name).length > 0 || Object.hasOwn(this.#input.usage?.quantities ?? {}, name);
  }

  between(
    wanted: { readonly kind?: string; readonly register?: string },
    days: { readonly from: number; readonly to: number },
    step: Num,
    when?: When,
  ): Num {
    const { kind, register } = wanted;
    const { from, to } = days;
    if (goesByHour(when)) {
      const slices = this.pieces(from, to, 15).filter(({ day, minute }) =>
        meansMoment(when, this.#holidays, day, minute),
      );
      return slices.reduce((sum, { amount }) => sum + BigInt(amount) * millionth, zero);
    }
    if (kind === undefined && register === undefined && this.hasHours) {
      return this.pieces(from, to, 1440).reduce((sum, { amount }) => sum + BigInt(amount) * millionth, zero);
    }
    const places = this.#of(kind, register);
    if (places.length === 0) {
      const named = { from: this.#from, to: this.#to, amount: this.#named(kind, register) };
      return reached(named, to, step) - reached(named, from, step);
    }
    const rises = places.flatMap((place) => place.rises);
    return rises.reduce((sum, rise) => sum + reached(rise, to, step) - reached(rise, from, step), zero);
  }

  #of(kind: string | undefined, register: string | undefined): Place[] {
    const ofKind = this.places().filter((place) => kind === undefined || place.kind === '' || place.kind === kind);
    const hasTotal = ({ meter }: Place): boolean =>
      ofKind.some((one) => one.meter === meter && one.register === undefined);
    const found = ofKind.filter((place) => {
      if (register !== undefined) return place.register === register;
      return place.register === undefined || !hasTotal(place);
    });
    for (const place of found) checkPlace(place, this.#from, this.#to);
    return found;
  }

  #named(kind: string | undefined, register: string | undefined): Num {
    const given = this.#input.usage?.quantities ?? {};
    const read = (text: string): Num => {
      const value = num(text) ?? no('bad-input');
      return value < 0n ? no('negative-usage') : value;
    };
    const own = [register ?? kind, register === undefined ? '' : undefined].find(
      (name) => name !== undefined && Object.hasOwn(given, name),
    );
    if (own !== undefined) return read(given[own] ?? '');
    if (register !== undefined || Object.keys(given).length === 0) return no('missing-reading');
    return Object.values(given).reduce((sum, text) => sum + read(text), zero);
  }
}
