import { Exact } from './exact.ts';
import { FormulaFault, type Formula, type FormulaName, parseFormula } from './formula.ts';
import { readDay, readMonthDay } from './days.ts';
import type { Price } from './compiled.ts';

/** Something in a tariff that cannot be meant; `path` names the place. Never leaves `domain/tariffs`. */
export class TariffFault extends Error {
  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
  }
}

/** Ends the reading of a tariff. */
export function fault(path: string, message: string): never {
  throw new TariffFault(path, message);
}

/** A decimal. */
export function decimalAt(text: string, path: string): Exact {
  return Exact.read(text) ?? fault(path, `"${text}" is no decimal number`);
}

/** A decimal that is not below 0. */
export function amountAt(text: string, path: string): Price {
  const value = decimalAt(text, path);
  return value.isNegative ? fault(path, 'must not be below 0') : { value, text };
}

/** A decimal above 0. */
export function positiveAt(text: string, path: string): Exact {
  const value = decimalAt(text, path);
  return value.top <= 0n ? fault(path, 'must be above 0') : value;
}

/** A day's number. */
export function dayAt(text: string, path: string): number {
  return readDay(text) ?? fault(path, `"${text}" is no day yyyy-mm-dd`);
}

/** Month × 100 + day. */
export function monthDayAt(text: string, path: string): number {
  return readMonthDay(text) ?? fault(path, `"${text}" is no day MM-DD`);
}

/** A formula that uses only `allowed` names; all of the list when absent. */
export function formulaAt(text: string, path: string, allowed?: readonly FormulaName[]): Formula {
  try {
    const formula = parseFormula(text);
    const stray = allowed === undefined ? undefined : formula.names.find((name) => !allowed.includes(name));
    return stray === undefined ? formula : fault(path, `"${stray}" cannot be used here`);
  } catch (error) {
    return error instanceof FormulaFault ? fault(path, error.message) : rethrow(error);
  }
}

function rethrow(error: unknown): never {
  throw error;
}

/** Whole minutes or counts. */
export function wholeAt(value: number, least: number, most: number, path: string): number {
  return Number.isInteger(value) && value >= least && value <= most
    ? value
    : fault(path, `must be a whole number from ${String(least)} to ${String(most)}`);
}
