import type { FieldDatabase } from '../../outbox/database.ts';
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

/** Runs that are kept; the longest untouched go first, finished ones before open ones. */
const runsMax = 50;

/** The journal in one person's database. The outbox writes into the same one, see `OutboxRequest.run`. */
export class BrowserJournal implements Journal {
  readonly #database: FieldDatabase;

  constructor(database: FieldDatabase) {
    this.#database = database;
  }

  async read(ticketId: string): Promise<RunRecord | undefined> {
    return (await this.#database.read(['runs'], (tables) => tables.get('runs', ticketId))) as RunRecord | undefined;
  }

  async all(): Promise<readonly RunRecord[]> {
    const runs = (await this.#database.read(['runs'], (tables) => tables.all('runs'))) as RunRecord[];
    return runs.sort((a, b) => b.updatedAtMs - a.updatedAtMs);
  }

  async write(record: RunRecord): Promise<void> {
    const isNew = await this.#database.write(['runs'], async (tables) => {
      const before = await tables.get('runs', record.ticketId);
      await tables.put('runs', record);
      return before === undefined;
    });
    if (isNew) await this.#forgetOldest();
  }

  async remove(ticketId: string): Promise<void> {
    await this.#database.write(['runs', 'photos'], async (tables) => {
      const keys = await tables.keysWhere('photos', 'ticketId', ticketId);
      for (const key of keys) await tables.delete('photos', key);
      await tables.delete('runs', ticketId);
    });
  }

  async readPhoto(id: string): Promise<Blob | undefined> {
    return (await this.#database.read(['photos'], (tables) => tables.get('photos', id)))?.photo;
  }

  async writePhoto(id: string, ticketId: string, photo: Blob): Promise<void> {
    await this.#database.write(['photos'], (tables) => tables.put('photos', { ticketId, photo }, id));
  }

  async removePhoto(id: string): Promise<void> {
    await this.#database.write(['photos'], (tables) => tables.delete('photos', id));
  }

  async #forgetOldest(): Promise<void> {
    const runs = await this.all();
    if (runs.length <= runsMax) return;
    const oldest = runs.findLast(({ finishedAtMs }) => finishedAtMs !== undefined) ?? runs.at(-1);
    if (oldest !== undefined) await this.remove(oldest.ticketId);
  }
}
