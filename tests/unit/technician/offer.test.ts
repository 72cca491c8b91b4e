import { describe, expect, test } from 'vitest';
import { chooseDelegation, offlineReason } from '../../../src/technician/run/offer.ts';
import type { OfferView, SiteTarget } from '../../../src/technician/run/offer.ts';
import { afterOrder, kitOf, nextUseIndex } from '../../../src/technician/run/site-work.ts';
import type { CountedUse, KeptDelegation } from '../../../src/technician/run/site-work.ts';
import { nowMs, record } from './make.ts';
import { keep, makePackage } from './site-fakes.ts';

const target: SiteTarget = { terminalId: record().terminal.id, reasons: ['case'], identityAlive: true };

function use(useIndex: number, changes: Partial<CountedUse> = {}): CountedUse {
  const base = { delegationId: 'delegation-1', state: 'spent', ticketId: 't', atMs: nowMs } as const;
  return { ...base, useIndex, terminalId: target.terminalId, ...changes };
}

function heard(uses: readonly number[]): KeptDelegation {
  const at = new Date(nowMs).toISOString();
  const second = { id: 'chen', name: 'Chen' };
  const rest = { caseId: 'c', second, at, timeProven: true, sources: [] };
  return keep(makePackage({ view: { uses: uses.map((useIndex) => ({ useIndex, terminalId: 'other', ...rest })) } }));
}

describe('the delegation that is offered', () => {
  test('is the one that lists the terminal, in its time, with uses left', () => {
    expect(chooseDelegation([keep()], [], target, nowMs)).toMatchObject({ usable: true, usedOfAll: 0 });
    expect(chooseDelegation([keep()], [use(1)], target, nowMs)).toMatchObject({ usable: true, usedOfAll: 1 });
  });

  test('is the one that lasts longest', () => {
    const long = keep(makePackage({ view: { notAfter: new Date(nowMs + 9 * 3_600_000).toISOString() } }));
    const choice = chooseDelegation([keep(), { ...long, id: 'long' }], [], target, nowMs);
    expect(choice.usable && choice.kept.id).toBe('long');
  });

  test.each([
    ['none', [], [], target, nowMs],
    ['not-listed', [keep()], [], { ...target, terminalId: 'other' }, nowMs],
    ['not-yet', [keep()], [], target, nowMs - 2 * 3_600_000],
    ['over', [keep()], [], target, nowMs + 7 * 3_600_000],
    ['used-up-here', [keep()], [use(1), use(2)], target, nowMs],
    ['used-up', [keep()], [use(1), use(2, { terminalId: 'o' }), use(3, { terminalId: 'o' })], target, nowMs],
    ['used-up', [heard([1, 2, 3])], [], target, nowMs],
    ['reasons', [keep()], [], { ...target, reasons: ['case', 'temperature'] }, nowMs],
    ['identity-dead', [keep()], [], { ...target, identityAlive: false }, nowMs],
  ] as const)('is none: %s', (why, kept, uses, to, atMs) => {
    expect(chooseDelegation(kept, uses, to, atMs)).toMatchObject({ usable: false, why });
  });

  test('when several fail, the nearest to working is named', () => {
    const over = keep(makePackage({ view: { notAfter: new Date(nowMs - 1).toISOString(), number: 'D-1' } }));
    const unlisted = keep(makePackage({ view: { terminals: [], number: 'D-2' } }));
    expect(chooseDelegation([unlisted, over], [], target, nowMs)).toMatchObject({ why: 'over', number: 'D-1' });
  });
});

describe('why the server cannot be asked', () => {
  const calm: OfferView = {
    act: { do: 'ask' },
    failure: undefined,
    isNetworkUp: true,
    isBrowserOnline: true,
    isSlow: false,
    isSignedOut: false,
  };
  const failed = (code: string): OfferView['failure'] => ({ from: 'server', code, detail: '', mayPass: true });
  test.each([
    ['asking, and no time has passed', {}, undefined],
    ['two seconds without an answer', { isSlow: true }, 'slow'],
    ['the browser knows of no network', { failure: failed('offline'), isBrowserOnline: false }, 'no-network'],
    ['nothing comes back', { failure: failed('offline') }, 'no-answer'],
    ['the call timed out', { failure: failed('timeout') }, 'no-answer'],
    ['a sign-in page of the network', { failure: failed('unreadable') }, 'portal'],
    ['a busy server', { failure: failed('unavailable') }, 'busy'],
    ['the session is over', { failure: failed('unauthenticated') }, 'signed-out'],
    [
      'waiting for an approver while the network is down',
      { act: { do: 'wait-approval' }, isNetworkUp: false },
      'no-answer',
    ],
    ['waiting for an approver, and all is well', { act: { do: 'wait-approval' } }, undefined],
    ['nobody wants the server', { act: { do: 'start' }, isNetworkUp: false }, undefined],
    [
      'the cable fails, not the server',
      { failure: { from: 'cable', code: 'closed', detail: '', mayPass: true } },
      undefined,
    ],
  ] as const)('%s', (_what, changes, reason) => {
    expect(offlineReason({ ...calm, ...changes })).toBe(reason);
  });
});

describe('the count of uses', () => {
  test.each([
    ['the first', [], [], 1],
    ['after one that a terminal took', [use(1)], [], 2],
    ['after one whose end is not known', [use(1, { state: 'sent' })], [], 2],
    ['after what the server has heard from a terminal', [], [1, 2], 3],
    ['another delegation counts for itself', [use(4, { delegationId: 'other' })], [], 1],
  ] as const)('%s', (_what, uses, heardOf, next) => {
    expect(nextUseIndex(heard(heardOf), uses)).toBe(next);
  });
});

describe('the parts of a kit', () => {
  const [one] = makePackage().terminals;
  if (one === undefined) throw new Error('the package lists no terminal');
  const later = one.orders.map((order) => ({ ...order, orderSequence: order.orderSequence + 100 }));
  const both = keep({ ...makePackage(), terminals: [{ ...one, orders: [...one.orders, ...later] }] });

  test.each([
    ['the first use has the first part', 0, one.orders],
    ['the second has the orders after them', 1, later],
    ['a third has none', 2, []],
  ] as const)('%s', (_what, part, orders) => {
    expect(kitOf(both, one.terminalId, part)).toEqual(orders);
  });

  test('another terminal has none', () => {
    expect(kitOf(both, 'other')).toEqual([]);
  });
});

describe('the kit', () => {
  const orders = ['keys', 'self-test', 'self-test', 'probation'].map((step) => ({ step }));
  test.each([
    ['a step that is done leads to the next', 0, true, { kitAt: 1 }],
    ['its spares are passed over', 1, true, { kitAt: 3 }],
    ['a step that failed is done with its spare', 1, false, { kitAt: 2 }],
    ['without a spare it is stuck', 2, false, { kitAt: 3, stuckAt: 'self-test' }],
    ['the last one ends the kit', 3, true, { kitAt: 4 }],
  ] as const)('%s', (_what, at, isDone, after) => {
    expect(afterOrder(orders, at, isDone)).toEqual(after);
  });
});
