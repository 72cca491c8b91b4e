import { describe, expect, test } from 'vitest';
import { createFormats, groupDigits } from '../../../src/i18n/format.ts';
import { pickLanguage } from '../../../src/i18n/languages.ts';

const at = '2026-11-24T06:05:10.250Z';
const en = createFormats('en', 'Asia/Shanghai');
const zh = createFormats('zh', 'Asia/Shanghai');

describe('times', () => {
  test('evidence has seconds', () => {
    expect(en.time(at)).toBe('14:05:10');
    expect(zh.time(at)).toBe('14:05:10');
  });

  test('midnight is 00, not 24', () => {
    expect(en.timeShort('2026-11-23T16:00:00.000Z')).toBe('00:00');
    expect(zh.timeShort('2026-11-23T16:00:00.000Z')).toBe('00:00');
  });

  test('dates are the language’s own', () => {
    expect(en.date(at)).toBe('24 Nov 2026');
    expect(zh.date(at)).toBe('2026年11月24日');
    expect(en.dateTimeLong(at)).toBe('Tue 24 Nov 2026, 14:05:10');
    expect(zh.dateTimeLong(at)).toBe('2026年11月24日 周二 14:05:10');
  });

  test('today needs no date, yesterday does', () => {
    const nowMs = Date.parse('2026-11-24T07:00:00.000Z');
    expect(en.dayTime(at, nowMs)).toBe('14:05:10');
    expect(en.dayTime('2026-11-23T06:05:10.000Z', nowMs)).toBe('23 Nov 2026, 14:05');
  });

  test('the day changes at the reader’s midnight', () => {
    const nowMs = Date.parse('2026-11-23T16:30:00.000Z');
    expect(en.dayTime('2026-11-23T15:59:00.000Z', nowMs)).toBe('23 Nov 2026, 23:59');
  });
});

describe('lengths of time', () => {
  test.each([
    [0, '0.0 s', '0.0 秒'],
    [94, '0.1 s', '0.1 秒'],
    [400, '0.4 s', '0.4 秒'],
    [1_000, '1 s', '1 秒'],
    [3_750, '3.8 s', '3.8 秒'],
    [24_900, '24 s', '24 秒'],
    [65_000, '1 min 05 s', '1 分 5 秒'],
    [222_000, '3 min 42 s', '3 分 42 秒'],
    [3_660_000, '1 h 01 min', '1 小时 1 分'],
    [72 * 3_600_000, '3 d 0 h', '3 天 0 小时'],
  ])('%i ms', (ms, english, chinese) => {
    expect(en.duration(ms)).toBe(english);
    expect(zh.duration(ms)).toBe(chinese);
  });

  test('an age counts whole seconds and is never negative', () => {
    const since = Date.parse(at);
    expect(en.age(at, since + 6_600)).toBe('6 s');
    expect(en.age(at, since - 5_000)).toBe('1 s');
  });
});

describe('numbers', () => {
  test.each([
    [en.number(1_234_567), '1,234,567'],
    [en.bytes(149), '149 B'],
    [en.bytes(12_540), '12.5 kB'],
    [en.bytes(1_048_576), '1 MB'],
    [en.percent(0.984), '98.4 %'],
    [en.volts(3_020), '3.02 V'],
    [zh.yuan(1), '¥0.01'],
    [zh.yuan(1_234_500), '¥12,345.00'],
    [zh.yuan(-50), '−¥0.50'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });

  test('six digits stand in two groups, everything else stays', () => {
    expect(groupDigits('418207')).toBe('418 207');
    expect(groupDigits('0047 8812')).toBe('0047 8812');
    expect(groupDigits('')).toBe('');
  });
});

describe('the language', () => {
  test.each([
    [['zh-Hans-CN', 'en'], 'zh'],
    [['en-US'], 'en'],
    [['de-DE', 'zh-TW'], 'zh'],
    [['de-DE'], 'en'],
    [[], 'en'],
  ] as const)('of a reader who prefers %j is %s', (preferred, language) => {
    expect(pickLanguage(preferred)).toBe(language);
  });
});

test('facts side by side have the language’s own comma, and none for what is missing', () => {
  expect(en.row('D-1', undefined, '0 of 2 used')).toBe('D-1, 0 of 2 used');
  expect(zh.row('D-1', '已用 0 / 2 次')).toBe('D-1，已用 0 / 2 次');
  expect(en.sentence('None yet')).toBe('None yet.');
  expect(zh.sentence('还没有')).toBe('还没有。');
});
