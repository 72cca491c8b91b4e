import type { DBSchema } from 'idb';
import type { OutboxEntry } from './entry.ts';

/** The part of a run's record that the database itself looks at. */
export interface RunRow {
  readonly ticketId: string;
  readonly updatedAtMs: number;
  readonly finishedAtMs?: number;
}

/** The bytes of one photo. */
export interface PhotoRow {
  readonly ticketId: string;
  readonly photo: Blob;
}

/** A row whose shape its owner knows. */
export interface KeptRow {
  readonly id: string;
}

/** What each store holds. `delegations`: packages by the delegation's id. `uses`: on-site uses by their id. */
export interface Rows {
  runs: RunRow;
  photos: PhotoRow;
  outbox: OutboxEntry;
  delegations: KeptRow;
  uses: KeptRow;
  /** Small facts of this laptop: counters and marks. */
  meta: unknown;
}

/** Name of a store. */
export type StoreName = keyof Rows;

/** Every store. */
export const storeNames = ['runs', 'photos', 'outbox', 'delegations', 'uses', 'meta'] as const;

/** The schema as `idb` wants it. */
export interface Schema extends DBSchema {
  runs: { key: string; value: RunRow };
  photos: { key: string; value: PhotoRow; indexes: { ticketId: string } };
  outbox: { key: string; value: OutboxEntry; indexes: { state: string } };
  delegations: { key: string; value: KeptRow };
  uses: { key: string; value: KeptRow };
  meta: { key: string; value: unknown };
}

/** Field that is a row's own key; the other stores are written with a key beside the row. */
export const keyPaths: Partial<Record<StoreName, string>> = {
  runs: 'ticketId',
  outbox: 'id',
  delegations: 'id',
  uses: 'id',
};

/** The rows that one transaction reads and writes. */
export interface Tables {
  get<S extends StoreName>(store: S, key: string): Promise<Rows[S] | undefined>;
  all<S extends StoreName>(store: S): Promise<Rows[S][]>;
  /** Rows by an index: photos by `ticketId`, entries by `state`. */
  where<S extends 'photos' | 'outbox'>(store: S, index: 'ticketId' | 'state', value: string): Promise<Rows[S][]>;
  /** Keys by an index, without reading the rows. */
  keysWhere(store: 'photos' | 'outbox', index: 'ticketId' | 'state', value: string): Promise<string[]>;
  put<S extends StoreName>(store: S, row: Rows[S], key?: string): Promise<void>;
  delete(store: StoreName, key: string): Promise<void>;
}

/** The key of a row that is about to be written. Throws when there is none. */
export function keyOf(store: StoreName, row: unknown, key?: string): string {
  const path = keyPaths[store];
  const found = path === undefined ? key : (row as Record<string, unknown>)[path];
  if (typeof found !== 'string') throw new Error(`${store}: the row has no key`);
  return found;
}
