import * as v from 'valibot';
import { numberSchema } from '../../../../protocol/http/fees-office.ts';
import { daySchema, quantitySchema } from '../../../../protocol/http/fees-values.ts';

/** What is wrong with a cell. */
export type CellFault =
  | 'empty'
  | 'not-a-number'
  | 'not-a-day'
  | 'not-digits'
  | 'wrong-length'
  | 'too-long'
  | 'looks-like-a-person'
  | 'unknown-word'
  | 'out-of-range';

/** A cell's value or what is wrong with it. */
export type Cell<T> = { readonly value: T } | { readonly fault: CellFault };

/** `2026-11-01`, `2026/11/1`, `2026.11.1`, `20261101`, `2026年11月1日`. */
export function readDay(text: string): Cell<string> {
  const match =
    /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00(?::00)?)?$/.exec(text) ??
    /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (match === null) return { fault: 'not-a-day' };
  const [, year = '', month = '', day = ''] = match;
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const date = new Date(`${iso}T00:00:00Z`);
  const isReal = v.is(daySchema, iso) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
  return isReal ? { value: iso } : { fault: 'not-a-day' };
}

/** A number of zero or more: `1,204.5` is `1204.5`. Spreadsheets may show it as `1204.50`. */
export function readQuantity(text: string): Cell<string> {
  const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text;
  const short = plain.includes('.') ? plain.replace(/0+$/, '').replace(/\.$/, '') : plain;
  return v.is(quantitySchema, short) ? { value: short } : { fault: 'not-a-number' };
}

/** A household number. What a spreadsheet made of a long one (`2.02600E+10`) is none. */
export function readNumber(text: string, min: number, max: number): Cell<string> {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d+$/.test(digits)) return { fault: 'not-digits' };
  return v.is(numberSchema, digits) && digits.length >= min && digits.length <= max
    ? { value: digits }
    : { fault: 'wrong-length' };
}

/** The digits that were agreed. */
export function readSecret(text: string, length: number): Cell<string> {
  if (!/^\d+$/.test(text)) return { fault: 'not-digits' };
  return text.length === length ? { value: text } : { fault: 'wrong-length' };
}

/** A small whole number. */
export function readCount(text: string, max: number): Cell<number> {
  if (!/^\d{1,3}$/.test(text)) return { fault: 'not-a-number' };
  return Number(text) <= max ? { value: Number(text) } : { fault: 'out-of-range' };
}

const identityPattern = /\d{17}[\dXx]|1[3-9]\d{9}/;

/** What a home is called. Text with an identity or a phone number in it is refused: it must not be kept. */
export function readLabel(text: string): Cell<string> {
  if (text.length > 60) return { fault: 'too-long' };
  return identityPattern.test(text.replace(/[\s-]/g, '')) ? { fault: 'looks-like-a-person' } : { value: text };
}

/** How a reading of a file came about. */
export type CellQuality = 'actual' | 'estimate' | 'self' | 'final';

const qualities: Readonly<Record<string, CellQuality>> = {
  ...{ 实抄: 'actual', 实际: 'actual', actual: 'actual', read: 'actual' },
  ...{ 估抄: 'estimate', 估计: 'estimate', estimate: 'estimate', estimated: 'estimate' },
  ...{ 自报: 'self', self: 'self' },
  ...{ 止数: 'final', 拆表: 'final', final: 'final', last: 'final' },
};

/** How it was read; read by a person where nothing is said. */
export function readQuality(text: string): Cell<CellQuality> {
  const value = text === '' ? 'actual' : qualities[text.toLowerCase()];
  return value === undefined ? { fault: 'unknown-word' } : { value };
}

const registerWords: Readonly<Record<string, string>> = {
  ...{ 尖: 'sharp', 尖段: 'sharp', 尖峰: 'sharp', 峰: 'peak', 峰段: 'peak', 高峰: 'peak' },
  ...{ 平: 'flat', 平段: 'flat', 谷: 'valley', 谷段: 'valley', 低谷: 'valley', 深谷: 'deep' },
};

/** A register of a meter by time of day: as the price list calls it, or 峰, 平, 谷, 尖, 深谷. */
export function readRegister(text: string): Cell<string> {
  const value = registerWords[text] ?? text.toLowerCase();
  return /^[a-z][a-z0-9-]{0,19}$/.test(value) ? { value } : { fault: 'unknown-word' };
}

/** A class of the tariff. */
export function readClass(text: string): Cell<string> {
  return /^[a-z][a-z0-9-]{0,39}$/.test(text) ? { value: text } : { fault: 'unknown-word' };
}
