import { newId } from '../api/uuid.ts';
import type { ApiClient } from '../api/client.ts';
import { browserLocks } from './browser-locks.ts';
import { FieldDatabase } from './database.ts';
import { openChannel, outboxName, OutboxEvents } from './events.ts';
import { storageWarnShare } from './limits.ts';
import { Outbox } from './outbox.svelte.ts';
import { Runner } from './runner.ts';
import { OutboxStore } from './store.ts';

/** While the page is visible, what waits is looked at this often, ms. */
const tickMs = 30_000;

/** The outbox of a page, and its end. */
export interface OpenOutbox {
  readonly database: FieldDatabase;
  readonly outbox: Outbox;
  /** Stops the triggers and closes the database. */
  close(): void;
}

/** Wires one person's outbox to the page: its network, its triggers, its storage. `onFull` is told the share in use. */
export function openOutbox(personId: string, api: ApiClient, onFull: (share: number) => void): OpenOutbox {
  const database = new FieldDatabase(personId);
  const store = new OutboxStore(database, Math.random);
  const events = new OutboxEvents(openChannel());
  const runner = new Runner({
    personId,
    store,
    events,
    fetch: (input, init) => fetch(input, init),
    locks: browserLocks(),
    now: Date.now,
    onAttempt: (verdict) => {
      const isLost = verdict.is === 'wait' && (verdict.reason === 'offline' || verdict.reason === 'timeout');
      if (isLost) api.network.missed();
      else api.network.heard();
      // The client tells the session that it is over.
      if (verdict.is === 'wait' && verdict.reason === 'signed-out') void api.call('me');
    },
  });
  const outbox = new Outbox({
    ...{ personId, database, store, runner, events, newId },
    now: Date.now,
    onFirst: once(() => void keepStorage(onFull)),
    askForSync: () => void registerSync(),
  });
  const stopNetwork = events.on((event, isOwn) => {
    if (isOwn && event.type === 'stopped' && (event.reason === 'offline' || event.reason === 'timeout'))
      api.network.missed();
  });
  const stopTriggers = watchTriggers(outbox);
  void store.prune(Date.now());
  void runner.warmUp().then(() => outbox.drain());
  const close = (): void => {
    stopTriggers();
    stopNetwork();
    outbox.dispose();
    events.close();
    void database.close();
  };
  return { database, outbox, close };
}

function watchTriggers(outbox: Outbox): () => void {
  const online = (): void => void outbox.retryNow();
  const look = (): void => {
    if (document.visibilityState === 'visible') void outbox.drain();
  };
  addEventListener('online', online);
  document.addEventListener('visibilitychange', look);
  const timer = setInterval(look, tickMs);
  return () => {
    removeEventListener('online', online);
    document.removeEventListener('visibilitychange', look);
    clearInterval(timer);
  };
}

/** Asks the browser not to throw the queue away, and looks how full the disk is. */
async function keepStorage(onFull: (share: number) => void): Promise<void> {
  const storage = (navigator as { readonly storage?: StorageManager }).storage;
  if (storage === undefined) return;
  await storage.persist().catch(() => false);
  const { usage = 0, quota = 0 } = await storage.estimate().catch((): StorageEstimate => ({}));
  if (quota > 0 && usage / quota >= storageWarnShare) onFull(usage / quota);
}

interface SyncRegistration {
  readonly sync?: { register(tag: string): Promise<void> };
}

async function registerSync(): Promise<void> {
  const registration = await (navigator as { readonly serviceWorker?: ServiceWorkerContainer }).serviceWorker
    ?.getRegistration()
    .catch(() => undefined);
  await (registration as SyncRegistration | undefined)?.sync?.register(outboxName).catch(() => undefined);
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
