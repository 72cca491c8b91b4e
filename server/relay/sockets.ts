import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { frameMaxBytes } from '../../protocol/phone-link/limits.ts';
import { socketWordSchema } from '../../protocol/phone-link/relay.ts';
import { stillThere } from '../../protocol/phone-link/relay-path.ts';
import { addressBlock } from '../http/address-block.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import { socketPingMs } from './limits.ts';
import type { Mailboxes, Refusal, Seat, Side } from './mailboxes.ts';

/** Sockets that nobody reads must not fill the memory. */
const unsentMaxBytes = 512 * 1024;
/** A terminal's socket must say its key by then. */
const keyWaitMs = 5_000;
/** Codes with which a socket is closed; 4000 and above are the application's own. */
const closeCodes = { over: 4000, replaced: 4001, refused: 4003, tooMuch: 4008, leaving: 1012 } as const;
const socketPath = /^\/api\/link\/([A-Za-z0-9_-]{22})\/socket$/;

/** What the sockets work with. */
export interface SocketTools {
  readonly mailboxes: Mailboxes;
  readonly joins: RateLimit;
  readonly mails: RateLimit;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly isAllowedOrigin: (origin: string | undefined) => boolean;
}

/** One socket on its way to a seat and on it. */
class SocketSeat implements Seat {
  readonly id = randomBytes(16).toString('base64url');
  readonly #socket: WebSocket;
  readonly #tools: SocketTools;
  readonly #linkId: string;
  readonly #address: string;
  #side: Side | undefined;

  constructor(socket: WebSocket, tools: SocketTools, linkId: string, address: string) {
    this.#socket = socket;
    this.#tools = tools;
    this.#linkId = linkId;
    this.#address = address;
    socket.on('message', (data, isBinary) => {
      this.#hear(data, isBinary);
    });
    socket.on('error', () => {
      socket.terminate();
    });
    socket.on('close', () => {
      if (this.#side !== undefined) tools.mailboxes.leave(linkId, this.#side, this);
    });
  }

  give(mails: readonly { readonly bytes: Uint8Array }[]): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount > unsentMaxBytes) return false;
    for (const { bytes } of mails) this.#socket.send(bytes);
    return true;
  }

  replaced(): void {
    this.#socket.close(closeCodes.replaced);
  }

  over(why: string): void {
    this.#say({ over: why });
    this.#socket.close(closeCodes.over);
  }

  /** A phone sits down at once, in the same flight as the answer to its call. */
  sitAsPhone(): void {
    this.#sat('phone', this.#tools.mailboxes.joinAsPhone(this.#linkId, this, this.#address));
  }

  /** A terminal has to say its key first. */
  awaitKey(): void {
    const timer = setTimeout(() => {
      if (this.#side === undefined) this.#socket.close(closeCodes.refused);
    }, keyWaitMs);
    this.#socket.once('close', () => {
      clearTimeout(timer);
    });
  }

  #sat(side: Side, answer: { readonly hello: string } | Refusal): void {
    if ('refused' in answer) {
      this.over(answer.refused);
      return;
    }
    this.#side = side;
    this.#say({ hello: answer.hello });
    this.#tools.mailboxes.flush(this.#linkId, side);
  }

  #say(word: Readonly<Record<string, string>>): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(word));
  }

  #hear(data: RawData, isBinary: boolean): void {
    if (!this.#tools.mails.take(this.id)) {
      this.#socket.close(closeCodes.tooMuch);
      return;
    }
    const bytes = new Uint8Array(data as Buffer);
    if (isBinary) {
      if (this.#side !== undefined) this.#tools.mailboxes.put(this.#linkId, this.#side, bytes);
      return;
    }
    const text = Buffer.from(bytes).toString();
    if (text !== stillThere) this.#word(text);
    else if (this.#side === undefined || this.#tools.mailboxes.use(this.#linkId, this.#side, this.id))
      this.#socket.send(stillThere);
  }

  #key = '';

  #word(text: string): void {
    const word = v.safeParse(socketWordSchema, jsonOf(text));
    if (!word.success) return;
    if ('shut' in word.output) {
      if (this.#side === 'terminal') this.#tools.mailboxes.close(this.#linkId, this.#key, word.output.shut);
      return;
    }
    if (this.#side !== undefined) return;
    this.#key = word.output.key;
    this.#sat('terminal', this.#tools.mailboxes.joinAsTerminal(this.#linkId, this, this.#key));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The relay's sockets: GET /api/link/:id/socket?as=phone or as=terminal. */
export class RelaySockets {
  readonly #tools: SocketTools;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: frameMaxBytes, perMessageDeflate: false });
  readonly #awake = new WeakSet<WebSocket>();
  readonly #timer: NodeJS.Timeout;

  constructor(tools: SocketTools) {
    this.#tools = tools;
    this.#timer = setInterval(() => {
      this.#askAll();
    }, socketPingMs);
    this.#timer.unref();
  }

  /** Takes an upgrade; false when it is not for the relay. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const url = new URL(request.url ?? '/', 'http://relay');
    const linkId = socketPath.exec(url.pathname)?.[1];
    if (linkId === undefined) return false;
    const isPhone = url.searchParams.get('as') === 'phone';
    const address = this.#tools.addressOf(request);
    if (!this.#tools.isAllowedOrigin(request.headers.origin)) refuse(socket, '403 Forbidden');
    else if (isPhone && !this.#tools.joins.take(addressBlock(address))) refuse(socket, '429 Too Many Requests');
    else {
      this.#server.handleUpgrade(request, socket, head, (opened) => {
        this.#awake.add(opened);
        opened.on('pong', () => this.#awake.add(opened));
        const seat = new SocketSeat(opened, this.#tools, linkId, address);
        if (isPhone) seat.sitAsPhone();
        else seat.awaitKey();
      });
    }
    return true;
  }

  #askAll(): void {
    for (const socket of this.#server.clients) {
      if (!this.#awake.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }

  /** Sends all away; they come again elsewhere or later. */
  close(): void {
    clearInterval(this.#timer);
    for (const socket of this.#server.clients) {
      socket.close(closeCodes.leaving);
      socket.terminate();
    }
    this.#server.close();
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
