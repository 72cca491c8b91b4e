import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageMaxBytes } from './iso8583.ts';

/** Longest idle time of a connection, in milliseconds: shorter than the few minutes after which firewalls forget it. */
const idleMaxMs = 60_000;
/** Most requests that wait for answers at once; more are not sent. */
const waitingMax = 200;

/** Where the acquirer's host listens, and how one knows it. */
export interface LineOptions {
  readonly host: string;
  readonly port: number;
  /** TLS with the authority that the host's certificate must come from, and our own certificate when it asks for one. */
  readonly tls?: {
    readonly authority?: string;
    readonly certificate?: string;
    readonly privateKey?: string;
  };
}

/** What came of sending. `not-sent` is certain: not one byte of the message has left. */
export type LineOutcome =
  | { readonly kind: 'answered'; readonly bytes: Buffer }
  | { readonly kind: 'not-sent'; readonly why: string }
  | { readonly kind: 'no-answer'; readonly why: string };

/**
 * One TCP connection to the acquirer's host, made when it is needed and again when it was lost. Frames are two bytes of
 * length and a message. Answers may come in any order: `keyOf` names what an answer belongs to, and what belongs to
 * nothing that waits (late, twice, of somebody else) is dropped.
 */
export class HostLine {
  readonly #options: LineOptions;
  readonly #keyOf: (bytes: Buffer) => string | undefined;
  readonly #waiting = new Map<string, { readonly on: Socket; readonly finish: (outcome: LineOutcome) => void }>();
  #socket: Promise<Socket> | undefined;

  constructor(options: LineOptions, keyOf: (bytes: Buffer) => string | undefined) {
    this.#options = options;
    this.#keyOf = keyOf;
  }

  /** Sends `message` and waits at most `timeoutMs` for the answer that `keyOf` calls `key`. Never throws. */
  async exchange(message: Buffer, key: string, timeoutMs: number): Promise<LineOutcome> {
    if (this.#waiting.size >= waitingMax || this.#waiting.has(key)) {
      return { kind: 'not-sent', why: 'Too many requests wait for the host already.' };
    }
    const socket = await this.#connected(timeoutMs).catch((error: unknown) => codeOf(error));
    if (typeof socket === 'string') return { kind: 'not-sent', why: `The host could not be reached: ${socket}.` };
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        finish({ kind: 'no-answer', why: `No answer within ${String(timeoutMs)} ms.` });
      }, timeoutMs);
      const finish = (outcome: LineOutcome): void => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(outcome);
      };
      this.#waiting.set(key, { on: socket, finish });
      socket.write(frameOf(message));
    });
  }

  async #connected(timeoutMs: number): Promise<Socket> {
    const current = this.#socket;
    const known = await current?.catch(() => undefined);
    if (known?.writable === true) return known;
    if (this.#socket === undefined || this.#socket === current) this.#socket = this.#open(timeoutMs);
    return this.#socket;
  }

  #open(timeoutMs: number): Promise<Socket> {
    const { host, port, tls } = this.#options;
    return new Promise((resolve, reject) => {
      const socket =
        tls === undefined
          ? connectTcp({ host, port })
          : connectTls({
              host,
              port,
              minVersion: 'TLSv1.2',
              ...(/^[\d.:]+$/.test(host) ? {} : { servername: host }),
              ...(tls.authority === undefined ? {} : { ca: tls.authority }),
              ...(tls.certificate === undefined ? {} : { cert: tls.certificate, key: tls.privateKey }),
            });
      const timer = setTimeout(() => socket.destroy(new Error('time-out')), timeoutMs);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        clearTimeout(timer);
        socket.setNoDelay(true).setTimeout(idleMaxMs).unref();
        resolve(socket);
      });
      socket.on('timeout', () => socket.end());
      socket.on('error', reject);
      socket.on('close', () => {
        clearTimeout(timer);
        reject(new Error('closed'));
        this.#lost(socket);
      });
      this.#read(socket);
    });
  }

  #read(socket: Socket): void {
    let kept: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      kept = Buffer.concat([kept, chunk]);
      while (kept.length >= 2) {
        const length = kept.readUInt16BE(0);
        if (length === 0 || length > messageMaxBytes) {
          socket.destroy();
          return;
        }
        if (kept.length < 2 + length) return;
        const message = Buffer.from(kept.subarray(2, 2 + length));
        kept = kept.subarray(2 + length);
        const key = this.#keyOf(message);
        if (key !== undefined) this.#waiting.get(key)?.finish({ kind: 'answered', bytes: message });
      }
    });
  }

  /** Answers come on the connection that carried the request; when it is gone none will come. */
  #lost(socket: Socket): void {
    for (const { on, finish } of [...this.#waiting.values()]) {
      if (on === socket) finish({ kind: 'no-answer', why: 'The connection was cut.' });
    }
  }
}

function frameOf(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
