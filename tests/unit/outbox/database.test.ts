import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { describe, expect, test, vi } from 'vitest';
import { databaseName, FieldDatabase } from '../../../src/outbox/database.ts';
import { makeBrowser, newId, openTab } from './bench.ts';

let people = 0;
function person(): string {
  people += 1;
  return `disk-${String(people)}`;
}

const run = (ticketId: string) => ({ ticketId, updatedAtMs: 1 });

/** A database as version 1 of the app left it. */
async function makeVersionOne(personId: string): Promise<void> {
  const database = await openDB(databaseName(personId), 1, {
    upgrade: (made) => {
      made.createObjectStore('runs', { keyPath: 'ticketId' });
      made.createObjectStore('photos').createIndex('ticketId', 'ticketId');
    },
  });
  await database.put('runs', { ...run('t-1'), receipt: { caseId: 'c', bytes: 'Bw' } });
  await database.put('photos', { ticketId: 't-1', photo: new Blob(['jpeg']) }, 'p-1');
  database.close();
}

describe('the database', () => {
  test('of version 1 keeps its runs and photos, and gains the new stores', async () => {
    const personId = person();
    await makeVersionOne(personId);
    const database = new FieldDatabase(personId);
    const found = await database.read(['runs', 'photos', 'outbox', 'delegations', 'uses', 'meta'], async (tables) => ({
      runs: await tables.all('runs'),
      photos: await tables.keysWhere('photos', 'ticketId', 't-1'),
      entries: await tables.all('outbox'),
    }));
    expect(found).toEqual({
      runs: [{ ...run('t-1'), receipt: { caseId: 'c', bytes: 'Bw' } }],
      photos: ['p-1'],
      entries: [],
    });
    await database.write(['uses'], (tables) => tables.put('uses', { id: 'u-1' }));
    expect(await database.read(['uses'], (tables) => tables.get('uses', 'u-1'))).toEqual({ id: 'u-1' });
    expect(database.trouble).toBeUndefined();
  });

  test('writes all of a transaction or nothing', async () => {
    const database = new FieldDatabase(person());
    const broken = database.write(['runs', 'uses'], async (tables) => {
      await tables.put('runs', run('t-1'));
      throw new Error('a bug');
    });
    await expect(broken).rejects.toThrow('a bug');
    expect(await database.read(['runs'], (tables) => tables.all('runs'))).toEqual([]);
    expect(database.trouble).toBeUndefined();
  });

  test('opens a connection that died again, without a word', async () => {
    const database = new FieldDatabase(person());
    await database.write(['runs'], (tables) => tables.put('runs', run('t-1')));
    // A connection that was closed behind our back, as phones do in the background: it throws InvalidStateError.
    const close = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
      throw Object.assign(new Error('The database connection is closing'), { name: 'InvalidStateError' });
    });
    expect(await database.read(['runs'], (tables) => tables.all('runs'))).toEqual([run('t-1')]);
    expect(close).toHaveBeenCalledTimes(2);
    expect(database.trouble).toBeUndefined();
    close.mockRestore();
  });

  test('that takes nothing is replaced by memory under a warning, and catches up later', async () => {
    const personId = person();
    const database = new FieldDatabase(personId);
    const troubles: (string | undefined)[] = [];
    database.onTrouble((trouble) => troubles.push(trouble));
    await database.write(['runs'], (tables) => tables.put('runs', run('t-1')));
    const full = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw Object.assign(new Error('The disk is full'), { name: 'QuotaExceededError' });
    });
    await database.write(['runs'], (tables) => tables.put('runs', run('t-2')));
    expect(database.trouble).toBe('not-saved');
    expect(await database.read(['runs'], (tables) => tables.all('runs'))).toEqual([run('t-1'), run('t-2')]);
    full.mockRestore();
    expect(await database.read(['runs'], (tables) => tables.all('runs'))).toHaveLength(2);
    expect(troubles).toEqual(['not-saved', undefined]);
    const other = new FieldDatabase(personId);
    expect(await other.read(['runs'], (tables) => tables.all('runs'))).toEqual([run('t-1'), run('t-2')]);
  });

  test('held by another tab’s older version works in memory and says which, until that tab is closed', async () => {
    const personId = person();
    const old = await openDB(databaseName(personId), 1, {
      upgrade: (made) => {
        made.createObjectStore('runs', { keyPath: 'ticketId' });
        made.createObjectStore('photos').createIndex('ticketId', 'ticketId');
      },
      // An older version of the app that does not let go.
      blocking: () => undefined,
    });
    const database = new FieldDatabase(personId, 20);
    await database.write(['runs'], (tables) => tables.put('runs', run('t-1')));
    expect(database.trouble).toBe('blocked');
    old.close();
    await vi.waitFor(async () => {
      await database.read(['runs'], (tables) => tables.all('runs'));
      expect(database.trouble).toBeUndefined();
    });
    const other = new FieldDatabase(personId);
    expect(await other.read(['runs'], (tables) => tables.all('runs'))).toEqual([run('t-1')]);
  });

  test('lets a newer version in another tab go ahead, and says that this page is old', async () => {
    const personId = person();
    const database = new FieldDatabase(personId);
    await database.write(['runs'], (tables) => tables.put('runs', run('t-1')));
    const newer = await openDB(databaseName(personId), 3);
    expect(database.trouble).toBe('replaced');
    await database.write(['runs'], (tables) => tables.put('runs', run('t-2')));
    expect(database.trouble).toBe('replaced');
    newer.close();
  });
});

describe('the outbox', () => {
  test('writes the run and the entry in one transaction', async () => {
    const browser = makeBrowser();
    const tab = openTab(browser);
    const entry = {
      ...{ id: newId(), lane: '1', personId: browser.personId, route: 'claimTicket' as const },
      params: { id: newId() },
    };
    const put = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await tab.store.put(entry, 1, newId(), { isUrgent: false, run: run('t-9') });
    const writes = put.mock.calls.filter(([, mode]) => mode === 'readwrite');
    expect(writes).toMatchObject([[['outbox', 'meta', 'runs'], 'readwrite', { durability: 'strict' }]]);
    put.mockRestore();
    expect(await tab.database.read(['runs'], (tables) => tables.get('runs', 't-9'))).toEqual(run('t-9'));
  });

  test('goes on in memory when the disk takes nothing, and what was sent from there is done', async () => {
    const browser = makeBrowser();
    const tab = openTab(browser);
    await tab.store.live();
    const full = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw Object.assign(new Error('The disk is full'), { name: 'QuotaExceededError' });
    });
    const body = { id: newId(), terminalId: newId(), note: 'kept in memory' };
    const answer = await tab.outbox.call('createTicket', { id: newId(), lane: '1', body });
    expect(answer).toMatchObject({ ok: true });
    expect(tab.outbox.trouble).toBe('not-saved');
    expect(browser.server.effects).toEqual(['kept in memory']);
    full.mockRestore();
    await tab.outbox.drain();
    expect(tab.outbox.trouble).toBeUndefined();
    expect(browser.server.effects).toEqual(['kept in memory']);
  });
});
