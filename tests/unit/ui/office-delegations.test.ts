import { describe, expect, test } from 'vitest';
import { delegationRefusals, judgeDelegation } from '../../../domain/unlock/delegation-policy.ts';
import { defaultDelegationPolicy } from '../../../domain/unlock/delegation-policy-default.ts';
import { alarmKinds } from '../../../protocol/http/system.ts';
import type { DelegationView } from '../../../protocol/http/field.ts';
import { officeEn } from '../../../src/i18n/office.en.ts';
import { officeZh } from '../../../src/i18n/office.zh.ts';
import {
  delegationGroups,
  delegationPast,
  handedInBy,
  hangingOn,
  isRevocable,
  mergeDelegations,
  secondsOf,
  stateAt,
  timeLeft,
} from '../../../src/office/delegations/delegations.ts';
import { factPath, subjectPath } from '../../../src/office/parts/subjects.ts';
import { officeRoute } from '../../../src/office/routes.ts';

const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 10, 24, 6, 0);
const at = (hours: number): string => new Date(nowMs + hours * hourMs).toISOString();

function delegation(id: string, more: Partial<DelegationView> = {}): DelegationView {
  return {
    ...{ id, number: `D-${id}`, state: 'waiting', technician: { id: 'wang', name: 'Wang' } },
    ...{ fieldKey: { id: 'laptop', label: 'Laptop' }, terminals: [], seconds: [], actions: [], reasonsOk: [] },
    ...{ usesMax: 6, usesPerTerminalMax: 2, hours: 8, note: '', askedAt: at(-1), checks: [] },
    ...{ uses: [], missing: [], doubled: [] },
    ...more,
  };
}

const active = (id: string, from: number, to: number, more: Partial<DelegationView> = {}): DelegationView =>
  delegation(id, { state: 'active', notBefore: at(from), notAfter: at(to), ...more });

describe('the list of delegations', () => {
  test('what waits comes first, longest wait on top; then what ends soonest; then the newest of the past', () => {
    const all = [
      delegation('old', { state: 'ended', askedAt: at(-90) }),
      active('late', -1, 7),
      delegation('new', { askedAt: at(-1) }),
      active('soon', -7, 1),
      delegation('long', { askedAt: at(-3) }),
      delegation('no', { state: 'refused', askedAt: at(-20) }),
    ];
    const groups = delegationGroups(all, nowMs).map(({ name, delegations }) => [name, delegations.map(({ id }) => id)]);
    expect(groups).toEqual([
      ['waiting', ['long', 'new']],
      ['active', ['soon', 'late']],
      ['past', ['no', 'old']],
    ]);
  });

  test('one whose time is over has ended, though the server has not said so yet', () => {
    const over = active('over', -8, -0.001);
    expect(stateAt(over, nowMs)).toBe('ended');
    expect(delegationGroups([over], nowMs)[2]?.delegations).toEqual([over]);
  });

  test('answers of several calls become one list', () => {
    const [a, b] = [delegation('a'), delegation('b')];
    expect(mergeDelegations([[a], [b, a], []]).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test.each([
    ['just signed', 0, 8, { ms: 8 * hourMs, share: 1 }],
    ['three quarters over', -6, 2, { ms: 2 * hourMs, share: 0.25 }],
    ['over', -8, -1, { ms: 0, share: 0 }],
    ['not begun', 1, 9, { ms: 9 * hourMs, share: 1 }],
  ])('time left: %s', (_name, from, to, left) => {
    expect(timeLeft(active('x', from, to), nowMs)).toEqual(left);
  });
});

describe('what an approver sees of the technician', () => {
  test('adds up everything but the one that is looked at', () => {
    const use = { uses: [{} as DelegationView['uses'][number]] };
    const all = [
      delegation('this', { missing: [1, 2, 3] }),
      delegation('a', { state: 'ended', ...use, missing: [2] }),
      delegation('b', { state: 'revoked', ...use, doubled: [1] }),
      delegation('c', { state: 'refused' }),
    ];
    expect(delegationPast(all, 'this')).toEqual({
      ...{ delegations: 3, uses: 2, missing: 1, doubled: 1, revoked: 1, refused: 1 },
    });
  });

  test('a second person with two keys is named once, and only where listed', () => {
    const second = (keyId: string, name: string) => ({
      keyId,
      person: { id: name, name },
      role: 'merchant',
      label: '',
    });
    const seconds = [second('k1', 'Chen'), second('k2', 'Chen'), second('k3', 'Li')] as DelegationView['seconds'];
    const listed = { secondKeyIds: ['k1', 'k2'] } as DelegationView['terminals'][number];
    expect(secondsOf(delegation('x', { seconds }), listed)).toEqual(['Chen']);
  });

  test.each([
    [['technician'], 'technician'],
    [['terminal'], 'terminal'],
    [['technician', 'terminal'], 'both'],
    [['terminal', 'technician'], 'both'],
  ] as const)('handed in by %j: %s', (sources, by) => {
    expect(handedInBy(sources)).toBe(by);
  });
});

describe('a revocation', () => {
  test.each([
    ['in force', active('x', -1, 7), true],
    ['replaced, but a terminal without news would take it', active('x', -1, 7, { state: 'ended' }), true],
    ['over', active('x', -9, -1), false],
    ['waiting', delegation('x'), false],
    ['revoked already', active('x', -1, 7, { state: 'revoked' }), false],
  ])('%s', (_name, one, expected) => {
    expect(isRevocable(one, nowMs)).toBe(expected);
  });

  test('of a key takes what it asked for and what it may confirm, but nothing that is over', () => {
    const seconds = [
      { keyId: 'phone', person: { id: 'c', name: 'Chen' }, role: 'merchant', label: '' },
    ] as DelegationView['seconds'];
    const all = [
      delegation('waiting'),
      active('force', -1, 7, { seconds }),
      active('over', -9, -1, { seconds }),
      delegation('refused', { state: 'refused' }),
      active('other', -1, 7, { fieldKey: { id: 'else', label: '' } }),
    ];
    const numbers = (keyId: string) => hangingOn(keyId, all, nowMs).map(({ id }) => id);
    expect(numbers('laptop')).toEqual(['waiting', 'force']);
    expect(numbers('phone')).toEqual(['force']);
    expect(numbers('nobody')).toEqual([]);
  });
});

describe('ways through the office', () => {
  test.each([
    ['/office/delegations', { screen: 'delegations' }],
    ['/office/delegations/7', { screen: 'delegations', id: '7' }],
    ['/office/people/7', { screen: 'people', id: '7' }],
    ['/office/audit/7', { screen: 'not-found' }],
  ])('%s', (path, route) => {
    expect(officeRoute(path)).toEqual(route);
  });

  test.each([
    ['delegation', '/office/delegations/7'],
    ['person', '/office/people/7'],
    ['terminal', '/office/terminals/7'],
    ['case', '/office/requests/7'],
    ['constructor', undefined],
    ['alarm', undefined],
  ])('an alarm about a %s leads to %s', (kind, path) => {
    expect(subjectPath(kind, '7')).toBe(path);
  });

  test.each([
    ['delegationId', '7', '/office/delegations/7'],
    ['technicianId', '7', '/office/people/7'],
    ['caseId', 7, undefined],
    ['number', '7', undefined],
  ])('a fact %s of %j leads to %s', (name, value, path) => {
    expect(factPath(name, value)).toBe(path);
  });
});

describe('words for the policy of delegations', () => {
  const checks = judgeDelegation(defaultDelegationPolicy, {
    ...{ keyActive: true, hours: 1, terminals: [], secondsCount: 1, active: 0, today: 0 },
    ...{ missing: 0, doubled: 0, hoursSinceRevocation: undefined },
  }).checks.map(({ code }) => code);

  test.each([
    ['English', officeEn],
    ['Chinese', officeZh],
  ])('every check and refusal has a sentence in %s', (_name, dictionary) => {
    expect(Object.keys(dictionary.siteCheck)).toEqual(checks);
    expect(Object.keys(dictionary.siteCheckFailed)).toEqual(checks);
    expect(Object.keys(dictionary.siteRefusal)).toEqual(Object.keys(delegationRefusals));
    expect(Object.keys(dictionary.alarms.kind)).toEqual([...alarmKinds]);
  });
});
