import { afterEach, describe, expect, test, vi } from 'vitest';
import type { OutboxEntry } from '../../../src/outbox/entry.ts';
import type { ApiFailureCode } from '../../../src/api/failures.ts';
import { makeBrowser, newId, openTab } from './bench.ts';
import type { Browser, Fault } from './bench.ts';

type Tab = ReturnType<typeof openTab>;

function request(note: string, lane = 'terminal-1', id = newId()) {
  return { id, lane, body: { id: newId(), terminalId: newId(), note } };
}

async function theOnly(tab: Tab): Promise<OutboxEntry> {
  const rows = await tab.store.live();
  expect(rows).toHaveLength(1);
  const [row] = rows;
  if (row === undefined) throw new Error('no row');
  return row;
}

function world(): { browser: Browser; tab: Tab } {
  const browser = makeBrowser();
  return { browser, tab: openTab(browser) };
}

afterEach(() => vi.useRealTimers());

describe('a call', () => {
  test('that the server takes gives the answer and is done', async () => {
    const { browser, tab } = world();
    const answer = await tab.outbox.call('createTicket', request('a'));
    expect(answer).toMatchObject({ ok: true, isStored: false, value: { note: 'a' } });
    expect(await tab.store.live()).toEqual([]);
    expect(browser.server.effects).toEqual(['a']);
  });

  test('carries its id as the key, and the person for whom it was written down', async () => {
    const { browser, tab } = world();
    const wanted = request('a');
    await tab.outbox.call('createTicket', wanted);
    expect(browser.server.keys).toEqual([wanted.id]);
  });

  test('that is asked again gives the kept answer without a call', async () => {
    const { browser, tab } = world();
    const wanted = request('a');
    await tab.outbox.call('createTicket', wanted);
    expect(await tab.outbox.call('createTicket', wanted)).toMatchObject({ ok: true, isStored: true });
    expect(browser.server.calls).toHaveLength(1);
  });

  test('with another body under the same id goes out as a new call', async () => {
    const { browser, tab } = world();
    const first = request('a');
    await tab.outbox.call('createTicket', first);
    await tab.outbox.call('createTicket', { ...first, body: { ...first.body, note: 'b' } });
    expect(browser.server.effects).toEqual(['a', 'b']);
    expect(browser.server.keys[1]).not.toBe(first.id);
  });

  test('whose body is too large is refused before it is kept', async () => {
    const { tab } = world();
    expect(await tab.outbox.call('createTicket', request('x'.repeat(20_000)))).toMatchObject({ error: 'too-large' });
    expect(await tab.store.live()).toEqual([]);
  });
});

const waits: readonly (readonly [string, Fault, ApiFailureCode, string])[] = [
  ['no network', 'offline', 'offline', 'offline'],
  ['a lost answer', 'lost-answer', 'offline', 'offline'],
  ['a captive portal with a page', 'portal-page', 'unreadable', 'portal'],
  ['a captive portal with JSON', 'portal-json', 'unreadable', 'portal'],
  ['a redirect', 'redirect', 'unreadable', 'portal'],
  ['a success without our key', 'no-echo', 'unreadable', 'portal'],
  ['a success that is no answer of the route', 'wrong-schema', 'unreadable', 'portal'],
  ['a server that fails', 500, 'unavailable', 'server'],
  ['a server that restarts', 503, 'unavailable', 'server'],
  ['an attempt still at work', { status: 409, code: 'in-progress' }, 'in-progress', 'in-progress'],
  ['too many calls', { status: 429, code: 'rate-limited' }, 'rate-limited', 'rate-limited'],
];

describe('what stays queued, and goes out later under the same key', () => {
  test.each(waits)('%s', async (_name, fault, code, reason) => {
    const { browser, tab } = world();
    browser.server.faults.push(fault);
    expect(await tab.outbox.call('createTicket', request('a'))).toMatchObject({ ok: false, error: code });
    const row = await theOnly(tab);
    expect(row).toMatchObject({ state: 'queued', reason, attempts: 1 });
    browser.nowMs = row.nextAtMs;
    expect(await tab.outbox.drain()).toBe('idle');
    expect(await tab.store.live()).toEqual([]);
    expect(browser.server.effects).toEqual(['a']);
    expect(new Set(browser.server.keys).size).toBe(1);
  });

  test('a time-out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { browser, tab } = world();
    browser.server.faults.push('timeout');
    const attempt = tab.runner.drain();
    await tab.outbox.enqueue('createTicket', request('a'));
    await vi.waitFor(() => expect(browser.server.running).toBe(1));
    await vi.advanceTimersByTimeAsync(15_000);
    await attempt;
    expect(await theOnly(tab)).toMatchObject({ state: 'queued', reason: 'timeout' });
  });

  test('an answer that the server had kept is marked as such', async () => {
    const { browser, tab } = world();
    const wanted = request('a');
    browser.server.faults.push('lost-answer');
    await tab.outbox.call('createTicket', wanted);
    expect(await tab.outbox.call('createTicket', wanted)).toMatchObject({ ok: true, isStored: true });
    expect(browser.server.effects).toEqual(['a']);
  });

  test('the pauses grow to five minutes, for ever where an unlock hangs on it', async () => {
    const { browser, tab } = world();
    await tab.outbox.enqueue('createTicket', { ...request('a'), isWeighty: true });
    browser.server.faults.push(...Array.from({ length: 14 }, (): Fault => 500));
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 14; attempt++) {
      await tab.outbox.drain();
      const { nextAtMs } = await theOnly(tab);
      pauses.push(nextAtMs - browser.nowMs);
      browser.nowMs = nextAtMs;
    }
    expect(pauses.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(pauses.at(-1)).toBe(300_000);
    browser.nowMs += 30 * 24 * 3_600_000;
    browser.server.faults.push(500);
    await tab.outbox.drain();
    expect((await theOnly(tab)).state).toBe('queued');
  });

  test('what nothing hangs on is given up after a week', async () => {
    const { browser, tab } = world();
    browser.server.faults.push(500, 500);
    await tab.outbox.call('createTicket', request('a'));
    browser.nowMs += 8 * 24 * 3_600_000;
    await tab.outbox.drain();
    expect(await theOnly(tab)).toMatchObject({ state: 'dead', lastCode: 'expired' });
  });
});

describe('nobody is signed in', () => {
  test('nothing is sent, and everything goes out when the session is back', async () => {
    const { browser, tab } = world();
    browser.server.person = undefined;
    expect(await tab.outbox.call('createTicket', request('a'))).toMatchObject({ error: 'unauthenticated' });
    expect(browser.server.calls).toEqual([]);
    expect(await theOnly(tab)).toMatchObject({ state: 'queued', reason: 'signed-out', attempts: 0 });
    browser.server.person = browser.personId;
    tab.outbox.signedIn();
    await vi.waitFor(() => expect(browser.server.effects).toEqual(['a']));
  });

  test('a session that ends in the middle stops everything after one attempt', async () => {
    const { browser, tab } = world();
    await tab.runner.warmUp();
    browser.server.person = undefined;
    for (const lane of ['1', '2', '3', '4', '5', '6'])
      await tab.store.put(entry(browser, lane), 1, newId(), { isUrgent: false });
    expect(await tab.outbox.drain()).toBe('stopped');
    expect(browser.server.calls.length).toBeLessThanOrEqual(4);
    const before = browser.server.calls.length;
    await tab.outbox.drain();
    await tab.outbox.drain();
    expect(browser.server.calls).toHaveLength(before);
  });

  test('somebody else’s session sends nothing', async () => {
    const { browser, tab } = world();
    await tab.runner.warmUp();
    browser.server.person = 'person-li';
    await tab.outbox.call('createTicket', request('a'));
    expect(browser.server.effects).toEqual([]);
    expect(await theOnly(tab)).toMatchObject({ state: 'queued', reason: 'signed-out' });
  });

  test('a portal in front of the question sends nothing', async () => {
    const { browser, tab } = world();
    browser.server.meFaults.push('portal-page');
    expect(await tab.outbox.call('createTicket', request('a'))).toMatchObject({ error: 'unreadable' });
    expect(browser.server.calls).toEqual([]);
    expect(await theOnly(tab)).toMatchObject({ reason: 'portal' });
  });
});

function entry(browser: Browser, lane: string) {
  const { id, body } = request(`note ${lane}`, lane);
  return { id, lane, personId: browser.personId, route: 'createTicket' as const, params: {}, body };
}

describe('what the server refuses for good', () => {
  const refusals = [
    [{ status: 422, code: 'key-reused' }, 'key-reused'],
    [{ status: 409, code: 'not-in-state' }, 'not-in-state'],
    [{ status: 403, code: 'ticket-not-yours' }, 'ticket-not-yours'],
    [{ status: 400, code: 'bad-request' }, 'bad-request'],
  ] as const;
  test.each(refusals)('%o is a dead letter that a person sends anew', async (fault, code) => {
    const { browser, tab } = world();
    const wanted = request('a');
    browser.server.faults.push(fault);
    expect(await tab.outbox.call('createTicket', wanted)).toMatchObject({ ok: false, error: code });
    expect(await theOnly(tab)).toMatchObject({ state: 'dead', lastCode: code, lastStatus: fault.status });
    await tab.outbox.revive(wanted.id);
    expect(browser.server.effects).toEqual(['a']);
    expect(browser.server.keys[1]).not.toBe(wanted.id);
  });

  test('the lane goes on after it', async () => {
    const { browser, tab } = world();
    browser.server.faults.push({ status: 409, code: 'not-in-state' });
    await tab.outbox.call('createTicket', request('a'));
    expect(await tab.outbox.call('createTicket', request('b'))).toMatchObject({ ok: true });
  });

  test('a refused unlock holds its inspection back, but no receipt', async () => {
    const { browser, tab } = world();
    browser.server.faults.push({ status: 409, code: 'not-in-state' });
    const ask = { id: newId(), ticketId: newId(), sealedRequest: 'AA', requestBytes: 1 };
    await tab.outbox.call('createUnlock', { id: newId(), lane: 'terminal-1', body: ask });
    expect(await tab.outbox.call('createTicket', request('after'))).toMatchObject({ error: 'not-in-state' });
    expect(browser.server.effects).toEqual([]);
    const weighty = await tab.outbox.call('createTicket', { ...request('receipt'), isWeighty: true });
    expect(weighty).toMatchObject({ ok: true });
  });

  test('a 404 page of a portal is no refusal', async () => {
    const { browser, tab } = world();
    browser.server.faults.push(404 as 500);
    await tab.outbox.call('createTicket', request('a'));
    expect(await theOnly(tab)).toMatchObject({ state: 'queued', reason: 'portal' });
  });
});

describe('order', () => {
  test('within a lane one after the other, lanes side by side, at most four', async () => {
    const { browser, tab } = world();
    const gate = Promise.withResolvers<undefined>();
    browser.server.before = () => gate.promise.then(() => undefined);
    for (const lane of ['1', '2', '3', '4', '5', '6', '1', '2'])
      await tab.store.put(entry(browser, lane), 1, newId(), { isUrgent: false });
    const drained = tab.outbox.drain();
    await vi.waitFor(() => expect(browser.server.running).toBe(4));
    gate.resolve(undefined);
    await drained;
    expect(browser.server.effects).toHaveLength(8);
    expect(browser.server.mostRunning).toBe(4);
  });

  test('an entry waits for the one before it', async () => {
    const { browser, tab } = world();
    browser.server.faults.push(500);
    await tab.outbox.call('createTicket', request('a'));
    await tab.outbox.enqueue('createTicket', request('b'));
    await tab.outbox.drain();
    expect(browser.server.effects).toEqual([]);
    await tab.outbox.retryNow();
    expect(browser.server.effects).toEqual(['a', 'b']);
  });
});

describe('two runners', () => {
  test('with a lock: one sends, the other hears the outcome', async () => {
    const browser = makeBrowser();
    const [one, two] = [openTab(browser), openTab(browser)];
    const gate = Promise.withResolvers<undefined>();
    browser.server.before = () => gate.promise.then(() => undefined);
    const slow = one.outbox.call('createTicket', request('a', 'terminal-1'));
    await vi.waitFor(() => expect(browser.server.running).toBe(1));
    const other = two.outbox.call('createTicket', request('b', 'terminal-2'));
    await vi.waitFor(() => expect(browser.server.running).toBe(2));
    gate.resolve(undefined);
    expect(await slow).toMatchObject({ ok: true, value: { note: 'a' } });
    expect(await other).toMatchObject({ ok: true, value: { note: 'b' } });
  });

  test('without locks: the lease keeps them apart', async () => {
    const browser = makeBrowser();
    const [one, two] = [openTab(browser, false), openTab(browser, false)];
    for (const lane of ['1', '2', '3']) await one.store.put(entry(browser, lane), 1, newId(), { isUrgent: false });
    await Promise.all([one.runner.drain(), two.runner.drain()]);
    expect(browser.server.effects.toSorted()).toEqual(['note 1', 'note 2', 'note 3']);
    expect(new Set(browser.server.keys).size).toBe(browser.server.keys.length);
  });
});

describe('a runner that dies', () => {
  async function dyingMidway(hasLocks: boolean): Promise<Browser> {
    const browser = makeBrowser();
    const tab = openTab(browser, hasLocks);
    const wanted = request('a');
    await tab.outbox.enqueue('createTicket', wanted);
    browser.server.before = () => tab.kill();
    void tab.runner.drain();
    await vi.waitFor(() => expect(browser.server.effects).toEqual(['a']));
    browser.server.before = () => undefined;
    return browser;
  }

  test('leaves its entry to the next one at once, because its lock is free', async () => {
    const browser = await dyingMidway(true);
    const next = openTab(browser);
    await next.outbox.drain();
    expect(await next.store.live()).toEqual([]);
    expect(browser.server.effects).toEqual(['a']);
  });

  test('without locks leaves it when the lease is over', async () => {
    const browser = await dyingMidway(false);
    const next = openTab(browser, false);
    await next.outbox.drain();
    expect((await theOnly(next)).state).toBe('sending');
    browser.nowMs += 60_001;
    await next.outbox.drain();
    expect(await next.store.live()).toEqual([]);
    expect(browser.server.effects).toEqual(['a']);
  });
});

describe('limits', () => {
  test('a full queue says so, and takes nothing', async () => {
    const { browser, tab } = world();
    for (let index = 0; index < 500; index++)
      await tab.store.put(entry(browser, String(index)), 1, newId(), { isUrgent: false });
    expect(await tab.outbox.enqueue('createTicket', request('one more'))).toMatchObject({ error: 'queue-full' });
    expect(await tab.store.live()).toHaveLength(500);
  });

  test('answers are forgotten after a week, and beyond two hundred', async () => {
    const { browser, tab } = world();
    const first = request('first');
    await tab.outbox.call('createTicket', first);
    browser.nowMs += 1;
    for (let index = 0; index < 200; index++) {
      await tab.store.put(entry(browser, String(index)), browser.nowMs, newId(), { isUrgent: false });
    }
    await tab.outbox.drain();
    await tab.store.prune(browser.nowMs);
    expect(await tab.store.get(first.id)).toBeUndefined();
    await tab.store.prune(browser.nowMs + 8 * 24 * 3_600_000);
    expect(await tab.database.read(['outbox'], (tables) => tables.all('outbox'))).toEqual([]);
  });
});

describe('a person', () => {
  test('removes what waits, and exports it', async () => {
    const { browser, tab } = world();
    browser.server.faults.push('offline');
    const wanted = request('a');
    await tab.outbox.call('createTicket', wanted);
    const exported = JSON.parse(await tab.outbox.exportAll()) as { calls: { id: string; body: object }[] };
    expect(exported.calls).toMatchObject([{ id: wanted.id, body: { note: 'a' } }]);
    expect(await tab.outbox.remove(wanted.id)).toBe(true);
    expect(await tab.store.live()).toEqual([]);
  });

  test('sees what waits and why', async () => {
    const { browser, tab } = world();
    browser.server.faults.push('portal-page');
    await tab.outbox.call('createTicket', request('a'));
    await vi.waitFor(() => expect(tab.outbox.entries).toMatchObject([{ reason: 'portal', state: 'queued' }]));
    tab.outbox.dispose();
  });
});
