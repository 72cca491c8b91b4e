import { ok } from '../../../domain/result.ts';
import { DeviceSession } from '../../../protocol/cable/v1/device-session.ts';
import { HostSession } from '../../../protocol/cable/v1/host-session.ts';
import type { DeviceHandlers, SessionOptions } from '../../../protocol/cable/v1/session-types.ts';
import type { Reply } from '../../../protocol/cable/v1/services/table.ts';
import { VirtualLine, type LineOptions } from './line.ts';
import { MemoryStore } from './memory-store.ts';

/** What the test device says of itself. */
export const helloReply: Reply<'identity.hello'> = {
  protocol: 1,
  serial: 'TK-0001',
  deviceId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  model: 'Test',
  firmware: '1.0.0',
  bootCount: 3,
  state: 'LOCKED',
  capabilities: ['transfer'],
  bodyMaxBytes: 2048,
  windowFrames: 64,
  rates: [115_200],
};

/** A host and a device on one virtual line. */
export interface Pair {
  readonly host: HostSession;
  readonly device: DeviceSession;
  readonly store: MemoryStore;
  readonly line: VirtualLine;
}

/** Settings of makePair(). */
export interface PairOptions {
  readonly handlers?: DeviceHandlers;
  readonly store?: MemoryStore;
  readonly there?: LineOptions;
  readonly back?: LineOptions;
  readonly device?: SessionOptions;
  readonly linkId?: number;
}

/** Makes both ends; the link is not open yet. */
export function makePair(options: PairOptions = {}): Pair {
  const store = options.store ?? new MemoryStore();
  const handlers: DeviceHandlers = { 'identity.hello': () => ok(helloReply), ...options.handlers };
  const host = new HostSession({ linkId: options.linkId ?? 0x1234_5678 });
  const device = new DeviceSession(handlers, store, options.device);
  const there = options.there ?? { latencyMs: 2 };
  return { host, device, store, line: new VirtualLine(host, device, there, options.back ?? there) };
}

/** Makes both ends and opens the link. */
export function openPair(options: PairOptions = {}): Pair {
  const pair = makePair(options);
  pair.host.open(0);
  pair.line.run(() => pair.host.state === 'open');
  return pair;
}

/** Runs the line until `promise` settles and gives its value. */
export async function settled<T>(pair: Pair, promise: Promise<T>, limitMs?: number): Promise<T> {
  let isDone = false;
  void promise.finally(() => (isDone = true));
  await pair.line.runAsync(() => isDone, limitMs);
  return promise;
}
