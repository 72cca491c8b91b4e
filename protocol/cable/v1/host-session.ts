import { err, type Result } from '../../../domain/result.ts';
import type { CableErrorCode, CloseReason, HelloErrorCode, TransferErrorCode } from './errors.ts';
import { decodeFields } from './fields.ts';
import { HostTransfers } from './host-transfers.ts';
import { CableLink } from './link.ts';
import type { CableEnd, LinkEvent, LinkState, LinkStats } from './link-types.ts';
import { protocolVersion } from './limits.ts';
import { decodeMessage, messageTypes, type Message } from './messages.ts';
import type { ObjectDraft } from './objects.ts';
import { Requests, type OnReply } from './requests.ts';
import { eventTable } from './services/events.ts';
import type { CableEvent, EventName, OpName, Params, Reply } from './services/table.ts';
import type { ExpectedReboot, HostSessionOptions, LinkChange, ReadOptions, WriteOptions } from './session-types.ts';

const eventNames = new Map((Object.keys(eventTable) as EventName[]).map((name) => [eventTable[name].code, name]));

/**
 * The host's end of the cable: opens links, asks, listens, moves objects. Pure; a pump gives it bytes and time and
 * writes what takeOutput() gives. Every promise settles: with the reply, the device's error, or the end of the link.
 */
export class HostSession implements CableEnd {
  readonly #link: CableLink;
  readonly #requests: Requests;
  readonly #transfers: HostTransfers;
  readonly #onOutput: (() => void) | undefined;
  readonly #eventListeners = new Set<(event: CableEvent) => void>();
  readonly #linkListeners = new Set<(change: LinkChange) => void>();
  #nowMs = 0;
  #hello: Reply<'identity.hello'> | undefined;
  #expectedReboot: ExpectedReboot | undefined;

  constructor(options: HostSessionOptions) {
    const { onOutput, ...offer } = options;
    this.#onOutput = onOutput;
    this.#link = new CableLink({
      ...offer,
      role: 'host',
      nextBlock: (maxBytes) => this.#transfers.nextBlock(maxBytes),
    });
    this.#requests = new Requests(this.#link);
    this.#transfers = new HostTransfers({
      ask: (op, params, onReply) => {
        this.#requests.ask(op, params, this.#nowMs, onReply);
        this.#onOutput?.();
      },
      unconfirmedBytes: () => this.#link.unconfirmedBytes,
      nowMs: () => this.#nowMs,
      wake: () => this.#onOutput?.(),
    });
  }

  /** Counters and measures of the link. */
  get stats(): LinkStats {
    return this.#link.stats;
  }

  /** Where the link stands. */
  get state(): LinkState {
    return this.#link.state;
  }

  /** Who answered last; kept over a lost link until another hello. */
  get hello(): Reply<'identity.hello'> | undefined {
    return this.#hello;
  }

  /** A reboot that the device has announced and not come back from. */
  get expectedReboot(): ExpectedReboot | undefined {
    return this.#expectedReboot;
  }

  /** Opens a new link, at any time and whatever there was. Give a fresh random `linkId` when there is one. */
  open(nowMs: number, linkId?: number): void {
    this.#nowMs = nowMs;
    this.#link.open(nowMs, linkId);
    this.#drain();
    this.#onOutput?.();
  }

  /** Ends the link; one last takeOutput() carries the word to the device. */
  close(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#link.close(nowMs);
    this.#drain();
    this.#onOutput?.();
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#link.receive(bytes, nowMs);
    this.#drain();
    this.#transfers.noteReceived();
  }

  takeOutput(nowMs: number, maxBytes: number): Uint8Array | undefined {
    this.#nowMs = nowMs;
    return this.#link.takeOutput(nowMs, maxBytes);
  }

  deadlineMs(): number | undefined {
    const lastByteAtMs = this.#link.lastByteAtMs;
    const own = Math.min(this.#requests.deadlineMs(lastByteAtMs), this.#transfers.deadlineMs());
    const due = Math.min(own, this.#link.deadlineMs() ?? Infinity);
    return due === Infinity ? undefined : due;
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#link.tick(nowMs);
    this.#drain();
    this.#requests.tick(nowMs, this.#link.lastByteAtMs);
    this.#transfers.tick(nowMs);
  }

  /**
   * Asks the device. Gives up after `timeoutMs` of total silence, never because one answer is slow while bytes arrive,
   * and in any case after `requestLimitMs`. Rejects, with the field's name, on parameters of the wrong shape only.
   */
  request<K extends OpName>(
    op: K,
    params: Params<K>,
    nowMs: number,
    timeoutMs?: number,
  ): Promise<Result<Reply<K>, CableErrorCode>> {
    this.#nowMs = nowMs;
    return new Promise((resolve) => {
      const onReply: OnReply<K> = (result) => {
        if (op === 'reboot.restart' && result.ok)
          this.#expectReboot((result.value as Reply<'reboot.restart'>).windowSeconds);
        resolve(result);
      };
      this.#requests.ask(op, params, nowMs, onReply, timeoutMs);
      this.#onOutput?.();
    });
  }

  /** Asks who is there and remembers it. With `expectedSerial`, any other device is refused. */
  async sayHello(nowMs: number, expectedSerial?: string): Promise<Result<Reply<'identity.hello'>, HelloErrorCode>> {
    const reply = await this.request('identity.hello', {}, nowMs);
    if (!reply.ok) return reply;
    const hello = reply.value;
    if (hello.protocol !== protocolVersion) return err('version-mismatch', `device speaks ${hello.protocol}`);
    if (expectedSerial !== undefined && hello.serial !== expectedSerial) return err('wrong-device', hello.serial);
    this.#hello = hello;
    if (this.#expectedReboot?.serial === hello.serial) this.#expectedReboot = undefined;
    return reply;
  }

  /** Hears the device's events; gives back how to stop hearing. */
  onEvent(listener: (event: CableEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** Hears of the link opening and closing; gives back how to stop hearing. */
  onLink(listener: (change: LinkChange) => void): () => void {
    this.#linkListeners.add(listener);
    return () => this.#linkListeners.delete(listener);
  }

  /** Fetches an object and checks its SHA-256. After a failure the draft holds what arrived; give it again to go on. */
  readObject(name: string, nowMs: number, options: ReadOptions = {}): Promise<Result<ObjectDraft, TransferErrorCode>> {
    this.#nowMs = nowMs;
    return this.#transfers.read(name, options);
  }

  /** Sends what the device lacks of an object. After a failure, call it again: the device remembers its ranges. */
  writeObject(
    bytes: Uint8Array,
    nowMs: number,
    options: WriteOptions,
  ): Promise<Result<{ readonly sha256: Uint8Array }, TransferErrorCode>> {
    this.#nowMs = nowMs;
    return this.#transfers.write(bytes, options);
  }

  #drain(): void {
    for (const event of this.#link.takeEvents()) this.#onLinkEvent(event);
  }

  #onLinkEvent(event: LinkEvent): void {
    if (event.type === 'message') this.#onMessage(event.body);
    else if (event.type === 'block') this.#transfers.takeBlock(event.body);
    else {
      if (event.type === 'closed') this.#onClosed(event.reason);
      for (const listener of this.#linkListeners) listener(event);
    }
  }

  #onClosed(reason: CloseReason): void {
    const error = reason === 'silent' || reason === 'no-progress' ? 'timeout' : 'closed';
    this.#requests.failAll(error);
    this.#transfers.failAll(error);
  }

  #onMessage(body: Uint8Array): void {
    const decoded = decodeMessage(body);
    if (!decoded.ok) return;
    const message = decoded.value;
    if (message.type === messageTypes.event) this.#onEventMessage(message);
    else if (message.type !== messageTypes.request) this.#requests.settle(message);
  }

  #onEventMessage(message: Message): void {
    const name = eventNames.get(message.code);
    if (name === undefined) return;
    const body = decodeFields(eventTable[name].body, message.fields);
    if (!body.ok) return;
    const event = { name, body: body.value } as CableEvent;
    if (event.name === 'rebooting') this.#expectReboot(event.body.windowSeconds);
    for (const listener of this.#eventListeners) listener(event);
  }

  #expectReboot(windowSeconds: number): void {
    const untilMs = this.#nowMs + windowSeconds * 1000;
    this.#expectedReboot = { announcedAtMs: this.#nowMs, untilMs, serial: this.#hello?.serial ?? '' };
  }
}
