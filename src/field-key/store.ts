import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { SiteKnowledge } from './knowledge.ts';
import type { FieldKeyRecord } from './record.ts';

/** Where field keys lie, and what is needed beside them, for each person who uses this device. */
export interface FieldKeyStore {
  read(personId: string): Promise<FieldKeyRecord | undefined>;
  write(record: FieldKeyRecord): Promise<void>;
  remove(personId: string): Promise<void>;
  readKnowledge(personId: string): Promise<SiteKnowledge | undefined>;
  writeKnowledge(knowledge: SiteKnowledge): Promise<void>;
}

interface Schema extends DBSchema {
  keys: { key: string; value: FieldKeyRecord };
  knowledge: { key: string; value: SiteKnowledge };
}

/** Name of the database. */
export const fieldKeyDatabase = 'tillkeeper-field-key';
const databaseVersion = 1;

/** Field keys in IndexedDB. Each act opens and closes the database, so that no dead connection is ever kept. */
export class BrowserFieldKeyStore implements FieldKeyStore {
  read(personId: string): Promise<FieldKeyRecord | undefined> {
    return this.#with((database) => database.get('keys', personId));
  }

  async write(record: FieldKeyRecord): Promise<void> {
    await this.#with(async (database) => {
      const change = database.transaction('keys', 'readwrite', { durability: 'strict' });
      await Promise.all([change.store.put(record), change.done]);
    });
  }

  /** Takes the key and what was pinned with it. */
  async remove(personId: string): Promise<void> {
    await this.#with(async (database) => {
      const change = database.transaction(['keys', 'knowledge'], 'readwrite');
      await Promise.all([
        change.objectStore('keys').delete(personId),
        change.objectStore('knowledge').delete(personId),
        change.done,
      ]);
    });
  }

  readKnowledge(personId: string): Promise<SiteKnowledge | undefined> {
    return this.#with((database) => database.get('knowledge', personId));
  }

  async writeKnowledge(knowledge: SiteKnowledge): Promise<void> {
    await this.#with((database) => database.put('knowledge', knowledge));
  }

  async #with<T>(act: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    const database = await openDB<Schema>(fieldKeyDatabase, databaseVersion, {
      upgrade(created) {
        created.createObjectStore('keys', { keyPath: 'personId' });
        created.createObjectStore('knowledge', { keyPath: 'personId' });
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    try {
      return await act(database);
    } finally {
      database.close();
    }
  }
}
