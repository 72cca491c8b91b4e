import { isDigit } from '../../flow/keys.ts';
import type { Key } from '../../flow/keys.ts';

/** The text after a key of the keypad: digits up to `maxDigits`, 00 as two, delete takes one away. */
export function typeNumber(text: string, key: Key, maxDigits: number): string {
  if (key === 'delete') return text.slice(0, -1);
  return isDigit(key) || key === '00' ? (text + key).slice(0, maxDigits) : text;
}

/** Digits in groups that can be read back: four each, counted from the left; eleven as a mobile number, 3-4-4. */
export function grouped(digits: string, isPhone: boolean): string {
  const first = isPhone && digits.length > 3 ? digits.slice(0, 3) : '';
  const rest = digits.slice(first.length).match(/.{1,4}/g) ?? [];
  return [first, ...rest].filter((group) => group !== '').join(' ');
}

/** One sign for each secret digit, and a hollow one for each that is still to come. */
export function masked(digits: string, length: number): string {
  return '●'.repeat(digits.length) + '○'.repeat(Math.max(0, length - digits.length));
}

/** True when a number may be looked for. */
export function isWhole(digits: string, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return digits.length >= min && digits.length <= max;
}

/** Whole yuan typed at the terminal, fen; undefined while nothing or only zeros stand there. */
export function fenOfYuan(text: string): number | undefined {
  const yuan = Number(text);
  return text === '' || yuan === 0 ? undefined : yuan * 100;
}

/** Digits of the longest amount of a payment in advance: whole yuan below a million. */
export const amountMaxDigits = 6;
