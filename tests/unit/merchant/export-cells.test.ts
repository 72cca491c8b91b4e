import { describe, expect, test } from 'vitest';
import { guarded, yuanText } from '../../../server/services/merchant/export-rows.ts';
import { medianOf } from '../../../server/services/merchant/today.ts';

describe('a cell of text', () => {
  test.each(['=1+1', '+1', '-1', '@a', '\ta', '\ra', '\na', '＝1', '＋1', '－1', '＠a'])('%j is no formula', (text) => {
    expect(guarded(text)).toBe(`'${text}`);
  });
  test.each(['', 'Table 4', '东门', '1=1', "'quoted"])('%j stays as it is', (text) => {
    expect(guarded(text)).toBe(text);
  });
  test('an amount is a number of yuan', () => {
    expect([yuanText(12_850), yuanText(-5), yuanText(0)]).toEqual(['128.50', '-0.05', '0.00']);
  });
});

test.each([
  [[], 0],
  [[5], 5],
  [[1, 9], 5],
  [[9, 1, 4], 4],
  [[1_000, 3_000, 5_000, 9_000], 4_000],
  [[1, 2], 2],
])('the median of %j is %i', (values, median) => {
  expect(medianOf(values)).toBe(median);
});
