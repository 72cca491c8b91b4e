import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { TerminalDesk } from '../../../src/terminal/desk.svelte.ts';
import { Bench, settle } from './bench.ts';

let bench: Bench;
let desk: TerminalDesk;
let stop: () => void = () => undefined;

/** Switches on, as after a start; the desk of before is gone. */
async function start(): Promise<void> {
  stop();
  desk = await bench.start();
  stop = desk.start();
  await settle();
}

beforeEach(async () => {
  bench = new Bench();
  await start();
  return () => stop();
});

const place = (): string => (desk.screen.at === 'payment' ? `payment ${desk.payment.stage?.at ?? ''}` : desk.screen.at);
const toQr = ['power', '1', 'confirm', '1', '1', '2', '8', 'symbol', '5', 'confirm'] as const;

describe('from the power key to the channel list', () => {
  test('by a code: paid, receipt, two confirms', async () => {
    expect(place()).toBe('off');
    await bench.press(...toQr);
    expect(place()).toBe('payment qr');
    expect(bench.server.last).toMatchObject({ amountFen: 12_850, attempts: [{ channel: 'wechat-pay', kind: 'qr' }] });
    bench.server.pay();
    bench.events.tell('payments', bench.server.last.id);
    await settle();
    expect(place()).toBe('payment paid');
    await bench.press('confirm');
    expect(place()).toBe('receipt');
    await bench.press('confirm', 'confirm');
    expect(place()).toBe('channels');
    expect(bench.printed).toEqual(['TK-261124-005207 merchant', 'TK-261124-005207 customer']);
    expect(bench.kept.kept.has('job')).toBe(false);
  });

  test('by a card: the order first, then the card, then the bank', async () => {
    bench.cardReply = {
      ...{ outcome: 'read', entry: 'chip', ksn: new Uint8Array(12), data: new Uint8Array(32), tail: '4321' },
      ...{ pinKsn: new Uint8Array(12), pinBlock: new Uint8Array(16) },
    };
    await bench.press('power', 'confirm', 'confirm', 'confirm', '5', '0', 'confirm');
    expect(place()).toBe('payment bank');
    expect(bench.deviceCalls).toEqual(['card.keyStatus', 'card.read']);
    expect(bench.server.last.attempts).toMatchObject([{ channel: 'bank-card', kind: 'card', amountFen: 5_000 }]);
  });

  test('a card that was not read charges nothing, and can be read again', async () => {
    bench.cardReply = { outcome: 'timeout', entry: '' };
    await bench.press('power', '3', 'confirm', 'confirm', '5', '0', 'confirm');
    expect(place()).toBe('payment open');
    expect(desk.cardProblem).toBe('timeout');
    expect(bench.server.last.attempts).toEqual([]);
    await bench.press('confirm');
    expect(bench.deviceCalls.filter((op) => op === 'card.read')).toHaveLength(2);
    await bench.press('cancel');
    expect(place()).toBe('payment cancelled');
    await bench.press('confirm');
    expect(place()).toBe('channels');
  });

  test('no card is asked for once the payment was cancelled while its order was being sent', async () => {
    await bench.press('power', '3', 'confirm', 'confirm', '5', '0');
    bench.server.isOffline = true;
    await bench.press('confirm', 'cancel');
    bench.server.isOffline = false;
    await bench.pass(8_000);
    expect(place()).toBe('payment cancelled');
    expect(bench.deviceCalls).toEqual([]);
  });

  test('no card is asked for when the order ended while the device’s key was fetched', async () => {
    bench.onDevice = async (op) => {
      if (op !== 'card.keyStatus') return;
      bench.server.change(bench.server.last.id, { state: 'cancelled' });
      bench.events.tell('payments', bench.server.last.id);
      await settle();
    };
    await bench.press('power', '3', 'confirm', 'confirm', '5', '0', 'confirm');
    await settle();
    expect(place()).toBe('payment cancelled');
    expect(bench.deviceCalls).toEqual(['card.keyStatus']);
  });

  test('a card that was not read is no longer asked for when the order ends meanwhile', async () => {
    bench.cardReply = { outcome: 'timeout', entry: '' };
    await bench.press('power', '3', 'confirm', 'confirm', '5', '0', 'confirm');
    bench.server.change(bench.server.last.id, { state: 'cancelled' });
    bench.events.tell('payments', bench.server.last.id);
    await settle();
    expect(place()).toBe('payment cancelled');
    await bench.press('confirm');
    expect(place()).toBe('channels');
    expect(bench.deviceCalls.filter((op) => op === 'card.read')).toHaveLength(1);
  });

  test('a card can take the place of a code; one that was not read is told, and the code stays', async () => {
    bench.cardReply = { outcome: 'timeout', entry: '' };
    await bench.press(...toQr, '1', '3');
    expect(place()).toBe('payment qr');
    expect(desk.facts.card).toBe('failed');
    bench.server.pay();
    bench.events.tell('payments', bench.server.last.id);
    await settle();
    expect(place()).toBe('payment paid');
    expect(desk.facts.card).toBeUndefined();
  });
});

test('the question whether a part goes back is gone once the rest is paid', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    await start();
    await bench.press(...toQr);
    bench.server.change(bench.server.last.id, { state: 'part-paid', paidFen: 100 });
    bench.events.tell('payments', bench.server.last.id);
    await settle();
    await bench.press('cancel');
    expect(place()).toBe('ask-cancel');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(place()).toBe('ask-cancel');
    bench.server.pay();
    bench.events.tell('payments', bench.server.last.id);
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(place()).toBe('payment paid');
  } finally {
    vi.useRealTimers();
  }
});

describe('a customer’s code', () => {
  const wechatCode = '134567890123456789';

  test('in the channel list asks for the amount, then charges', async () => {
    await bench.press('power');
    desk.takeCode(wechatCode);
    expect(desk.screen).toMatchObject({ at: 'amount', channel: 'wechat-pay', authCode: wechatCode });
    await bench.press('5', 'confirm');
    expect(place()).toBe('payment payer');
    expect(bench.server.last.attempts).toMatchObject([{ kind: 'scan', channel: 'wechat-pay', amountFen: 500 }]);
  });

  test('of another channel ends the code that is shown', async () => {
    await bench.press(...toQr);
    desk.takeCode('6212345678901234567');
    await settle();
    expect(bench.server.last.attempts.map(({ channel, state }) => `${channel} ${state}`)).toEqual([
      'wechat-pay closed',
      'unionpay-qr pending',
    ]);
  });

  test.each([
    ['998877665544332211', 'unknown-code'],
    ['12345', 'no-code'],
  ])('%s is told as %s', async (code, notice) => {
    await bench.press('power', '1', 'confirm', '1', '5');
    desk.takeCode(code);
    await settle();
    expect(desk.notice).toBe(notice);
    expect(bench.server.orders.size).toBe(0);
  });
});

describe('a customer’s code whose channel the server is still asked for', () => {
  const code = '134567890123456789';

  test('charges nothing when the person goes back meanwhile', async () => {
    await bench.press('power', '1', 'confirm', '1', '5');
    desk.takeCode(code);
    desk.press('cancel');
    await settle();
    expect(desk.screen).toMatchObject({ at: 'amount', text: '' });
    expect(bench.server.orders.size).toBe(0);
  });

  test('charges once when it is scanned twice', async () => {
    await bench.press('power', '1', 'confirm', '1', '5');
    desk.takeCode(code);
    desk.takeCode(code);
    await settle();
    expect(bench.server.orders.size).toBe(1);
    expect(bench.server.last.attempts).toHaveLength(1);
  });
});

test('a desk that is stopped lets go of its payment and keeps it for whoever takes it up', async () => {
  await bench.press(...toQr);
  const { payment } = desk;
  const calls = bench.server.calls.length;
  stop();
  expect(payment.job).toBeUndefined();
  expect(bench.kept.kept.has('job')).toBe(true);
  await bench.pass(10_000);
  expect(bench.server.calls.length).toBe(calls);
});

describe('after a power cut', () => {
  test('the terminal stands where it stood, with the server’s answer', async () => {
    await bench.press(...toQr);
    bench.server.pay();
    await start();
    expect(place()).toBe('payment paid');
    await bench.press('confirm', 'confirm', 'confirm');
    await start();
    expect(place()).toBe('channels');
  });

  test('a payment that never arrived is told as nothing charged', async () => {
    await bench.press('power', '4', 'confirm', '1', '5');
    bench.server.isOffline = true;
    desk.takeCode('6212345678901234567');
    await settle();
    bench.server.isOffline = false;
    await start();
    expect(place()).toBe('channels');
    expect(desk.lostFen).toBe(500);
  });

  test('switched off stays off', async () => {
    await bench.press('power', 'power');
    await start();
    expect(place()).toBe('off');
  });
});

describe('a refund', () => {
  async function sell(): Promise<void> {
    await bench.press(...toQr);
    bench.server.pay();
    bench.events.tell('payments', bench.server.last.id);
    await settle();
    await bench.press('confirm', 'confirm', 'confirm');
  }

  test('by the last four digits, small: no second factor', async () => {
    await sell();
    await bench.press('1', 'confirm', '2', '5', '2', '0', '7', 'confirm');
    expect(desk.screen.at).toBe('refund');
    await bench.press('5', '0', 'confirm', '1', 'confirm');
    expect(bench.server.last).toMatchObject({ refundedFen: 5_000, state: 'part-refunded' });
    expect(desk.screen).toMatchObject({ at: 'refund', form: { step: 'done' } });
  });

  test('large: a member of the staff is chosen by number and gives a code', async () => {
    bench.server.refundFactorAboveFen = 10_000;
    await sell();
    await bench.press('1', 'confirm', '2', 'confirm', 'confirm', 'confirm', '1');
    expect(desk.screen).toMatchObject({ at: 'refund', form: { step: 'approver' } });
    await bench.press('2', '1', '2', '3', '4', '5', '6', 'confirm');
    const sent = bench.server.calls.findLast(({ path }) => path.endsWith('/refunds'))?.body;
    expect(sent).toMatchObject({
      amountFen: 12_850,
      approval: { email: 'qian@world.invalid', factor: { kind: 'totp', code: '123456' } },
    });
    expect(bench.server.last.state).toBe('refunded');
  });

  test('sent again after a lost answer is one refund', async () => {
    await sell();
    await bench.press('1', 'confirm', '2', 'confirm', 'confirm', 'confirm', '1');
    bench.server.dropAnswers = 1;
    await bench.press('confirm');
    await bench.pass(1_500);
    const ids = bench.server.calls.filter(({ path }) => path.endsWith('/refunds')).map(({ body }) => body['id']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });
});

test('no printer: the picture stands in, and the server is told', async () => {
  bench.printOutcome = { ok: false, error: 'no-printer' };
  await bench.press(...toQr);
  bench.server.pay();
  await bench.pass(5_000);
  await bench.press('confirm');
  expect(desk.tools.printing.problem).toBe('no-printer');
  expect(bench.server.calls.findLast(({ path }) => path.endsWith('/printed'))?.body).toMatchObject({
    copy: 'merchant',
    printer: 'picture',
  });
});
