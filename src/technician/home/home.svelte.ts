import type { Ticket } from '../../../protocol/http/tickets.ts';
import type { ApiClient } from '../../api/client.ts';
import type { ServerEvents } from '../../api/events.svelte.ts';
import type { ApiFailure } from '../../api/failures.ts';
import { Resource } from '../../api/resource.svelte.ts';
import { newId } from '../../api/uuid.ts';
import type { Journal } from '../run/journal.ts';
import type { RunRecord } from '../run/observation.ts';

/** Where the search for the connected terminal's ticket stands. */
export type TicketSearch =
  | { readonly state: 'none' | 'searching' }
  | { readonly state: 'found'; readonly ticketId: string }
  | { readonly state: 'no-ticket'; readonly terminalId: string; readonly label: string }
  | { readonly state: 'not-registered' }
  | { readonly state: 'failed'; readonly failure: ApiFailure };

/** Tickets that one list shows. */
const listMax = '100';

/** The technician's home: tickets, runs that stopped, and the terminal on the cable. */
export class TechnicianHome {
  readonly #api: ApiClient;
  readonly #events: ServerEvents;
  readonly #journal: Journal;
  readonly #personId: string;
  readonly tickets: Resource<readonly Ticket[]>;
  #stopped = $state.raw<readonly RunRecord[]>([]);
  #search = $state.raw<TicketSearch>({ state: 'none' });
  #claiming = $state<string | undefined>();

  constructor(api: ApiClient, events: ServerEvents, journal: Journal, personId: string) {
    this.#api = api;
    this.#events = events;
    this.#journal = journal;
    this.#personId = personId;
    this.tickets = new Resource(async (signal) => {
      const answer = await api.call('listTickets', { query: { mine: 'true', limit: listMax }, signal });
      return answer.ok ? { ok: true, value: answer.value.items } : answer;
    });
  }

  /** Open tickets of this person. */
  get mine(): readonly Ticket[] {
    return (this.tickets.value ?? []).filter(
      ({ state, assignee }) => state !== 'closed' && assignee?.id === this.#personId,
    );
  }

  /** Open tickets that nobody has. */
  get unclaimed(): readonly Ticket[] {
    return (this.tickets.value ?? []).filter(({ state, assignee }) => state !== 'closed' && assignee === undefined);
  }

  /** Runs that were begun and not finished, the latest first. */
  get stopped(): readonly RunRecord[] {
    return this.#stopped;
  }

  get search(): TicketSearch {
    return this.#search;
  }

  /** The ticket that is being claimed. */
  get claiming(): string | undefined {
    return this.#claiming;
  }

  /** Fetches, and follows the server's events; gives the way to stop. */
  start(): () => void {
    const refresh = (): void => this.tickets.refreshSoon();
    const stops = ['ticket', 'unlock', 'terminal'].map((name) => this.#events.on(name as 'ticket', refresh));
    stops.push(this.#events.onReconnect(refresh));
    void this.tickets.refresh();
    void this.#readJournal();
    return () => {
      for (const stop of stops) stop();
      this.tickets.stop();
    };
  }

  /** Takes an open ticket; the failure when it is not possible. */
  async claim(ticket: Ticket): Promise<ApiFailure | undefined> {
    this.#claiming = ticket.id;
    const answer = await this.#api.call('claimTicket', { params: { id: ticket.id } });
    this.#claiming = undefined;
    this.tickets.refreshSoon();
    return answer.ok ? undefined : answer;
  }

  /** Finds the open ticket of the terminal with `serial`. */
  async find(serial: string): Promise<void> {
    this.#search = { state: 'searching' };
    await this.tickets.refresh();
    const { failure } = this.tickets;
    const ticket = [...this.mine, ...this.unclaimed].find(({ terminal }) => terminal.serial === serial);
    if (ticket !== undefined) {
      if (ticket.assignee === undefined) await this.claim(ticket);
      this.#search = { state: 'found', ticketId: ticket.id };
    } else if (failure !== undefined) this.#search = { state: 'failed', failure };
    else await this.#findTerminal(serial);
  }

  /** Opens a ticket for the terminal that was found without one. */
  async makeTicket(note: string): Promise<void> {
    if (this.#search.state !== 'no-ticket') return;
    const { terminalId } = this.#search;
    const answer = await this.#api.call('createTicket', { body: { id: newId(), terminalId, note } });
    this.#search = answer.ok ? { state: 'found', ticketId: answer.value.id } : { state: 'failed', failure: answer };
  }

  async #findTerminal(serial: string): Promise<void> {
    const answer = await this.#api.call('listTerminals', { query: { search: serial, limit: '5' } });
    if (!answer.ok) {
      this.#search = { state: 'failed', failure: answer };
      return;
    }
    const terminal = answer.value.items.find((item) => item.serial === serial);
    this.#search =
      terminal === undefined
        ? { state: 'not-registered' }
        : { state: 'no-ticket', terminalId: terminal.id, label: terminal.label };
  }

  async #readJournal(): Promise<void> {
    const runs = await this.#journal.all().catch(() => []);
    this.#stopped = runs.filter(
      ({ startedAtMs, finishedAtMs }) => startedAtMs !== undefined && finishedAtMs === undefined,
    );
  }
}
