/* eslint-disable svelte/prefer-svelte-reactivity -- maps and sets are replaced as a whole, never changed in place */
import type { TerminalState } from '../../../domain/unlock/states.ts';
import type { ApiClient } from '../../api/client.ts';
import type { ShellCache } from '../../app/person.ts';

/** The field key of this device as far as the road is concerned. */
export interface KeyCheck {
  readonly state: 'none' | 'never' | 'online' | 'offline';
  readonly atMs: number | undefined;
}

/** The browser's storage. */
export interface StorageCheck {
  readonly isKept: boolean;
  readonly freeBytes: number | undefined;
}

/** A clock that is off by more makes a delegation look over, or not begun, ms. */
export const clockToleranceMs = 30_000;
/** The server says the time in whole seconds: on average it is this much later than it says, ms. */
const halfSecondMs = 500;

/** What the checks are wired to. */
export interface ChecksTools {
  readonly personId: string;
  readonly api: ApiClient;
  shellCache(): Promise<ShellCache | undefined>;
  wallNow(): number;
}

/** What of this device was looked at for work without a network; undefined until it was. */
export class RoadChecks {
  readonly #tools: ChecksTools;
  #app = $state.raw<ShellCache | 'none' | undefined>();
  #key = $state.raw<KeyCheck | undefined>();
  #storage = $state.raw<StorageCheck | undefined>();
  #offsetMs = $state<number | undefined>();
  #states = $state.raw<ReadonlyMap<string, TerminalState>>(new Map());
  #wasDeclined = $state(false);
  #keyProblem = $state<string | undefined>();
  #isBusy = $state(false);

  constructor(tools: ChecksTools) {
    this.#tools = tools;
  }

  get app(): ShellCache | 'none' | undefined {
    return this.#app;
  }
  get key(): KeyCheck | undefined {
    return this.#key;
  }
  /** The code of why the key did not work when it was tried. */
  get keyProblem(): string | undefined {
    return this.#keyProblem;
  }
  get storage(): StorageCheck | undefined {
    return this.#storage;
  }
  /** The browser did not protect its storage when asked. */
  get wasDeclined(): boolean {
    return this.#wasDeclined;
  }
  /** How far this device's clock is ahead of the server's, ms; undefined while the server cannot be asked. */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }
  /** States of the terminals of this person's tickets, by terminal; empty while the server cannot be asked. */
  get states(): ReadonlyMap<string, TerminalState> {
    return this.#states;
  }
  /** The passkey's window is open. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Looks at everything. */
  async run(): Promise<void> {
    await Promise.all([
      this.#lookAtApp(),
      this.#lookAtKey(),
      this.#lookAtStorage(),
      this.#compareClocks(),
      this.#ask(),
    ]);
  }

  /** Signs something worthless with the passkey. First statement of a click handler. */
  async tryKey(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { tryOffline } = await import('../../field-key/field-key.ts');
    const tried = await tryOffline(this.#tools.personId);
    this.#keyProblem = tried.ok ? undefined : tried.error;
    this.#isBusy = false;
    await this.#lookAtKey();
  }

  /** Asks the browser to keep what is stored. */
  async protect(): Promise<void> {
    const isKept = await storageManager()
      ?.persist()
      .catch(() => false);
    this.#wasDeclined = isKept !== true;
    await this.#lookAtStorage();
  }

  async #lookAtApp(): Promise<void> {
    this.#app = (await this.#tools.shellCache().catch(() => undefined)) ?? 'none';
  }

  async #lookAtKey(): Promise<void> {
    const { openFieldKey } = await import('../../field-key/field-key.ts');
    const key = await openFieldKey(this.#tools.personId);
    if (!key.ok) this.#key = { state: 'none', atMs: undefined };
    else {
      const { workedAtMs, workedOfflineAtMs } = key.value;
      const state = workedOfflineAtMs !== undefined ? 'offline' : workedAtMs !== undefined ? 'online' : 'never';
      this.#key = { state, atMs: workedOfflineAtMs ?? workedAtMs };
    }
  }

  async #lookAtStorage(): Promise<void> {
    const storage = storageManager();
    const isKept = (await storage?.persisted().catch(() => false)) ?? false;
    const { usage = 0, quota } = (await storage?.estimate().catch(() => ({}) as StorageEstimate)) ?? {};
    this.#storage = { isKept, freeBytes: quota === undefined ? undefined : Math.max(0, quota - usage) };
  }

  async #compareClocks(): Promise<void> {
    const { wallNow } = this.#tools;
    const beganMs = wallNow();
    const response = await fetch('/healthz', { cache: 'no-store' }).catch(() => undefined);
    const serverMs = Date.parse(response?.headers.get('date') ?? '') + halfSecondMs;
    this.#offsetMs = Number.isNaN(serverMs) ? undefined : Math.round((beganMs + wallNow()) / 2 - serverMs);
  }

  async #ask(): Promise<void> {
    const answer = await this.#tools.api.call('listTickets', { query: { mine: 'true', limit: '100' } });
    if (!answer.ok) return;
    const known = answer.value.items.flatMap(({ terminal, terminalState }) =>
      terminalState === undefined ? [] : [[terminal.id, terminalState] as const],
    );
    this.#states = new Map(known);
  }
}

function storageManager(): StorageManager | undefined {
  return (navigator as { readonly storage?: StorageManager }).storage;
}
