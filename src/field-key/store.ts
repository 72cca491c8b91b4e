import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { FieldKeyRecord } from './record.ts';

/** Where field keys lie, one for each person who uses this device. */
export interface FieldKeyStore {
  read(personId: string): Promise<FieldKeyRecord | undefined>;
  write(record: FieldKeyRecord): Promise<void>;
  remove(personId: string): Promise<void>;
}

interface Schema extends DBSchema {
  keys: { key: string; value: FieldKeyRecord };
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

  remove(personId: string): Promise<void> {
    return this.#with((database) => database.delete('keys', personId));
  }

  async #with<T>(act: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    const database = await openDB<Schema>(fieldKeyDatabase, databaseVersion, {
      upgrade(created) {
        created.createObjectStore('keys', { keyPath: 'personId' });
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
