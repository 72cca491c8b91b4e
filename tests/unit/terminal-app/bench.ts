import type { ServerEvents } from '../../../src/api/events.svelte.ts';
import { TerminalDesk } from '../../../src/terminal/desk.svelte.ts';
import { TerminalDevice } from '../../../src/terminal/link/device.svelte.ts';
import type { Identity, Kept, KeptStore } from '../../../src/terminal/link/kept.ts';
import { TerminalLink } from '../../../src/terminal/link/link.svelte.ts';
import { makeAppKey } from '../../../src/terminal/link/app-key.ts';
import { Payment } from '../../../src/terminal/payment.svelte.ts';
import { Printing } from '../../../src/terminal/printing.svelte.ts';
import type { PrintOutcome } from '../../../src/terminal/printing.svelte.ts';
import type { Key } from '../../../src/terminal/flow/keys.ts';
import { FakeServer } from './fake-server.ts';

/** What survives a power cut. */
export class MemoryKept implements KeptStore {
  readonly kept = new Map<keyof Kept, unknown>();

  async read<K extends keyof Kept>(name: K): Promise<Kept[K] | undefined> {
    return this.kept.get(name) as Kept[K] | undefined;
  }

  async write<K extends keyof Kept>(name: K, value: Kept[K] | undefined): Promise<void> {
    if (value === undefined) this.kept.delete(name);
    else this.kept.set(name, value);
  }
}

/** The stream of events, told by hand. */
class FakeEvents {
  state = 'open';
  readonly #listeners = new Map<string, Set<(id: string) => void>>();

  on(name: string, listener: (id: string) => void): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(listener));
    return () => all.delete(listener);
  }

  tell(name: string, id: string): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(id);
  }

  onReconnect = (listener: () => void): (() => void) => this.on('reconnect', listener);
  start = (): void => undefined;
  stop = (): void => undefined;
}

// Brought by the device when it is first asked; here it must not take real time.
await Promise.all([import('../../../src/device/card.ts'), import('../../../src/terminal/back-office.ts')]);

/** Lets everything run that waits for nothing but other promises. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 60; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** One terminal's app over a server in memory. Time passes only by `pass`. */
export class Bench {
  readonly server = new FakeServer(Date.parse('2026-11-24T06:32:00.000Z'));
  readonly kept = new MemoryKept();
  readonly printed: string[] = [];
  printOutcome: PrintOutcome = { ok: true, printer: 'secure-device' };
  cardReply: Record<string, unknown> | undefined;
  readonly deviceCalls: string[] = [];
  /** What happens while the device is asked. */
  onDevice: (op: string) => Promise<void> = async () => undefined;
  revoked = 0;
  /** The device's clock minus the server's. */
  clockAheadMs = 0;
  identity: Identity | undefined;
  events = new FakeEvents();
  link: TerminalLink = this.#makeLink();
  desk: TerminalDesk | undefined;
  #made = 0;
  #sleepers: { untilMs: number; wake: () => void }[] = [];

  newId = (): string => {
    this.#made += 1;
    return `01998c00-0000-7000-8000-${this.#made.toString(16).padStart(12, '0')}`;
  };

  pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      this.#sleepers.push({ untilMs: this.server.nowMs + ms, wake: resolve });
      signal.addEventListener('abort', () => resolve());
    });

  /** Lets `ms` pass, waking who waited for it. */
  async pass(ms: number): Promise<void> {
    await settle();
    this.server.nowMs += ms;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.server.nowMs);
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.server.nowMs);
    for (const { wake } of due) wake();
    await settle();
  }

  /** Pairs the app without a cable. */
  async pair(): Promise<void> {
    const { privateKey } = await makeAppKey();
    this.identity = { ...this.server.paired, privateKey };
    this.link.use(this.identity);
    await this.link.api.call('appHome');
  }

  /** A payment over what is kept, as after a start. */
  payment(): Payment {
    return new Payment({
      api: this.link.api,
      kept: this.kept,
      serverNow: () => this.server.nowMs,
      newId: this.newId,
      pause: this.pause,
      pollMs: () => 1_000,
    });
  }

  /** The desk over what is kept, as after a start; the old one is gone as in a power cut. */
  async start(): Promise<TerminalDesk> {
    this.#sleepers = [];
    this.link = this.#makeLink();
    if (this.identity === undefined) await this.pair();
    this.link.use(this.identity);
    // Signing takes real time; from here on everything is only promises.
    await this.link.api.call('appHome');
    const { api, network, fetch } = this.link;
    const printing = new Printing({
      api,
      newId: this.newId,
      print: async (document, { copy, duplicate }) => {
        this.printed.push(`${document.receiptNo} ${copy}${duplicate ? ' duplicate' : ''}`);
        return this.printOutcome;
      },
    });
    const desk = new TerminalDesk({
      link: { api, network, fetch, events: this.events as unknown as ServerEvents },
      ...{ kept: this.kept, printing, newId: this.newId, pause: this.pause },
      device: await this.#device(),
      now: () => this.server.nowMs,
      chooseLanguage: async () => true,
      version: async () => 'test',
      rest: () => undefined,
    });
    this.desk = desk;
    return desk;
  }

  /** Presses keys one after the other, each when the last has done what it does. */
  async press(...keys: readonly Key[]): Promise<void> {
    for (const key of keys) {
      this.desk?.press(key);
      await settle();
    }
  }

  async #device(): Promise<TerminalDevice> {
    const session = {
      state: 'ready',
      hello: { state: 'NORMAL' },
      onEvent: () => () => undefined,
      request: async (op: string) => {
        this.deviceCalls.push(op);
        await this.onDevice(op);
        if (op === 'card.keyStatus') return { ok: true, value: { state: 'ready', hasAcquirer: true } };
        if (op === 'card.read' && this.cardReply !== undefined) return { ok: true, value: this.cardReply };
        return { ok: false, error: 'closed' };
      },
    };
    const device = new TerminalDevice(async () => session as never);
    await device.open();
    return device;
  }

  #makeLink(): TerminalLink {
    return new TerminalLink({
      fetch: this.server.fetch,
      now: () => this.server.nowMs + this.clockAheadMs,
      monotonic: () => this.server.nowMs,
      random: () => 0.5,
      onRevoked: () => (this.revoked += 1),
    });
  }
}
