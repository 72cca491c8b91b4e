import { describe, expect, test } from 'vitest';
import { refusalReasons } from '../../../domain/unlock/refusals.ts';
import { refusalCodes } from '../../../protocol/unlock/v1/refusals.ts';
import { deviceErrorCodes } from '../../../protocol/cable/v1/errors.ts';
import { openErrors } from '../../../src/device/errors.ts';
import { technicianSiteCodesEn } from '../../../src/i18n/technician-site-codes.en.ts';
import { technicianSiteCodesZh } from '../../../src/i18n/technician-site-codes.zh.ts';
import { technicianEn } from '../../../src/i18n/technician.en.ts';
import { technicianZh } from '../../../src/i18n/technician.zh.ts';
import { pageFailures } from '../../../src/technician/run/failure.ts';

/** Refusals of orders never reach the technician as a grant's refusal. */
const orderOnly = ['wrong-state', 'step-missing', 'not-openable', 'order-failed'];

function leaves(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}:${typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

describe.each([
  ['en', technicianEn, technicianSiteCodesEn],
  ['zh', technicianZh, technicianSiteCodesZh],
] as const)('the dictionary %s', (_language, t, site) => {
  test('has a text for every way a cable may fail to open', () => {
    for (const code of openErrors) expect(t.openError[code].every((text) => text.length > 3)).toBe(true);
  });

  test('has a text for every device error, refusal and failure of the run', () => {
    const cable = [...deviceErrorCodes, 'timeout', 'closed', 'bad-reply', 'too-large', 'too-many-requests'];
    expect(cable.filter((code) => t.cableError[code]?.length !== 2)).toEqual([]);
    const refusals = refusalCodes.filter((code) => !orderOnly.includes(code));
    expect(refusals.filter((code) => (t.deviceRefusal[code] ?? site.deviceRefusal[code])?.length !== 2)).toEqual([]);
    expect(Object.keys(refusalReasons).filter((code) => t.policyRefusal[code]?.length !== 2)).toEqual([]);
    expect(pageFailures.filter((code) => t.pageError[code]?.length !== 2)).toEqual([]);
  });
});

test('both languages have the same places', () => {
  expect(leaves(technicianZh, 't')).toEqual(leaves(technicianEn, 't'));
});
