import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../../protocol/http/system.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import { newId } from '../../../src/api/uuid.ts';
import { deviceName } from '../../../src/app/device-name.ts';
import { chainState } from '../../../src/office/audit/chain.ts';
import { terminalsCsv } from '../../../src/office/registry/export.ts';
import { agreementRows } from '../../../src/office/requests/agreement.ts';
import { dayCount, groupsOf } from '../../../src/office/requests/grouping.ts';
import { nextIndex } from '../../../src/ui/keys.ts';

function unlockWith(more: object): UnlockCase {
  const request = { signed: true, lockEpoch: 7, logContinues: true, screenNumber: '418207' };
  return { terminal: { seal: '0047 8812' }, request, state: 'waiting', ...more } as unknown as UnlockCase;
}

describe('do they agree?', () => {
  const inspection = {
    sealFound: '0047 8812',
    sealNew: '0047 9120',
    sealAsRegistered: true,
    screenNumber: '418207',
    screenNumberSame: true,
  };
  const evidence = { sealRegistered: '0047 8812', epochContinues: true };
  const verdicts = (unlock: UnlockCase) =>
    Object.fromEntries(agreementRows(unlock).map((row) => [row.name, row.agreement]));

  test('everything fits', () => {
    expect(verdicts(unlockWith({ inspection, evidence }))).toEqual({
      seal: 'same',
      screen: 'same',
      signature: 'same',
      epoch: 'same',
      log: 'same',
      newSeal: 'noted',
    });
  });

  test('before the inspection nothing is claimed about seal and screen', () => {
    expect(verdicts(unlockWith({ evidence }))).toMatchObject({ seal: 'open', screen: 'open', newSeal: 'open' });
  });

  test.each([
    ['another seal', { inspection: { ...inspection, sealAsRegistered: false }, evidence }, 'seal'],
    ['another number', { inspection: { ...inspection, screenNumberSame: false }, evidence }, 'screen'],
    ['an epoch that went back', { inspection, evidence: { ...evidence, epochContinues: false } }, 'epoch'],
  ])('%s stands out', (_name, more, row) => {
    expect(verdicts(unlockWith(more))[row]).toBe('differs');
  });
});

describe('the list of requests', () => {
  test('what waits comes first, then what is under way, then probation', () => {
    const cases = (['probation', 'commissioning', 'waiting', 'granted'] as const).map((state) => unlockWith({ state }));
    const groups = groupsOf(cases).map((group) => [group.name, group.cases.map((unlock) => unlock.state)]);
    expect(groups).toEqual([
      ['waiting', ['waiting']],
      ['underWay', ['commissioning', 'granted']],
      ['probation', ['probation']],
    ]);
  });

  test('the day’s count is mine and today’s', () => {
    const nowMs = new Date(2026, 10, 24, 14, 0).getTime();
    const decided = (by: string, outcome: string, id: string, hoursAgo: number) =>
      unlockWith({
        decision: { by, outcome, approver: { id }, at: new Date(nowMs - hoursAgo * 3_600_000).toISOString() },
      });
    const cases = [
      decided('person', 'grant', 'me', 1),
      decided('person', 'refuse', 'me', 2),
      decided('person', 'depot', 'me', 3),
      decided('person', 'grant', 'other', 1),
      decided('person', 'grant', 'me', 15),
      decided('policy', 'grant', '', 1),
      decided('policy', 'person', '', 1),
      unlockWith({}),
    ];
    expect(dayCount(cases, 'me', nowMs)).toEqual({ approved: 1, refused: 2, byPolicy: 1 });
  });
});

describe('the audit list', () => {
  const records = (...numbers: (number | undefined)[]) =>
    numbers.map((sequence) => ({ ...(sequence === undefined ? {} : { sequence }) })) as AuditRecord[];

  test.each([
    ['unbroken', records(9, 8, 7), { from: 7, to: 9, missing: 0 }],
    ['a new one is still being numbered', records(undefined, 9, 8), { from: 8, to: 9, missing: 0 }],
    ['two are missing', records(9, 6), { from: 6, to: 9, missing: 2 }],
    ['the same one twice hides no gap', records(9, 9, 7), { from: 7, to: 9, missing: 1 }],
    ['none yet', records(undefined), { from: undefined, to: undefined, missing: 0 }],
  ])('%s', (_name, list, state) => {
    expect(chainState(list)).toEqual(state);
  });
});

describe('the export', () => {
  const row = (more: object) => terminalsCsv([{ label: 'G3-02', ...more } as never]).split('\r\n')[1] ?? '';

  test('quotes what must be quoted', () => {
    expect(row({ serial: 'a,b', place: 'say "hi"' })).toContain('"a,b"');
    expect(row({ place: 'say "hi"' })).toContain('"say ""hi"""');
  });

  test.each(['=1+1', '+1', '-1', '@x'])('a cell never starts a formula: %s', (place) => {
    expect(row({ place })).toContain(`'${place}`);
  });
});

describe('moving in a list by keys', () => {
  test.each([
    ['j', 0, 3, 1],
    ['ArrowDown', 2, 3, 2],
    ['k', 0, 3, 0],
    ['j', -1, 3, 0],
    ['End', 0, 3, 2],
    ['Home', 2, 3, 0],
    ['x', 0, 3, undefined],
    ['j', 0, 0, undefined],
  ])('%s from %i of %i', (key, index, count, next) => {
    expect(nextIndex(key, index, count)).toBe(next);
  });
});

describe('ids', () => {
  test('carry the time and sort by it', () => {
    const zeros = (bytes: Uint8Array) => bytes.fill(0);
    expect(newId(0x0192_3456_789a, zeros)).toBe('01923456-789a-7000-8000-000000000000');
    expect(newId(1_000) < newId(2_000)).toBe(true);
  });

  test('are never the same twice', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newId(5))).size).toBe(1_000);
  });
});

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140', 'Windows'],
  ['Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile', 'Android'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)', 'iPhone'],
  ['something', 'Web'],
])('a passkey made in %s is called %s', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name);
});
