import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { describeCause, openingError } from './errors.ts';
import type { OpenError } from './errors.ts';
import type { PortLike, SerialLike } from './serial-like.ts';
import { identityOf, identityText } from './serial-like.ts';
import { closeWaitMs, defaultBaud, ignore, readBufferBytes, writeChunkBytes } from './transport.ts';
import type { Transport } from './transport.ts';
import { settledWithin } from './wait.ts';

/** What the transport asks of its surroundings. */
export interface WebSerialEnvironment {
  readonly serial: SerialLike;
  readonly linux: boolean;
  /** True once a port of this kind opened in this browser profile; see `OpenCircumstances`. */
  openedBefore(identity: string): boolean;
  noteOpened(identity: string): void;
}

/** Read errors after which a new reader goes on with the same port (overrun, break, framing and parity). */
const recoverableNames = new Set(['BufferOverrunError', 'BreakError', 'FramingError', 'ParityError']);
/** More recoverable errors than this without one good chunk between them count as a lost line. */
const recoverableMaxInRow = 64;

/**
 * A terminal behind `navigator.serial`.
 *
 * Obligations of the read loop: one reader at a time; a recoverable error takes a new reader from the same port; any
 * other end reports lost, once, unless `close()` asked for it; the reader's lock is always released.
 */
export class WebSerialTransport implements Transport {
  readonly id: string;
  readonly kind = 'web-serial';
  onBytes: (bytes: Uint8Array) => void = ignore;
  onLost: (cause: string) => void = ignore;
  readonly #port: PortLike;
  readonly #environment: WebSerialEnvironment;
  #state: 'closed' | 'opening' | 'open' | 'closing' = 'closed';
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reading: Promise<void> = Promise.resolve();
  /** Rejects when this opening ends, so that a write on a line that takes nothing settles too. */
  #ended = Promise.withResolvers<never>();

  /** `order` tells apart ports of one kind in the name; it says nothing about which terminal it is. */
  constructor(port: PortLike, environment: WebSerialEnvironment, order = 0) {
    this.#port = port;
    this.#environment = environment;
    this.id = `web-serial:${identityText(identityOf(port))}:${String(order)}`;
  }

  /** True while this transport is bound to `port`; a replugged terminal arrives as another object. */
  isPort(port: unknown): boolean {
    return this.#port === port;
  }

  async open(baud = defaultBaud): Promise<Result<void, OpenError>> {
    if (this.#state !== 'closed') return err('busy-opening');
    this.#state = 'opening';
    try {
      await this.#port.open({ baudRate: baud, bufferSize: readBufferBytes });
      this.#writer = this.#port.writable?.getWriter();
    } catch (cause) {
      this.#state = 'closed';
      return err(openingError(cause, await this.#circumstances()), describeCause(cause));
    }
    this.#writer?.closed.catch(ignore);
    this.#ended = Promise.withResolvers<never>();
    this.#ended.promise.catch(ignore);
    this.#environment.noteOpened(identityText(identityOf(this.#port)));
    this.#state = 'open';
    this.#reading = this.#readLoop();
    return ok(undefined);
  }

  async write(bytes: Uint8Array): Promise<Result<void, 'lost'>> {
    const writer = this.#writer;
    if (this.#state !== 'open' || writer === undefined) return err('lost', 'not open');
    try {
      for (let at = 0; at < bytes.length; at += writeChunkBytes) {
        await Promise.race([writer.ready, this.#ended.promise]);
        const written = writer.write(bytes.subarray(at, at + writeChunkBytes));
        await Promise.race([written, this.#ended.promise]);
      }
      return ok(undefined);
    } catch (cause) {
      return err('lost', describeCause(cause));
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    await settledWithin(this.#reader?.cancel() ?? Promise.resolve(), closeWaitMs);
    await settledWithin(this.#reading, closeWaitMs);
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#ended.reject(new Error('the line ended'));
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer !== undefined) {
      await settledWithin(writer.abort(), closeWaitMs);
      writer.releaseLock();
    }
    await settledWithin(this.#port.close(), closeWaitMs);
    this.#state = 'closed';
  }

  async #circumstances(): Promise<{ attached: boolean; openedBefore: boolean; linux: boolean }> {
    const attached = this.#port.connected ?? (await this.#environment.serial.getPorts()).includes(this.#port);
    const openedBefore = this.#environment.openedBefore(identityText(identityOf(this.#port)));
    return { attached, openedBefore, linux: this.#environment.linux };
  }

  async #readLoop(): Promise<void> {
    let cause = 'the port has no readable side';
    let errorsInRow = 0;
    while (this.#state === 'open' && this.#port.readable !== null && errorsInRow <= recoverableMaxInRow) {
      const ended = await this.#readUntilError();
      cause = ended.cause;
      errorsInRow = ended.sawBytes ? 0 : errorsInRow + 1;
      if (!ended.recoverable) break;
    }
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    void this.#release().then(() => this.onLost(cause));
  }

  async #readUntilError(): Promise<{ cause: string; recoverable: boolean; sawBytes: boolean }> {
    let sawBytes = false;
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    try {
      reader = this.#port.readable?.getReader();
      this.#reader = reader;
      if (reader === undefined) return { cause: 'the port has no readable side', recoverable: false, sawBytes };
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return { cause: 'the stream ended', recoverable: false, sawBytes };
        sawBytes = true;
        if (this.#state === 'open') this.onBytes(value);
      }
    } catch (cause) {
      const recoverable = cause instanceof Error && recoverableNames.has(cause.name);
      return { cause: describeCause(cause), recoverable, sawBytes };
    } finally {
      reader?.releaseLock();
      this.#reader = undefined;
    }
  }
}
