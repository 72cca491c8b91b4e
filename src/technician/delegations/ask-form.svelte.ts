/* eslint-disable svelte/prefer-svelte-reactivity -- maps and sets are replaced as a whole, never changed in place */
import type { DelegationView, Seconds } from '../../../protocol/http/field.ts';
import { delegationTerminalsMax } from '../../../protocol/http/field.ts';
import type { Ticket } from '../../../protocol/http/tickets.ts';
import type { ApiClient } from '../../api/client.ts';
import type { ApiFailure } from '../../api/failures.ts';
import { newId } from '../../api/uuid.ts';

/** One who may, or may not, confirm on a terminal. */
export type Second = Seconds['items'][0];

/** The key on this device: none, made but not registered, or ready. */
export type KeyState = 'unknown' | 'none' | 'not-enrolled' | 'ready';

/** Hours that the form offers; the server's limit is 24. */
export const hourChoices = [2, 4, 8, 12, 24] as const;
const listMax = '100';

/** What is missing before it can be sent. */
export type AskProblem =
  { readonly what: 'terminal' | 'too-many' } | { readonly what: 'second'; readonly label: string };

/** The wish for a delegation as it is filled in. The id is made once, so that a repeated press asks for the same one. */
export class AskForm {
  readonly #api: ApiClient;
  readonly #personId: string;
  readonly #renews: string | undefined;
  readonly #id = newId();
  #tickets = $state.raw<readonly Ticket[] | undefined>();
  #seconds = $state.raw<ReadonlyMap<string, readonly Second[]>>(new Map());
  #chosen = $state.raw<ReadonlySet<string>>(new Set());
  #named = $state.raw<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
  #earlier = $state.raw<DelegationView | undefined>();
  #key = $state.raw<{ readonly state: KeyState; readonly id: string }>({ state: 'unknown', id: '' });
  #failure = $state.raw<ApiFailure | undefined>();
  #isBusy = $state(false);
  hours = $state('8');
  note = $state('');

  constructor(api: ApiClient, personId: string, renews: string | undefined) {
    this.#api = api;
    this.#personId = personId;
    this.#renews = renews;
  }

  /** Open tickets of this person; undefined until they are here. */
  get tickets(): readonly Ticket[] | undefined {
    return this.#tickets;
  }
  get key(): KeyState {
    return this.#key.state;
  }
  get failure(): ApiFailure | undefined {
    return this.#failure;
  }
  get isBusy(): boolean {
    return this.#isBusy;
  }
  /** The delegation that is renewed. */
  get earlier(): DelegationView | undefined {
    return this.#earlier;
  }

  isChosen(ticketId: string): boolean {
    return this.#chosen.has(ticketId);
  }
  isNamed(ticketId: string, keyId: string): boolean {
    return this.#named.get(ticketId)?.has(keyId) ?? false;
  }
  /** Who may confirm on this ticket's terminal; undefined until it is known. */
  secondsOf(ticketId: string): readonly Second[] | undefined {
    return this.#seconds.get(ticketId);
  }

  /** What is missing, the first thing first. */
  get problem(): AskProblem | undefined {
    const chosen = (this.#tickets ?? []).filter(({ id }) => this.#chosen.has(id));
    if (chosen.length === 0) return { what: 'terminal' };
    if (chosen.length > delegationTerminalsMax) return { what: 'too-many' };
    const bare = chosen.find(({ id }) => (this.#named.get(id)?.size ?? 0) === 0);
    return bare && { what: 'second', label: bare.terminal.label };
  }

  /** Reads tickets, key, the one that is renewed, and who may confirm. */
  async load(): Promise<void> {
    this.#failure = undefined;
    void this.#readKey();
    const [tickets, earlier] = await Promise.all([
      this.#api.call('listTickets', { query: { mine: 'true', limit: listMax } }),
      this.#renews === undefined ? undefined : this.#api.call('getDelegation', { params: { id: this.#renews } }),
    ]);
    if (!tickets.ok) {
      this.#failure = tickets;
      return;
    }
    const mine = tickets.value.items.filter(
      ({ state, assignee }) => state !== 'closed' && assignee?.id === this.#personId,
    );
    if (earlier?.ok === true) this.#fill(earlier.value);
    const renewed = this.#earlier?.terminals.map(({ ticketId }) => ticketId);
    const wanted = mine.filter(({ id }) => renewed?.includes(id) ?? true).slice(0, delegationTerminalsMax);
    this.#chosen = new Set(wanted.map(({ id }) => id));
    this.#tickets = mine;
    await Promise.all(wanted.map(({ id }) => this.#readSeconds(id)));
  }

  /** Puts a terminal on the list, or takes it off. */
  choose(ticketId: string, isChosen: boolean): void {
    const others = [...this.#chosen].filter((id) => id !== ticketId);
    this.#chosen = new Set(isChosen ? [...others, ticketId] : others);
    if (isChosen && !this.#seconds.has(ticketId)) void this.#readSeconds(ticketId);
  }

  /** Names a second person for a terminal, or not. */
  name(ticketId: string, keyId: string, isNamed: boolean): void {
    const others = [...(this.#named.get(ticketId) ?? [])].filter((id) => id !== keyId);
    this.#named = new Map([...this.#named, [ticketId, new Set(isNamed ? [...others, keyId] : others)]]);
  }

  /** Asks; true when the server has taken it, whatever it decided. */
  async send(): Promise<boolean> {
    if (this.#isBusy || this.problem !== undefined || this.#key.state !== 'ready') return false;
    this.#isBusy = true;
    const terminals = (this.#tickets ?? [])
      .filter(({ id }) => this.#chosen.has(id))
      .map(({ id }) => ({ ticketId: id, secondKeyIds: [...(this.#named.get(id) ?? [])].sort() }));
    const answer = await this.#api.call('askDelegation', {
      body: {
        id: this.#id,
        fieldKeyId: this.#key.id,
        terminals,
        hours: Number(this.hours),
        note: this.note.trim(),
        ...(this.#renews === undefined ? {} : { renews: this.#renews }),
      },
    });
    this.#isBusy = false;
    this.#failure = answer.ok ? undefined : answer;
    return answer.ok;
  }

  #fill(earlier: DelegationView): void {
    this.#earlier = earlier;
    this.hours = String(hourChoices.find((hours) => hours >= earlier.hours) ?? 24);
    this.note = earlier.note;
    this.#named = new Map(earlier.terminals.map(({ ticketId, secondKeyIds }) => [ticketId, new Set(secondKeyIds)]));
  }

  async #readKey(): Promise<void> {
    const { openFieldKey } = await import('../../field-key/field-key.ts');
    const key = await openFieldKey(this.#personId);
    if (!key.ok) this.#key = { state: 'none', id: '' };
    else this.#key = { state: key.value.enrolledAtMs === undefined ? 'not-enrolled' : 'ready', id: key.value.id };
  }

  /** Whoever alone may confirm is named by itself; those who may not any more are not. */
  async #readSeconds(ticketId: string): Promise<void> {
    const answer = await this.#api.call('listSeconds', { query: { ticketId } });
    if (!answer.ok) {
      this.#failure = answer;
      return;
    }
    const { items } = answer.value;
    this.#seconds = new Map([...this.#seconds, [ticketId, items]]);
    const free = items.filter(({ blocked }) => blocked === undefined).map(({ keyId }) => keyId);
    const before = [...(this.#named.get(ticketId) ?? [])].filter((keyId) => free.includes(keyId));
    const named = before.length === 0 && free.length === 1 ? free : before;
    this.#named = new Map([...this.#named, [ticketId, new Set(named)]]);
  }
}
