import { describe, expect, test } from 'vitest';
import { billTitle, quoteTitle } from '../../../server/services/fees/quotes/words.ts';

const today = '2026-11-24';

describe('what a bill is called', () => {
  test.each([
    ['a month of this year', '2026-09-01', '2026-09-30', '9 月电费', 'Electricity, September'],
    ['February, by its own length', '2026-02-01', '2026-02-28', '2 月电费', 'Electricity, February'],
    ['a month of another year', '2025-12-01', '2025-12-31', '2025 年 12 月电费', 'Electricity, December 2025'],
    ['whole months', '2026-07-01', '2026-09-30', '7 月至 9 月电费', 'Electricity, July – September'],
    [
      ...(['whole months of another year', '2025-07-01', '2025-09-30'] as const),
      ...(['2025 年 7 月至 9 月电费', 'Electricity, July – September 2025'] as const),
    ],
    [
      ...(['whole months over the year’s end', '2025-11-01', '2026-01-31'] as const),
      ...(['2025 年 11 月至 2026 年 1 月电费', 'Electricity, November 2025 – January 2026'] as const),
    ],
    [
      ...(['days between two readings', '2026-08-16', '2026-09-15'] as const),
      ...(['8 月 16 日至 9 月 15 日电费', 'Electricity, 16 Aug – 15 Sep'] as const),
    ],
    [
      ...(['a month that is not whole', '2026-09-01', '2026-09-29'] as const),
      ...(['9 月 1 日至 9 月 29 日电费', 'Electricity, 1 Sep – 29 Sep'] as const),
    ],
    [
      ...(['days of another year', '2025-08-16', '2025-09-15'] as const),
      ...(['2025 年 8 月 16 日至 9 月 15 日电费', 'Electricity, 16 Aug – 15 Sep 2025'] as const),
    ],
    [
      ...(['days over the year’s end', '2025-12-16', '2026-01-15'] as const),
      ...(['2025 年 12 月 16 日至 2026 年 1 月 15 日电费', 'Electricity, 16 Dec 2025 – 15 Jan 2026'] as const),
    ],
  ])('%s', (_what, from, to, zh, en) => {
    expect(billTitle({ service: 'electricity', from, to, isCorrection: false }, today)).toEqual({ zh, en });
  });

  test('a correction says so, and several bills are counted', () => {
    const corrected = billTitle({ service: 'water', from: '2026-09-01', to: '2026-09-30', isCorrection: true }, today);
    expect(corrected).toEqual({ zh: '9 月水费更正', en: 'Water correction, September' });
    expect(quoteTitle('water', [corrected, corrected, corrected])).toEqual({
      zh: '9 月水费更正等 3 笔',
      en: 'Water correction, September and 2 more',
    });
  });
});
