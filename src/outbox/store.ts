import type { FieldDatabase } from './database.ts';
import { policyOf } from './entry.ts';
import type { OutboxEntry, WaitReason } from './entry.ts';
import {
  attemptTimeoutMs,
  doneKeptMs,
  doneMax,
  entriesMax,
  leaseSpareMs,
  patienceMs,
  photosMax,
  photoTimeoutMs,
} from './limits.ts';
import { backOff } from './pause.ts';
import type { RunRow, Tables } from './rows.ts';
import type { Verdict } from './send.ts';

/** What a caller wants to have sent. */
export type NewEntry = Pick<OutboxEntry, 'id' | 'lane' | 'personId' | 'route' | 'params' | 'body' | 'photo'> & {
  readonly isWeighty?: boolean | undefined;
};

/** What became of putting an entry in: the row, or why there was no room. */
export type Put =
  | { readonly ok: true; readonly entry: OutboxEntry; readonly isNew: boolean }
  | { readonly ok: false; readonly error: 'queue-full' };

/** What a runner asks for. */
export interface Claim {
  readonly nowMs: number;
  /** Lanes that are being served already. */
  readonly busyLanes: ReadonlySet<string>;
  readonly most: number;
  /** No other runner is alive: what is `sending` was left by one that died. */
  readonly isAlone: boolean;
}

const placeKey = 'outbox.place';

/** How long one attempt of an entry may take, ms. */
export function timeoutOf(entry: OutboxEntry): number {
  return entry.photo === undefined ? attemptTimeoutMs : photoTimeoutMs;
}

/** The rows of the outbox. Each verb is one strict transaction. */
export class OutboxStore {
  readonly #database: FieldDatabase;
  readonly #random: () => number;

  constructor(database: FieldDatabase, random: () => number) {
    this.#database = database;
    this.#random = random;
  }

  /**
   * Puts an entry in unless it is there, together with the run's record where there is one. A dead entry, and one
   * whose body has changed, becomes a new call under `freshKey`. With `isUrgent` the lane is due at once.
   */
  put(wanted: NewEntry, nowMs: number, freshKey: string, options: { run?: RunRow; isUrgent: boolean }): Promise<Put> {
    return this.#database.write(['outbox', 'meta', 'runs'], async (tables) => {
      if (options.run !== undefined) await tables.put('runs', options.run);
      const before = await tables.get('outbox', wanted.id);
      if (before !== undefined && before.state === 'done' && isSame(before, wanted))
        return { ok: true, entry: before, isNew: false };
      const live = await liveRows(tables);
      if (before === undefined && isFull(live, wanted)) return { ok: false, error: 'queue-full' };
      const entry = before === undefined ? await makeEntry(tables, wanted, nowMs) : again(before, wanted, freshKey);
      if (entry !== before) await tables.put('outbox', entry);
      if (options.isUrgent) {
        for (const row of live)
          if (row.lane === entry.lane && row.state === 'queued' && row.id !== entry.id && row.nextAtMs > nowMs)
            await tables.put('outbox', { ...row, nextAtMs: 0 });
        if (entry === before && entry.state === 'queued' && entry.nextAtMs > nowMs)
          await tables.put('outbox', { ...entry, nextAtMs: 0 });
      }
      return { ok: true, entry, isNew: before === undefined };
    });
  }

  /** Takes the entries that are due, at most one a lane, and marks them as being sent. */
  claim({ nowMs, busyLanes, most, isAlone }: Claim): Promise<readonly OutboxEntry[]> {
    return this.#database.write(['outbox'], async (tables) => {
      const live = await liveRows(tables);
      const taken: OutboxEntry[] = [];
      for (const [lane, rows] of lanesOf(live)) {
        if (taken.length >= most || busyLanes.has(lane)) continue;
        const head = headOf(rows, nowMs, isAlone);
        if (head === undefined) continue;
        const leaseUntilMs = nowMs + timeoutOf(head) + leaseSpareMs;
        const entry: OutboxEntry = { ...head, state: 'sending', leaseUntilMs, attempts: head.attempts + 1 };
        await tables.put('outbox', entry);
        taken.push(entry);
      }
      return taken;
    });
  }

  /** Writes down what an attempt gave. Nothing changes when the entry was removed or taken over meanwhile. */
  settle(sent: OutboxEntry, verdict: Verdict, nowMs: number): Promise<OutboxEntry | undefined> {
    return this.#database.write(['outbox'], async (tables) => {
      const now = await tables.get('outbox', sent.id);
      if (now?.state !== 'sending' || now.key !== sent.key || now.attempts !== sent.attempts) return undefined;
      const entry = settled(now, verdict, nowMs, this.#random);
      await tables.put('outbox', entry);
      return entry;
    });
  }

  /** Why nothing is being tried, on every entry that waits. */
  noteReason(reason: WaitReason, nowMs: number): Promise<void> {
    return this.#database.write(['outbox'], async (tables) => {
      for (const row of await tables.where('outbox', 'state', 'queued'))
        if (row.reason !== reason) await tables.put('outbox', { ...row, reason, lastAtMs: nowMs });
    });
  }

  /** What waits, is being sent or is dead, in order. */
  live(): Promise<readonly OutboxEntry[]> {
    return this.#database.read(['outbox'], liveRows);
  }

  get(id: string): Promise<OutboxEntry | undefined> {
    return this.#database.read(['outbox'], (tables) => tables.get('outbox', id));
  }

  /** Makes everything due now; dead entries stay as they are. */
  hurry(): Promise<void> {
    return this.#database.write(['outbox'], async (tables) => {
      for (const row of await tables.where('outbox', 'state', 'queued'))
        if (row.nextAtMs !== 0) await tables.put('outbox', { ...row, nextAtMs: 0 });
    });
  }

  /** Sends a dead entry as a new call. */
  revive(id: string, freshKey: string): Promise<void> {
    return this.#database.write(['outbox'], async (tables) => {
      const row = await tables.get('outbox', id);
      if (row?.state === 'dead') await tables.put('outbox', renewed(row, freshKey));
    });
  }

  /** Removes an entry that is not being sent; true when it is gone. */
  remove(id: string): Promise<boolean> {
    return this.#database.write(['outbox'], async (tables) => {
      const row = await tables.get('outbox', id);
      if (row?.state === 'sending') return false;
      await tables.delete('outbox', id);
      return true;
    });
  }

  /** Forgets old answers. */
  prune(nowMs: number): Promise<void> {
    return this.#database.write(['outbox'], async (tables) => {
      const done = await tables.where('outbox', 'state', 'done');
      const newest = done.sort((a, b) => (b.doneAtMs ?? 0) - (a.doneAtMs ?? 0));
      for (const [index, row] of newest.entries())
        if (index >= doneMax || (row.doneAtMs ?? 0) < nowMs - doneKeptMs) await tables.delete('outbox', row.id);
    });
  }

  /** The bytes of a photo. */
  async photo(id: string): Promise<Blob | undefined> {
    return (await this.#database.read(['photos'], (tables) => tables.get('photos', id)))?.photo;
  }
}

async function liveRows(tables: Tables): Promise<OutboxEntry[]> {
  const states = ['queued', 'sending', 'dead'] as const;
  const rows = await Promise.all(states.map((state) => tables.where('outbox', 'state', state)));
  return rows.flat().sort((a, b) => a.place - b.place);
}

function lanesOf(rows: readonly OutboxEntry[]): Map<string, OutboxEntry[]> {
  const lanes = new Map<string, OutboxEntry[]>();
  for (const row of rows) lanes.set(row.lane, [...(lanes.get(row.lane) ?? []), row]);
  return lanes;
}

/** The entry of a lane that is due; undefined when it is served, waits, or a dead entry holds it. */
function headOf(rows: readonly OutboxEntry[], nowMs: number, isAlone: boolean): OutboxEntry | undefined {
  let isHeld = false;
  for (const row of rows) {
    if (row.state === 'dead') {
      isHeld ||= policyOf(row.route).ifDead === 'hold';
      continue;
    }
    if (row.state === 'sending' && !isAlone && row.leaseUntilMs > nowMs) return undefined;
    if (isHeld && !row.isWeighty) continue;
    return row.state === 'queued' && row.nextAtMs > nowMs ? undefined : row;
  }
  return undefined;
}

function isFull(live: readonly OutboxEntry[], wanted: NewEntry): boolean {
  if (live.length >= entriesMax) return true;
  return wanted.photo !== undefined && live.filter(({ photo }) => photo !== undefined).length >= photosMax;
}

function isSame(entry: OutboxEntry, wanted: NewEntry): boolean {
  const text = ({ route, params, body, photo }: NewEntry): string => JSON.stringify([route, params, body, photo]);
  return text(entry) === text(wanted);
}

async function makeEntry(tables: Tables, wanted: NewEntry, nowMs: number): Promise<OutboxEntry> {
  const last = await tables.get('meta', placeKey);
  const place = (typeof last === 'number' ? last : 0) + 1;
  await tables.put('meta', place, placeKey);
  const { isWeighty, ...rest } = wanted;
  return {
    ...rest,
    key: wanted.id,
    isWeighty: isWeighty ?? policyOf(wanted.route).isWeighty,
    place,
    createdAtMs: nowMs,
    state: 'queued',
    attempts: 0,
    nextAtMs: 0,
    leaseUntilMs: 0,
    reason: 'new',
  };
}

/** The entry as the caller wants it now. */
function again(before: OutboxEntry, wanted: NewEntry, freshKey: string): OutboxEntry {
  const isChanged = !isSame(before, wanted);
  if (before.state !== 'dead' && !isChanged) return before;
  const { body, photo, params, route } = wanted;
  return renewed(
    { ...before, route, params, ...(body === undefined ? {} : { body }), ...(photo === undefined ? {} : { photo }) },
    freshKey,
  );
}

function renewed(row: OutboxEntry, key: string): OutboxEntry {
  const { reply: _reply, lastCode: _code, lastDetail: _detail, lastStatus: _status, doneAtMs: _done, ...rest } = row;
  return { ...rest, key, state: 'queued', attempts: 0, nextAtMs: 0, leaseUntilMs: 0, reason: 'new' };
}

function settled(row: OutboxEntry, verdict: Verdict, nowMs: number, random: () => number): OutboxEntry {
  const base = { ...row, leaseUntilMs: 0, lastAtMs: nowMs };
  switch (verdict.is) {
    case 'done':
      return { ...base, state: 'done', reply: verdict.reply, isStored: verdict.isStored, doneAtMs: nowMs };
    case 'dead':
      return {
        ...base,
        state: 'dead',
        lastStatus: verdict.status,
        lastCode: verdict.code,
        ...(verdict.detail === undefined ? {} : { lastDetail: verdict.detail }),
      };
    case 'wait': {
      const { lastStatus: _status, ...rest } = base;
      const status = verdict.status === undefined ? {} : { lastStatus: verdict.status };
      if (!row.isWeighty && nowMs - row.createdAtMs > patienceMs)
        return { ...rest, ...status, state: 'dead', reason: verdict.reason, lastCode: 'expired' };
      const nextAtMs = nowMs + backOff(verdict.reason, row.attempts, random);
      return { ...rest, ...status, state: 'queued', reason: verdict.reason, nextAtMs };
    }
  }
}
