declare const fenBrand: unique symbol;

/** An amount in fen (1/100 yuan): a whole number within ±2^53. Money of this project is never anything else. */
export type Fen = number & { readonly [fenBrand]: true };

/** The largest amount of one order: 10,000,000.00 yuan. */
export const orderMaxFen = 1_000_000_000 as Fen;

/** Takes a whole number of fen. Throws a RangeError with `name` otherwise: that is a fault of the caller. */
export function fen(value: number, name = 'fen'): Fen {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name}: ${String(value)} is no whole number of fen`);
  return value as Fen;
}

/** Adds amounts. Throws when the sum leaves the whole numbers that JavaScript keeps exactly. */
export function addFen(...amounts: readonly Fen[]): Fen {
  return fen(
    amounts.reduce((sum, amount) => sum + amount, 0),
    'sum',
  );
}

/**
 * Reads yuan as platforms and people write them: optional minus, digits, at most two decimals. `undefined` for anything
 * else, such as "1e2", "", full-width digits or a third decimal.
 */
export function fenFromYuan(text: string): Fen | undefined {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, yuan = '', decimals = ''] = match;
  const value = Number(yuan) * 100 + Number(decimals.padEnd(2, '0'));
  return fen(sign === '-' && value !== 0 ? -value : value);
}

/** Writes fen as yuan with two decimals and no thousands: 12850 → "128.50". */
export function yuanFromFen(amount: Fen): string {
  const digits = String(Math.abs(amount)).padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
