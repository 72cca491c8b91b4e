import { describe, expect, test } from 'vitest';
import { certaintyWaitMs } from '../../../domain/payments/draft.ts';
import type { AttemptView, OrderView } from '../../../protocol/http/payments.ts';
import { amountProblem, fenOf, typeAmount } from '../../../src/terminal/flow/amount.ts';
import { channelOfCode, isCustomerCode } from '../../../src/terminal/flow/customer-code.ts';
import { keyOf, placeOf } from '../../../src/terminal/flow/keys.ts';
import type { Key } from '../../../src/terminal/flow/keys.ts';
import { queryOfNumber } from '../../../src/terminal/flow/number.ts';
import { endsByMs, isFinal, isWaiting, stageOf } from '../../../src/terminal/flow/stage.ts';
import { Wedge, wedgeGapMs } from '../../../src/terminal/flow/wedge.ts';
import { sideFor } from '../../../src/terminal/parts/qr-styling.ts';
import { sketchRoutes } from './fake-server.ts';
import { makeAttempt, makeOrder } from './make.ts';

function typed(...keys: readonly Key[]): string {
  return keys.reduce((text, key) => typeAmount(text, key), '');
}

describe('keys', () => {
  test.each([
    [{ key: '7' }, '7'],
    [{ key: 'Enter' }, 'confirm'],
    [{ key: 'Escape' }, 'cancel'],
    [{ key: 'Backspace' }, 'delete'],
    [{ key: ',' }, 'symbol'],
    [{ key: '+' }, '00'],
    [{ key: '*' }, 'function'],
    [{ key: 'F9' }, 'power'],
    [{ key: 'a' }, undefined],
    [{ key: 'toString' }, undefined],
  ] as const)('%o is %s', (pressed, key) => {
    expect(keyOf(pressed)).toBe(key);
  });

  test('a number key chooses only what is listed', () => {
    expect([placeOf('1', 3), placeOf('3', 3), placeOf('4', 3), placeOf('0', 3), placeOf('confirm', 3)]).toEqual([
      0,
      2,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('an amount', () => {
  test.each([
    [['1', '2', '8', 'symbol', '5'], '128.5', 12_850],
    [['0', '0', '5'], '5', 500],
    [['symbol', '0', '5'], '0.05', 5],
    [['1', 'symbol', '2', '3', '4'], '1.23', 123],
    [['1', 'symbol', 'symbol'], '1.', 100],
    [['5', '00'], '500', 50_000],
    [['1', 'symbol', '00'], '1.00', 100],
    [['1', '2', 'delete'], '1', 100],
    [['delete'], '', undefined],
    [['0'], '0', undefined],
    [['0', 'symbol', '0', '0'], '0.00', undefined],
  ] as const)('%j stands as %s', (keys, text, fen) => {
    expect(typed(...keys)).toBe(text);
    expect(fenOf(text)).toBe(fen);
  });

  test('stops at the most that one order may be', () => {
    const nines = Array.from({ length: 12 }, () => '9' as const);
    expect(typed(...nines)).toBe('9999999');
    expect(typed('1', '00', '00', '00', '0')).toBe('10000000');
    expect(typed('1', '00', '00', '00', '0', 'symbol', '0', '1')).toBe('10000000.0');
  });

  test('is compared at once with what the channel can take', () => {
    const [wechat, alipay, card] = sketchRoutes();
    expect(amountProblem(wechat, 31_200)).toBeUndefined();
    expect(amountProblem(wechat, 31_201)).toEqual({ why: 'over', leftFen: 31_200, isDay: true });
    expect(amountProblem(alipay, 1)).toEqual({ why: 'closed' });
    expect(amountProblem(card, 99_999_999)).toBeUndefined();
    expect(amountProblem(undefined, 1)).toBeUndefined();
  });
});

describe('a scanner that acts as a keyboard', () => {
  const code = '134567890123456789';

  function scan(gapMs: number, text = code, wedge = new Wedge()) {
    let atMs = 1_000;
    const fed = [...text].map((digit) => wedge.feed(digit as Key, (atMs += gapMs)));
    return [...fed, wedge.feed('confirm', atMs + gapMs)];
  }

  test('gives one code and presses no key', () => {
    const fed = scan(8);
    expect(fed.flatMap(({ keys }) => keys)).toEqual([]);
    expect(fed.at(-1)?.code).toBe(code);
  });

  test('is told from a person, whose keys all arrive in order', () => {
    const fed = scan(wedgeGapMs + 1, '1285');
    expect(fed.flatMap(({ keys }) => keys)).toEqual(['1', '2', '8', '5', 'confirm']);
    expect(fed.some((one) => one.code !== undefined)).toBe(false);
  });

  test('too few quick digits are keys too', () => {
    expect(scan(5, '123').at(-1)).toEqual({ keys: ['1', '2', '3', 'confirm'] });
  });

  test('a digit that a person typed just before is no part of the code', () => {
    const wedge = new Wedge();
    wedge.feed('9', 100);
    const fed = scan(8, code, wedge);
    expect(fed.flatMap(({ keys }) => keys)).toEqual(['9']);
    expect(fed.at(-1)?.code).toBe(code);
  });

  test('more digits than any code has are keys', () => {
    const fed = scan(5, '1'.repeat(30));
    expect(fed.flatMap(({ keys }) => keys)).toHaveLength(31);
    expect(fed.some((one) => one.code !== undefined)).toBe(false);
  });
});

describe('a customer’s code', () => {
  test.each([
    ['134567890123456789', 'wechat-pay'],
    ['287654321098765432', 'alipay'],
    ['6212345678901234567', 'unionpay-qr'],
    ['994567890123456789', undefined],
    ['13456789', undefined],
    ['https://example.invalid', undefined],
  ])('%s belongs to %s', (code, channel) => {
    expect(channelOfCode(sketchRoutes(), code)?.channel).toBe(channel);
  });

  test('two rules that fit leave it to the server, a broken rule fits nothing', () => {
    const routes = sketchRoutes().map((route) => ({ ...route, authCode: '^1' }));
    expect(channelOfCode(routes, '134567890123456789')).toBeUndefined();
    expect(channelOfCode([{ ...routes[0]!, authCode: '(' }], '134567890123456789')).toBeUndefined();
    expect(isCustomerCode('1234567890123456 ')).toBe(false);
  });
});

const nowMs = Date.parse('2026-11-24T06:33:00.000Z');

describe('where an order stands', () => {
  const live = (change: Partial<AttemptView>): OrderView => makeOrder({ attempts: [makeAttempt(change)] });

  test.each([
    ['no answer yet', undefined, 'sending'],
    ['nothing tried', makeOrder({}), 'open'],
    ['a code to scan', live({}), 'qr'],
    ['a code whose time is over', live({ expiresAt: '2026-11-24T06:32:59.000Z' }), 'qr-over'],
    ['a scanned code', live({ kind: 'scan', qr: undefined as never }), 'payer'],
    ['a card', live({ kind: 'card' }), 'bank'],
    ['created', live({ state: 'created' }), 'asking'],
    ['submitted', live({ state: 'submitted' }), 'asking'],
    ['unknown is never failed', live({ state: 'unknown' }), 'checking'],
    ['an old code being ended', live({ isEnding: true }), 'switching'],
    ['the order being ended', { ...live({}), isEnding: true }, 'ending'],
    ['failed', live({ state: 'failed', reason: 'declined' }), 'failed'],
    ['closed', live({ state: 'closed' }), 'closed'],
    ['an answer that does not fit', live({ state: 'review' }), 'review'],
    ['part-paid', { ...live({ state: 'paid' }), state: 'part-paid' as const }, 'part'],
    ['part-paid, next part closed', { ...live({ state: 'closed' }), state: 'part-paid' as const }, 'part'],
    ['part-paid, next part failed', { ...live({ state: 'failed' }), state: 'part-paid' as const }, 'failed'],
    ['paid', makeOrder({ state: 'paid' }), 'paid'],
    ['cancelled', makeOrder({ state: 'cancelled' }), 'cancelled'],
    ['refunded in part', makeOrder({ state: 'part-refunded' }), 'refunded'],
    ['review', makeOrder({ state: 'review' }), 'review'],
  ] as const)('%s', (_name, order, at) => {
    expect(stageOf(order, nowMs).at).toBe(at);
  });

  test('an older attempt that failed does not hide the one that lives', () => {
    const attempts = [makeAttempt({ state: 'failed' }), makeAttempt({ id: 'b', number: 2 })];
    expect(stageOf(makeOrder({ attempts }), nowMs)).toMatchObject({ at: 'qr', attempt: { id: 'b' } });
  });

  test('an end that the platform has to confirm has a time by which it comes', () => {
    const attempt = makeAttempt({ isEnding: true });
    const endsMs = Date.parse(attempt.expiresAt) + certaintyWaitMs;
    const order = makeOrder({ attempts: [attempt] });
    expect(endsByMs(stageOf(order, nowMs), order)).toBe(endsMs);
    expect(endsByMs({ at: 'ending' }, order)).toBe(endsMs);
    expect(endsByMs({ at: 'ending' }, makeOrder({}))).toBeUndefined();
    expect(endsByMs({ at: 'checking', attempt }, order)).toBeUndefined();
  });

  test('what is final is not waited for', () => {
    const stages = (['paid', 'cancelled', 'review'] as const).map((state) => stageOf(makeOrder({ state }), nowMs));
    expect(stages.map(isFinal)).toEqual([true, true, true]);
    expect(stages.map(isWaiting)).toEqual([false, false, false]);
    expect(isWaiting(stageOf(live({ state: 'unknown' }), nowMs))).toBe(true);
  });
});

test.each([
  ['5207', '5207'],
  ['261124005207', '261124-005207'],
  ['261124', '261124'],
])('the number %s is asked for as %s', (digits, query) => {
  expect(queryOfNumber(digits)).toBe(query);
});

test.each([
  [444, 37, 1, 444],
  [443, 37, 1, 407],
  [400, 37, 1.5, 394.666],
  [20, 37, 1, 20],
])('a code in %d px with %d modules at ratio %d is %d px', (available, modules, ratio, side) => {
  expect(sideFor(available, modules, ratio)).toBeCloseTo(side, 2);
});
