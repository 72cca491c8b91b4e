import { describe, expect, it } from 'vitest';
import { mayDecide } from '../../../domain/unlock/approval.ts';
import { caseTransitions, isOver, mayMove, type CaseState } from '../../../domain/unlock/cases.ts';
import { actionsFor, decideUnlock, type UnlockFacts, type UnlockPolicy } from '../../../domain/unlock/policy.ts';
import { defaultUnlockPolicy } from '../../../domain/unlock/policy-default.ts';
import { refusalReasons } from '../../../domain/unlock/refusals.ts';
import { allReasonsMask, type LockReason, lockReasons, maskOf } from '../../../domain/unlock/states.ts';

const good: UnlockFacts = {
  ...{ reasons: maskOf(['drop']), requestSigned: true, identityAlive: true, epochContinues: true, logContinues: true },
  ...{ stolen: false, ticketOpen: true, ticketForTerminal: true, ticketAssigned: true },
  ...{ unlocks30Days: 0, tamperUnlocks30Days: 0, unlocksLifetime: 0, technicianUnlocksToday: 0 },
};
const decide = (change: Partial<UnlockFacts> & { why?: readonly LockReason[] } = {}) => {
  const { why, ...facts } = change;
  return decideUnlock(defaultUnlockPolicy, {
    ...good,
    ...facts,
    ...(why === undefined ? {} : { reasons: maskOf(why) }),
  });
};

describe('what the default policy decides', () => {
  it.each<[string, Parameters<typeof decide>[0], string, number, string | undefined]>([
    ['a drop', { why: ['drop'] }, 'grant', 17, undefined],
    ['a flat cell', { why: ['flat-cell'] }, 'grant', 17, undefined],
    ['PIN tries', { why: ['pin-tries'] }, 'grant', 17, undefined],
    ['drop, flat cell and PIN tries together', { why: ['drop', 'flat-cell', 'pin-tries'] }, 'grant', 17, undefined],
    ['case once', { why: ['case'] }, 'person', 14, undefined],
    ['case with a drop', { why: ['case', 'drop'] }, 'person', 14, undefined],
    ['heat', { why: ['temperature'] }, 'person', 14, undefined],
    ['failed self-test', { why: ['self-test'] }, 'person', 14, undefined],
    ['locked by the office', { why: ['policy'] }, 'person', 15, undefined],
    ['mesh', { why: ['mesh'] }, 'depot', 7, 'mesh-broken'],
    ['voltage', { why: ['voltage', 'drop'] }, 'depot', 7, 'mesh-broken'],
    ['dead identity', { identityAlive: false }, 'depot', 8, 'identity-dead'],
    ['unsigned though the key is said to live', { requestSigned: false }, 'depot', 9, 'identity-dead'],
    [
      'case, one tampering before',
      { why: ['case'], tamperUnlocks30Days: 1, unlocks30Days: 1 },
      'person',
      14,
      undefined,
    ],
    ['case, two tamperings before', { why: ['case'], tamperUnlocks30Days: 2 }, 'depot', 11, 'repeated-tamper'],
    ['drop, two unlocks before', { unlocks30Days: 2 }, 'person', 16, undefined],
    ['nine unlocks in its life', { unlocksLifetime: 9 }, 'grant', 17, undefined],
    ['ten unlocks in its life', { unlocksLifetime: 10 }, 'depot', 10, 'lifetime-limit'],
    ['stolen, whatever else', { stolen: true, ticketOpen: false, identityAlive: false }, 'refuse', 1, 'stolen'],
    ['closed ticket', { ticketOpen: false }, 'refuse', 2, 'ticket-not-open'],
    ['another terminal’s ticket', { ticketForTerminal: false }, 'refuse', 3, 'ticket-other-terminal'],
    ['another technician’s ticket', { ticketAssigned: false }, 'refuse', 4, 'ticket-not-assigned'],
    ['nineteen today', { technicianUnlocksToday: 19 }, 'grant', 17, undefined],
    ['twenty today', { technicianUnlocksToday: 20 }, 'refuse', 5, 'technician-limit'],
    ['epoch went back', { epochContinues: false }, 'depot', 6, 'epoch-broken'],
    ['log left behind', { logContinues: false }, 'person', 13, undefined],
    ['log left behind and mesh', { logContinues: false, why: ['mesh'] }, 'depot', 7, 'mesh-broken'],
    ['no reason', { reasons: 0 }, 'refuse', 12, 'no-reason'],
  ])('%s', (_name, change, outcome, rule, refusal) => {
    const decision = decide(change);
    expect(decision).toMatchObject({ outcome, rule, policyVersion: 1 });
    expect(decision.refusal).toBe(refusal);
  });

  it('a person is asked only after an inspection, except for what the office locked itself', () => {
    expect(decide({ why: ['case'] }).inspection).toBe(true);
    expect(decide({ unlocks30Days: 2 }).inspection).toBe(true);
    expect(decide({ why: ['policy'] }).inspection).toBe(false);
  });

  it.each<[readonly LockReason[], number, number]>([
    [['drop'], 0, 0],
    [['flat-cell'], 0, 0],
    [['pin-tries'], 0, 0],
    [['case'], 72, 50_000],
    [['case', 'flat-cell'], 72, 50_000],
  ])('probation after %j: %i h, %i fen', (why, hours, limit) => {
    expect(decide({ why })).toMatchObject({ probationHours: hours, probationLimitFen: limit });
  });

  it.each<[readonly LockReason[], number]>([
    [['pin-tries'], 2],
    [['policy', 'pin-tries'], 2],
    [['drop'], 4],
    [['drop', 'pin-tries'], 6],
  ])('%j asks for actions %i and no more', (why, actions) => {
    expect(actionsFor(maskOf(why))).toBe(actions);
  });

  it('grants nothing when it refuses', () => {
    for (const change of [{ stolen: true }, { why: ['mesh'] as const }, { technicianUnlocksToday: 20 }]) {
      expect(decide(change)).toMatchObject({ actions: 0, probationHours: 0 });
    }
  });

  it('alarms go with the rule', () => {
    expect(decide({ stolen: true }).alarm).toBe('stolen');
    expect(decide({ why: ['case'], tamperUnlocks30Days: 2 }).alarm).toBe('repeated-tamper');
    expect(decide({ logContinues: false }).alarm).toBe('log-broken');
    expect(decide().alarm).toBeUndefined();
  });

  it('shows every check, with counts', () => {
    const { checks } = decide({ unlocksLifetime: 10, technicianUnlocksToday: 3 });
    expect(checks.find((check) => check.code === 'lifetime')).toEqual({ code: 'lifetime', ok: false, detail: '10/10' });
    expect(checks.find((check) => check.code === 'technician-today')).toEqual({
      code: 'technician-today',
      ok: true,
      detail: '3/20',
    });
    expect(decide().checks.every((check) => check.ok)).toBe(true);
  });
});

describe('the policy as data', () => {
  it('survives JSON', () => {
    const copy = JSON.parse(JSON.stringify(defaultUnlockPolicy)) as UnlockPolicy;
    expect(decideUnlock(copy, good)).toEqual(decideUnlock(defaultUnlockPolicy, good));
  });

  it('numbers its rules in order, and each refusal has a next step', () => {
    expect(defaultUnlockPolicy.rules.map((rule) => rule.number)).toEqual(
      defaultUnlockPolicy.rules.map((_, index) => index + 1),
    );
    for (const rule of defaultUnlockPolicy.rules) {
      expect(rule.refusal !== undefined, String(rule.number)).toBe(
        rule.outcome === 'refuse' || rule.outcome === 'depot',
      );
      if (rule.refusal !== undefined) expect(refusalReasons[rule.refusal].length).toBeGreaterThan(20);
    }
  });

  it('decides every mask of reasons, and grants none with a hard sign of work on the terminal', () => {
    const forbidden = maskOf(lockReasons.filter((reason) => !['drop', 'flat-cell', 'pin-tries'].includes(reason)));
    for (let reasons = 0; reasons <= allReasonsMask; reasons++) {
      const { outcome } = decideUnlock(defaultUnlockPolicy, { ...good, reasons });
      if ((reasons & forbidden) !== 0) expect(outcome, String(reasons)).not.toBe('grant');
    }
  });

  it('without a last rule it throws rather than guess', () => {
    expect(() => decideUnlock({ ...defaultUnlockPolicy, rules: [] }, good)).toThrow('policy.rules');
    expect(() => decideUnlock({ ...defaultUnlockPolicy, probation: [] }, good)).toThrow('policy.probation');
  });
});

describe('who may decide a waiting case', () => {
  const facts = {
    caseState: 'waiting',
    technicianId: 'wang',
    approverId: 'zhou',
    approverRole: 'approver',
    factorFresh: true,
    decision: 'approve',
  } as const;
  it.each<[string, Partial<Parameters<typeof mayDecide>[0]>, string | undefined]>([
    ['an approver with a fresh factor', {}, undefined],
    ['without a factor', { factorFresh: false }, 'factor-needed'],
    ['refusing needs none', { factorFresh: false, decision: 'refuse' }, undefined],
    ['the technician of the case', { approverId: 'wang' }, 'same-person'],
    ['an operator', { approverRole: 'operator' }, 'forbidden'],
    ['when it is granted already', { caseState: 'granted' }, 'already-decided'],
    ['approving before the inspection', { caseState: 'needs-inspection' }, 'not-in-state'],
    ['refusing before the inspection', { caseState: 'needs-inspection', decision: 'depot' }, undefined],
  ])('%s', (_name, change, error) => {
    const verdict = mayDecide({ ...facts, ...change });
    expect(verdict.ok ? undefined : verdict.error).toBe(error);
  });
});

describe('the states of a case', () => {
  it('every state leads only to known states, and those that are over only to late receipts', () => {
    const states = Object.keys(caseTransitions) as CaseState[];
    for (const from of states) {
      for (const to of states.filter((state) => mayMove(from, state))) {
        if (isOver(from)) expect(['unlocked', 'done'], `${from} → ${to}`).toContain(to);
      }
    }
    expect(mayMove('waiting', 'unlocked')).toBe(false);
    expect(mayMove('refused', 'granted')).toBe(false);
  });
});
