import { describe, expect, test } from 'vitest';
import { lookupField, readLookupField } from '../../../protocol/http/fees-terminal.ts';
import { failure } from '../../../src/api/failures.ts';
import { createFormats } from '../../../src/i18n/format.ts';
import { sharedEn } from '../../../src/i18n/shared.en.ts';
import { sharedZh } from '../../../src/i18n/shared.zh.ts';
import { feesEn } from '../../../src/i18n/terminal-fees.en.ts';
import { feesZh } from '../../../src/i18n/terminal-fees.zh.ts';
import { failureWords } from '../../../src/terminal/fees/parts/failure-words.ts';

const until = '2026-11-24T08:05:00.000Z';
const nowMs = Date.parse('2026-11-24T08:00:00.000Z');
const languages = {
  en: { t: feesEn, shared: sharedEn, formats: createFormats('en'), nowMs },
  zh: { t: feesZh, shared: sharedZh, formats: createFormats('zh'), nowMs },
} as const;

describe('what a lookup that found nothing says', () => {
  test.each([{}, { left: 2 }, { left: 1 }, { until }])('%o survives its way to the terminal', (limit) => {
    expect(readLookupField(lookupField(limit))).toEqual(limit);
  });

  test.each([
    undefined,
    'payeeId',
    'household',
    'household left -1',
    'household until tomorrow',
    'household left 9999',
  ])('%s says nothing of a limit', (field) => {
    expect(readLookupField(field)).toEqual({});
  });

  test.each(['en', 'zh'] as const)('few tries are counted and a lock has its exact end, in %s', (language) => {
    const words = languages[language];
    const { problem } = words.t;
    const say = (error: 'not-found' | 'rate-limited', limit: Parameters<typeof lookupField>[0]): readonly string[] =>
      failureWords(failure(error, { field: lookupField(limit) }), words);
    expect(say('not-found', {})).toEqual([problem.wrong, problem.both]);
    expect(say('not-found', { left: 2 }).at(-1)).toContain('2');
    const time = words.formats.time(until);
    for (const error of ['not-found', 'rate-limited'] as const) expect(say(error, { until }).at(-1)).toContain(time);
    expect(failureWords(failure('rate-limited'), words)).toEqual([problem.locked, problem.wait]);
  });

  test.each(['en', 'zh'] as const)('that the network is down is the banner’s to say, in %s', (language) => {
    const words = languages[language];
    expect(failureWords(failure('offline'), words)).toEqual([words.t.problem.offline]);
  });
});
