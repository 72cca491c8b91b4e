import type { DecimalText } from './rating.ts';
import type { RoundingMode } from './tariff.ts';

const powers = Array.from({ length: 64 }, (_, index) => 10n ** BigInt(index));
const decimalPattern = /^(-?)(\d{1,18})(?:\.(\d{1,12}))?$/;
/** Above this the fraction is brought to its lowest terms, so that long sums do not grow without end. */
const reduceAbove = powers[40] as bigint;
const shownDecimals = 12;

const powerOf = new Map(powers.map((power, index) => [power, index]));

/** A whole number with its point moved to the left, without trailing zeros. */
function withPoint(scaled: bigint, decimals: number): DecimalText {
  const isNegative = scaled < 0n;
  const digits = (isNegative ? -scaled : scaled).toString().padStart(decimals + 1, '0');
  const split = digits.length - decimals;
  let end = digits.length;
  while (end > split && digits.charCodeAt(end - 1) === 48) end -= 1;
  const text = end === split ? digits.slice(0, split) : `${digits.slice(0, split)}.${digits.slice(split, end)}`;
  return isNegative && scaled !== 0n ? `-${text}` : text;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** A quotient as a whole number. `bottom` is above 0. */
function divideRounded(top: bigint, bottom: bigint, mode: RoundingMode): bigint {
  const whole = top / bottom;
  const rest = top % bottom;
  if (rest === 0n) return whole;
  const away = top < 0n ? -1n : 1n;
  if (mode === 'up') return whole + away;
  if (mode === 'down') return whole;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice !== bottom) return twice > bottom ? whole + away : whole;
  if (mode === 'half-up') return whole + away;
  return mode === 'half-down' || whole % 2n === 0n ? whole : whole + away;
}

/** A number without any error: a fraction of two whole numbers. Every sum of a bill is made of these. */
export class Exact {
  readonly top: bigint;
  /** Above 0. */
  readonly bottom: bigint;
  /** What `toText` made, so that a tariff's own numbers are written once. */
  #text: DecimalText | undefined;

  private constructor(top: bigint, bottom: bigint) {
    this.top = top;
    this.bottom = bottom;
  }

  static readonly zero = new Exact(0n, 1n);
  static readonly one = new Exact(1n, 1n);

  /** A fraction of whole numbers. Throws a RangeError for a bottom of 0 or a number that is not whole. */
  static of(top: bigint | number, bottom: bigint | number = 1n): Exact {
    const [a, b] = [BigInt(top), BigInt(bottom)];
    if (b === 0n) throw new RangeError('Exact.of: bottom is 0');
    return b < 0n ? Exact.#lean(-a, -b) : Exact.#lean(a, b);
  }

  /** Millionths as a whole number; what intervals are counted in. */
  static ofMillionths(millionths: number): Exact {
    return new Exact(BigInt(millionths), 1_000_000n);
  }

  /** Reads a decimal text; `undefined` for everything else, such as "1e5", "", ".5" or a thirteenth decimal. */
  static read(text: DecimalText): Exact | undefined {
    return Exact.#readShort(text) ?? Exact.#readLong(text);
  }

  /** The same for what fits a whole number of JavaScript; most prices and readings do. */
  static #readShort(text: DecimalText): Exact | undefined {
    const { length } = text;
    if (length === 0 || length > 15) return undefined;
    let [digits, point] = [0, -1];
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index) - 48;
      if (code >= 0 && code <= 9) digits = digits * 10 + code;
      else if (code === -2 && point < 0 && index > 0 && index < length - 1) point = index;
      else return undefined;
    }
    const decimals = point < 0 ? 0 : length - 1 - point;
    return decimals > shownDecimals ? undefined : new Exact(BigInt(digits), powers[decimals] as bigint);
  }

  static #readLong(text: DecimalText): Exact | undefined {
    const match = decimalPattern.exec(text);
    if (match === null) return undefined;
    const decimals = match[3] ?? '';
    const digits = BigInt((match[2] ?? '') + decimals);
    return new Exact(match[1] === '-' ? -digits : digits, powers[decimals.length] as bigint);
  }

  static #lean(top: bigint, bottom: bigint): Exact {
    if (bottom < reduceAbove) return new Exact(top, bottom);
    const common = greatestCommonDivisor(top, bottom);
    return new Exact(top / common, bottom / common);
  }

  /** Adds. */
  plus(other: Exact): Exact {
    if (this.bottom === other.bottom) return new Exact(this.top + other.top, this.bottom);
    return Exact.#lean(this.top * other.bottom + other.top * this.bottom, this.bottom * other.bottom);
  }

  /** Subtracts. */
  minus(other: Exact): Exact {
    if (this.bottom === other.bottom) return new Exact(this.top - other.top, this.bottom);
    return Exact.#lean(this.top * other.bottom - other.top * this.bottom, this.bottom * other.bottom);
  }

  /** Multiplies. */
  times(other: Exact): Exact {
    return Exact.#lean(this.top * other.top, this.bottom * other.bottom);
  }

  /** Divides. Throws a RangeError for a division by 0. */
  over(other: Exact): Exact {
    return Exact.of(this.top * other.bottom, this.bottom * other.top);
  }

  /** −1, 0 or 1, as this is below, equal or above. */
  compare(other: Exact): number {
    const [a, b] = [this.top * other.bottom, other.top * this.bottom];
    return a < b ? -1 : a > b ? 1 : 0;
  }

  /** True below 0. */
  get isNegative(): boolean {
    return this.top < 0n;
  }

  /** True for 0. */
  get isZero(): boolean {
    return this.top === 0n;
  }

  /** The other sign. */
  get negated(): Exact {
    return new Exact(-this.top, this.bottom);
  }

  /** The smaller of two. */
  min(other: Exact): Exact {
    return this.compare(other) <= 0 ? this : other;
  }

  /** The larger of two. */
  max(other: Exact): Exact {
    return this.compare(other) >= 0 ? this : other;
  }

  /** How many `step`s this is, rounded to a whole number. */
  stepsOf(step: Exact, mode: RoundingMode): bigint {
    return divideRounded(this.top * step.bottom, this.bottom * step.top, mode);
  }

  /** The nearest multiple of `step`. */
  roundedTo(step: Exact, mode: RoundingMode): Exact {
    return new Exact(this.stepsOf(step, mode) * step.top, step.bottom);
  }

  /** The next whole number below or equal. */
  floor(): bigint {
    const whole = this.top / this.bottom;
    return this.top < 0n && this.top % this.bottom !== 0n ? whole - 1n : whole;
  }

  /** As a decimal text without trailing zeros; more than twelve decimals are rounded, a half away from 0. */
  toText(): DecimalText {
    this.#text ??= this.#written();
    return this.#text;
  }

  #written(): DecimalText {
    if (this.bottom === 1n) return this.top.toString();
    const decimals = powerOf.get(this.bottom);
    if (decimals !== undefined && decimals <= shownDecimals) return withPoint(this.top, decimals);
    const scale = powers[shownDecimals] as bigint;
    return withPoint(divideRounded(this.top * scale, this.bottom, 'half-up'), shownDecimals);
  }
}
