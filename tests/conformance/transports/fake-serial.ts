import type { PortLike, SerialLike } from '../../../src/device/serial-like.ts';

/** An error as Chromium's serial code throws it. */
export function domError(name: string, message = ''): DOMException {
  return new DOMException(message, name);
}

/** The far end of a fake line: what it has received, and how it sends. */
export interface FarEnd {
  readonly received: number[];
  send(bytes: Uint8Array): void;
  /** Called with each chunk that the page wrote. */
  onReceived: (bytes: Uint8Array) => void;
}

/**
 * A serial port that behaves like Chromium's: `open` rejects when open or held, streams exist only while open, a
 * recoverable error ends one readable and the next one works, `close` rejects while a stream is locked, and an
 * unplugged port's streams fail with NetworkError.
 */
export class FakePort extends EventTarget implements PortLike {
  connected = true;
  readonly far: FarEnd;
  /** Makes the next `open` fail with this error, once. */
  failNextOpen: DOMException | undefined;
  openedWith: { baudRate: number; bufferSize?: number } | undefined;
  /** Resolves each write; replace it to hold the line back. */
  takeWrite: () => Promise<void> = () => Promise.resolve();
  readonly #ids: { usbVendorId: number; usbProductId: number };
  #state: 'closed' | 'opening' | 'open' = 'closed';
  #readable: ReadableStream<Uint8Array> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;
  #reads: ReadableStreamDefaultController<Uint8Array> | undefined;
  #writes: WritableStreamDefaultController | undefined;

  constructor(usbVendorId = 0x1209, usbProductId = 0x7470) {
    super();
    this.#ids = { usbVendorId, usbProductId };
    this.far = {
      received: [],
      onReceived: () => undefined,
      send: (bytes) => {
        if (this.readable !== null) this.#reads?.enqueue(bytes);
      },
    };
  }

  get readable(): ReadableStream<Uint8Array> | null {
    if (this.#state === 'open' && this.connected && this.#readable === null) this.#readable = this.#makeReadable();
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array> | null {
    if (this.#state === 'open' && this.connected && this.#writable === null) this.#writable = this.#makeWritable();
    return this.#writable;
  }

  getInfo(): { usbVendorId: number; usbProductId: number } {
    return this.#ids;
  }

  async open(options: { baudRate: number; bufferSize?: number }): Promise<void> {
    if (this.#state !== 'closed') throw domError('InvalidStateError', 'The port is already open.');
    this.#state = 'opening';
    await Promise.resolve();
    const failure = this.connected ? this.failNextOpen : domError('NetworkError', 'Failed to open serial port.');
    this.failNextOpen = undefined;
    this.#state = failure === undefined ? 'open' : 'closed';
    if (failure !== undefined) throw failure;
    this.openedWith = options;
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') throw domError('InvalidStateError', 'The port is already closed.');
    if (this.#readable?.locked === true || this.#writable?.locked === true) {
      throw new TypeError('Cannot cancel a locked stream');
    }
    this.#state = 'closed';
    this.#readable = null;
    this.#writable = null;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Ends the present readable with a recoverable error, as an overrun or a break does. */
  interrupt(name: 'BufferOverrunError' | 'BreakError' | 'FramingError' | 'ParityError'): void {
    const reads = this.#reads;
    this.#readable = null;
    reads?.error(domError(name));
  }

  /** What unplugging does; `FakeSerial.unplug` calls it. */
  lose(): void {
    this.connected = false;
    const lost = domError('NetworkError', 'The device has been lost.');
    if (this.#readable !== null) this.#reads?.error(lost);
    if (this.#writable !== null) this.#writes?.error(lost);
    this.#readable = null;
    this.#writable = null;
  }

  #makeReadable(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#reads = controller;
      },
      cancel: () => {
        this.#readable = null;
      },
    });
  }

  #makeWritable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writes = controller;
      },
      write: async (bytes) => {
        await this.takeWrite();
        for (const byte of bytes) this.far.received.push(byte);
        this.far.onReceived(bytes.slice());
      },
      abort: () => {
        this.#writable = null;
      },
    });
  }
}

/** `navigator.serial`: a chooser with a scripted answer, and events that fire on the port and here. */
export class FakeSerial extends EventTarget implements SerialLike {
  readonly attached: FakePort[] = [];
  /** What the chooser answers; cancelled unless a port is set. */
  choice: FakePort | DOMException = domError('NotFoundError', 'No port selected by the user.');

  async requestPort(): Promise<FakePort> {
    if (this.choice instanceof FakePort) return this.choice;
    throw this.choice;
  }

  async getPorts(): Promise<FakePort[]> {
    return [...this.attached];
  }

  /** Attaches a port; each plug-in is a new object, as in Chromium. */
  plug(port = new FakePort()): FakePort {
    this.attached.push(port);
    this.#tell(port, 'connect');
    return port;
  }

  unplug(port: FakePort): void {
    this.attached.splice(this.attached.indexOf(port), 1);
    port.lose();
    this.#tell(port, 'disconnect');
  }

  #tell(port: FakePort, type: string): void {
    port.dispatchEvent(new Event(type));
    this.dispatchEvent(new Event(type));
  }
}
