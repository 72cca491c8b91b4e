import type { DelegationView } from '../../protocol/http/field.ts';
import type { Alarm } from '../../protocol/http/system.ts';
import type { Ticket } from '../../protocol/http/tickets.ts';
import type { UnlockCase } from '../../protocol/http/unlocks.ts';
import type { ApiClient } from '../api/client.ts';
import type { ServerEvents } from '../api/events.svelte.ts';
import type { ApiResult } from '../api/failures.ts';
import { Resource } from '../api/resource.svelte.ts';

const listRows = '200';
const recentRows = '100';

interface Page<T> {
  readonly items: readonly T[];
}

/** What the office's frame and several screens need at once, kept fresh by the event stream. */
export class OfficeData {
  readonly #events: ServerEvents;
  /** Cases that are not over, oldest first: who waits longest stands on top. */
  readonly active: Resource<readonly UnlockCase[]>;
  /** The newest cases of any state, for the day's count. */
  readonly recent: Resource<readonly UnlockCase[]>;
  /** Delegations that a person must decide. */
  readonly waitingDelegations: Resource<readonly DelegationView[]>;
  readonly openTickets: Resource<readonly Ticket[]>;
  readonly openAlarms: Resource<readonly Alarm[]>;

  constructor(api: ApiClient, events: ServerEvents) {
    this.#events = events;
    this.active = listOf(async (signal) => {
      const answer = await api.call('listUnlocks', { query: { state: 'active', limit: listRows }, signal });
      return answer.ok ? { ok: true, value: { items: [...answer.value.items].sort(byAge) } } : answer;
    });
    this.recent = listOf((signal) => api.call('listUnlocks', { query: { limit: recentRows }, signal }));
    this.waitingDelegations = listOf((signal) =>
      api.call('listDelegations', { query: { state: 'waiting', limit: listRows }, signal }),
    );
    this.openTickets = listOf((signal) =>
      api.call('listTickets', { query: { state: 'open', limit: listRows }, signal }),
    );
    this.openAlarms = listOf((signal) => api.call('alarms', { query: { open: 'true', limit: listRows }, signal }));
  }

  /** Fetches everything and follows the changes; returns the way to stop. */
  start(): () => void {
    const all = [this.active, this.recent, this.waitingDelegations, this.openTickets, this.openAlarms];
    const stops = [
      this.#events.on('unlock', () => [this.active, this.recent].forEach((list) => list.refreshSoon())),
      this.#events.on('delegation', () => this.waitingDelegations.refreshSoon()),
      this.#events.on('ticket', () => this.openTickets.refreshSoon()),
      this.#events.on('alarm', () => this.openAlarms.refreshSoon()),
      this.#events.onReconnect(() => all.forEach((list) => list.refreshSoon())),
    ];
    for (const list of all) void list.refresh();
    return () => {
      for (const stop of stops) stop();
      for (const list of all) list.stop();
    };
  }
}

function listOf<T>(load: (signal: AbortSignal) => Promise<ApiResult<Page<T>>>): Resource<readonly T[]> {
  return new Resource(async (signal) => {
    const answer = await load(signal);
    return answer.ok ? { ok: true, value: answer.value.items } : answer;
  });
}

function byAge(a: UnlockCase, b: UnlockCase): number {
  return a.askedAt < b.askedAt ? -1 : 1;
}
