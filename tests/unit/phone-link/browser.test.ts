import { beforeEach, describe, expect, test, vi } from 'vitest';
import { base64UrlEncode } from '../../../protocol/bytes.ts';
import { deriveNames, writeCode } from '../../../protocol/phone-link/code.ts';
import { readKept } from '../../../protocol/phone-link/kept.ts';
import { relayPath } from '../../../protocol/phone-link/relay-path.ts';
import { RelayCarrier } from '../../../src/phone-link/carriers/relay.ts';
import type { LinkEnvironment } from '../../../src/phone-link/environment.ts';
import { createLinkGuest } from '../../../src/phone-link/guest.ts';
import { createLinkHost } from '../../../src/phone-link/host.ts';

const keptName = 'tillkeeper-link';
const linkId = 'l'.repeat(22);

/** A socket in the hand of the test. */
class FakeSocket {
  readonly url: string;
  readonly sent: unknown[] = [];
  onopen: (() => void) | undefined;
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onclose: ((event: { code: number }) => void) | undefined;

  constructor(url: string) {
    this.url = url;
  }

  say(word: Readonly<Record<string, string>>): void {
    this.onmessage?.({ data: JSON.stringify(word) });
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    // A test says itself when it is closed.
  }
}

/** A browser whose time passes only by `pass`. */
class FakeBrowser {
  nowMs = 0;
  readonly sockets: FakeSocket[] = [];
  readonly items = new Map<string, string>();
  room = Infinity;
  fetch: LinkEnvironment['fetch'] = () => Promise.reject(new TypeError('no network'));
  #timers: { readonly atMs: number; readonly act: () => void }[] = [];

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error('no socket was opened');
    return last;
  }

  get environment(): LinkEnvironment {
    const { sockets } = this;
    return {
      subtle: crypto.subtle,
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
      now: () => this.nowMs,
      later: (act, afterMs) => {
        const timer = { atMs: this.nowMs + afterMs, act };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((one) => one !== timer);
        };
      },
      origin: 'https://till.example',
      fetch: (input, init) => this.fetch(input, init),
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      } as unknown as LinkEnvironment['WebSocket'],
      PeerConnection: undefined,
      kept: {
        getItem: (name) => this.items.get(name) ?? null,
        removeItem: (name) => void this.items.delete(name),
        setItem: (name, text) => {
          if (text.length > this.room) throw new DOMException('full', 'QuotaExceededError');
          this.items.set(name, text);
        },
      },
      onReturn: () => () => undefined,
    };
  }

  /** Lets time pass, and what follows of it at once. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (let steps = 0; steps < 100; steps += 1) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.act();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.nowMs = untilMs;
  }
}

let browser: FakeBrowser;

beforeEach(() => {
  browser = new FakeBrowser();
  // Of browsers only.
  vi.stubGlobal('reportError', (error: unknown) => {
    throw error;
  });
  return () => void vi.unstubAllGlobals();
});

describe('a phone’s tab', () => {
  const code = { helloHash: new Uint8Array(16).fill(1), secret: new Uint8Array(32).fill(2) };
  const quiet = { onState: () => undefined, onMessage: () => undefined };

  test('keeps the code until the terminal’s key is there: a page loaded anew goes on with it', async () => {
    createLinkGuest({ ...quiet, hash: writeCode(code), isKept: false }, browser.environment);
    expect(readKept(browser.items.get(keptName) ?? null)).toEqual(code);
    const again = new FakeBrowser();
    again.items.set(keptName, browser.items.get(keptName) ?? '');
    const guest = createLinkGuest({ ...quiet, isKept: true }, again.environment);
    await expect.poll(() => again.sockets.length).toBe(1);
    const { linkId: name } = await deriveNames(crypto.subtle, code.secret);
    expect(again.socket.url).toContain(relayPath(name, 'socket'));
    expect(guest.state.failure).toBeUndefined();
  });

  test('that opens another code never goes on with the link of the one before', () => {
    const before = JSON.stringify({ linkId, first: 'AAAA', exported: 'BBBB' });
    browser.items.set(keptName, before);
    createLinkGuest({ ...quiet, hash: writeCode(code), isKept: false }, browser.environment);
    expect(browser.items.get(keptName)).not.toBe(before);
  });

  test('that is full keeps nothing: an older state would number its messages as those before', () => {
    browser.items.set(keptName, JSON.stringify({ linkId, first: 'AAAA', exported: 'BBBB' }));
    browser.room = 10;
    createLinkGuest({ ...quiet, hash: writeCode(code), isKept: false }, browser.environment);
    expect(browser.items.has(keptName)).toBe(false);
  });

  test.each([
    [undefined, 'ended'],
    ['A'.repeat(63), 'bad-code'],
  ] as const)('without anything to begin with says %s: %s', (hash, failure) => {
    const guest = createLinkGuest(
      { ...quiet, ...(hash === undefined ? {} : { hash }), isKept: true },
      browser.environment,
    );
    expect(guest.state).toMatchObject({ phase: 'over', failure });
  });
});

describe('the relay', () => {
  const hello = { hello: base64UrlEncode(new Uint8Array(66)) };

  test('whose call for a mailbox is never answered is called again', async () => {
    let calls = 0;
    const fetch = (_input: string, { signal }: RequestInit): Promise<Response> => {
      calls += 1;
      return new Promise((_answer, reject) => {
        signal?.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
      });
    };
    const pageUrl = 'https://till.example/l';
    createLinkHost({ pageUrl, fetch, onState: () => undefined, onMessage: () => undefined }, browser.environment);
    await expect.poll(() => calls).toBe(1);
    await browser.pass(6_000);
    expect(calls).toBe(2);
  });

  test('by calls that take long keeps no queue without end, and no call behind its own end', async () => {
    const calls: { readonly path: string; readonly answer: (body: unknown) => void; isOver: boolean }[] = [];
    browser.fetch = (input, { signal }) =>
      new Promise((resolve, reject) => {
        const call = {
          path: input.replace(/^.*\//, ''),
          answer: (body: unknown) => resolve(new Response(JSON.stringify(body))),
          isOver: false,
        };
        calls.push(call);
        signal?.addEventListener('abort', () => {
          call.isOver = true;
          reject(new DOMException('given up', 'AbortError'));
        });
      });
    const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    const environment = { ...browser.environment, WebSocket: undefined };
    const quiet = { changed: () => undefined, hello: () => undefined, frame: () => undefined, over: () => undefined };
    const carrier = new RelayCarrier(environment, linkId, quiet);
    await settled();
    calls[0]?.answer({ seat: 'seat', ...hello });
    await settled();
    for (let i = 0; i < 100; i += 1) carrier.send(Uint8Array.of(i));
    let sent = 0;
    for (let i = 0; i < 100; i += 1) {
      await settled();
      const next = calls.findLast(({ path, isOver }) => path === 'mail' && !isOver);
      if (next === undefined) break;
      next.isOver = true;
      next.answer({ taken: true });
      sent += 1;
    }
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(20);
    carrier.close();
    await settled();
    expect(calls.every(({ isOver, path }) => isOver || path === 'join')).toBe(true);
  });

  test('that begins anew is asked until the terminal had time to open its mailbox again, and then no more', async () => {
    const said: string[] = [];
    new RelayCarrier(browser.environment, linkId, {
      changed: (kind) => said.push(kind ?? 'lost'),
      hello: () => undefined,
      frame: () => undefined,
      over: (why) => said.push(why),
    });
    await browser.pass(0);
    browser.socket.say(hello);
    browser.socket.onclose?.({ code: 1_012 });
    expect(said).toEqual(['relay', 'lost']);
    const answered = new Set<FakeSocket>();
    const forgottenAt = async (untilMs: number): Promise<void> => {
      while (browser.nowMs < untilMs && !said.includes('done')) {
        await browser.pass(100);
        if (!answered.has(browser.socket)) browser.socket.say({ over: 'unknown' });
        answered.add(browser.socket);
      }
    };
    // The terminal's longest pause is four seconds.
    await forgottenAt(4_800);
    expect(said).not.toContain('done');
    await forgottenAt(20_000);
    expect(said.at(-1)).toBe('done');
    expect(browser.nowMs).toBeLessThan(10_000);
  });
});
