import { describe, expect, it } from 'vitest';
import {
  type DelegatedTerminalFacts,
  type DelegationFacts,
  type DelegationRefusal,
  delegationRefusals,
  judgeDelegation,
  secondBlocked,
  type SecondFacts,
  usesGaps,
} from '../../../domain/unlock/delegation-policy.ts';
import { defaultDelegationPolicy as policy } from '../../../domain/unlock/delegation-policy-default.ts';
import { maskOf } from '../../../domain/unlock/states.ts';

const second: SecondFacts = {
  ...{ isTechnician: false, isActive: true, role: 'technician', ownMerchant: false, pairMonth: 0 },
};
const terminal: DelegatedTerminalFacts = {
  ...{ label: 'G3-02', ticketOpen: true, ticketOwn: true, stolen: false, forDepot: false, reasons: maskOf(['case']) },
  ...{ unlocksLifetime: 0, listedByOther: false, siteWeek: 0, seconds: [second] },
};
const facts: DelegationFacts = {
  ...{ keyActive: true, hours: 8, terminals: [terminal], secondsCount: 1, active: 0, today: 0 },
  ...{ missing: 0, doubled: 0, hoursSinceRevocation: undefined },
};
const refusalOf = (change: Partial<DelegationFacts>) => judgeDelegation(policy, { ...facts, ...change }).refusal;
const onTerminal = (change: Partial<DelegatedTerminalFacts>) => ({ terminals: [terminal, { ...terminal, ...change }] });
const onSecond = (change: Partial<SecondFacts>) => onTerminal({ seconds: [second, { ...second, ...change }] });

describe('judgeDelegation', () => {
  it.each<[string, Partial<DelegationFacts>, DelegationRefusal | undefined]>([
    ['all in order', {}, undefined],
    ['eight terminals', { terminals: Array.from({ length: 8 }, () => terminal) }, undefined],
    ['nine terminals', { terminals: Array.from({ length: 9 }, () => terminal) }, 'too-many-terminals'],
    ['24 hours', { hours: 24 }, undefined],
    ['25 hours', { hours: 25 }, 'hours-too-long'],
    ['eight second persons', { secondsCount: 8 }, undefined],
    ['nine second persons', { secondsCount: 9 }, 'too-many-seconds'],
    ['a revoked field key', { keyActive: false }, 'key-revoked'],
    ['one active already', { active: 1 }, undefined],
    ['two active already', { active: 2 }, 'too-many-active'],
    ['three today', { today: 3 }, undefined],
    ['four today', { today: 4 }, 'too-many-today'],
    ['a use missing', { missing: 1 }, 'uses-missing'],
    ['a use doubled', { doubled: 1 }, 'uses-doubled'],
    ['doubled weighs more than missing', { missing: 1, doubled: 1 }, 'uses-doubled'],
    ['a revocation eleven hours ago', { hoursSinceRevocation: 11 }, 'cool-down'],
    ['a revocation twelve hours ago', { hoursSinceRevocation: 12 }, undefined],
    ['a closed ticket', onTerminal({ ticketOpen: false }), 'ticket-not-open'],
    ['somebody else’s ticket', onTerminal({ ticketOwn: false }), 'ticket-not-assigned'],
    ['a stolen terminal', onTerminal({ stolen: true }), 'stolen'],
    ['a terminal for the depot', onTerminal({ forDepot: true }), 'depot-terminal'],
    ['locked by the mesh', onTerminal({ reasons: maskOf(['mesh']) }), 'depot-terminal'],
    ['locked by voltage', onTerminal({ reasons: maskOf(['voltage', 'case']) }), 'depot-terminal'],
    ['locked by heat', onTerminal({ reasons: maskOf(['temperature']) }), 'reason-not-on-site'],
    ['locked by the office', onTerminal({ reasons: maskOf(['policy']) }), 'reason-not-on-site'],
    ['a failed self-test', onTerminal({ reasons: maskOf(['self-test', 'drop']) }), 'reason-not-on-site'],
    ['a drop', onTerminal({ reasons: maskOf(['drop']) }), undefined],
    ['a flat cell and PIN tries', onTerminal({ reasons: maskOf(['flat-cell', 'pin-tries']) }), undefined],
    ['a lock that is not known yet', onTerminal({ reasons: 0 }), undefined],
    ['nine unlocks in its life', onTerminal({ unlocksLifetime: 9 }), undefined],
    ['ten unlocks in its life', onTerminal({ unlocksLifetime: 10 }), 'lifetime-limit'],
    ['a colleague’s terminal', onTerminal({ listedByOther: true }), 'terminal-listed'],
    ['five on-site unlocks at the merchant', onTerminal({ siteWeek: 5 }), undefined],
    ['six on-site unlocks at the merchant', onTerminal({ siteWeek: 6 }), 'site-limit'],
    ['the technician as second', onSecond({ isTechnician: true }), 'same-person'],
    ['a second without key or account', onSecond({ isActive: false }), 'second-not-active'],
    ['an approver as second', onSecond({ role: 'approver' }), 'second-wrong-role'],
    ['an operator as second', onSecond({ role: 'operator' }), 'second-wrong-role'],
    ['a merchant at their own terminal', onSecond({ role: 'merchant', ownMerchant: true }), undefined],
    ['a merchant at another’s terminal', onSecond({ role: 'merchant' }), 'second-other-merchant'],
    ['the same two nine times', onSecond({ pairMonth: 9 }), undefined],
    ['the same two ten times', onSecond({ pairMonth: 10 }), 'pair-limit'],
  ])('%s', (_name, change, refusal) => {
    expect(refusalOf(change)).toBe(refusal);
  });

  it('lists every check for the approver, with counts and the labels of what fails', () => {
    const { checks } = judgeDelegation(policy, { ...facts, ...onTerminal({ stolen: true, label: 'S2-11' }), today: 2 });
    const ofCode = (code: string) => checks.find((check) => check.code === code);
    expect(ofCode('today')).toEqual({ code: 'today', ok: true, detail: '2/4' });
    expect(ofCode('not-stolen')).toEqual({ code: 'not-stolen', ok: false, detail: 'S2-11' });
    expect(ofCode('two-persons')).toEqual({ code: 'two-persons', ok: true });
    expect(new Set(checks.map((check) => check.code)).size).toBe(checks.length);
    expect(checks.filter((check) => !check.ok)).toHaveLength(1);
  });

  it('allows drop, flat cell, PIN tries and an opened case, and nothing else', () => {
    const { reasonsOk } = judgeDelegation(policy, facts);
    expect(reasonsOk).toBe(maskOf(['drop', 'flat-cell', 'pin-tries', 'case']));
  });

  it.each([
    [1, 2],
    [3, 6],
    [8, 16],
  ])('%i terminals have %i uses together', (count, usesMax) => {
    const terminals = Array.from({ length: count }, () => terminal);
    expect(judgeDelegation(policy, { ...facts, terminals })).toMatchObject({ usesMax, usesPerTerminalMax: 2 });
  });

  it('has a plain next step for every refusal', () => {
    for (const next of Object.values(delegationRefusals)) expect(next).toMatch(/^[A-Z].+[.]$/);
  });
});

describe('secondBlocked', () => {
  it.each<[Partial<SecondFacts>, DelegationRefusal | undefined]>([
    [{}, undefined],
    [{ pairMonth: 10 }, 'pair-limit'],
    [{ isTechnician: true }, 'same-person'],
    [{ role: 'merchant' }, 'second-other-merchant'],
  ])('%o', (change, refusal) => {
    expect(secondBlocked(policy, { ...second, ...change })).toBe(refusal);
  });
});

describe('usesGaps', () => {
  it.each<[readonly number[], number[], number[]]>([
    [[], [], []],
    [[1], [], []],
    [[2, 1, 3], [], []],
    [[2], [1], []],
    [[5, 2], [1, 3, 4], []],
    [[1, 1], [], [1]],
    [[4, 3, 3, 1, 4], [2], [3, 4]],
  ])('%j', (indexes, missing, doubled) => {
    expect(usesGaps(indexes)).toEqual({ missing, doubled });
  });
});
