import 'fake-indexeddb/auto';
import type { errorBodySchema } from '../../../protocol/http/common.ts';
import type * as v from 'valibot';
import { FieldDatabase } from '../../../src/outbox/database.ts';
import { OutboxEvents } from '../../../src/outbox/events.ts';
import type { Channel, OutboxEvent } from '../../../src/outbox/events.ts';
import { Outbox } from '../../../src/outbox/outbox.svelte.ts';
import { Runner } from '../../../src/outbox/runner.ts';
import type { Locks } from '../../../src/outbox/runner.ts';
import { OutboxStore } from '../../../src/outbox/store.ts';

/** The technician of these tests. */
export const personId = 'person-wang';

let made = 0;
/** A new UUID, different each time. */
export function newId(): string {
  made += 1;
  return `01900000-0000-7000-8000-${made.toString(16).padStart(12, '0')}`;
}

type ErrorCode = v.InferOutput<typeof errorBodySchema>['error']['code'];

/** What the way to the server does with one call, after which it is as it was. */
export type Fault =
  | 'offline'
  | 'lost-answer'
  | 'portal-page'
  | 'portal-json'
  | 'redirect'
  | 'no-echo'
  | 'wrong-schema'
  | 'timeout'
  | 500
  | 503
  | { readonly status: number; readonly code: ErrorCode };

/** A server with one effect a call: `submitReceipt` and `createUnlock` put the id into a list. It keeps answers by key. */
export class ModelServer {
  /** Whoever is signed in; undefined is nobody. */
  person: string | undefined = personId;
  /** Each effect that was made, in order. */
  readonly effects: string[] = [];
  /** Method and path of every call that reached it. */
  readonly calls: string[] = [];
  readonly keys: string[] = [];
  readonly #answers = new Map<string, string>();
  /** Faults of the next calls; `me` is not among them. */
  readonly faults: (Fault | undefined)[] = [];
  /** Faults of the next questions who is signed in. */
  readonly meFaults: (Fault | undefined)[] = [];
  /** Called before each call is answered. */
  before: (path: string) => Promise<void> | void = () => undefined;
  /** Calls that are being answered now, and the most there were. */
  running = 0;
  mostRunning = 0;

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    if (path === '/api/me') return this.#me();
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.before(path);
      return await this.#answer(path, init);
    } finally {
      this.running -= 1;
    }
  };

  async #answer(path: string, init: RequestInit): Promise<Response> {
    const fault = this.faults.shift();
    const headers = new Headers(init.headers);
    const key = headers.get('idempotency-key') ?? '';
    const early = await faultBefore(fault, key, init.signal);
    if (early !== undefined) return early;
    this.calls.push(`${init.method ?? 'GET'} ${path}`);
    this.keys.push(key);
    if (this.person !== headers.get('tillkeeper-person')) return errorAnswer(401, 'unauthenticated', key);
    const kept = this.#answers.get(key);
    const text = kept ?? this.#act(path, init.body);
    this.#answers.set(key, text);
    if (fault === 'lost-answer') throw new TypeError('the connection broke');
    if (fault === 'no-echo') return new Response(text, { status: 200 });
    const replayed = kept === undefined ? {} : { 'idempotency-replayed': 'true' };
    return new Response(text, { status: 200, headers: { 'idempotency-key': key, ...replayed } });
  }

  #act(path: string, body: unknown): string {
    const sent = typeof body === 'string' ? (JSON.parse(body) as Record<string, unknown>) : {};
    this.effects.push(String(sent['note'] ?? path));
    return JSON.stringify(ticket(String(sent['note'] ?? '')));
  }

  #me(): Promise<Response> {
    const fault = this.meFaults.shift();
    if (fault === 'offline') return Promise.reject(new TypeError('no network'));
    if (fault === 'portal-page') return Promise.resolve(new Response('<html>Sign in</html>'));
    if (this.person === undefined) return Promise.resolve(errorAnswer(401, 'unauthenticated', ''));
    const me = { id: this.person, name: 'Wang', email: 'w@test.invalid', role: 'technician', locale: 'en' };
    return Promise.resolve(Response.json({ ...me, passkeys: 0, totp: false }));
  }
}

async function faultBefore(
  fault: Fault | undefined,
  key: string,
  signal: AbortSignal | null | undefined,
): Promise<Response | undefined> {
  if (fault === 'offline') throw new TypeError('no network');
  if (fault === 'timeout') {
    await new Promise((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(new DOMException('over', 'AbortError'))),
    );
  }
  if (fault === 'portal-page')
    return new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } });
  if (fault === 'portal-json') return Response.json({ welcome: true });
  if (fault === 'redirect') return new Response(null, { status: 302, headers: { location: 'http://portal.invalid/' } });
  if (fault === 'wrong-schema') return Response.json({ done: 1 }, { headers: { 'idempotency-key': key } });
  if (typeof fault === 'number') return new Response('sorry', { status: fault });
  if (typeof fault === 'object') return errorAnswer(fault.status, fault.code, key);
  return undefined;
}

function errorAnswer(status: number, code: string, key: string): Response {
  return Response.json({ error: { code, message: code } }, { status, headers: { 'idempotency-key': key } });
}

function ticket(note: string): object {
  const place = { place: 'Lobby', merchantName: 'Guiyuan', seal: '1', deviceId: '00' };
  const terminal = { id: newId(), label: 'G3-02', serial: 'QT60-1', model: 'QT-60', ...place };
  const openedAt = '2026-11-24T06:00:00.000Z';
  return { id: newId(), number: 'T-1', kind: 'unlock', state: 'open', note, terminal, reasons: [], openedAt };
}

/** Web Locks of one browser; a tab that dies frees its own. */
export class FakeLocks {
  #holder: object | undefined;

  /** The lock manager of one tab. */
  tab(): Locks & { die(): void } {
    const self = {};
    return {
      request: async (_name, _options, work) => {
        if (this.#holder !== undefined) return work(null);
        this.#holder = self;
        try {
          return await work({});
        } finally {
          if (this.#holder === self) this.#holder = undefined;
        }
      },
      die: () => {
        if (this.#holder === self) this.#holder = undefined;
      },
    };
  }
}

/** Channels of one browser. */
export class FakeChannels {
  readonly #open = new Set<(event: { readonly data: unknown }) => void>();

  open(): Channel {
    let own: ((event: { readonly data: unknown }) => void) | undefined;
    return {
      postMessage: (event: OutboxEvent) => {
        for (const listener of this.#open) if (listener !== own) queueMicrotask(() => listener({ data: event }));
      },
      addEventListener: (_type, listener) => {
        own = listener;
        this.#open.add(listener);
      },
      close: () => {
        if (own !== undefined) this.#open.delete(own);
      },
    };
  }
}

/** What the tabs of one browser share. */
export interface Browser {
  readonly server: ModelServer;
  readonly locks: FakeLocks;
  readonly channels: FakeChannels;
  /** Epoch milliseconds; moved by hand. */
  nowMs: number;
  /** Name of this browser's database owner. */
  readonly personId: string;
}

let browsers = 0;
/** A browser of its own, with an empty disk. */
export function makeBrowser(): Browser {
  browsers += 1;
  const person = `${personId}-${String(browsers)}`;
  const server = new ModelServer();
  server.person = person;
  return { server, locks: new FakeLocks(), channels: new FakeChannels(), nowMs: 1_000_000, personId: person };
}

/** One tab with an outbox. */
export function openTab(browser: Browser, hasLocks = true) {
  const database = new FieldDatabase(browser.personId);
  const store = new OutboxStore(database, () => 1);
  const events = new OutboxEvents(browser.channels.open());
  const locks = browser.locks.tab();
  let isDead = false;
  const runner = new Runner({
    ...{ personId: browser.personId, store, events },
    fetch: async (path, init) => {
      const answer = await browser.server.fetch(path, init);
      // A tab that was killed never hears the answer, and does nothing more.
      return isDead ? new Promise<Response>(() => undefined) : answer;
    },
    locks: hasLocks ? locks : undefined,
    now: () => browser.nowMs,
  });
  const outbox = new Outbox({
    ...{ personId: browser.personId, database, store, runner, events, newId },
    now: () => browser.nowMs,
    onFirst: () => undefined,
    askForSync: () => undefined,
  });
  const kill = (): void => {
    isDead = true;
    locks.die();
    outbox.dispose();
    events.close();
  };
  return { database, store, events, runner, outbox, kill };
}
