// Numbers of the second evaluator: whole multiples of 10^-70. Sums and products of the decimals of a tariff are exact in
// them, quotients nearly; what lies closer together than 10^-45 is the same number. The engine has fractions instead.

/** A number, as so many 10^-70. */
export type Num = bigint;

const places = 70;
/** One. */
export const one: Num = 10n ** BigInt(places);
const near = 10n ** 25n;

/** Nothing. */
export const zero: Num = 0n;

/** A whole number. */
export const whole = (count: number | bigint): Num => BigInt(count) * one;

/** Reads a decimal text; `undefined` when it is none. */
export function num(text: string): Num | undefined {
  const isNegative = text.startsWith('-');
  const [head = '', tail, more] = (isNegative ? text.slice(1) : text).split('.');
  const digits = head + (tail ?? '');
  const isRead = more === undefined && head !== '' && head.length <= 18 && tail !== '' && (tail ?? '').length <= 12;
  if (!isRead || [...digits].some((digit) => digit < '0' || digit > '9')) return undefined;
  const value = BigInt(digits + '0'.repeat(places - (tail ?? '').length));
  return isNegative ? -value : value;
}

/** Reads a decimal text of the tariff itself, which was checked before. */
export const known = (text: string): Num => num(text) as Num;

/** Product. */
export const times = (a: Num, b: Num): Num => (a * b) / one;
/** Quotient. */
export const over = (a: Num, b: Num): Num => (a * one) / b;
/** A part of a number: × count ÷ of. */
export const part = (a: Num, count: number, of: number): Num => (a * BigInt(count)) / BigInt(of);
/** Hundredths. */
export const percent = (a: Num, of: Num): Num => times(a, of) / 100n;

/** −1, 0 or 1; 0 for what is the same but for the last places. */
export function compare(a: Num, b: Num): number {
  const gap = a - b;
  return gap > near ? 1 : gap < -near ? -1 : 0;
}

/** The smaller of two. */
export const least = (a: Num, b: Num): Num => (a < b ? a : b);
/** The larger of two. */
export const most = (a: Num, b: Num): Num => (a > b ? a : b);
/** True for nothing. */
export const isNothing = (a: Num): boolean => compare(a, zero) === 0;

/** How a number is brought to steps. */
export type Mode = 'half-up' | 'half-even' | 'half-down' | 'up' | 'down';

/** How many steps a number is. Counts half steps, so that a half is seen as the odd one without a rest. */
export function steps(value: Num, step: Num, mode: Mode): bigint {
  const isNegative = value < 0n;
  const inHalves = ((isNegative ? -value : value) * 2n * one) / step;
  const halves = (inHalves + near) / one;
  const hasRest = inHalves - halves * one > near;
  const below = halves / 2n;
  const isOdd = halves % 2n === 1n;
  const isHalf = isOdd && !hasRest;
  const goesUp = {
    up: isOdd || hasRest,
    down: false,
    'half-up': isOdd,
    'half-down': isOdd && !isHalf,
    'half-even': isHalf ? below % 2n === 1n : isOdd,
  }[mode];
  const count = goesUp ? below + 1n : below;
  return isNegative ? -count : count;
}

/** The nearest multiple of a step. */
export const rounded = (value: Num, step: Num, mode: Mode): Num => steps(value, step, mode) * step;

/** Whole steps below or equal. */
export function floorSteps(value: Num, step: Num): bigint {
  const down = steps(value, step, 'down');
  return down * step > value + near ? down - 1n : down;
}

/** Started steps. */
export const started = (value: Num, step: Num): bigint => (compare(value, zero) <= 0 ? 0n : steps(value, step, 'up'));

const twelfth = 10n ** BigInt(places - 12);

/** A decimal text of at most twelve decimals. */
export function textOf(value: Num): string {
  const count = steps(value, twelfth, 'half-up');
  const digits = (count < 0n ? -count : count).toString().padStart(13, '0');
  const decimals = digits.slice(-12).replace(/0+$/, '');
  const text = digits.slice(0, -12) + (decimals === '' ? '' : `.${decimals}`);
  return count < 0n ? `-${text}` : text;
}

const hundredth = one / 100n;
/** Fen of an amount. */
export const fenOf = (value: Num, mode: Mode = 'half-up'): bigint => steps(value, hundredth, mode);
/** An amount of fen. */
export const yuanOf = (fen: bigint | number): Num => BigInt(fen) * hundredth;
/** A millionth. */
export const millionth: Num = one / 1_000_000n;
