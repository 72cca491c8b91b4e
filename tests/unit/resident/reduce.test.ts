import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LinkFailure } from '../../../src/phone-link/contract.ts';
import type { TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import {
  askWaitsMs,
  asksMax,
  namedAfterMs,
  prepareMs,
  slowAfterMs,
  stillHereMs,
} from '../../../src/resident/state/limits.ts';
import type { PageEffect, PageEvent, PageState } from '../../../src/resident/state/page-types.ts';
import { reduce } from '../../../src/resident/state/reduce.ts';
import { startState } from '../../../src/resident/state/start-state.ts';
import { payBlock, viewOf } from '../../../src/resident/state/view.ts';
import { DocumentSigner, quoteOf, receiptOf, wayOf } from './make.ts';

const signer = new DocumentSigner();
const quote = quoteOf();
const document = signer.sign('quote', quote);
const receipt = receiptOf();
const receiptDocument = signer.sign('receipt', receipt);
const newQuote = quoteOf({ quoteId: '00000000-0000-4000-8000-000000000002', totalFen: 15_683 });
const newDocument = signer.sign('quote', newQuote);
const payId = '00000000-0000-4000-8000-00000000aaaa';
const joined: PageEvent = { type: 'link', state: { phase: 'joined', carrier: 'relay', digits: '47' } };
const goodQuote: PageEvent = { type: 'quote-checked', document, checked: { content: quote } };
const goodReceipt: PageEvent = { type: 'receipt-checked', document: receiptDocument, checked: { content: receipt } };
const pay: PageEvent = { type: 'pay', payId };
const way = wayOf(payId);
const wayDocument = signer.sign('way', way);
const told: PageEvent = message({ type: 'pay', payId, way: wayDocument });
const go: PageEvent = { type: 'way-checked', document: wayDocument, checked: { content: way } };
const bill: PageEvent = message({ type: 'bill', quote: document, confirm: false });

function message(said: TerminalMessage): PageEvent {
  return { type: 'message', message: said };
}

function over(failure: LinkFailure): PageEvent {
  return { type: 'link', state: { phase: 'over', carrier: 'none', failure } };
}

const opened = startState({ entry: 'code', language: 'zh', nowMs: 1_000, isOnline: true, code: 'A'.repeat(22) }).state;

/** The state and all effects after these events. */
function after(...events: readonly PageEvent[]): { state: PageState; effects: PageEffect[] } {
  const effects: PageEffect[] = [];
  let state = opened;
  for (const event of events) {
    const step = reduce(state, event);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

const shown = [joined, bill, goodQuote] as const;
const away = [...shown, pay, told, go] as const;

describe('before the bill', () => {
  test.each([
    [0, true, 'quick'],
    [namedAfterMs, true, 'named'],
    [slowAfterMs, true, 'slow'],
    [0, false, 'offline'],
  ] as const)('after %i ms, online %s: %s', (ms, isOnline, pace) => {
    const { state } = after({ type: 'online', isOnline }, { type: 'tick', nowMs: 1_000 + ms });
    expect(viewOf(state)).toEqual({ name: 'joining', pace });
  });

  test('is not shown before its signature was checked', () => {
    const { state, effects } = after(joined, bill);
    expect(viewOf(state).name).toBe('joining');
    expect(effects).toEqual([{ type: 'check-quote', document }]);
  });

  test.each(['forged', 'unreadable', 'no-keys'] as const)('%s: not shown, and said why', (failure) => {
    const { state } = after(joined, bill, { type: 'quote-checked', document, checked: { failure } });
    expect(viewOf(state)).toEqual({ name: 'over', reason: failure });
  });

  test('keys that come late are tried again, by hand or when the network is back', () => {
    const missing: PageEvent = { type: 'quote-checked', document, checked: { failure: 'no-keys' } };
    for (const again of [{ type: 'check-again' }, { type: 'online', isOnline: true }] as const) {
      const { state, effects } = after(joined, bill, missing, again, goodQuote);
      expect(effects.filter(({ type }) => type === 'check-quote')).toHaveLength(2);
      expect(viewOf(state).name).toBe('bill');
    }
  });

  test.each([
    'expired',
    'used',
    'two-phones',
    'not-this-terminal',
    'not-same',
    'no-connection',
    'separated',
    'bad-code',
    'ended',
    'too-old',
  ] as const)('the link ends with %s: said so', (failure) => {
    expect(viewOf(after(over(failure)).state)).toEqual({ name: 'over', reason: failure });
    expect(viewOf(after(...shown, over(failure)).state)).toEqual({ name: 'over', reason: failure });
  });
});

describe('the bill', () => {
  test('tells the terminal that it was seen, once it was', () => {
    const { effects } = after(...shown);
    expect(effects.at(-1)).toEqual({ type: 'send', message: { type: 'seen', quoteId: quote.quoteId, locale: 'zh' } });
  });

  test('cannot be paid before the digits were confirmed', () => {
    const asked = [joined, message({ type: 'bill', quote: document, confirm: true }), goodQuote] as const;
    expect(payBlock(after(...asked).state)).toBe('confirm');
    expect(payBlock(after(...asked, message({ type: 'confirmed' })).state)).toBeUndefined();
  });

  test('cannot be paid without a carrier or a network, and says so', () => {
    const lost: PageEvent = { type: 'link', state: { phase: 'joined', carrier: 'none', digits: '47' } };
    expect(payBlock(after(...shown, lost).state)).toBe('no-carrier');
    expect(payBlock(after(...shown, { type: 'online', isOnline: false }).state)).toBe('offline');
  });

  test('a second press while the terminal prepares sends nothing', () => {
    const { effects } = after(...shown, pay, { type: 'pay', payId: 'other' });
    expect(effects.filter((effect) => effect.type === 'send' && effect.message.type === 'choose')).toHaveLength(1);
  });

  test('a terminal that stays silent: nothing charged, and the next press is the same payment', () => {
    const { state, effects } = after(
      ...shown,
      pay,
      { type: 'tick', nowMs: 1_000 + prepareMs },
      { type: 'pay', payId: 'other' },
    );
    expect(state.payment?.payId).toBe(payId);
    const chosen = effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'choose' ? [effect.message.payId] : [],
    );
    expect(chosen).toEqual([payId, payId]);
  });

  test.each(['being-paid', 'already-paid', 'channel-off', 'bad-account', 'not-confirmed', 'no-server'] as const)(
    'refused: %s',
    (reason) => {
      const { state } = after(...shown, pay, message({ type: 'stage', payId, stage: 'refused', reason }));
      expect(viewOf(state).name).toBe('bill');
      expect(state.refusal).toBe(reason);
      expect(state.payment).toBeUndefined();
    },
  );

  test('a reason that this page does not know is told as unknown', () => {
    expect(after(...shown, pay, message({ type: 'stage', stage: 'refused', reason: 'tea-break' })).state.refusal).toBe(
      'unknown',
    );
  });

  test('a new quote shows what changed, and asks for another press', () => {
    const changed = [{ zh: '多一天', en: 'one more day' }];
    const { state } = after(
      ...shown,
      pay,
      message({ type: 'stage', payId, stage: 'changed', quote: newDocument, changed }),
      { type: 'quote-checked', document: newDocument, checked: { content: newQuote } },
    );
    expect(state).toMatchObject({ before: { totalFen: 15_668 }, quote: { content: { totalFen: 15_683 } }, changed });
    expect(state.payment).toBeUndefined();
    const { effects } = reduce(state, { type: 'pay', payId: 'new' });
    expect(effects[0]).toMatchObject({ message: { type: 'choose', totalFen: 15_683, payId: 'new' } });
  });
});

describe('away and back', () => {
  test('leaves for the platform, and says so when it is back', () => {
    const { effects } = after(...away, { type: 'returned' });
    expect(effects.at(-2)).toEqual({ type: 'leave', destination: { url: 'https://wallet.example/1' } });
    expect(effects.at(-1)).toEqual({ type: 'send', message: { type: 'back', payId } });
  });

  test('the word paid alone is not believed', () => {
    const { state } = after(...away, message({ type: 'stage', payId, stage: 'paid' }));
    expect(viewOf(state)).toEqual({ name: 'checking', step: 'checking' });
  });

  test.each([
    ['of another quote', { quoteId: newQuote.quoteId }],
    ['of another sum', { totalFen: 1 }],
    ['of a reversal', { kind: 'reversal' as const }],
  ])('a signed receipt %s is not believed', (_name, change) => {
    const other: PageEvent = { ...goodReceipt, checked: { content: receiptOf(quote, change) } } as PageEvent;
    expect(viewOf(after(...away, { type: 'returned' }, other).state).name).toBe('checking');
  });

  test('the receipt ends everything, whoever brings it', () => {
    const byTerminal = after(
      ...away,
      message({ type: 'stage', payId, stage: 'paid', receipt: receiptDocument, print: 'printing' }),
      goodReceipt,
    );
    expect(viewOf(byTerminal.state).name).toBe('paid');
    expect(byTerminal.state.print).toBe('printing');
    const byServer = after(
      ...away,
      over('no-connection'),
      { type: 'returned' },
      { type: 'result', result: { stage: 'paid', receipt: receiptDocument } },
      goodReceipt,
    );
    expect(viewOf(byServer.state).name).toBe('paid');
    expect(viewOf(after(...away, goodReceipt, over('two-phones')).state).name).toBe('paid');
  });

  test.each(['failed', 'closed'] as const)(
    '%s by the terminal or by the server: back at the bill, nothing charged',
    (stage) => {
      for (const event of [message({ type: 'stage', payId, stage }), { type: 'result', result: { stage } } as const]) {
        const { state } = after(...away, { type: 'returned' }, event);
        expect(viewOf(state).name).toBe('bill');
        expect(state.refusal).toBe(stage);
      }
    },
  );

  test('money that came after the end: never says that nothing was charged', () => {
    const late = { stage: 'closed', reason: 'paid-late' } as const;
    for (const event of [message({ type: 'stage', payId, ...late }), { type: 'result', result: late } as const]) {
      expect(after(...away, { type: 'returned' }, event).state.refusal).toBe('reversed');
    }
  });

  test('a page that is still seen after a while begins to check by itself', () => {
    expect(viewOf(after(...away, { type: 'tick', nowMs: 1_000 + stillHereMs }).state)).toEqual({
      name: 'checking',
      step: 'checking',
    });
  });

  test('asks the server by itself, ever more rarely, and stops', () => {
    let { state } = after(...away, over('no-connection'), { type: 'returned' });
    const askedAt: number[] = [];
    for (let nowMs = state.nowMs; nowMs < 3_600_000; nowMs += 500) {
      const step = reduce(state, { type: 'tick', nowMs });
      state = step.state;
      if (!step.effects.some(({ type }) => type === 'ask-result')) continue;
      askedAt.push(nowMs);
      state = reduce(state, { type: 'result', result: 'unreachable' }).state;
    }
    expect(askedAt).toHaveLength(asksMax);
    const waits = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(Math.max(...waits)).toBeLessThanOrEqual((askWaitsMs.at(-1) ?? 0) + 500);
    expect(viewOf(state)).toEqual({ name: 'checking', step: 'unknown' });
    expect(reduce(state, { type: 'ask-again' }).state.payment?.step).toBe('checking');
  });

  test('a terminal that says goodbye, whatever its reason, never ends a payment whose money may have moved', () => {
    for (const reason of ['done', 'cancelled', 'two-phones', 'not-same', 'idle', 'off'] as const) {
      const { state } = after(...away, { type: 'returned' }, message({ type: 'bye', reason }));
      expect(viewOf(state).name).toBe('checking');
    }
  });
});

const anyEvent: fc.Arbitrary<PageEvent> = fc.oneof(
  ...[joined, bill, goodQuote, goodReceipt, pay, told, go].map((event) => fc.constant(event)),
  fc.constantFrom(
    ...([
      { type: 'returned' },
      { type: 'ask-again' },
      { type: 'other-way' },
      { type: 'not-mine' },
      { type: 'check-again' },
      message({ type: 'confirmed' }),
      message({ type: 'stage', payId, stage: 'paid' }),
      message({ type: 'stage', payId, stage: 'paid', receipt: receiptDocument }),
      message({ type: 'stage', payId, stage: 'failed' }),
      message({ type: 'stage', stage: 'refused', reason: 'being-paid' }),
      message({ type: 'stage', payId, stage: 'changed', quote: newDocument }),
      message({ type: 'bye', reason: 'cancelled' }),
      { type: 'quote-checked', document: newDocument, checked: { content: newQuote } },
      { type: 'receipt-checked', document: receiptDocument, checked: { failure: 'forged' } },
      { type: 'way-checked', document: wayDocument, checked: { failure: 'forged' } },
      { type: 'way-checked', document: wayDocument, checked: { failure: 'no-keys' } },
      { type: 'result', result: { stage: 'paid', receipt: receiptDocument } },
      { type: 'result', result: 'unreachable' },
      over('no-connection'),
    ] as const satisfies readonly PageEvent[]),
  ),
  fc.integer({ min: 1_000, max: 900_000 }).map((nowMs): PageEvent => ({ type: 'tick', nowMs })),
);

test('in any order of events: paid only by a checked receipt, left only for a press, one payment at a time', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      let state = opened;
      let hasReceipt = false;
      for (const event of events) {
        const before = state;
        const step = reduce(state, event);
        state = step.state;
        hasReceipt ||= event.type === 'receipt-checked' && 'content' in event.checked;
        if (viewOf(state).name === 'paid') expect(hasReceipt).toBe(true);
        if (viewOf(before).name === 'paid') expect(viewOf(state).name).toBe('paid');
        if (step.effects.some(({ type }) => type === 'leave')) {
          expect([before.payment?.step, event]).toEqual(['asked', go]);
        }
        const sends = step.effects.filter((effect) => effect.type === 'send' && effect.message.type === 'choose');
        expect(sends.length).toBe(sends.length > 0 && event.type === 'pay' ? 1 : 0);
        if (viewOf(state).name === 'bill') expect(state.quote).toBeDefined();
      }
    }),
    { numRuns: 3_000 },
  );
});
