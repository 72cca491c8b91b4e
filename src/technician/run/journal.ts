import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { RunRecord } from './observation.ts';

/** Where runs are remembered, so that a closed tab, a crash or an empty battery loses nothing. */
export interface Journal {
  read(ticketId: string): Promise<RunRecord | undefined>;
  /** Every run, the last touched first. */
  all(): Promise<readonly RunRecord[]>;
  write(record: RunRecord): Promise<void>;
  remove(ticketId: string): Promise<void>;
  readPhoto(id: string): Promise<Blob | undefined>;
  writePhoto(id: string, ticketId: string, photo: Blob): Promise<void>;
  removePhoto(id: string): Promise<void>;
}

interface Schema extends DBSchema {
  runs: { key: string; value: RunRecord };
  photos: { key: string; value: { readonly ticketId: string; readonly photo: Blob }; indexes: { ticketId: string } };
}

const databaseName = 'tillkeeper-technician';
const databaseVersion = 1;
/** Runs that are kept; the longest untouched go first, finished ones before open ones. */
const runsMax = 50;

/** The journal in IndexedDB. `person` keeps two people on one laptop apart. */
export class BrowserJournal implements Journal {
  readonly #name: string;
  #database: Promise<IDBPDatabase<Schema>> | undefined;

  constructor(person: string) {
    this.#name = `${databaseName}:${person}`;
  }

  async read(ticketId: string): Promise<RunRecord | undefined> {
    return (await this.#open()).get('runs', ticketId);
  }

  async all(): Promise<readonly RunRecord[]> {
    const runs = await (await this.#open()).getAll('runs');
    return runs.sort((a, b) => b.updatedAtMs - a.updatedAtMs);
  }

  async write(record: RunRecord): Promise<void> {
    const database = await this.#open();
    await database.put('runs', record);
    if ((await database.count('runs')) > runsMax) await this.#forgetOldest();
  }

  async remove(ticketId: string): Promise<void> {
    const database = await this.#open();
    const change = database.transaction(['runs', 'photos'], 'readwrite');
    const photos = change.objectStore('photos');
    const keys = await photos.index('ticketId').getAllKeys(ticketId);
    await Promise.all([change.objectStore('runs').delete(ticketId), ...keys.map((key) => photos.delete(key))]);
    await change.done;
  }

  async readPhoto(id: string): Promise<Blob | undefined> {
    return (await (await this.#open()).get('photos', id))?.photo;
  }

  async writePhoto(id: string, ticketId: string, photo: Blob): Promise<void> {
    await (await this.#open()).put('photos', { ticketId, photo }, id);
  }

  async removePhoto(id: string): Promise<void> {
    await (await this.#open()).delete('photos', id);
  }

  async #forgetOldest(): Promise<void> {
    const runs = await this.all();
    const oldest = runs.findLast(({ finishedAtMs }) => finishedAtMs !== undefined) ?? runs.at(-1);
    if (oldest !== undefined) await this.remove(oldest.ticketId);
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    this.#database ??= openDB<Schema>(this.#name, databaseVersion, {
      upgrade(database) {
        database.createObjectStore('runs', { keyPath: 'ticketId' });
        database.createObjectStore('photos').createIndex('ticketId', 'ticketId');
      },
    });
    return this.#database;
  }
}
