/* eslint-disable svelte/prefer-svelte-reactivity -- maps and sets are replaced as a whole, never changed in place */
import type { DelegationView } from '../../../protocol/http/field.ts';
import type { ApiClient } from '../../api/client.ts';
import type { ServerEvents } from '../../api/events.svelte.ts';
import type { ApiFailure } from '../../api/failures.ts';
import { Resource } from '../../api/resource.svelte.ts';
import type { BrowserFieldDesk } from '../run/field-desk.svelte.ts';
import type { Journal } from '../run/journal.ts';
import type { CountedUse, KeptDelegation } from '../run/site-work.ts';
import type { PackageFault } from './check-package.ts';

/** Delegations that the list shows. */
const listMax = '50';

/** What the technician's delegations are wired to. */
export interface DelegationsTools {
  readonly personId: string;
  readonly api: ApiClient;
  readonly events: ServerEvents;
  readonly desk: BrowserFieldDesk;
  readonly journal: Pick<Journal, 'all'>;
  wallNow(): number;
}

/**
 * The technician's delegations: the server's list while it can be had, and what lies on this device.
 *
 * Obligations: a package is kept only after its signatures and lists were checked; what has ended or was revoked is
 * deleted here, except while an unlock that used it is still being finished; the server's last word has its time.
 */
export class Delegations {
  readonly #tools: DelegationsTools;
  readonly list: Resource<readonly DelegationView[]>;
  #kept = $state.raw<readonly KeptDelegation[]>([]);
  #uses = $state.raw<readonly CountedUse[]>([]);
  #faults = $state.raw<ReadonlyMap<string, PackageFault>>(new Map());
  #isRead = $state(false);
  #syncing: Promise<void> = Promise.resolve();

  constructor(tools: DelegationsTools) {
    this.#tools = tools;
    this.list = new Resource(async (signal) => {
      const answer = await tools.api.call('listDelegations', {
        query: { technicianId: tools.personId, limit: listMax },
        signal,
      });
      if (!answer.ok) return answer;
      const { items } = answer.value;
      this.#syncing = this.#syncing.then(() => this.#sync(items)).catch(() => undefined);
      return { ok: true, value: items };
    });
  }

  /** What lies on this device. */
  get kept(): readonly KeptDelegation[] {
    return this.#kept;
  }
  get uses(): readonly CountedUse[] {
    return this.#uses;
  }
  /** False until this device's own store was read. */
  get isRead(): boolean {
    return this.#isRead;
  }
  /** What is wrong with a package that came. */
  fault(id: string): PackageFault | undefined {
    return this.#faults.get(id);
  }
  /** The list as far as it is known: the server's, or what lies here. */
  get views(): readonly DelegationView[] {
    return this.list.value ?? this.#kept.map(({ pack }) => pack.delegation);
  }

  /** Reads, fetches, and follows the server's events; gives the way to stop. */
  start(): () => void {
    const { events, desk } = this.#tools;
    const refresh = (): void => this.list.refreshSoon();
    const stops = [
      events.on('delegation', refresh),
      events.onReconnect(refresh),
      desk.onChange(() => void this.#read()),
    ];
    void this.#read().then(() => this.#dropEnded());
    void this.list.refresh();
    return () => {
      for (const stop of stops) stop();
      this.list.stop();
    };
  }

  /** Fetches the packages again. */
  async fetchAgain(): Promise<void> {
    this.#faults = new Map();
    await this.list.refresh();
    await this.#syncing;
  }

  /** Gives a delegation back; what lies here goes at once. */
  async revoke(id: string, reason: string): Promise<ApiFailure | undefined> {
    const answer = await this.#tools.api.call('revokeDelegation', { params: { id }, body: { reason } });
    if (!answer.ok) return answer;
    await this.#drop(id);
    this.list.refreshSoon();
    return undefined;
  }

  async #read(): Promise<void> {
    const { store } = this.#tools.desk;
    [this.#kept, this.#uses] = await Promise.all([store.delegations(), store.uses()]);
    this.#isRead = true;
  }

  /** Brings this device to what the server says. */
  async #sync(views: readonly DelegationView[]): Promise<void> {
    await this.#read();
    for (const view of views) {
      const kept = this.#kept.find(({ id }) => id === view.id);
      if (view.state !== 'active') await this.#drop(view.id);
      else if (kept === undefined) await this.#fetch(view.id);
      else await this.#hear(kept, view);
    }
  }

  /** The signed package does not change; what the server says of its uses does. */
  async #hear(kept: KeptDelegation, view: DelegationView): Promise<void> {
    const { desk, wallNow } = this.#tools;
    await desk.store.putDelegation({ ...kept, pack: { ...kept.pack, delegation: view }, heardAtMs: wallNow() });
  }

  async #fetch(id: string): Promise<void> {
    const { api, desk, personId, wallNow } = this.#tools;
    const answer = await api.call('getDelegationPackage', { params: { id } });
    if (!answer.ok) return;
    const [{ checkPackage }, { openFieldKey }] = await Promise.all([
      import('./check-package.ts'),
      import('../../field-key/field-key.ts'),
    ]);
    const key = await openFieldKey(personId);
    const checked = key.ok ? checkPackage(answer.value, key.value.publicKey, Math.floor(wallNow() / 1000)) : undefined;
    if (checked?.ok === true) await desk.store.putDelegation({ id, pack: answer.value, heardAtMs: wallNow() });
    else this.#faults = new Map([...this.#faults, [id, checked === undefined ? 'other-key' : checked.error]]);
  }

  /** By this device's own clock, for when the server cannot say it. */
  async #dropEnded(): Promise<void> {
    const nowMs = this.#tools.wallNow();
    for (const { id, pack } of this.#kept) {
      if (Date.parse(pack.delegation.notAfter ?? '') <= nowMs) await this.#drop(id);
    }
  }

  async #drop(id: string): Promise<void> {
    const { desk, journal } = this.#tools;
    if (!this.#kept.some((kept) => kept.id === id)) return;
    const runs = await journal.all().catch(() => []);
    const isNeeded = runs.some(
      ({ site, finishedAtMs }) => site?.delegationId === id && site.sent !== undefined && finishedAtMs === undefined,
    );
    if (!isNeeded) await desk.store.removeDelegation(id);
  }
}
