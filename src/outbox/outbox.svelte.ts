import * as v from 'valibot';
import { jsonBodyMaxBytes } from '../../protocol/http/limits.ts';
import type { RouteName } from '../../protocol/http/paths.ts';
import { baseRoute } from '../../protocol/http/routes-base.ts';
import type { RouteBody, RouteReply } from '../../protocol/http/routes.ts';
import { failure } from '../api/failures.ts';
import type { ApiFailure, ApiFailureCode } from '../api/failures.ts';
import type { FieldDatabase, StorageTrouble } from './database.ts';
import { policyOf } from './entry.ts';
import type { EntryPhoto, OutboxEntry, WaitReason } from './entry.ts';
import type { OutboxEvent, OutboxEvents } from './events.ts';
import { exportText } from './export.ts';
import { attemptTimeoutMs, photoTimeoutMs } from './limits.ts';
import type { RunRow } from './rows.ts';
import type { Runner } from './runner.ts';
import { fits } from './send.ts';
import type { NewEntry, OutboxStore, Put } from './store.ts';

/** One call to be sent. `id` is made and kept by the caller before, so that a reload asks for the same one. */
export interface OutboxRequest<N extends RouteName> {
  readonly id: string;
  /** The terminal's id: calls about one terminal go in order. */
  readonly lane: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: RouteBody<N>;
  readonly photo?: EntryPhoto;
  /** Overrides what the route itself is worth. */
  readonly isWeighty?: boolean;
  /** The run's record, written in the same transaction. */
  readonly run?: RunRow;
}

/** The outcome of an attempt. `isStored`: the answer was kept from an earlier attempt, the world may have moved on. */
export type OutboxResult<T> = { readonly ok: true; readonly value: T; readonly isStored: boolean } | ApiFailure;

/** What the outbox is wired to. */
export interface OutboxTools {
  readonly personId: string;
  readonly database: FieldDatabase;
  readonly store: OutboxStore;
  readonly runner: Runner;
  readonly events: OutboxEvents;
  now(): number;
  newId(): string;
  /** The first entry was put in. */
  onFirst(): void;
  /** Something could not be sent: the worker should try when the browser says that there is a network. */
  askForSync(): void;
}

const elsewherePauseMs = 100;
const spareMs = 5_000;

const failureOfReason: Readonly<Record<WaitReason, ApiFailureCode>> = {
  new: 'offline',
  offline: 'offline',
  timeout: 'timeout',
  portal: 'unreadable',
  'signed-out': 'unauthenticated',
  'in-progress': 'in-progress',
  'rate-limited': 'rate-limited',
  server: 'unavailable',
};

/**
 * What this laptop still has to tell the server, as the screens see it. `call` and `enqueue` keep the call on the disk
 * before anything is sent; whatever happens then, it takes effect exactly once.
 */
export class Outbox {
  readonly #tools: OutboxTools;
  readonly #stops: (() => void)[] = [];
  #entries = $state.raw<readonly OutboxEntry[]>([]);
  #trouble = $state.raw<StorageTrouble | undefined>();
  #isRefreshing = false;
  #isOutdated = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tools: OutboxTools) {
    this.#tools = tools;
    this.#trouble = tools.database.trouble;
    this.#stops.push(
      tools.database.onTrouble((trouble) => (this.#trouble = trouble)),
      tools.events.on((event, isOwn) => this.#heard(event, isOwn)),
    );
    void this.#refresh();
  }

  /** What waits, is being sent or is dead, in order. */
  get entries(): readonly OutboxEntry[] {
    return this.#entries;
  }

  /** Set while what is done lives in this page only. */
  get trouble(): StorageTrouble | undefined {
    return this.#trouble;
  }

  /** Something is on its way to the server right now. */
  get isSending(): boolean {
    return this.#entries.some(({ state }) => state === 'sending');
  }

  /** Keeps a call and sends it at once; the outcome of this attempt. After a failure that may pass it stays queued. */
  async call<N extends RouteName>(name: N, request: OutboxRequest<N>): Promise<OutboxResult<RouteReply<N>>> {
    const put = await this.#put(name, request, true);
    if (!put.ok) return put.failure;
    const end = put.entry.state === 'done' ? put.entry : await this.#outcome(put.entry);
    if ('error' in end) return end;
    const { reply } = baseRoute(name);
    const value = typeof reply === 'string' ? end.reply : v.parse(reply as v.GenericSchema, end.reply);
    const isStored = end.isStored === true || put.entry.state === 'done';
    return { ok: true, value: value as RouteReply<N>, isStored };
  }

  /** Keeps a call; it is sent when that is possible. */
  async enqueue<N extends RouteName>(name: N, request: OutboxRequest<N>): Promise<OutboxEntry | ApiFailure> {
    const put = await this.#put(name, request, false);
    if (!put.ok) return put.failure;
    void this.drain();
    return put.entry;
  }

  /** An entry with its answer, also a done one. */
  read(id: string): Promise<OutboxEntry | undefined> {
    return this.#tools.store.get(id);
  }

  /** Sends what is due. Never rejects. */
  async drain(): Promise<'idle' | 'elsewhere' | 'stopped'> {
    const end = await this.#tools.runner.drain().catch((): 'stopped' => 'stopped');
    await this.#refresh();
    if (end === 'elsewhere') this.#wakeIn(elsewherePauseMs);
    else this.#wakeAtNext(end);
    return end;
  }

  /** Tries everything that waits now. */
  async retryNow(): Promise<void> {
    await this.#tools.store.hurry();
    await this.drain();
  }

  /** Sends a dead entry as a new call. */
  async revive(id: string): Promise<void> {
    const { store, newId } = this.#tools;
    await store.revive(id, newId());
    await this.drain();
  }

  /** Gives an entry up; false while it is being sent. */
  async remove(id: string): Promise<boolean> {
    const { store, events, personId } = this.#tools;
    const isGone = await store.remove(id);
    events.tell({ type: 'changed', personId });
    return isGone;
  }

  /** Everything that waits or is dead as a JSON text, with the hashes of the photos. */
  async exportAll(): Promise<string> {
    const { store, now, personId } = this.#tools;
    return exportText(await store.live(), (id) => store.photo(id), { personId, nowMs: now() });
  }

  /** Somebody has signed in: what waited for that is tried. */
  signedIn(): void {
    this.#tools.runner.doubt();
    void this.retryNow();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #put<N extends RouteName>(
    name: N,
    request: OutboxRequest<N>,
    isUrgent: boolean,
  ): Promise<Extract<Put, { ok: true }> | { readonly ok: false; readonly failure: ApiFailure }> {
    const { store, events, personId, now, newId, onFirst } = this.#tools;
    const { id, lane, params = {}, body, photo, isWeighty, run } = request;
    if (body !== undefined && new TextEncoder().encode(JSON.stringify(body)).length > jsonBodyMaxBytes)
      return { ok: false, failure: failure('too-large') };
    const entry: NewEntry = {
      ...{ id, lane, personId, route: name, params, isWeighty },
      ...(body === undefined ? {} : { body }),
      ...(photo === undefined ? {} : { photo }),
    };
    let put = await store.put(entry, now(), newId(), { isUrgent, ...(run === undefined ? {} : { run }) });
    // An answer of an older version of the app: the server is asked again and answers in today's form.
    if (put.ok && put.entry.state === 'done' && !fits(put.entry, put.entry.reply)) {
      await store.remove(id);
      put = await store.put(entry, now(), newId(), { isUrgent });
    }
    if (!put.ok) return { ok: false, failure: failure(put.error) };
    if (put.isNew) onFirst();
    events.tell({ type: 'queued', personId });
    return put;
  }

  /** The outcome of the attempt that is made now: the row when it is done, otherwise why it is not. */
  async #outcome(entry: OutboxEntry): Promise<OutboxEntry | ApiFailure> {
    const { store, now } = this.#tools;
    const untilMs = now() + (entry.photo === undefined ? attemptTimeoutMs : photoTimeoutMs) + spareMs;
    while (now() < untilMs) {
      const end = await Promise.race([this.drain(), this.#attempted(entry.lane)]);
      const row = await store.get(entry.id);
      if (row === undefined) return failure('aborted');
      const outcome = outcomeOf(row, entry, await store.live(), now());
      if (outcome !== undefined) return outcome;
      if (row.state === 'queued' && (end === 'idle' || end === 'stopped')) return failureOf(row);
      if (end !== 'attempted') await new Promise((resolve) => setTimeout(resolve, elsewherePauseMs));
    }
    return failure('timeout');
  }

  #attempted(lane: string): Promise<'attempted'> {
    return new Promise((resolve) => {
      const stop = this.#tools.events.on((event) => {
        if (event.type !== 'attempted' || event.lane !== lane) return;
        stop();
        resolve('attempted');
      });
    });
  }

  #heard(event: OutboxEvent, isOwn: boolean): void {
    if (event.type === 'signed-in') return this.signedIn();
    if (event.personId !== this.#tools.personId) return;
    if (event.type === 'queued' && !isOwn) this.#tools.runner.poke();
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    this.#isOutdated = true;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    try {
      while (this.#isOutdated) {
        this.#isOutdated = false;
        this.#entries = await this.#tools.store.live();
      }
    } finally {
      this.#isRefreshing = false;
    }
  }

  #wakeAtNext(end: 'idle' | 'stopped'): void {
    const waiting = this.#entries.filter(({ state }) => state === 'queued');
    if (waiting.length === 0) return clearTimeout(this.#timer);
    this.#tools.askForSync();
    if (end === 'stopped') return clearTimeout(this.#timer);
    const nextAtMs = Math.min(...waiting.map((entry) => entry.nextAtMs));
    this.#wakeIn(Math.max(elsewherePauseMs, nextAtMs - this.#tools.now()));
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.drain(), ms);
  }
}

/** What can be said of an entry after something happened in its lane; undefined while it is still on its way. */
function outcomeOf(
  row: OutboxEntry,
  asked: OutboxEntry,
  live: readonly OutboxEntry[],
  nowMs: number,
): OutboxEntry | ApiFailure | undefined {
  if (row.state === 'done') return row;
  if (row.state === 'dead') return failureOf(row);
  if (row.state === 'queued' && row.attempts > asked.attempts) return failureOf(row);
  const before = live.filter(({ lane, place }) => lane === row.lane && place < row.place);
  const held = before.find(({ state, route }) => state === 'dead' && policyOf(route).ifDead === 'hold');
  if (held !== undefined && !row.isWeighty) return failureOf(held);
  const slow = before.find(({ state, nextAtMs }) => state === 'queued' && nextAtMs > nowMs);
  return slow === undefined ? undefined : failureOf(slow);
}

function failureOf(entry: OutboxEntry): ApiFailure {
  const { state, reason, lastStatus, lastCode, lastDetail } = entry;
  const status = lastStatus === undefined ? {} : { status: lastStatus };
  if (state !== 'dead') return failure(failureOfReason[reason], status);
  return failure((lastCode ?? 'expired') as ApiFailureCode, {
    ...status,
    ...(lastDetail === undefined ? {} : { detail: lastDetail }),
  });
}
