import { openDB } from 'idb';
import type { IDBPDatabase, IDBPTransaction } from 'idb';
import { MemoryTables } from './memory-tables.ts';
import type { Change } from './memory-tables.ts';
import { keyOf, storeNames } from './rows.ts';
import type { Rows, Schema, StoreName, Tables } from './rows.ts';

/**
 * What is wrong with the browser's storage. `blocked`: another tab with an older version holds it. `replaced`: another
 * tab runs a newer version. `not-saved`: the disk takes nothing. In all three what is done lives in this page only.
 */
export type StorageTrouble = 'blocked' | 'replaced' | 'not-saved';

const namePrefix = 'tillkeeper-technician:';
const databaseVersion = 2;
/** How long an opening may be held up by another tab before the page works without the disk, ms. */
const blockedPatienceMs = 2_000;

/** How long an opening may take at all, ms; some browsers lose one and never say so. */
const openingMaxMs = 8_000;

/** Errors of IndexedDB itself: the connection died, the disk is full, the database is newer. All others are bugs. */
const storageErrors: ReadonlySet<string> = new Set([
  'AbortError',
  'BlockedError',
  'InvalidAccessError',
  'InvalidStateError',
  'NotFoundError',
  'NotReadableError',
  'QuotaExceededError',
  'SecurityError',
  'TimeoutError',
  'TransactionInactiveError',
  'UnknownError',
  'VersionError',
]);

type Upgrade = (database: IDBPDatabase<Schema>) => void;

/** One function a version, each adding to what is there. A released one is never changed. */
const upgrades: readonly Upgrade[] = [
  (database) => {
    database.createObjectStore('runs', { keyPath: 'ticketId' });
    database.createObjectStore('photos').createIndex('ticketId', 'ticketId');
  },
  (database) => {
    database.createObjectStore('outbox', { keyPath: 'id' }).createIndex('state', 'state');
    database.createObjectStore('delegations', { keyPath: 'id' });
    database.createObjectStore('uses', { keyPath: 'id' });
    database.createObjectStore('meta');
  },
];

/** Name of one person's database; two people on one laptop see nothing of each other. */
export function databaseName(personId: string): string {
  return namePrefix + personId;
}

type Transaction = IDBPTransaction<Schema, StoreName[], 'readonly' | 'readwrite'>;

/** One transaction's rows; remembers what it wrote. */
class DiskTables implements Tables {
  readonly changes: Change[] = [];
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  get<S extends StoreName>(store: S, key: string): Promise<Rows[S] | undefined> {
    return this.#transaction.objectStore(store).get(key) as Promise<Rows[S] | undefined>;
  }

  all<S extends StoreName>(store: S): Promise<Rows[S][]> {
    return this.#transaction.objectStore(store).getAll() as Promise<Rows[S][]>;
  }

  where<S extends 'photos' | 'outbox'>(store: S, index: string, value: string): Promise<Rows[S][]> {
    return this.#transaction
      .objectStore(store)
      .index(index as never)
      .getAll(value as never) as Promise<Rows[S][]>;
  }

  keysWhere(store: 'photos' | 'outbox', index: string, value: string): Promise<string[]> {
    return this.#transaction
      .objectStore(store)
      .index(index as never)
      .getAllKeys(value as never);
  }

  async put<S extends StoreName>(store: S, row: Rows[S], key?: string): Promise<void> {
    const name = keyOf(store, row, key);
    const table = this.#transaction.objectStore(store);
    await table.put?.(row as never, table.keyPath === null ? name : undefined);
    this.changes.push({ store, key: name, row });
  }

  async delete(store: StoreName, key: string): Promise<void> {
    await this.#transaction.objectStore(store).delete?.(key);
    this.changes.push({ store, key, row: undefined });
  }
}

/**
 * One technician's database in this browser.
 *
 * Obligations: a promise of a connection that died is dropped and opened anew, once for each piece of work; work that
 * fails again is done in memory, and `trouble` says so until the disk has taken everything; a work may therefore run
 * twice and must do nothing but read and write its tables.
 */
export class FieldDatabase {
  readonly #name: string;
  readonly #patienceMs: number;
  readonly #memory = new MemoryTables();
  readonly #listeners = new Set<(trouble: StorageTrouble | undefined) => void>();
  #opening: Promise<IDBPDatabase<Schema>> | undefined;
  #isBlocked = false;
  #isReplaced = false;
  #trouble: StorageTrouble | undefined;

  constructor(personId: string, patienceMs = blockedPatienceMs) {
    this.#name = databaseName(personId);
    this.#patienceMs = patienceMs;
  }

  get trouble(): StorageTrouble | undefined {
    return this.#trouble;
  }

  /** Tells each change of `trouble`; returns the way to stop. */
  onTrouble(listener: (trouble: StorageTrouble | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads. */
  read<T>(stores: readonly StoreName[], work: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#run(stores, 'readonly', work);
  }

  /** Reads and writes in one transaction that is on the disk when the promise resolves. */
  write<T>(stores: readonly StoreName[], work: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#run(stores, 'readwrite', work);
  }

  /** Closes the connection; the next piece of work opens it again. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening?.catch(() => undefined))?.close();
  }

  async #run<T>(
    stores: readonly StoreName[],
    mode: 'readonly' | 'readwrite',
    work: (tables: Tables) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const database = await this.#open();
        await this.#flush(database);
        const result = await this.#transact(database, stores, mode, work);
        this.#setTrouble(undefined);
        return result;
      } catch (error) {
        if (!isStorageError(error)) throw error;
        if (isBlockedError(error)) break;
        this.#drop();
      }
    }
    this.#setTrouble(this.#isReplaced ? 'replaced' : this.#isBlocked ? 'blocked' : 'not-saved');
    return work(this.#memory);
  }

  async #transact<T>(
    database: IDBPDatabase<Schema>,
    stores: readonly StoreName[],
    mode: 'readonly' | 'readwrite',
    work: (tables: Tables) => Promise<T>,
  ): Promise<T> {
    const transaction = database.transaction([...stores], mode, { durability: 'strict' });
    const tables = new DiskTables(transaction);
    try {
      const result = await work(tables);
      await transaction.done;
      this.#memory.mirror(tables.changes.filter(({ store }) => store !== 'photos'));
      return result;
    } catch (error) {
      transaction.done.catch(() => undefined);
      try {
        transaction.abort();
      } catch {
        // It has ended by itself.
      }
      throw error;
    }
  }

  /** Brings to the disk what was done in memory. What took effect meanwhile stays as it is there. */
  async #flush(database: IDBPDatabase<Schema>): Promise<void> {
    const changes = this.#memory.changes;
    if (changes.length === 0) return;
    await this.#transact(database, storeNames, 'readwrite', async (tables) => {
      for (const { store, key, row } of changes) {
        if (store === 'outbox' && (await tables.get('outbox', key))?.state === 'done') continue;
        if (row === undefined) await tables.delete(store, key);
        else await tables.put(store, row as never, key);
      }
    });
    this.#memory.saved(changes);
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    this.#opening ??= this.#connect();
    const opening = this.#opening;
    if (this.#isBlocked) return Promise.reject(blockedError());
    return Promise.race([opening, this.#tooSlow(opening)]);
  }

  /** Rejects when another tab holds the opening up, or nothing happens at all; the opening itself goes on. */
  #tooSlow(opening: Promise<unknown>): Promise<never> {
    return new Promise((_resolve, reject) => {
      const giveUp = (): void => reject(blockedError());
      const whenBlocked = setTimeout(() => {
        if (this.#isBlocked) giveUp();
      }, this.#patienceMs);
      const whenSilent = setTimeout(giveUp, openingMaxMs);
      const stop = (): void => {
        clearTimeout(whenBlocked);
        clearTimeout(whenSilent);
      };
      opening.then(stop, stop);
    });
  }

  #connect(): Promise<IDBPDatabase<Schema>> {
    const opening: Promise<IDBPDatabase<Schema>> = openDB<Schema>(this.#name, databaseVersion, {
      upgrade: (database, oldVersion) => {
        for (const upgrade of upgrades.slice(oldVersion)) upgrade(database);
      },
      blocked: () => {
        this.#isBlocked = true;
        this.#setTrouble('blocked');
      },
      blocking: () => {
        this.#isReplaced = true;
        this.#setTrouble('replaced');
        void this.close();
      },
      terminated: () => {
        if (this.#opening === opening) this.#opening = undefined;
      },
    }).finally(() => {
      this.#isBlocked = false;
    });
    return opening;
  }

  #drop(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then((database) => database.close()).catch(() => undefined);
  }

  #setTrouble(trouble: StorageTrouble | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    for (const tell of this.#listeners) tell(trouble);
  }
}

function blockedError(): Error {
  return Object.assign(new Error('another tab holds the database'), { name: 'BlockedError' });
}

function isBlockedError(error: unknown): boolean {
  return error instanceof Error && error.name === 'BlockedError';
}

function isStorageError(error: unknown): boolean {
  const name = typeof error === 'object' && error !== null ? (error as { name?: unknown }).name : undefined;
  return typeof name === 'string' && storageErrors.has(name);
}
