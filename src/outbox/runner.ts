import type { OutboxEntry, WaitReason } from './entry.ts';
import { outboxName } from './events.ts';
import type { OutboxEvents } from './events.ts';
import { lanesMax } from './limits.ts';
import { send, whoIsIn } from './send.ts';
import type { Fetch, Verdict } from './send.ts';
import { timeoutOf } from './store.ts';
import type { OutboxStore } from './store.ts';

/** The part of the Web Locks that is needed; resolves with what `work` gives, called with null while it is held. */
export interface Locks {
  request<T>(name: string, options: { ifAvailable: true }, work: (lock: unknown) => Promise<T>): Promise<T>;
}

/** What a runner works with. */
export interface RunnerTools {
  readonly personId: string;
  readonly store: OutboxStore;
  readonly events: OutboxEvents;
  readonly fetch: Fetch;
  /** Undefined where the browser has none; then only the leases keep two runners apart. */
  readonly locks: Locks | undefined;
  /** Epoch milliseconds. */
  now(): number;
  /** An attempt has ended; for what the page knows of its network. */
  onAttempt?(verdict: Verdict): void;
}

/** `idle`: nothing more is due. `elsewhere`: another tab or the worker is at it. `stopped`: nothing can be sent now. */
export type DrainEnd = 'idle' | 'elsewhere' | 'stopped';

/** Why sending stops at once instead of trying the next entry. */
interface Stop {
  readonly reason: WaitReason;
}

/**
 * Sends what is due, in the page and in the worker.
 *
 * Obligations: one runner at a time in a browser (lock; without locks, leases). Entries of a lane go in order, at most
 * four lanes at once. Nothing is sent before the server has said that this person is signed in; after a 401 nothing is
 * until it says so again. An entry leaves `sending` only by a verdict, or by the next runner after a crash.
 */
export class Runner {
  readonly #tools: RunnerTools;
  #draining: Promise<DrainEnd> | undefined;
  #poke: () => void = () => undefined;
  #isPoked = false;
  /** The server has said that this person is signed in, and nothing has put it in doubt. */
  #isConfirmed = false;

  constructor(tools: RunnerTools) {
    this.#tools = tools;
  }

  /** Sends what is due until nothing is; joins a drain that runs already. */
  drain(): Promise<DrainEnd> {
    this.poke();
    this.#draining ??= this.#locked().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** A running drain looks again. */
  poke(): void {
    this.#isPoked = true;
    this.#poke();
  }

  /** Asks who is signed in before there is anything to send, so that the first call need not wait for it. */
  async warmUp(): Promise<void> {
    if (!this.#isConfirmed) await this.#ask();
  }

  /** Who is signed in may have changed. */
  doubt(): void {
    this.#isConfirmed = false;
  }

  #locked(): Promise<DrainEnd> {
    const { locks } = this.#tools;
    if (locks === undefined) return this.#drain(false);
    return locks.request(outboxName, { ifAvailable: true }, (lock) =>
      lock === null ? Promise.resolve<DrainEnd>('elsewhere') : this.#drain(true),
    );
  }

  async #drain(isAlone: boolean): Promise<DrainEnd> {
    const lanes = new Map<string, Promise<void>>();
    const end: { stop?: Stop | undefined; broken?: unknown } = {};
    let isFirst = true;
    for (;;) {
      this.#isPoked = false;
      end.stop ??= await this.#confirm();
      if (end.stop === undefined && end.broken === undefined && lanes.size < lanesMax) {
        for (const entry of await this.#claim(lanes, isAlone && isFirst))
          lanes.set(entry.lane, this.#serve(entry, lanes, end));
        isFirst = false;
      }
      if (lanes.size > 0) await Promise.race([...lanes.values(), this.#poked()]);
      else if (end.broken !== undefined) throw end.broken;
      else if (end.stop !== undefined) return this.#stopped(end.stop);
      else if (!this.#isPoked) return 'idle';
    }
  }

  #claim(lanes: ReadonlyMap<string, unknown>, isAlone: boolean): Promise<readonly OutboxEntry[]> {
    const { store, now } = this.#tools;
    return store.claim({ nowMs: now(), busyLanes: new Set(lanes.keys()), most: lanesMax - lanes.size, isAlone });
  }

  async #serve(
    entry: OutboxEntry,
    lanes: Map<string, unknown>,
    end: { stop?: Stop | undefined; broken?: unknown },
  ): Promise<void> {
    try {
      end.stop ??= await this.#sendOne(entry);
    } catch (error) {
      end.broken ??= error;
    } finally {
      lanes.delete(entry.lane);
    }
  }

  #poked(): Promise<void> {
    if (this.#isPoked) return Promise.resolve();
    return new Promise((resolve) => {
      this.#poke = resolve;
    });
  }

  async #confirm(): Promise<Stop | undefined> {
    if (this.#isConfirmed) return undefined;
    const waiting = await this.#tools.store.live();
    return waiting.some(({ state }) => state !== 'dead') ? this.#ask() : undefined;
  }

  async #ask(): Promise<Stop | undefined> {
    const { personId, fetch } = this.#tools;
    const who = await whoIsIn(fetch);
    this.#isConfirmed = who.is === 'person' && who.id === personId;
    if (this.#isConfirmed) return undefined;
    return { reason: who.is === 'unknown' ? who.reason : 'signed-out' };
  }

  async #stopped({ reason }: Stop): Promise<DrainEnd> {
    const { personId, store, events, now } = this.#tools;
    await store.noteReason(reason, now());
    events.tell({ type: 'stopped', personId, reason });
    return 'stopped';
  }

  async #sendOne(entry: OutboxEntry): Promise<Stop | undefined> {
    const { personId, store, events, fetch, now, onAttempt } = this.#tools;
    events.tell({ type: 'changed', personId });
    const photo = entry.photo === undefined ? undefined : await store.photo(entry.photo.id);
    const verdict = await send(entry, photo, fetch, timeoutOf(entry));
    await store.settle(entry, verdict, now());
    onAttempt?.(verdict);
    const isSignedOut = verdict.is === 'wait' && verdict.reason === 'signed-out';
    if (isSignedOut) this.#isConfirmed = false;
    events.tell({ type: 'attempted', personId, id: entry.id, lane: entry.lane });
    return isSignedOut ? { reason: 'signed-out' } : undefined;
  }
}
