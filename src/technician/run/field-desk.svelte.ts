/* eslint-disable svelte/prefer-svelte-reactivity -- maps and sets are replaced as a whole, never changed in place */
import { err, ok } from '../../../domain/result.ts';
import { equalBytes } from '../../../protocol/bytes.ts';
import type { ApiFailure } from '../../api/failures.ts';
import type { FieldDatabase } from '../../outbox/database.ts';
import type { OutboxEntry } from '../../outbox/entry.ts';
import type { Outbox } from '../../outbox/outbox.svelte.ts';
import type { KeptRow } from '../../outbox/rows.ts';
import type { CountedUse, KeptDelegation } from './site-work.ts';
import type { FieldDesk, Kept, SiteQueue, SiteSigner, SiteStore } from './site-tools.ts';

/** Held while a use is counted; the same for all tabs. */
const useLock = 'tillkeeper-uses';

/** What the desk is wired to. */
export interface FieldDeskTools {
  readonly personId: string;
  readonly name: string;
  readonly database: FieldDatabase;
  readonly outbox: Outbox;
}

interface UseRow extends KeptRow, CountedUse {}

function rowId(delegationId: string, useIndex: number): string {
  return `${delegationId} ${String(useIndex)}`;
}

/** Delegations and their uses in the technician's database. */
class DatabaseStore implements SiteStore {
  readonly #database: FieldDatabase;
  readonly #changed: () => void;

  constructor(database: FieldDatabase, changed: () => void) {
    this.#database = database;
    this.#changed = changed;
  }

  delegations(): Promise<readonly KeptDelegation[]> {
    return this.#database.read(
      ['delegations'],
      async (tables) => (await tables.all('delegations')) as KeptDelegation[],
    );
  }

  uses(): Promise<readonly CountedUse[]> {
    return this.#database.read(['uses'], async (tables) => (await tables.all('uses')) as unknown as UseRow[]);
  }

  async putDelegation(kept: KeptDelegation): Promise<void> {
    await this.#database.write(['delegations'], (tables) => tables.put('delegations', kept));
    this.#changed();
  }

  async removeDelegation(id: string): Promise<void> {
    await this.#database.write(['delegations'], (tables) => tables.delete('delegations', id));
    this.#changed();
  }

  async putUse(use: CountedUse): Promise<void> {
    const row: UseRow = { id: rowId(use.delegationId, use.useIndex), ...use };
    await this.#database.write(['uses'], (tables) => tables.put('uses', row));
    this.#changed();
  }

  async removeUse(delegationId: string, useIndex: number): Promise<void> {
    await this.#database.write(['uses'], (tables) => tables.delete('uses', rowId(delegationId, useIndex)));
    this.#changed();
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const locks = (navigator as { readonly locks?: LockManager }).locks;
    return locks === undefined ? work() : ((await locks.request(useLock, work)) as T);
  }
}

function failureOf(kept: OutboxEntry | ApiFailure): Kept {
  return 'error' in kept ? kept : undefined;
}

/** What the server must learn, by the outbox: the terminal's calls go in order. */
function queueOf(outbox: Outbox): SiteQueue {
  return {
    async siteRecord(id, body, photos, run) {
      const lane = run.terminal.id;
      const kept = failureOf(await outbox.enqueue('submitSiteRecord', { id, lane, body, run, isWeighty: true }));
      for (const photo of kept === undefined ? photos : []) {
        const params = { id: body.caseId, photoId: photo.id };
        await outbox.enqueue('putPhoto', { id: photo.id, lane, params, photo: { id: photo.id, kind: photo.kind } });
      }
      return kept;
    },
    async report(id, caseId, report, run) {
      const lane = run.terminal.id;
      const call = { id, lane, params: { id: caseId }, body: { report }, run, isWeighty: true };
      return failureOf(await outbox.enqueue('commission', call));
    },
    async request(body, run) {
      return failureOf(await outbox.enqueue('createUnlock', { id: body.id, lane: run.terminal.id, body, run }));
    },
    async forgetRequest(caseId) {
      if ((await outbox.read(caseId))?.state !== 'done') await outbox.remove(caseId);
    },
  };
}

/** The person's field key; its code is fetched with the first signature, or before, by `SiteStage`. */
function signerOf(personId: string): SiteSigner {
  return {
    async sign(bytes, publicKey) {
      const { openFieldKey } = await import('../../field-key/field-key.ts');
      const key = await openFieldKey(personId);
      if (!key.ok) return err(key.error === 'no-key' ? 'no-key' : 'failed', key.error);
      if (!equalBytes(key.value.publicKey, publicKey)) return err('no-key');
      const signature = await key.value.sign(bytes);
      if (signature.ok) return ok(signature.value);
      return err(signature.error === 'cancelled' ? 'cancelled' : 'failed', signature.error);
    },
  };
}

/** Work without a network in this browser. */
export class BrowserFieldDesk implements FieldDesk {
  readonly store: DatabaseStore;
  readonly queue: SiteQueue;
  readonly signer: SiteSigner;
  readonly name: string;
  readonly #outbox: Outbox;
  readonly #listeners = new Set<() => void>();

  constructor({ personId, name, database, outbox }: FieldDeskTools) {
    this.store = new DatabaseStore(database, () => this.tell());
    this.queue = queueOf(outbox);
    this.signer = signerOf(personId);
    this.name = name;
    this.#outbox = outbox;
  }

  get isBrowserOnline(): boolean {
    return navigator.onLine;
  }

  queued(terminalId: string): number {
    return this.#outbox.entries.filter(({ lane }) => lane === terminalId).length;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody that delegations, uses or what waits have changed. */
  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Follows the outbox: tells when a lane has become empty. Returns the way to stop. */
  follow(): () => void {
    return $effect.root(() => {
      let before: ReadonlySet<string> = new Set();
      $effect(() => {
        const now = new Set(this.#outbox.entries.map(({ lane }) => lane));
        const isOneEmpty = [...before].some((lane) => !now.has(lane));
        before = now;
        if (isOneEmpty) this.tell();
      });
    });
  }
}
