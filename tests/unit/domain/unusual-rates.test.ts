import { describe, expect, it } from 'vitest';
import { defaultRateLimits, unusualRates } from '../../../domain/unlock/unusual-rates.ts';

const days = (count: number, value: number): number[] => Array.from({ length: count }, () => value);
const isUnusual = (today: number, before: readonly number[]): boolean =>
  unusualRates([{ subject: 'person:x', today, before }]).length === 1;

describe('unusualRates', () => {
  it.each<[string, number, readonly number[], boolean]>([
    ['a quiet day', 0, days(28, 0), false],
    ['five after nothing: below the minimum count', 5, days(28, 0), false],
    ['six after nothing', 6, days(28, 0), true],
    ['six where four is usual', 6, days(28, 4), false],
    ['eight where four is usual', 8, days(28, 4), true],
    ['a busy technician on a busy day', 12, [8, 12, 10, 9, 11, 10, 12, 9, 10, 11], false],
    ['a busy technician on a wild day', 30, [8, 12, 10, 9, 11, 10, 12, 9, 10, 11], true],
    ['one wild day before does not hide the next', 30, [8, 12, 10, 90, 11, 10, 12, 9, 10, 11], true],
    ['fewer days known than needed', 30, days(defaultRateLimits.daysMin - 1, 0), false],
    ['as many days known as needed', 30, days(defaultRateLimits.daysMin, 0), true],
  ])('%s', (_name, today, before, unusual) => {
    expect(isUnusual(today, before)).toBe(unusual);
  });

  it('says what is usual and how far today is from it', () => {
    const [rate] = unusualRates([{ subject: 'model:QT-60', today: 20, before: [2, 4, 6, 4, 2, 6, 4] }]);
    expect(rate).toEqual({ subject: 'model:QT-60', today: 20, usual: 4, score: 5.4 });
  });

  it('names each subject by itself', () => {
    const series = ['a', 'b', 'c'].map((subject, i) => ({ subject, today: i * 10, before: days(10, 0) }));
    expect(unusualRates(series).map((rate) => rate.subject)).toEqual(['b', 'c']);
  });
});
