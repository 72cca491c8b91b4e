import type { EventBus } from '../events/bus.ts';

/** Open streams of server-sent events. */
export interface EventStreams {
  /** A stream for this person; `undefined` when there are too many. */
  open(personId: string): Response | undefined;
  /** Whether this person has a stream open, so is at their desk. */
  isPresent(personId: string): boolean;
  closeAll(): void;
}

const heartbeatMs = 15_000;
const streamsMax = 500;
/** A reader that lets this many messages pile up is cut off; it reconnects and fetches anew. */
const queuedMax = 200;

/** Hands the bus's changes to browsers. Messages carry ids only, never contents. */
export function createEventStreams(bus: EventBus): EventStreams {
  const open = new Map<symbol, { personId: string; close: () => void }>();
  return {
    open: (personId) => (open.size >= streamsMax ? undefined : startStream(bus, open, personId)),
    isPresent: (personId) => [...open.values()].some((stream) => stream.personId === personId),
    closeAll: () => {
      for (const stream of open.values()) stream.close();
    },
  };
}

function startStream(
  bus: EventBus,
  open: Map<symbol, { personId: string; close: () => void }>,
  personId: string,
): Response {
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
          if (event.name !== 'audit' && event.name !== 'keys')
            send(`event: ${event.name}\ndata: ${JSON.stringify({ id: event.id })}\n\n`);
        });
        const timer = setInterval(() => {
          send(': still here\n\n');
        }, heartbeatMs);
        stop = () => {
          clearInterval(timer);
          unsubscribe();
          open.delete(key);
        };
        open.set(key, { personId, close });
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
