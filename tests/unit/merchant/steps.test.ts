import { describe, expect, test } from 'vitest';
import { paymentEventKinds } from '../../../domain/payments/event-kinds.ts';
import type { PaymentEvent, Story } from '../../../protocol/http/merchant-acts.ts';
import { merchantMoreEn } from '../../../src/i18n/merchant-more.en.ts';
import { bookEntry } from '../../../src/merchant/story/books.ts';
import { storySteps, type StoryWords } from '../../../src/merchant/story/steps.ts';

const words: StoryWords = {
  text: merchantMoreEn,
  channelName: (code) => (code === 'wechat-pay' ? 'WeChat Pay' : 'Bank card'),
  yuan: (fen) => `¥${(fen / 100).toFixed(2)}`,
  date: (day) => day,
  time: () => '10:00',
};
const nowMs = Date.parse('2026-11-24T06:41:00Z');
let count = 0;
function event(kind: string, attemptId?: string, facts: PaymentEvent['facts'] = {}): PaymentEvent {
  count += 1;
  const at = new Date(nowMs - 600_000 + count * 1_000).toISOString();
  return { id: String(count), at, kind, facts, ...(attemptId === undefined ? {} : { attemptId }) };
}
function storyOf(events: PaymentEvent[], bills: Story['bills'] = []): Story {
  const attempts = [
    { id: 'a', number: 1, channel: 'bank-card' },
    { id: 'b', number: 2, channel: 'wechat-pay' },
  ];
  const refunds = [{ id: 'r', attemptId: 'b', channel: 'wechat-pay', amountFen: 3_600 }];
  return { order: { attempts, refunds }, events, bills } as unknown as Story;
}

describe('a story', () => {
  test('is told as on the sketch: a closed card, then a code that was paid, then the bill', () => {
    const events = [
      event('order-made'),
      event('attempt-started', 'a'),
      event('payer-busy', 'a'),
      event('closed', 'a'),
      event('attempt-started', 'b'),
      event('code-shown', 'b'),
      event('no-answer', 'b'),
      event('paid', 'b'),
      event('order-paid'),
      event('notified', 'b'),
    ];
    const bills = [{ channel: 'wechat-pay', day: '2026-11-24', expectedAt: '2026-11-25T02:00:00.000Z' }];
    const steps = storySteps(storyOf(events, bills), words, nowMs);
    expect(steps.map(({ title }) => title)).toEqual([
      'Amount confirmed on the terminal',
      'Attempt 1, Bank card: closed',
      'Attempt 2, WeChat Pay: code shown',
      'WeChat Pay says paid',
      'Line in WeChat Pay’s bill',
    ]);
    expect(steps.at(-1)).toMatchObject({ at: { word: 'tomorrow' }, tone: 'next' });
  });

  test('keeps a wait that is not over', () => {
    const steps = storySteps(storyOf([event('attempt-started', 'b'), event('no-answer', 'b')]), words, nowMs);
    expect(steps.at(-1)).toMatchObject({ tone: 'wait', title: 'No clear answer from WeChat Pay' });
  });

  test('says why a payment failed, and what a refund gave back', () => {
    const failed = event('failed', 'a', { reason: 'insufficient-funds' });
    const done = { ...event('refund-done', undefined, {}), refundId: 'r' };
    const steps = storySteps(storyOf([failed, done]), words, nowMs);
    expect(steps[0]?.detail).toBe(merchantMoreEn.failure['insufficient-funds']);
    expect(steps[1]?.title).toBe('¥36.00 given back');
  });

  test('puts causes before what they lead to when both are of the same millisecond', () => {
    const at = new Date(nowMs).toISOString();
    const events = [
      { ...event('order-paid'), at },
      { ...event('paid', 'b'), at },
      { ...event('order-made'), at },
    ];
    const titles = storySteps(storyOf(events), words, nowMs, true).map(({ title }) => title);
    expect(titles).toEqual(['Amount confirmed on the terminal', 'WeChat Pay says paid', 'The bill is paid in full']);
  });

  test('has words for every kind of event, and shows unknown ones in the whole record', () => {
    for (const kind of Object.keys(paymentEventKinds)) {
      const [step] = storySteps(storyOf([event(kind, 'b')]), words, nowMs, true);
      expect(step?.title).toMatch(/\S/);
    }
    expect(storySteps(storyOf([event('later-kind')]), words, nowMs)).toEqual([]);
    expect(storySteps(storyOf([event('later-kind')]), words, nowMs, true)[0]?.title).toBe('Event later-kind');
  });
});

test('a posting has its debits in, its credits out, and the same sum on both sides', () => {
  const lines = [
    { account: 'clearing:wechat-pay', amountFen: 12_773 },
    { account: 'fees:wechat-pay', amountFen: 77 },
    { account: 'payable', amountFen: -12_850 },
  ];
  const entry = bookEntry(
    { id: 'p', at: '', kind: 'payment', note: '', lines },
    merchantMoreEn.account,
    words.channelName,
  );
  expect(entry.lines.map(({ label, inFen, outFen }) => [label, inFen, outFen])).toEqual([
    ['WeChat Pay owes you', 12_773, 0],
    ['Fee of WeChat Pay', 77, 0],
    ['Your sales', 0, 12_850],
  ]);
  expect([entry.inFen, entry.outFen]).toEqual([12_850, 12_850]);
});
