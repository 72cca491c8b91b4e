import type { ChangeEvent, EventBus } from '../events/bus.ts';
import type { TerminalPrincipal } from './mount.ts';

/** Open streams of server-sent events. */
export interface EventStreams {
  /** A stream for this person, for a merchant's only of what concerns the merchant; `undefined` when there are too many. */
  open(personId: string, merchantId?: string): Response | undefined;
  /** A stream for a terminal's app, only of itself; `undefined` when there are too many. */
  openTerminal(terminal: TerminalPrincipal): Response | undefined;
  /** Whether this person has a stream open, so is at their desk. */
  isPresent(personId: string): boolean;
  closeAll(): void;
}

const heartbeatMs = 15_000;
const streamsMax = 500;
const terminalStreamsMax = 5_000;
/** Streams of one terminal: the new one after a reload, and an old one that has not noticed its end. */
const streamsPerTerminalMax = 4;
/** A reader that lets this many messages pile up is cut off; it reconnects and fetches anew. */
const queuedMax = 200;

/** What becomes of an event for one reader. `last`: it is sent, and the stream ends. */
type Fate = 'send' | 'skip' | 'last';

interface Reader {
  readonly id: string;
  readonly fateOf: (event: ChangeEvent) => Fate;
}

type Open = Map<symbol, { readonly readerId: string; readonly close: () => void }>;

/** Hands the bus's changes to browsers. Messages carry ids only, never contents. */
export function createEventStreams(bus: EventBus): EventStreams {
  const people: Open = new Map();
  const terminals: Open = new Map();
  return {
    open: (personId, merchantId) =>
      people.size >= streamsMax
        ? undefined
        : startStream(bus, people, { id: personId, fateOf: (event) => fateForPerson(event, merchantId) }),
    openTerminal: (terminal) => {
      if (terminals.size >= terminalStreamsMax) return undefined;
      const own = [...terminals.values()].filter(({ readerId }) => readerId === terminal.terminalId);
      if (own.length >= streamsPerTerminalMax) own[0]?.close();
      return startStream(bus, terminals, {
        id: terminal.terminalId,
        fateOf: (event) => fateForTerminal(event, terminal),
      });
    },
    isPresent: (personId) => [...people.values()].some(({ readerId }) => readerId === personId),
    closeAll: () => {
      for (const open of [people, terminals]) for (const stream of open.values()) stream.close();
    },
  };
}

/** A merchant's people are told nothing of another merchant's business, not even that there is some. */
function fateForPerson(event: ChangeEvent, merchantId: string | undefined): Fate {
  const isOthers = merchantId !== undefined && event.scope !== undefined && event.scope.merchantId !== merchantId;
  return isOthers ? 'skip' : 'send';
}

/**
 * A terminal is told of its own orders, its own control and its merchant's, and of changed accounts and limits. A change
 * of its own control ends the stream, because its app may be revoked: the next one opens only for who is still let in.
 */
function fateForTerminal(event: ChangeEvent, terminal: TerminalPrincipal): Fate {
  const { scope } = event;
  // The payee of a quote may be another merchant than the one in whose shop the terminal stands.
  if (event.name === 'fees') return scope?.terminalId === terminal.terminalId ? 'send' : 'skip';
  if (scope?.merchantId !== terminal.merchantId) return 'skip';
  const isOwn = scope.terminalId === terminal.terminalId;
  if (event.name === 'payments') return isOwn ? 'send' : 'skip';
  if (event.name === 'channels') return 'send';
  if (event.name !== 'control') return 'skip';
  if (scope.terminalId === undefined) return 'send';
  return isOwn ? 'last' : 'skip';
}

function startStream(bus: EventBus, open: Open, reader: Reader): Response {
  const key = Symbol('stream');
  const encoder = new TextEncoder();
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const close = (): void => {
          stop();
          controller.close();
        };
        const send = (text: string): void => {
          if ((controller.desiredSize ?? 0) <= 0) close();
          else controller.enqueue(encoder.encode(text));
        };
        const unsubscribe = bus.subscribe((event) => {
          if (event.name === 'audit' || event.name === 'keys') return;
          const fate = reader.fateOf(event);
          if (fate !== 'skip') send(`event: ${event.name}\ndata: ${JSON.stringify({ id: event.id })}\n\n`);
          if (fate === 'last' && open.has(key)) close();
        });
        const timer = setInterval(() => {
          send(': still here\n\n');
        }, heartbeatMs);
        stop = () => {
          clearInterval(timer);
          unsubscribe();
          open.delete(key);
        };
        open.set(key, { readerId: reader.id, close });
        send('retry: 1000\n\n: connected\n\n');
      },
      cancel: () => {
        stop();
      },
    },
    { highWaterMark: queuedMax },
  );
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
  return new Response(body, { headers });
}
