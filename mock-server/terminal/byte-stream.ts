import type { Duplex } from 'node:stream';

/** A two-way line of bytes as an attachment sees it. */
export interface ByteStream {
  /** Takes bytes; false: full, wait for the drain listener before writing more. */
  write(bytes: Uint8Array): boolean;
  /** Stops and continues the flow of incoming bytes: back-pressure towards the other end. */
  pause(): void;
  resume(): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

/** A Node stream as a line: a socket, a pipe. */
export function duplexStream(duplex: Duplex): ByteStream {
  duplex.on('error', () => duplex.destroy());
  return {
    write: (bytes) => duplex.write(bytes),
    pause: () => duplex.pause(),
    resume: () => duplex.resume(),
    onData: (listener) => duplex.on('data', listener),
    onDrain: (listener) => duplex.on('drain', listener),
    onClose: (listener) => duplex.on('close', listener),
    close: () => duplex.destroy(),
  };
}

/** The part of a WebSocket that is needed; `ws` has it. */
export interface MessageSocket {
  readonly bufferedAmount: number;
  send(bytes: Uint8Array, sent: () => void): void;
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  on(event: 'message', listener: (data: Buffer) => void): unknown;
  on(event: 'close' | 'error', listener: () => void): unknown;
}

/** Bytes that may wait in a socket before the line counts as full. */
const socketHighWater = 256 * 1024;

/** A WebSocket with binary messages as a line. */
export function socketStream(socket: MessageSocket): ByteStream {
  let onDrain = (): void => undefined;
  let isFull = false;
  const sent = (): void => {
    if (!isFull || socket.bufferedAmount > socketHighWater / 2) return;
    isFull = false;
    onDrain();
  };
  return {
    write(bytes) {
      socket.send(bytes, sent);
      isFull = socket.bufferedAmount > socketHighWater;
      return !isFull;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    onData: (listener) => socket.on('message', (data) => listener(data)),
    onDrain(listener) {
      onDrain = listener;
    },
    onClose: (listener) => socket.on('close', listener),
    close: () => socket.close(1000),
  };
}

class PairEnd implements ByteStream {
  peer: PairEnd | undefined;
  #onData: (bytes: Uint8Array) => void = () => undefined;
  #onDrain: () => void = () => undefined;
  #onClose: () => void = () => undefined;
  #waiting: Uint8Array[] = [];
  #isPaused = false;
  #isScheduled = false;
  #isClosed = false;

  write(bytes: Uint8Array): boolean {
    const { peer } = this;
    if (this.#isClosed || peer === undefined) return true;
    peer.#waiting.push(bytes.slice());
    peer.#schedule();
    return peer.#waiting.length < 64;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#onData = listener;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.#onClose();
    this.peer?.close();
  }

  drained(): void {
    this.#onDrain();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPaused || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      while (!this.#isPaused && this.#waiting.length > 0) this.#onData(this.#waiting.shift() ?? new Uint8Array(0));
      this.peer?.drained();
      this.#schedule();
    });
  }
}

/** Two ends of a line in memory, for tests. */
export function streamPair(): readonly [ByteStream, ByteStream] {
  const [a, b] = [new PairEnd(), new PairEnd()];
  a.peer = b;
  b.peer = a;
  return [a, b];
}
