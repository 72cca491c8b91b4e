import { describe, expect, test } from 'vitest';
import { nextAct } from '../../../src/technician/run/next-act.ts';
import type { Act } from '../../../src/technician/run/next-act.ts';
import type { Observation } from '../../../src/technician/run/observation.ts';
import type { SiteWork } from '../../../src/technician/run/site-work.ts';
import { caseId, device, nowMs, observation, record, unlockCase } from './make.ts';
import { keep, makePackage } from './site-fakes.ts';

const base: SiteWork = { delegationId: 'delegation-1', number: 'D-3391', caseId: 'site', recordId: 'r', kitAt: 0 };
const request = { bytes: 'AA', lockEpoch: 7, screenNumber: '418207', reasons: 1, readAtMs: nowMs };
const signed = { payload: 'AA', signature: 'AA', useIndex: 1, signedAtMs: nowMs };
const second = { key: 'AA', signature: 'AA', name: 'Chen' };
const inspection = { sealFound: '1', sealNew: '2', numberSame: true, note: '', photos: [], isReady: true };
const sent = { ...base, request, signed, second, sent: 'AA' };
const unlocked = { ...sent, receipt: 'AA', isRecorded: true };
const blank = device({ state: 'BLANK', lockEpoch: 8, screenNumber: '' });
const online = { isNetworkUp: true, isCaseFresh: true };

type Row = readonly [what: string, site: SiteWork, seen: Partial<Observation>, act: Act];
const rows: readonly Row[] = [
  ['the delegation is read from this device first', base, { delegation: undefined }, { do: 'load-delegation' }],
  ['then the terminal’s own request', base, {}, { do: 'site-request' }],
  ['without a cable the person connects', base, { cable: 'absent', device: undefined }, { do: 'connect' }],
  ['an opened case is looked at first', { ...base, request }, {}, { do: 'inspect' }],
  ['a flat cell is not', { ...base, request: { ...request, reasons: 16 } }, {}, { do: 'site-confirm' }],
  ['looked at: both persons confirm', { ...base, request }, { record: record({ inspection }) }, { do: 'site-confirm' }],
  [
    'they need no cable',
    { ...base, request },
    { record: record({ inspection }), cable: 'absent', device: undefined },
    { do: 'site-confirm' },
  ],
  [
    'a request of another challenge is read again',
    { ...base, request },
    { device: device({ screenNumber: '111111' }) },
    { do: 'site-request' },
  ],
  [
    'both have signed: unlock',
    { ...base, request, signed, second },
    { record: record({ inspection }) },
    { do: 'site-unlock' },
  ],
  ['sent and no answer: the same again', sent, {}, { do: 'site-unlock' }],
  ['sent, and it is not locked any more', sent, { device: blank }, { do: 'site-recover' }],
  ['refused', { ...base, request, refusal: { code: 'revoked' } }, {}, { do: 'site-again' }],
  [
    'too early: the terminal is waited for',
    { ...sent, refusal: { code: 'not-yet-valid', retryAtMs: nowMs + 5000 } },
    {},
    { do: 'wait-device', untilMs: nowMs + 5000 },
  ],
  ['the receipt is written down before all else', { ...sent, receipt: 'AA' }, { device: blank }, { do: 'keep-record' }],
  ['then the kit', unlocked, { device: blank }, { do: 'carry-kit' }],
  [
    'a report is written down before the next order',
    { ...unlocked, report: { id: 'i', bytes: 'AA' } },
    { device: blank },
    { do: 'keep-report' },
  ],
  [
    'no kit: the server is waited for',
    unlocked,
    { device: blank, delegation: keep(makePackage({ hasKit: false })) },
    { do: 'site-wait', why: 'no-kit' },
  ],
  [
    'a step failed for good',
    { ...unlocked, kitAt: 4, stuckAt: 'self-test' },
    { device: blank },
    { do: 'site-wait', why: 'kit-failed' },
  ],
  [
    'on probation',
    { ...unlocked, kitAt: 6 },
    { device: device({ state: 'PROBATION', probationUntilSeconds: 1 }) },
    { do: 'wait-probation', untilMs: 1000 },
  ],
  ['it locked again', unlocked, { device: device({ lockEpoch: 9 }) }, { do: 'ask-again', why: 'stale' }],
  [
    'the server knows it and nothing waits: online from here',
    unlocked,
    { ...online, device: blank, case: unlockCase('unlocked', { id: 'site' }) },
    { do: 'exchange-order' },
  ],
  [
    'the server knows it, but reports still wait: the kit goes on',
    unlocked,
    { ...online, device: blank, queued: 1, case: unlockCase('unlocked', { id: 'site' }) },
    { do: 'carry-kit' },
  ],
  [
    'a case of before is not this unlock',
    unlocked,
    { ...online, device: blank, case: unlockCase('waiting', { id: caseId }) },
    { do: 'carry-kit' },
  ],
  [
    'the terminal told the server first, under another id',
    unlocked,
    { ...online, device: blank, case: unlockCase('unlocked', { onSite: onSite() }) },
    { do: 'exchange-order' },
  ],
];

function onSite(): NonNullable<ReturnType<typeof unlockCase>['onSite']> {
  const person = { id: 'chen', name: 'Chen' };
  const rest = { timeProven: true, sources: [], usedAt: new Date(nowMs).toISOString() };
  return { delegationId: 'delegation-1', delegationNumber: 'D-3391', useIndex: 1, second: person, ...rest };
}

describe('a use of a delegation', () => {
  test.each(rows)('%s', (_what, site, seen, act) => {
    const offline = { isNetworkUp: false, isCaseFresh: false, delegation: keep() };
    const all = observation({ ...offline, ...seen });
    expect(nextAct({ ...all, record: { ...all.record, site } })).toEqual(act);
  });
});

describe('a request that is kept for later', () => {
  const later = { caseId, sinceMs: nowMs, isKept: false };
  test.each([
    ['is put into the outbox', { later }, {}, { do: 'keep-request' }],
    ['waits there', { later: { ...later, isKept: true } }, {}, { do: 'wait-later' }],
    [
      'needs no cable',
      { later: { ...later, isKept: true } },
      { cable: 'absent', device: undefined },
      { do: 'wait-later' },
    ],
    ['counts for its own request alone', { later: { ...later, caseId: 'other' } }, {}, { do: 'ask' }],
    [
      'is asked after once there may be news',
      { later: { ...later, isKept: true } },
      { isCaseFresh: false },
      { do: 'fetch-case' },
    ],
  ] as const)('%s', (_what, kept, seen, act) => {
    expect(nextAct(observation({ ...seen, record: record(kept) }))).toEqual(act);
  });
});
