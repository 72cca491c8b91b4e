import { randomUUID } from 'node:crypto';
import { Client, type Pool } from 'pg';
import type { Logger } from 'pino';
import type { EventName } from '../../protocol/http/system.ts';

/** Something changed that screens show; the reader fetches the thing itself. */
export interface ChangeEvent {
  readonly name: EventName | 'audit' | 'keys';
  readonly id: string;
  /** Whom it concerns, for streams that show only their own: the terminal's app, the merchant's people. */
  readonly scope?: { readonly merchantId: string; readonly terminalId?: string };
}

type Listener = (event: ChangeEvent) => void;

/** Tells this process and all others of the same database what changed. Best effort: readers refetch on reconnect. */
export interface EventBus {
  publish(...events: readonly ChangeEvent[]): void;
  subscribe(listener: Listener): () => void;
  close(): Promise<void>;
}

const channel = 'tillkeeper';
const batchMs = 25;
// An announcement that a power cut swallows is worth nothing afterwards, so its commit need not wait for the disk.
const notifyText = `select pg_notify($1, $2), set_config('synchronous_commit', 'off', true)`;
/** pg_notify takes 8,000 bytes; an event with its scope is below 150. */
const eventsPerMessage = 50;
const pendingMax = 10_000;
const reconnectMs = 1_000;

/**
 * A bus over LISTEN/NOTIFY. NOTIFY is sent in batches outside the acts' own transactions, because PostgreSQL lets
 * notifying transactions commit only one after the other.
 */
export async function createEventBus(pool: Pool, databaseUrl: string, log: Logger): Promise<EventBus> {
  const origin = randomUUID();
  const listeners = new Set<Listener>();
  const hand = (event: ChangeEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const outbox = createOutbox(pool, origin, log);
  const stopListening = await listen(databaseUrl, log, (payload) => {
    const message = JSON.parse(payload) as { origin: string; events: Packed[] };
    if (message.origin === origin) return;
    message.events.map(unpacked).forEach(hand);
  });
  return {
    publish: (...events) => {
      events.forEach(hand);
      outbox.add(events.filter((event) => event.name !== 'audit'));
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      await outbox.close();
      await stopListening();
    },
  };
}

/** An event as it travels: empty texts at the end are left out. */
type Packed = readonly [name: ChangeEvent['name'], id: string, merchantId?: string, terminalId?: string];

function packed({ name, id, scope }: ChangeEvent): Packed {
  if (scope === undefined) return [name, id];
  const { merchantId, terminalId } = scope;
  return terminalId === undefined ? [name, id, merchantId] : [name, id, merchantId, terminalId];
}

function unpacked([name, id, merchantId, terminalId]: Packed): ChangeEvent {
  if (merchantId === undefined) return { name, id };
  return { name, id, scope: { merchantId, ...(terminalId === undefined ? {} : { terminalId }) } };
}

function createOutbox(pool: Pool, origin: string, log: Logger) {
  let waiting: ChangeEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();
  const send = async (): Promise<void> => {
    timer = undefined;
    const events = waiting;
    waiting = [];
    for (let at = 0; at < events.length; at += eventsPerMessage) {
      const part = events.slice(at, at + eventsPerMessage).map(packed);
      await pool.query({
        name: 'notify',
        text: notifyText,
        values: [channel, JSON.stringify({ origin, events: part })],
      });
    }
  };
  const start = (): void => {
    sending = sending.then(send).catch((error: unknown) => {
      log.warn({ err: error }, 'changes could not be announced');
    });
  };
  return {
    add: (events: readonly ChangeEvent[]) => {
      if (waiting.length + events.length > pendingMax) return;
      waiting.push(...events);
      if (waiting.length > 0) timer ??= setTimeout(start, batchMs);
    },
    close: async () => {
      clearTimeout(timer);
      start();
      await sending;
    },
  };
}

/** Keeps a LISTEN connection alive. Resolves once the first one stands. */
async function listen(url: string, log: Logger, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
  let isClosed = false;
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  const connect = async (): Promise<void> => {
    const next = new Client({ connectionString: url, keepAlive: true });
    const retry = (): void => {
      next.removeAllListeners('end');
      void next.end().catch(() => undefined);
      if (!isClosed) timer = setTimeout(() => void connect().catch(retryLater), reconnectMs);
    };
    next.on('error', (error) => {
      log.warn({ err: error }, 'the listening connection was lost');
    });
    next.on('notification', (message) => {
      if (message.payload !== undefined) onPayload(message.payload);
    });
    await next.connect();
    await next.query(`listen ${channel}`);
    next.once('end', retry);
    client = next;
  };
  const retryLater = (): void => {
    if (!isClosed) timer = setTimeout(() => void connect().catch(retryLater), reconnectMs);
  };
  await connect();
  return async () => {
    isClosed = true;
    clearTimeout(timer);
    await client?.end().catch(() => undefined);
  };
}
