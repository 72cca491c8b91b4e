// The compiler holds the keys together (each zh is typed by its en); these tests hold the words.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockReasons } from '../../../domain/unlock/states.ts';
import { defaultUnlockPolicy } from '../../../domain/unlock/policy-default.ts';
import { decideUnlock } from '../../../domain/unlock/policy.ts';
import { refusalReasons } from '../../../domain/unlock/refusals.ts';
import { apiErrorCodes } from '../../../protocol/http/common.ts';
import { codeKinds } from '../../../protocol/codes/code.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { transportFailureCodes } from '../../../src/api/failures.ts';
import { fieldKeyErrors } from '../../../src/field-key/errors.ts';
import { secondRefusals } from '../../../src/field-key/second.ts';
import { appEn } from '../../../src/i18n/app.en.ts';
import { appZh } from '../../../src/i18n/app.zh.ts';
import { codesEn } from '../../../src/i18n/codes.en.ts';
import { codesZh } from '../../../src/i18n/codes.zh.ts';
import { merchantMoreEn } from '../../../src/i18n/merchant-more.en.ts';
import { merchantMoreZh } from '../../../src/i18n/merchant-more.zh.ts';
import { merchantEn } from '../../../src/i18n/merchant.en.ts';
import { merchantZh } from '../../../src/i18n/merchant.zh.ts';
import { officeEn } from '../../../src/i18n/office.en.ts';
import { officeZh } from '../../../src/i18n/office.zh.ts';
import { officeFeesEn } from '../../../src/i18n/office-fees.en.ts';
import { officeFeesZh } from '../../../src/i18n/office-fees.zh.ts';
import { officeMoneyEn } from '../../../src/i18n/office-money.en.ts';
import { officeMoneyZh } from '../../../src/i18n/office-money.zh.ts';
import { onSiteEn } from '../../../src/i18n/on-site.en.ts';
import { onSiteZh } from '../../../src/i18n/on-site.zh.ts';
import { residentAfterEn } from '../../../src/i18n/resident-after.en.ts';
import { residentAfterZh } from '../../../src/i18n/resident-after.zh.ts';
import { residentProfileEn } from '../../../src/i18n/resident-profile.en.ts';
import { residentProfileZh } from '../../../src/i18n/resident-profile.zh.ts';
import { residentShowEn } from '../../../src/i18n/resident-show.en.ts';
import { residentShowZh } from '../../../src/i18n/resident-show.zh.ts';
import { residentEn } from '../../../src/i18n/resident.en.ts';
import { residentZh } from '../../../src/i18n/resident.zh.ts';
import { sharedEn } from '../../../src/i18n/shared.en.ts';
import { sharedZh } from '../../../src/i18n/shared.zh.ts';
import { feesEn } from '../../../src/i18n/terminal-fees.en.ts';
import { feesZh } from '../../../src/i18n/terminal-fees.zh.ts';
import { terminalEn } from '../../../src/i18n/terminal.en.ts';
import { terminalZh } from '../../../src/i18n/terminal.zh.ts';

/** Every text with its path; functions are called with stand-ins for their arguments. */
function textsOf(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const call = value as (...values: number[]) => unknown;
    return textsOf(call(...Array.from({ length: call.length }, () => 7)), path);
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, path === '' ? key : `${path}.${key}`));
}

const pairs = [
  ['app', appEn, appZh],
  ['codes', codesEn, codesZh],
  ['merchant', merchantEn, merchantZh],
  ['merchant, opened', merchantMoreEn, merchantMoreZh],
  ['office', officeEn, officeZh],
  ['office, fees', officeFeesEn, officeFeesZh],
  ['office-money', officeMoneyEn, officeMoneyZh],
  ['on-site', onSiteEn, onSiteZh],
  ['resident', residentEn, residentZh],
  ['resident, after the press', residentAfterEn, residentAfterZh],
  ['resident, profile', residentProfileEn, residentProfileZh],
  ['resident, own code', residentShowEn, residentShowZh],
  ['shared', sharedEn, sharedZh],
  ['terminal', terminalEn, terminalZh],
  ['terminal, fees', feesEn, feesZh],
] as const;

/** Words that are the same in both languages: names, notations, and what has no word. */
const untranslated =
  /^(Tillkeeper|English|简体中文|–|terminal:….*|base64url|SN|QR|PIN|SHA-256|USB|JPEG|PNG|[A-Z]\d-\d\d)$/;

describe.each(pairs)('%s', (_name, en, zh) => {
  test('both languages have the same keys', () => {
    const keys = (dictionary: object) =>
      textsOf(dictionary, '')
        .map(([path]) => path)
        .sort();
    expect(keys(zh)).toEqual(keys(en));
  });

  test('nothing is empty', () => {
    const empty = [...textsOf(en, ''), ...textsOf(zh, '')].filter(([, text]) => text.trim() === '');
    expect(empty).toEqual([]);
  });

  test('no English is left in the Chinese', () => {
    const english = textsOf(zh, '').filter(
      ([, text]) => !/[\u4E00-\u9FFF]/.test(text) && /[A-Za-z]{2}/.test(text) && !untranslated.test(text),
    );
    expect(english).toEqual([]);
  });

  test('no Chinese stands in the English', () => {
    const chinese = textsOf(en, '').filter(([, text]) => /[\u4E00-\u9FFF]/.test(text) && !untranslated.test(text));
    expect(chinese).toEqual([]);
  });

  test('Chinese sentences use full-width marks', () => {
    const half = textsOf(zh, '').filter(([, text]) => /[\u4E00-\u9FFF][,;:!?]/.test(text));
    expect(half).toEqual([]);
  });
});

describe('codes have words', () => {
  const failureCodes = [...Object.keys(apiErrorCodes), ...Object.keys(transportFailureCodes)];

  test('every failure of a call has a sentence and a next step', () => {
    for (const dictionary of [sharedEn, sharedZh]) {
      expect(Object.keys(dictionary.failure).sort()).toEqual(failureCodes.sort());
      for (const words of Object.values(dictionary.failure)) expect(words).toHaveLength(2);
    }
  });

  test('every failure of a field key and every refusal of the second person has words', () => {
    for (const dictionary of [onSiteEn, onSiteZh]) {
      expect(Object.keys(dictionary.key.problem)).toEqual(expect.arrayContaining(Object.keys(fieldKeyErrors)));
      expect(Object.keys(dictionary.confirm.refusal).sort()).toEqual(Object.keys(secondRefusals).sort());
      for (const words of Object.values(dictionary.confirm.refusal)) expect(words).toHaveLength(2);
      expect(Object.keys(dictionary.confirm.action)).toEqual(Object.keys(actionBits));
    }
    for (const dictionary of [codesEn, codesZh]) {
      expect(Object.keys(dictionary.scan.wrongKind).sort()).toEqual(Object.keys(codeKinds).sort());
    }
  });

  test('every lock reason has a name', () => {
    expect(Object.keys(sharedEn.reason).sort()).toEqual([...lockReasons].sort());
  });

  test('every rule, check and refusal of the default policy has words', () => {
    const facts = {
      reasons: 1,
      requestSigned: true,
      identityAlive: true,
      epochContinues: true,
      logContinues: true,
      stolen: false,
      ticketOpen: true,
      ticketForTerminal: true,
      ticketAssigned: true,
      unlocks30Days: 0,
      tamperUnlocks30Days: 0,
      unlocksLifetime: 0,
      technicianUnlocksToday: 0,
    };
    const checks = decideUnlock(defaultUnlockPolicy, facts).checks.map((check) => check.code);
    for (const dictionary of [officeEn, officeZh]) {
      expect(Object.keys(dictionary.check)).toEqual(checks);
      expect(Object.keys(dictionary.checkFailed)).toEqual(checks);
      expect(Object.keys(dictionary.rule).map(Number)).toEqual(defaultUnlockPolicy.rules.map((rule) => rule.number));
      expect(Object.keys(dictionary.refusal).sort()).toEqual(Object.keys(refusalReasons).sort());
    }
  });

  test('every act that the server records has words', () => {
    const folder = join(import.meta.dirname, '../../../server');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
    const texts = sources.map((path) => readFileSync(join(folder, path), 'utf8'));
    const acts = texts.flatMap((text) => [...text.matchAll(/\bact: '([a-z.-]+)'/g)].map((match) => match[1] ?? ''));
    expect(acts.length).toBeGreaterThan(10);
    for (const { act } of [officeEn, officeZh]) expect(acts.filter((name) => !(name in act))).toEqual([]);
  });
});
