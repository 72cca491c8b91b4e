import { describe, expect, test, vi } from 'vitest';
import type { TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import type { GuestOptions, LinkGuest } from '../../../src/phone-link/contract.ts';
import { leave } from '../../../src/resident/environment.ts';
import type { PageEnvironment } from '../../../src/resident/environment.ts';
import { ResidentPage } from '../../../src/resident/page.svelte.ts';
import { keepBill, keptOf, readBill } from '../../../src/resident/state/kept.ts';
import type { TabStorage } from '../../../src/resident/state/kept.ts';
import { asksMax, prepareMs } from '../../../src/resident/state/limits.ts';
import type { PageEffect, PageEvent, PageState } from '../../../src/resident/state/page-types.ts';
import { reduce } from '../../../src/resident/state/reduce.ts';
import { startState } from '../../../src/resident/state/start-state.ts';
import { viewOf } from '../../../src/resident/state/view.ts';
import { DocumentSigner, quoteOf, receiptOf, wayOf } from './make.ts';

const signer = new DocumentSigner();
const quote = quoteOf();
const document = signer.sign('quote', quote);
const receipt = receiptOf();
const receiptDocument = signer.sign('receipt', receipt);
const payId = '00000000-0000-4000-8000-00000000aaaa';
const code = 'A'.repeat(22);
const message = (said: TerminalMessage): PageEvent => ({ type: 'message', message: said });
const joined: PageEvent = { type: 'link', state: { phase: 'joined', carrier: 'relay', digits: '47' } };
const bill = message({ type: 'bill', quote: document, confirm: false });
const goodQuote: PageEvent = { type: 'quote-checked', document, checked: { content: quote } };
const goodReceipt: PageEvent = { type: 'receipt-checked', document: receiptDocument, checked: { content: receipt } };
const noKeys: readonly PageEvent[] = [
  { type: 'receipt-checked', document: receiptDocument, checked: { failure: 'no-keys' } },
  { type: 'quote-checked', document, checked: { failure: 'no-keys' } },
];
const pay: PageEvent = { type: 'pay', payId };
const way = wayOf(payId);
const wayDocument = signer.sign('way', way);
const told = message({ type: 'pay', payId, way: wayDocument });
const go: PageEvent = { type: 'way-checked', document: wayDocument, checked: { content: way } };
const paid = message({ type: 'stage', payId, stage: 'paid', receipt: receiptDocument });
const opening = { language: 'zh', nowMs: 1_000, isOnline: true } as const;
const opened = startState({ ...opening, entry: 'code', code }).state;

function after(state: PageState, ...events: readonly PageEvent[]): { state: PageState; effects: PageEffect[] } {
  const effects: PageEffect[] = [];
  for (const event of events) {
    const step = reduce(state, event);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

/** The page is loaded anew, with what the tab keeps; nothing has been checked yet. */
function reloaded(state: PageState): { readonly state: PageState; readonly effects: readonly PageEffect[] } {
  const kept = keptOf(state);
  return startState({ ...opening, entry: kept === undefined ? 'plain' : 'kept', code: kept?.code, kept });
}

describe('a page that is loaded anew', () => {
  test.each([1, 2, 3])('%i times before the signature was checked still has the bill', (times) => {
    let { state } = after(opened, joined, bill);
    for (let i = 0; i < times; i += 1) {
      const again = reloaded(state);
      expect(again.effects).toContainEqual({ type: 'check-quote', document });
      state = after(again.state, joined).state;
    }
    expect(viewOf(after(state, goodQuote).state).name).toBe('bill');
  });

  test.each([1, 2, 3])('%i times before its receipt was checked still has the receipt', (times) => {
    let { state } = after(opened, joined, bill, goodQuote, paid, goodReceipt);
    for (let i = 0; i < times; i += 1) {
      const again = reloaded(state);
      expect(again.effects[0]).toEqual({ type: 'check-receipt', document: receiptDocument });
      state = after(again.state, joined).state;
      expect(viewOf(state).name).not.toBe('paid');
    }
    expect(viewOf(after(state, goodReceipt, goodQuote).state).name).toBe('paid');
  });

  test('a receipt that came a moment before the reload is not lost', () => {
    const { state } = after(opened, joined, bill, goodQuote, paid);
    expect(reloaded(state).effects[0]).toEqual({ type: 'check-receipt', document: receiptDocument });
  });

  test('without the server’s keys: a paid bill is not shown as owed once they are there', () => {
    const before = after(opened, joined, bill, goodQuote, paid, goodReceipt).state;
    const { state } = after(reloaded(before).state, joined, ...noKeys);
    expect(viewOf(state)).toEqual({ name: 'over', reason: 'no-keys' });
    const again = after(state, { type: 'check-again' });
    expect(again.effects).toEqual([
      { type: 'check-receipt', document: receiptDocument },
      { type: 'check-quote', document },
    ]);
    expect(viewOf(after(again.state, goodReceipt, goodQuote).state).name).toBe('paid');
  });

  test('a receipt that does not hold is not kept', () => {
    const forged: PageEvent = { type: 'receipt-checked', document: receiptDocument, checked: { failure: 'forged' } };
    expect(keptOf(after(opened, joined, bill, goodQuote, paid, forged).state)?.receipt).toBeUndefined();
  });

  test('while the terminal prepares: the next press is the same payment', () => {
    const { state } = after(opened, joined, bill, goodQuote, pay);
    const again = after(reloaded(state).state, joined, goodQuote, { type: 'pay', payId: 'another' });
    expect(again.effects.at(-1)).toMatchObject({ type: 'send', message: { type: 'choose', payId } });
  });

  test('before the place to pay was checked: the next press is the same payment, and nothing was left for', () => {
    const { state } = after(opened, joined, bill, goodQuote, pay, told);
    const again = reloaded(state);
    expect(keptOf(state)?.payment).toBeUndefined();
    const pressed = after(again.state, joined, goodQuote, { type: 'pay', payId: 'another' }, told, go);
    expect(pressed.effects.slice(-3)).toMatchObject([
      { type: 'send', message: { type: 'choose', payId } },
      { type: 'check-way', document: wayDocument },
      { type: 'leave', destination: { url: way.url } },
    ]);
  });

  test('away: goes on with the place and the token that were checked', () => {
    const { state } = after(opened, joined, bill, goodQuote, pay, told, go);
    expect(reloaded(state).state.payment).toMatchObject({
      ...{ payId, step: 'away', token: way.token, destination: { url: way.url } },
    });
  });
});

test('a payment that came to nothing is not begun again under its old id', () => {
  const failed = message({ type: 'stage', payId, stage: 'failed' });
  const silent: PageEvent = { type: 'tick', nowMs: 1_000 + prepareMs };
  const { effects } = after(opened, joined, bill, goodQuote, pay, silent, pay, told, go, failed, {
    type: 'pay',
    payId: 'new',
  });
  expect(effects.at(-1)).toMatchObject({ type: 'send', message: { type: 'choose', payId: 'new' } });
});

test('a clock that is set back puts nothing off: neither the word that nothing was begun nor the next question', () => {
  const hourMs = 3_600_000;
  const late = after(opened, { type: 'tick', nowMs: 5 * hourMs }, joined, bill, goodQuote, pay).state;
  const waiting = after(late, { type: 'tick', nowMs: hourMs }, { type: 'tick', nowMs: hourMs + prepareMs });
  expect(waiting.state.refusal).toBe('no-server');
  let { state } = after(late, told, go, { type: 'returned' }, { type: 'tick', nowMs: hourMs });
  let asked = 0;
  for (let nowMs = hourMs; nowMs < hourMs + 60_000; nowMs += 500) {
    const step = after(state, { type: 'tick', nowMs });
    state = step.state;
    if (!step.effects.some(({ type }) => type === 'ask-result')) continue;
    asked += 1;
    state = after(state, { type: 'result', result: 'unreachable' }).state;
  }
  expect(asked).toBeGreaterThan(4);
  expect(asked).toBeLessThan(asksMax);
});

/** Storage of a tab that takes only so many characters. */
class SmallStorage implements TabStorage {
  readonly #items = new Map<string, string>();
  room = Infinity;
  getItem = (name: string): string | null => this.#items.get(name) ?? null;
  removeItem = (name: string): void => void this.#items.delete(name);
  setItem(name: string, text: string): void {
    if (text.length > this.room) throw new DOMException('full', 'QuotaExceededError');
    this.#items.set(name, text);
  }
}

test('a tab that is full keeps nothing rather than what is no longer true', () => {
  const tab = new SmallStorage();
  keepBill(tab, keptOf(after(opened, joined, bill, goodQuote).state));
  expect(readBill(tab)?.payment).toBeUndefined();
  tab.room = 10;
  keepBill(tab, keptOf(after(opened, joined, bill, goodQuote, pay, told, go).state));
  expect(readBill(tab)).toBeUndefined();
});

describe('the same code again in the same tab', () => {
  const hash = `${code}${'b'.repeat(42)}`;
  async function open(
    tab: TabStorage,
    given: string,
    { isBack = false, isClaimed = true } = {},
  ): Promise<readonly Pick<GuestOptions, 'hash' | 'isKept'>[]> {
    const links: Pick<GuestOptions, 'hash' | 'isKept'>[] = [];
    const environment: PageEnvironment = {
      now: () => 1_000,
      newId: () => payId,
      makeLink: ({ hash: opened, isKept }): LinkGuest => {
        links.push({ ...(opened === undefined ? {} : { hash: opened }), isKept });
        return { state: { phase: 'joining', carrier: 'none' }, send: () => true, close: () => undefined };
      },
      fetchJson: async () => undefined,
      subtle: crypto.subtle,
      tab,
      ownChannel: () => undefined,
      leave: () => undefined,
      claim: async () => isClaimed,
    };
    await new ResidentPage(environment).start({ hash: given, isBack }, 'zh', true);
    return links;
  }

  test('goes on with what the tab keeps, so that no second phone is seen', async () => {
    const tab = new SmallStorage();
    expect(await open(tab, hash)).toEqual([{ hash, isKept: false }]);
    expect(await open(tab, hash)).toEqual([{ hash, isKept: true }]);
    expect(await open(tab, '')).toEqual([{ isKept: true }]);
  });

  test('sent back by the platform goes on although the page before still holds the claim; another tab does not', async () => {
    const tab = new SmallStorage();
    await open(tab, hash);
    expect(await open(tab, '', { isBack: true, isClaimed: false })).toEqual([{ isKept: true }]);
    expect(await open(tab, '', { isClaimed: false })).toEqual([]);
    expect(await open(new SmallStorage(), '', { isBack: true, isClaimed: false })).toEqual([]);
  });

  test('another code begins anew', async () => {
    const tab = new SmallStorage();
    await open(tab, hash);
    const other = 'c'.repeat(64);
    expect(await open(tab, other)).toEqual([{ hash: other, isKept: false }]);
  });
});

describe('where a terminal can send a phone', () => {
  test.each([
    ['bridge:getBrandWCPayRequest', ['getBrandWCPayRequest']],
    ['bridge:installDownloadTask', []],
    ['bridge:', []],
  ] as const)('%s', (url, called) => {
    const calls: string[] = [];
    vi.stubGlobal('WeixinJSBridge', { invoke: (name: string) => calls.push(name) });
    const back = vi.fn();
    leave({ url, form: { a: 'b' } }, back);
    vi.unstubAllGlobals();
    expect(calls).toEqual(called);
    expect(back).toHaveBeenCalledTimes(called.length === 0 ? 1 : 0);
  });
});
