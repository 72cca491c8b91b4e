import { err, ok } from '../../../../domain/result.ts';
import type { Answer } from '../../../answer.ts';

interface OfRegister {
  readonly register: string;
  readonly quality: string;
}

/** True for a register with a name, which a meter with one value does not have. */
export const isNamed = (register: string): boolean => register !== '';

/**
 * Which registers a meter has, as its readings name them: `['']` for one with a single value. A first value without a
 * register does not count once there are others: it was written down before anybody told them apart.
 */
export function registersOf(known: readonly OfRegister[]): string[] {
  const named = new Set(known.map(({ register }) => register).filter(isNamed));
  if (named.size === 0) return [''];
  const hasTotal = known.some(({ register, quality }) => register === '' && quality !== 'first');
  return [...(hasTotal ? [''] : []), ...[...named].sort()];
}

/** The value of one register. */
export interface RegisterValue {
  readonly register: string;
  readonly value: string;
}

/** Values as they come in: one, or one for each register. */
export interface GivenValues {
  readonly value?: string | undefined;
  readonly values?: Readonly<Record<string, string>> | undefined;
  /** Names of the two in the interface, for a refusal. */
  readonly names: readonly [value: string, values: string];
}

/** One value for each of these registers, no more and no less; a refusal names the one that is missing or unknown. */
export function valuesFor(registers: readonly string[], given: GivenValues): Answer<RegisterValue[]> {
  const {
    value,
    values = {},
    names: [one, all],
  } = given;
  const unknown = Object.keys(values).find((name) => !registers.includes(name));
  if (unknown !== undefined) return err('bad-request', `${all}.${unknown}`);
  const found: RegisterValue[] = [];
  for (const register of registers) {
    const text = isNamed(register) ? values[register] : value;
    if (text === undefined) return err('bad-request', isNamed(register) ? `${all}.${register}` : one);
    found.push({ register, value: text });
  }
  const isSurplus = value !== undefined && !registers.includes('');
  return isSurplus ? err('bad-request', one) : ok(found);
}
