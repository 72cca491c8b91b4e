import { err, type Result } from '../../../domain/result.ts';
import type { CborValue } from '../../cbor/value.ts';
import { DeviceTransfers, isTransferOp } from './device-transfers.ts';
import type { DeviceErrorCode } from './errors.ts';
import { decodeFields, encodeFields } from './fields.ts';
import { CableLink } from './link.ts';
import type { CableEnd, LinkEvent, LinkStats } from './link-types.ts';
import { deviceRequestsMax } from './limits.ts';
import { decodeMessage, encodeError, encodeMessage, messageTypes, type Message } from './messages.ts';
import type { ObjectStore } from './objects.ts';
import { eventTable } from './services/events.ts';
import { opNames, opSpec, type EventBody, type EventName, type OpName, type Params } from './services/table.ts';
import type { DeviceHandlers, LinkChange, SessionOptions } from './session-types.ts';

type AnyResult = Result<Readonly<Record<string, CborValue>>, DeviceErrorCode>;
type AnyHandler = (params: Readonly<Record<string, CborValue>>) => AnyResult | Promise<AnyResult>;

/**
 * The device's end of the cable: answers requests, tells events, serves transfers from its object store. It never asks.
 * Replies of a link that has ended meanwhile are dropped: the host asks again.
 */
export class DeviceSession implements CableEnd {
  readonly #handlers: DeviceHandlers;
  readonly #transfers: DeviceTransfers;
  readonly #link: CableLink;
  readonly #onOutput: (() => void) | undefined;
  readonly #linkListeners = new Set<(change: LinkChange) => void>();
  #linkNumber = 0;
  #working = 0;

  constructor(handlers: DeviceHandlers, objects: ObjectStore, options: SessionOptions = {}) {
    const { onOutput, ...offer } = options;
    this.#handlers = handlers;
    this.#transfers = new DeviceTransfers(objects);
    this.#onOutput = onOutput;
    this.#link = new CableLink({
      ...offer,
      role: 'device',
      nextBlock: (maxBytes) => this.#transfers.nextBlock(maxBytes),
    });
  }

  /** Counters and measures of the link. */
  get stats(): LinkStats {
    return this.#link.stats;
  }

  /** True when the host has confirmed all replies and events: the moment to change the rate or to restart. */
  get isDrained(): boolean {
    return this.#working === 0 && this.#link.isDrained;
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    this.#link.receive(bytes, nowMs);
    this.#drain();
  }

  takeOutput(nowMs: number, maxBytes: number): Uint8Array | undefined {
    return this.#link.takeOutput(nowMs, maxBytes);
  }

  deadlineMs(): number | undefined {
    return this.#link.deadlineMs();
  }

  tick(nowMs: number): void {
    this.#link.tick(nowMs);
    this.#drain();
  }

  /** Ends the link, for instance before a restart. The host hears it when the line still works. */
  close(nowMs: number): void {
    this.#link.close(nowMs);
    this.#drain();
  }

  /** Tells the host an event; false when no link is open or its queue is full. Throws on a body of the wrong shape. */
  emit<K extends EventName>(name: K, body: EventBody<K>): boolean {
    const spec = eventTable[name];
    const fields = encodeFields(spec.body, body as never);
    return this.#send(encodeMessage({ type: messageTypes.event, id: 0, code: spec.code, fields }));
  }

  /** Hears of links that open and close; gives back how to stop hearing. */
  onLink(listener: (change: LinkChange) => void): () => void {
    this.#linkListeners.add(listener);
    return () => this.#linkListeners.delete(listener);
  }

  #drain(): void {
    for (const event of this.#link.takeEvents()) this.#onLinkEvent(event);
  }

  #onLinkEvent(event: LinkEvent): void {
    if (event.type === 'message') this.#onMessage(event.body);
    else if (event.type === 'block') this.#transfers.takeBlock(event.body);
    else {
      this.#linkNumber += 1;
      this.#transfers.reset();
      for (const listener of this.#linkListeners) listener(event);
    }
  }

  #onMessage(body: Uint8Array): void {
    const decoded = decodeMessage(body);
    if (!decoded.ok || decoded.value.type !== messageTypes.request) return;
    const message = decoded.value;
    const name = opNames.get(message.code);
    if (name === undefined) return this.#refuse(message, 'unknown-op');
    const params = decodeFields(opSpec(name).params, message.fields);
    if (!params.ok) return this.#refuse(message, 'bad-params', params.detail ?? params.error);
    if (isTransferOp(name)) {
      this.#answer(message, name, this.#transfers.serve(name, params.value as Params<typeof name>) as AnyResult);
    } else this.#handle(message, name, params.value);
  }

  #handle(
    message: Message,
    name: Exclude<OpName, `transfer.${string}`>,
    params: Readonly<Record<string, CborValue>>,
  ): void {
    const handler = this.#handlers[name] as AnyHandler | undefined;
    if (handler === undefined) return this.#refuse(message, 'unknown-op');
    if (this.#working >= deviceRequestsMax) return this.#refuse(message, 'busy');
    const linkNumber = this.#linkNumber;
    this.#working += 1;
    const settle = (result: AnyResult): void => {
      this.#working -= 1;
      if (linkNumber === this.#linkNumber) this.#answer(message, name, result);
    };
    const failed = (cause: unknown): void => settle(err('internal', cause instanceof Error ? cause.message : ''));
    let result: AnyResult | Promise<AnyResult>;
    try {
      result = handler(params);
    } catch (cause) {
      return failed(cause);
    }
    if (result instanceof Promise) result.then(settle, failed);
    else settle(result);
  }

  #answer(message: Message, name: OpName, result: AnyResult): void {
    if (!result.ok) return this.#refuse(message, result.error, result.detail);
    const body = encodeReply(message, name, result.value);
    if (typeof body === 'string') this.#refuse(message, 'internal', body);
    else if (body.length > this.#link.bodyMaxBytes) this.#refuse(message, 'internal', 'reply larger than a frame');
    else this.#send(body);
  }

  #refuse(message: Message, error: DeviceErrorCode, detail?: string): void {
    this.#send(encodeError(message.id, message.code, error, detail));
  }

  #send(body: Uint8Array): boolean {
    const isQueued = this.#link.sendMessage(body);
    if (isQueued) this.#onOutput?.();
    return isQueued;
  }
}

/** Body of a response, or what is wrong with the firmware's reply. */
function encodeReply(message: Message, name: OpName, reply: Readonly<Record<string, CborValue>>): Uint8Array | string {
  try {
    const fields = encodeFields(opSpec(name).reply, reply as never);
    return encodeMessage({ type: messageTypes.response, id: message.id, code: message.code, fields });
  } catch (cause) {
    return cause instanceof Error ? cause.message : 'reply';
  }
}
