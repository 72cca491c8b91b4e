import { browserLocks } from './browser-locks.ts';
import { databaseName, FieldDatabase } from './database.ts';
import { openChannel, OutboxEvents } from './events.ts';
import { Runner } from './runner.ts';
import { whoIsIn } from './send.ts';
import { OutboxStore } from './store.ts';

/**
 * Sends, without a page, what waits for the person who is signed in, whatever pause it is in: the browser calls when
 * the network has come back. True when nothing is left that can be sent.
 */
export async function drainWhoeverIsIn(): Promise<boolean> {
  const fetchNow = (input: string, init: RequestInit): Promise<Response> => fetch(input, init);
  const who = await whoIsIn(fetchNow);
  if (who.is === 'unknown') return false;
  if (who.is === 'nobody' || !(await hasDatabase(who.id))) return true;
  const database = new FieldDatabase(who.id);
  const store = new OutboxStore(database, Math.random);
  const events = new OutboxEvents(openChannel());
  const runner = new Runner({
    ...{ personId: who.id, store, events, fetch: fetchNow },
    locks: browserLocks(),
    now: Date.now,
  });
  try {
    await store.hurry();
    const end = await runner.drain();
    const isLeft = (await store.live()).some(({ state }) => state === 'queued');
    return end === 'elsewhere' || !isLeft;
  } finally {
    events.close();
    await database.close();
  }
}

/** Opening a database makes it; somebody who never worked here gets none. */
async function hasDatabase(personId: string): Promise<boolean> {
  const known = (await indexedDB.databases?.()) as IDBDatabaseInfo[] | undefined;
  return known === undefined || known.some(({ name }) => name === databaseName(personId));
}
