import { describe, expect, test } from 'vitest';
import type { Key } from '../../../src/terminal/flow/keys.ts';
import { pressOn, wayRows } from '../../../src/terminal/flow/press.ts';
import type { Facts, Intent } from '../../../src/terminal/flow/press.ts';
import type { RefundForm, Screen } from '../../../src/terminal/flow/screens.ts';
import { isHarmless } from '../../../src/terminal/flow/screens.ts';
import type { Stage } from '../../../src/terminal/flow/stage.ts';
import { FakeServer } from './fake-server.ts';
import { makeAttempt, makeOrder } from './make.ts';

const server = new FakeServer(Date.parse('2026-11-24T06:32:00.000Z'));
const facts: Facts = { home: server.home(), stage: undefined, paidFen: 0 };

function at(
  ...[screen, key, stage, card, paidFen = 0]: [Screen, Key, Stage?, (Facts['card'] | undefined)?, number?]
): Intent | undefined {
  return pressOn(screen, key, { ...facts, stage, paidFen, ...(card === undefined ? {} : { card }) });
}

/** What an intent comes to in short: the screen that it shows, or what it does. */
function short(intent: Intent | undefined): string | undefined {
  if (intent === undefined) return undefined;
  if (intent.do === 'show') return intent.screen.at;
  return intent.do === 'say' ? `say ${intent.notice}` : intent.do;
}

const attempt = makeAttempt({});
const channels: Screen = { at: 'channels' };
const menu: Screen = { at: 'menu', channel: 'wechat-pay' };
const payment: Screen = { at: 'payment' };
const amount = (text: string, channel = 'wechat-pay'): Screen => ({ at: 'amount', channel, text });
const view = { routes: server.routes, preselected: 'bank-card' };
const ways: Screen = { at: 'ways', why: 'over', amountFen: 90_000, back: amount('900'), view };
const qr: Stage = { at: 'qr', attempt, qr: 'x' };
const paidOrder = makeOrder({ state: 'paid', paidFen: 12_850, leftFen: 0 });

test.each([
  ['off wakes by power', { at: 'off' }, 'power', 'wake'],
  ['off wakes by any key', { at: 'off' }, '5', 'wake'],
  ['a channel by its number', channels, '1', 'welcome'],
  ['a used-up channel too: its welcome says why', channels, '2', 'welcome'],
  ['the preselected by confirm', channels, 'confirm', 'welcome'],
  ['no such channel', channels, '9', undefined],
  ['settings by function', channels, 'function', 'settings'],
  ['power switches off', channels, 'power', 'sleep'],
  ['settings: read aloud', { at: 'settings' }, '1', 'voice'],
  ['settings: large text', { at: 'settings' }, '2', 'large'],
  ['settings: language', { at: 'settings' }, '3', 'language'],
  ['settings: back', { at: 'settings' }, 'cancel', 'channels'],
  ['settings: printer', { at: 'settings' }, '4', 'printer'],
  ['printer: back', { at: 'printer' }, 'cancel', 'settings'],
  ['printer: straight to the channels', { at: 'printer' }, 'function', 'channels'],
  ['welcome: on', { at: 'welcome', channel: 'alipay' }, 'confirm', 'menu'],
  ['welcome: back', { at: 'welcome', channel: 'alipay' }, 'cancel', 'channels'],
  ['menu: pay', menu, '1', 'amount'],
  ['menu: pay by confirm', menu, 'confirm', 'amount'],
  ['menu: refund', menu, '2', 'find'],
  ['menu: look up', menu, '3', 'find'],
  ['menu: print again', menu, '4', 'find'],
  ['menu: settle', menu, '5', 'settle'],
  ['menu: nothing at 6', menu, '6', undefined],
  ['menu: back', menu, 'cancel', 'channels'],
  ['amount: typing', amount('1'), '2', 'amount'],
  ['amount: cancel clears', amount('1'), 'cancel', 'amount'],
  ['amount: cancel goes back', amount(''), 'cancel', 'menu'],
  ['amount: nothing to confirm', amount(''), 'confirm', 'say amount-first'],
  ['amount: zero is nothing', amount('0.00'), 'confirm', 'say amount-first'],
  ['amount: takes the payment', amount('312'), 'confirm', 'pay'],
  ['amount: over the limit offers other ways', amount('312.01'), 'confirm', 'offer'],
  ['amount: a closed channel offers other ways', amount('1', 'alipay'), 'confirm', 'offer'],
  ['amount: the customer’s code', amount('5'), 'function', 'scan'],
  ['amount: the code needs an amount', amount(''), 'function', 'say amount-first'],
  ['ways: by number', ways, '1', 'pay'],
  ['ways: not available', ways, '2', 'say not-available'],
  ['ways: preselected', ways, 'confirm', 'pay'],
  ['ways: the scan row comes last', ways, '5', 'scan'],
  ['ways: back', ways, 'cancel', 'amount'],
  ['ways: nothing while asking', { at: 'ways', why: 'over', amountFen: 1, back: channels }, 'confirm', undefined],
  ['scan: charge', { at: 'scan', amountFen: 5, text: '13', back: channels }, 'confirm', 'take-code'],
  ['scan: nothing typed', { at: 'scan', amountFen: 5, text: '', back: channels }, 'confirm', 'say no-code'],
  ['scan: camera', { at: 'scan', amountFen: 5, text: '', back: channels }, 'function', 'camera'],
  ['settle: asks first', { at: 'settle', channel: 'x', step: 'ask' }, 'confirm', 'settle'],
  ['settle: not while it runs', { at: 'settle', channel: 'x', step: 'doing' }, 'cancel', undefined],
  ['settled: done', { at: 'settled', channel: 'x', items: [] }, 'confirm', 'channels'],
] as const satisfies readonly (readonly [string, Screen, Key, string | undefined])[])(
  '%s',
  (_name, screen, key, to) => {
    expect(short(at(screen, key))).toBe(to);
  },
);

describe('a payment in hand', () => {
  test.each([
    ['the code: change way', qr, '1', 'offer'],
    ['the code: cancel', qr, 'cancel', 'cancel'],
    ['the code: the customer shows theirs', qr, 'function', 'scan'],
    ['the code: confirm does nothing', qr, 'confirm', undefined],
    ['still checking: never silently given up', { at: 'checking', attempt }, 'confirm', undefined],
    ['still checking: another way', { at: 'checking', attempt }, '1', 'offer'],
    ['on the phone: no second way while it asks', { at: 'payer', attempt }, '1', undefined],
    ['on the phone: cancel', { at: 'payer', attempt }, 'cancel', 'cancel'],
    ['the bank decides: no key', { at: 'bank', attempt }, 'cancel', undefined],
    ['an old code is being ended: no key', { at: 'switching', attempt }, '1', undefined],
    ['being ended: no key', { at: 'ending' }, 'cancel', undefined],
    ['not answered yet: cancel', { at: 'sending' }, 'cancel', 'cancel'],
    ['failed: choose', { at: 'failed', attempt }, 'confirm', 'offer'],
    ['failed: cancel', { at: 'failed', attempt }, 'cancel', 'cancel'],
    ['a part: the rest', { at: 'part' }, 'confirm', 'offer'],
    ['paid: receipt', { at: 'paid' }, 'confirm', 'receipt'],
    ['paid: cancel does nothing', { at: 'paid' }, 'cancel', undefined],
    ['cancelled: done', { at: 'cancelled' }, 'confirm', 'done'],
    ['the office looks: done', { at: 'review' }, 'confirm', 'done'],
  ] as const)('%s', (_name, stage, key, to) => {
    expect(short(at(payment, key, stage))).toBe(to);
  });

  test.each([
    ['a part', { at: 'part' }],
    ['a code', qr],
    ['a code whose time is over', { at: 'qr-over', attempt }],
    ['a phone', { at: 'payer', attempt }],
    ['a platform that is asked', { at: 'asking', attempt }],
    ['an answer that is awaited', { at: 'checking', attempt }],
    ['an attempt that failed', { at: 'failed', attempt }],
    ['a code that was closed', { at: 'closed', attempt }],
  ] as const)('cancel asks at %s too, once a part is paid', (_name, stage) => {
    expect(short(at(payment, 'cancel', stage, undefined, 100))).toBe('ask-cancel');
    expect(short(at({ at: 'ask-cancel' }, 'confirm', stage, undefined, 100))).toBe('cancel');
  });

  test('cancel asks after a card that was not read too, once a part is paid', () => {
    expect(short(at(payment, 'cancel', { at: 'part' }, 'failed', 100))).toBe('ask-cancel');
    expect(short(at(payment, 'cancel', { at: 'part' }, 'reading', 100))).toBe('cancel-card');
  });

  test('nothing is given back by a question that the payment has answered meanwhile', () => {
    expect(short(at({ at: 'ask-cancel' }, 'confirm', { at: 'paid' }, undefined, 12_850))).toBe('payment');
  });

  test('is not switched off by the power key', () => {
    expect(short(at(payment, 'power', qr))).toBe('say busy');
  });

  test('giving a part back is confirmed', () => {
    expect(short(at({ at: 'ask-cancel' }, 'confirm', { at: 'part' }))).toBe('cancel');
    expect(short(at({ at: 'ask-cancel' }, 'cancel', { at: 'part' }))).toBe('payment');
  });

  test('a card: only stopping while it is read, then again, another way or the end', () => {
    expect(short(at(payment, 'confirm', { at: 'open' }, 'reading'))).toBeUndefined();
    expect(short(at(payment, 'cancel', { at: 'open' }, 'reading'))).toBe('cancel-card');
    expect(short(at(payment, 'confirm', { at: 'open' }, 'failed'))).toBe('again');
    expect(short(at(payment, '1', { at: 'open' }, 'failed'))).toBe('offer');
    expect(short(at(payment, 'cancel', { at: 'open' }, 'failed'))).toBe('cancel');
  });

  test('the receipt: copy by copy', () => {
    const receipt: Screen = { at: 'receipt', copy: 'merchant', back: channels };
    expect(['confirm', '1', 'cancel'].map((key) => short(at(receipt, key as Key)))).toEqual([
      'next-copy',
      'print-again',
      'done',
    ]);
  });
});

describe('a split', () => {
  const parts = [
    { channel: 'wechat-pay', amountFen: 31_200 },
    { channel: 'bank-card', amountFen: 58_800 },
  ];
  const none = server.routes.map((route) => ({ ...route, isAvailable: false }));
  const split: Screen = {
    ...ways,
    at: 'ways',
    why: 'over',
    amountFen: 90_000,
    back: channels,
    view: { routes: none, split: parts },
  };

  test('is what confirm takes when no channel takes the whole', () => {
    expect(wayRows({ routes: none, split: parts }).map(({ kind }) => kind)).toEqual([
      ...none.map(() => 'route'),
      'split',
    ]);
    expect(at(split, 'confirm')).toMatchObject({ do: 'show', screen: { at: 'split', amountFen: 90_000, parts } });
  });

  test('begins with its first part, for the whole order', () => {
    const intent = at({ at: 'split', amountFen: 90_000, parts, back: channels }, 'confirm');
    expect(intent).toEqual({
      do: 'pay',
      amountFen: 90_000,
      way: { channel: 'wechat-pay', amountFen: 31_200, kind: 'qr' },
    });
  });
});

describe('a refund', () => {
  const form = (change: Partial<RefundForm>): Screen => ({
    at: 'refund',
    back: channels,
    form: { step: 'amount', order: paidOrder, id: 'r', text: '', ...change },
  });
  const formOf = (intent: Intent | undefined): Partial<RefundForm> | undefined =>
    intent?.do === 'show' && intent.screen.at === 'refund' ? intent.screen.form : undefined;

  test('takes everything when nothing is typed, and at most what is left', () => {
    expect(formOf(at(form({}), 'confirm'))).toMatchObject({ step: 'reason', amountFen: 12_850 });
    expect(formOf(at(form({ text: '28.50' }), 'confirm'))).toMatchObject({ step: 'reason', amountFen: 2_850 });
    expect(at(form({ text: '128.51' }), 'confirm')).toBeUndefined();
  });

  test('small ones are confirmed, large ones approved by name and code', () => {
    expect(formOf(at(form({ step: 'reason', amountFen: 50_000 }), '1'))).toMatchObject({
      step: 'ask',
      reason: 'returned',
    });
    expect(formOf(at(form({ step: 'reason', amountFen: 50_001 }), '2'))).toMatchObject({ step: 'approver' });
    expect(formOf(at(form({ step: 'approver', amountFen: 50_001 }), '2'))).toMatchObject({
      step: 'factor',
      approver: 'qian@world.invalid',
    });
    expect(at(form({ step: 'factor', text: '12345' }), 'confirm')).toBeUndefined();
    expect(short(at(form({ step: 'factor', text: '123456' }), 'confirm'))).toBe('send-refund');
    expect(short(at(form({ step: 'ask' }), 'confirm'))).toBe('send-refund');
  });

  test('what was given back before counts too', () => {
    const order = { ...paidOrder, refundedFen: 40_000 };
    expect(formOf(at(form({ step: 'reason', order, amountFen: 10_001 }), '1'))).toMatchObject({ step: 'approver' });
  });

  test('nothing is pressed while it is sent', () => {
    for (const key of ['confirm', 'cancel', '1', 'power'] as const)
      expect(['say busy', undefined]).toContain(short(at(form({ step: 'doing' }), key)));
  });
});

test('screens with something under way are not left alone', () => {
  const busy: readonly Screen[] = [
    payment,
    { at: 'ask-cancel' },
    { at: 'receipt', copy: 'merchant', back: channels },
    { at: 'settle', channel: 'x', step: 'doing' },
    { at: 'ways', why: 'change', amountFen: 1, back: payment },
    { at: 'scan', amountFen: 0, text: '', back: payment },
  ];
  expect(busy.filter(isHarmless)).toEqual([]);
  expect([channels, menu, amount('5'), ways].every(isHarmless)).toBe(true);
});
