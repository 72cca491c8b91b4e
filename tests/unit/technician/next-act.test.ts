import { describe, expect, test } from 'vitest';
import { nextAct } from '../../../src/technician/run/next-act.ts';
import type { Act } from '../../../src/technician/run/next-act.ts';
import type { Observation } from '../../../src/technician/run/observation.ts';
import { caseId, device, granted, nowMs, observation, record, request, unlockCase } from './make.ts';

type Row = readonly [what: string, seen: Partial<Observation>, act: Act];

const inspected = {
  sealFound: '1',
  sealNew: '2',
  numberSame: true,
  note: '',
  photos: [],
  isReady: true,
} as const;

function check(rows: readonly Row[]): void {
  test.each(rows)('%s', (_what, seen, act) => {
    expect(nextAct(observation(seen))).toEqual(act);
  });
}

const { request: _request, ...bare } = record();
const { startedAtMs: _started, ...notStarted } = record();

describe('until the request is sent', () => {
  check([
    [
      'nothing plugged in: the person connects',
      { cable: 'absent', device: undefined, record: bare },
      { do: 'connect' },
    ],
    ['it is being looked for', { cable: 'coming', device: undefined, record: bare }, { do: 'wait-cable' }],
    ['connected: read the status', { device: undefined }, { do: 'read-status' }],
    ['the server is asked first what it knows', { isCaseFresh: false, record: bare }, { do: 'fetch-case' }],
    [
      'without network the request is read anyway',
      { isCaseFresh: false, isNetworkUp: false, record: bare },
      { do: 'read-request', fresh: false },
    ],
    [
      'the request is read before anybody presses start',
      { record: { ...notStarted, request: undefined } as never },
      { do: 'read-request', fresh: false },
    ],
    [
      'newer keys go over before anybody waits for them',
      { record: notStarted, keyset: { bytes: 'A', sequence: 2 } },
      { do: 'give-keyset' },
    ],
    ['then the person starts', { record: notStarted }, { do: 'start' }],
    ['started: ask', {}, { do: 'ask' }],
    ['a held request goes without the cable', { cable: 'absent', device: undefined }, { do: 'ask' }],
    [
      'a request of an earlier lock is read again',
      { device: device({ lockEpoch: 8 }) },
      { do: 'read-request', fresh: false },
    ],
    [
      'a request of an older challenge is read again',
      { device: device({ screenNumber: '111111' }) },
      { do: 'read-request', fresh: false },
    ],
  ]);
});

describe('until it is granted', () => {
  const wants = { case: unlockCase('needs-inspection') };
  check([
    ['the policy wants an inspection', wants, { do: 'inspect' }],
    ['the inspection needs no cable', { ...wants, cable: 'absent', device: undefined }, { do: 'inspect' }],
    ['it is written: send it', { ...wants, record: record({ inspection: inspected }) }, { do: 'send-inspection' }],
    ['a person is asked', { case: unlockCase('waiting') }, { do: 'wait-approval' }],
    [
      'waiting needs no cable',
      { case: unlockCase('waiting'), cable: 'absent', device: undefined },
      { do: 'wait-approval' },
    ],
    ['waiting, and news may have come', { case: unlockCase('waiting'), isCaseFresh: false }, { do: 'fetch-case' }],
    [
      'the terminal took another challenge meanwhile',
      { case: unlockCase('waiting'), device: device({ screenNumber: '1' }) },
      { do: 'ask-again', why: 'stale' },
    ],
    ['refused', { case: unlockCase('refused') }, { do: 'ask-again', why: 'refused' }],
    [
      'sent to the depot',
      {
        case: unlockCase('refused', {
          decision: { by: 'policy', outcome: 'depot', rule: 3, policyVersion: 1, checks: [], at: '' },
        }),
      },
      { do: 'stopped', why: 'depot' },
    ],
    ['expired', { case: unlockCase('expired') }, { do: 'ask-again', why: 'expired' }],
    ['void', { case: unlockCase('void') }, { do: 'ask-again', why: 'void' }],
    ['withdrawn: the challenge is burnt', { case: unlockCase('withdrawn', { abort: 'DDDD' }) }, { do: 'give-abort' }],
    [
      'withdrawn and burnt',
      { case: unlockCase('withdrawn', { abort: 'DDDD' }), device: device({ screenNumber: '' }) },
      { do: 'ask-again', why: 'withdrawn' },
    ],
    [
      'withdrawn, terminal not here',
      { case: unlockCase('withdrawn'), cable: 'absent', device: undefined },
      { do: 'ask-again', why: 'withdrawn' },
    ],
    [
      'asked again: a fresh request',
      { case: unlockCase('refused'), record: { ...bare, wantsFresh: true } },
      { do: 'read-request', fresh: true },
    ],
    [
      'asked again: the new request is sent',
      { case: unlockCase('refused'), record: record({ request: request({ caseId: 'new' }) }) },
      { do: 'ask' },
    ],
  ]);
});

describe('the grant', () => {
  const refusal = (retryAtMs?: number) =>
    record({ grantRefusal: { caseId, code: 'too-many-attempts', ...(retryAtMs === undefined ? {} : { retryAtMs }) } });
  check([
    ['is given', { case: granted() }, { do: 'give-grant' }],
    ['is given without asking the server again', { case: granted(), isCaseFresh: false }, { do: 'give-grant' }],
    ['is given without network', { case: granted(), isCaseFresh: false, isNetworkUp: false }, { do: 'give-grant' }],
    ['waits for the cable', { case: granted(), cable: 'absent', device: undefined }, { do: 'connect' }],
    ['needs a newer keyset first', { case: granted({ keyset: { bytes: 'A', sequence: 2 } }) }, { do: 'give-keyset' }],
    ['came late, its time is over', { case: granted(), nowMs: nowMs + 601_000 }, { do: 'ask-again', why: 'expired' }],
    [
      'is for an earlier lock',
      { case: granted(), device: device({ lockEpoch: 8 }) },
      { do: 'ask-again', why: 'stale' },
    ],
    ['was not accepted', { case: granted(), record: refusal() }, { do: 'ask-again', why: 'device-refused' }],
    [
      'must wait, too many attempts',
      { case: granted(), record: refusal(nowMs + 5000) },
      { do: 'wait-device', untilMs: nowMs + 5000 },
    ],
    ['has waited', { case: granted(), record: refusal(nowMs - 1) }, { do: 'give-grant' }],
  ]);
});

describe('the receipt', () => {
  const receipt = { caseId, bytes: 'EEEE' };
  check([
    [
      'goes to the server before everything else',
      { device: undefined, record: record({ receipt }) },
      { do: 'post-receipt' },
    ],
    [
      'goes without the cable',
      { cable: 'absent', device: undefined, record: record({ receipt }) },
      { do: 'post-receipt' },
    ],
    [
      'was lost on the way: read it again',
      { case: granted(), device: device({ state: 'BLANK' }) },
      { do: 'recover-receipt' },
    ],
    [
      'was lost, and the grant expired meanwhile',
      { case: unlockCase('expired'), device: device({ state: 'BLANK' }) },
      { do: 'recover-receipt' },
    ],
    ['of a soft lock was lost', { case: granted(), device: device({ state: 'NORMAL' }) }, { do: 'recover-receipt' }],
  ]);
});

describe('back to work', () => {
  const blank = device({ state: 'BLANK' });
  const watched = (until: number, releasable = false) =>
    unlockCase('probation', { probation: { until: new Date(until).toISOString(), limitFen: 50_000, releasable } });
  const onProbation = device({ state: 'PROBATION' });
  check([
    ['fetch the order', { case: unlockCase('unlocked'), device: blank }, { do: 'exchange-order' }],
    ['carry it out', { case: unlockCase('commissioning'), device: blank, order: 'FFFF' }, { do: 'carry-order' }],
    [
      'the report goes first',
      { case: unlockCase('commissioning'), device: blank, record: record({ report: { caseId, bytes: 'A' } }) },
      { do: 'exchange-order' },
    ],
    [
      'the order waits for the cable',
      { case: unlockCase('commissioning'), device: undefined, cable: 'coming' },
      { do: 'wait-cable' },
    ],
    ['unlocked by somebody, no case', { device: blank }, { do: 'stopped', why: 'blank-without-case' }],
    [
      'on probation',
      { case: watched(nowMs + 1000), device: onProbation },
      { do: 'wait-probation', untilMs: nowMs + 1000 },
    ],
    ['probation is over', { case: watched(nowMs), device: onProbation }, { do: 'exchange-order' }],
    ['released early', { case: watched(nowMs + 1000, true), device: onProbation }, { do: 'exchange-order' }],
    ['the release is carried out', { case: watched(nowMs), device: onProbation, order: 'A' }, { do: 'carry-order' }],
    [
      'normal again',
      { case: unlockCase('done'), device: device({ state: 'NORMAL' }) },
      { do: 'finished', how: 'back-to-work' },
    ],
    ['it was never locked', { device: device({ state: 'NORMAL' }) }, { do: 'finished', how: 'not-locked' }],
    [
      'locked again after the unlock',
      { case: unlockCase('commissioning'), device: device({ lockEpoch: 8 }) },
      { do: 'ask-again', why: 'stale' },
    ],
    [
      'locked again after it was done',
      { case: unlockCase('done'), device: device({ lockEpoch: 8 }) },
      { do: 'read-request', fresh: false },
    ],
  ]);
});
