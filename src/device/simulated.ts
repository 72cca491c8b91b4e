import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import type { OpenError } from './errors.ts';
import { closeWaitMs, ignore } from './transport.ts';
import type { Transport } from './transport.ts';
import { pause } from './wait.ts';

/** Bytes that may wait in the socket before `write()` holds back: about 90 ms of a 115,200 baud line. */
const socketBacklogMaxBytes = 1024;
/** How long the socket may take to open. */
const openTimeoutMs = 5000;
/** How often the backlog is looked at; a WebSocket has no event for it. */
const backlogPollMs = 2;

/** A terminal of the emulator behind a WebSocket that carries the cable's bytes, one binary message per chunk. */
export class SimulatedTransport implements Transport {
  readonly id: string;
  readonly kind = 'simulated';
  onBytes: (bytes: Uint8Array) => void = ignore;
  onLost: (cause: string) => void = ignore;
  readonly #url: string;
  #socket: WebSocket | undefined;

  /** `url` is the emulator's `ws:` or `wss:` address of one terminal's cable. */
  constructor(url: string) {
    this.#url = url;
    this.id = `simulated:${url}`;
  }

  async open(): Promise<Result<void, OpenError>> {
    if (this.#socket !== undefined) return err('busy-opening');
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#url);
    } catch (cause) {
      return err('unreachable', String(cause));
    }
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket === socket && data instanceof ArrayBuffer) this.onBytes(new Uint8Array(data));
    });
    const failure = await opened(socket);
    if (failure !== undefined) {
      this.#socket = undefined;
      socket.close();
      return err(failure.error, failure.detail);
    }
    this.#listen(socket);
    return ok(undefined);
  }

  async write(bytes: Uint8Array): Promise<Result<void, 'lost'>> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return err('lost', 'not open');
    socket.send(bytes.slice());
    while (socket.bufferedAmount > socketBacklogMaxBytes && socket.readyState === WebSocket.OPEN) {
      await pause(backlogPollMs);
    }
    return socket.readyState === WebSocket.OPEN ? ok(undefined) : err('lost', 'the socket closed');
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise<void>((resolve) => {
      socket.addEventListener('close', () => resolve(), { once: true });
    });
    socket.close(1000);
    await Promise.race([closed, pause(closeWaitMs)]);
  }

  #listen(socket: WebSocket): void {
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.onLost(`the socket closed with ${String(code)} ${reason}`.trim());
    });
  }
}

/** Close codes of the emulator: the port is unplugged, or another page holds it (mock-server/terminal). */
const refusals: Readonly<Record<number, OpenError>> = { 4401: 'gone', 4409: 'in-use' };
/** The emulator refuses by accepting the socket and closing it at once; an opening counts when it has lasted this long. */
const settleMs = 20;

function opened(socket: WebSocket): Promise<{ error: OpenError; detail: string } | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ error: 'unreachable', detail: 'no answer' }), openTimeoutMs);
    const settle = (failure?: { error: OpenError; detail: string }): void => {
      clearTimeout(timer);
      resolve(failure);
    };
    socket.addEventListener('open', () => setTimeout(settle, settleMs), { once: true });
    socket.addEventListener('close', ({ code, reason }) => {
      settle({ error: refusals[code] ?? 'unreachable', detail: `${String(code)} ${reason}`.trim() });
    });
  });
}
