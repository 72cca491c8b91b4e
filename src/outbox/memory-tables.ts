import { keyOf, storeNames } from './rows.ts';
import type { Rows, StoreName, Tables } from './rows.ts';

/** One row as it was written; `row` is undefined when it was removed. */
export interface Change {
  readonly store: StoreName;
  readonly key: string;
  readonly row: unknown;
}

/** The stores in memory: what this page has seen, for the time in which the browser keeps nothing. */
export class MemoryTables implements Tables {
  readonly #stores = new Map<StoreName, Map<string, unknown>>(storeNames.map((name) => [name, new Map()]));
  #changes = new Map<string, Change>();

  get<S extends StoreName>(store: S, key: string): Promise<Rows[S] | undefined> {
    return Promise.resolve(this.#store(store).get(key) as Rows[S] | undefined);
  }

  all<S extends StoreName>(store: S): Promise<Rows[S][]> {
    return Promise.resolve([...this.#store(store).values()] as Rows[S][]);
  }

  where<S extends 'photos' | 'outbox'>(store: S, index: string, value: string): Promise<Rows[S][]> {
    return Promise.resolve(this.#matching(store, index, value).map(([, row]) => row as Rows[S]));
  }

  keysWhere(store: 'photos' | 'outbox', index: string, value: string): Promise<string[]> {
    return Promise.resolve(this.#matching(store, index, value).map(([key]) => key));
  }

  put<S extends StoreName>(store: S, row: Rows[S], key?: string): Promise<void> {
    this.#write({ store, key: keyOf(store, row, key), row });
    return Promise.resolve();
  }

  delete(store: StoreName, key: string): Promise<void> {
    this.#write({ store, key, row: undefined });
    return Promise.resolve();
  }

  /** Follows what was written to the disk. */
  mirror(changes: readonly Change[]): void {
    for (const change of changes) this.#apply(change);
  }

  /** What was written here and nowhere else. */
  get changes(): readonly Change[] {
    return [...this.#changes.values()];
  }

  /** These changes are on the disk now. */
  saved(changes: readonly Change[]): void {
    for (const { store, key, row } of changes) {
      const name = `${store} ${key}`;
      if (this.#changes.get(name)?.row === row) this.#changes.delete(name);
    }
  }

  #write(change: Change): void {
    this.#changes.set(`${change.store} ${change.key}`, change);
    this.#apply(change);
  }

  #apply({ store, key, row }: Change): void {
    if (row === undefined) this.#store(store).delete(key);
    else this.#store(store).set(key, row);
  }

  #store(name: StoreName): Map<string, unknown> {
    const store = this.#stores.get(name);
    if (store === undefined) throw new Error(`MemoryTables: no store ${name}`);
    return store;
  }

  #matching(store: StoreName, index: string, value: string): [string, unknown][] {
    return [...this.#store(store)].filter(([, row]) => (row as Record<string, unknown>)[index] === value);
  }
}
