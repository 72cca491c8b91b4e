import type { CableEnd, LinkStats } from './link-types.ts';
import type { ObjectStore } from './objects.ts';
import type { EventBody, EventName } from './services/table.ts';
import type { DeviceHandlers, SessionOptions } from './session-types.ts';

/** The device's end of the cable: answers requests, tells events, serves transfers from its object store. */
export declare class DeviceSession implements CableEnd {
  constructor(handlers: DeviceHandlers, objects: ObjectStore, options?: SessionOptions);
  readonly stats: LinkStats;
  receive(bytes: Uint8Array, nowMs: number): void;
  takeOutput(nowMs: number, maxBytes: number): Uint8Array | undefined;
  deadlineMs(): number | undefined;
  tick(nowMs: number): void;
  emit<K extends EventName>(name: K, body: EventBody<K>): void;
}
