import { mkdtemp, readFile, rm } from 'node:fs/promises';
import {
  type ClientRequest,
  createServer,
  request as callOn,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import { build } from 'vite';
import { WebSocket, WebSocketServer } from 'ws';
import { createRelay, type Relay } from '../../../server/relay/relay.ts';

const pageFolder = fileURLToPath(new URL('page', import.meta.url));
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };
const nobody = { merchantId: 'm', appId: 'a', label: 'A-01' };

/**
 * What the network between page and relay does. `tamper` gets every envelope, by socket and by call, and answers what
 * arrives instead.
 */
export interface Weather {
  delayMs: number;
  isDown: boolean;
  areSocketsBlocked: boolean;
  tamper: ((frame: Buffer) => readonly Buffer[]) | undefined;
}

/** A relay without a database: whoever says `Bearer NAME` is the terminal NAME. */
export async function startRelay(joinsMax = 1_000): Promise<{ relay: Relay; http: Server; port: number }> {
  const relay = createRelay({
    origins: [],
    joinsMax,
    clientAddress: (c) => getConnInfo(c).remote.address ?? '',
    requestAddress: (remote) => remote,
  });
  const app = new Hono();
  relay.mount(app, {
    terminalOf: async (c) => {
      const terminalId = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
      return terminalId === undefined ? undefined : { ...nobody, terminalId };
    },
    apiKeyOf: async () => undefined,
  });
  const answer = getRequestListener(app.fetch);
  const http = createServer((request, response) => void answer(request, response));
  http.on('upgrade', (request, socket, head) => {
    if (!relay.upgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  return { relay, http, port: (http.address() as AddressInfo).port };
}

/** Pages built from the product's own link, a real relay, and a network between them that does as it is told. */
export class LinkYard {
  readonly weather: Weather = { delayMs: 0, isDown: false, areSocketsBlocked: false, tamper: undefined };
  /** Every envelope that came by. */
  readonly seen: Buffer[] = [];
  readonly #folder: string;
  readonly #inner: Awaited<ReturnType<typeof startRelay>>;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #open = new Set<{ terminate(): void }>();

  private constructor(folder: string, inner: Awaited<ReturnType<typeof startRelay>>) {
    this.#folder = folder;
    this.#inner = inner;
    this.#http = createServer((request, response) => {
      this.#answer(request, response);
    });
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
  }

  /** Builds the pages and listens on loopback. */
  static async open(): Promise<LinkYard> {
    const folder = await mkdtemp(join(tmpdir(), 'link-yard-'));
    const outDir = { outDir: folder, emptyOutDir: true, modulePreload: false } as const;
    await build({ configFile: false, root: pageFolder, logLevel: 'error', build: outDir });
    const yard = new LinkYard(folder, await startRelay());
    await new Promise<void>((done) => yard.#http.listen(0, '127.0.0.1', done));
    return yard;
  }

  get origin(): string {
    return `http://localhost:${(this.#http.address() as AddressInfo).port}`;
  }

  get relay(): Relay {
    return this.#inner.relay;
  }

  /** The relay is gone, and all that was connected with it. */
  cut(): void {
    this.weather.isDown = true;
    for (const socket of this.#open) socket.terminate();
    this.#http.closeIdleConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://yard');
    if (!pathname.startsWith('/api/')) {
      const file = join(this.#folder, pathname === '/' || pathname === '/l' ? 'index.html' : pathname);
      readFile(file).then(
        (bytes) => response.setHeader('content-type', types[extname(file)] ?? 'text/plain').end(bytes),
        () => response.writeHead(404).end(),
      );
      return;
    }
    if (this.weather.isDown) {
      request.socket.destroy();
      return;
    }
    const { tamper } = this.weather;
    if (tamper === undefined || request.headers['content-type'] !== 'application/octet-stream') {
      request.pipe(this.#pass(request, response));
      return;
    }
    buffer(request).then(
      (frame) => this.#mail(request, response, tamper(frame)),
      () => response.destroy(),
    );
  }

  /** Hands envelopes that came by a call to the relay, or none of them; the page hears of the first. */
  #mail(request: IncomingMessage, response: ServerResponse, [first, ...others]: readonly Buffer[]): void {
    if (first === undefined) response.setHeader('content-type', 'application/json').end('{}');
    else this.#pass(request, response, first.length).end(first);
    for (const one of others) this.#pass(request, undefined, one.length).end(one);
  }

  /** The same call at the relay; its answer goes to `response`. */
  #pass(request: IncomingMessage, response?: ServerResponse, length?: number): ClientRequest {
    const { method = 'GET' } = request;
    const kept = without(request.headers, 'origin');
    const headers = length === undefined ? kept : { ...kept, 'content-length': String(length) };
    const passed = callOn(
      { port: this.#inner.port, host: '127.0.0.1', method, path: request.url, headers },
      (answer) => {
        response?.writeHead(answer.statusCode ?? 502, answer.headers);
        if (response === undefined) answer.resume();
        else answer.pipe(response);
      },
    );
    passed.on('error', () => response?.destroy());
    response?.on('close', () => passed.destroy());
    return passed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.weather.isDown || this.weather.areSocketsBlocked) {
      socket.destroy();
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (page) => {
      const relay = new WebSocket(`ws://127.0.0.1:${this.#inner.port}${request.url ?? ''}`);
      for (const end of [page, relay]) this.#open.add(end);
      this.#join(page, relay);
      this.#join(relay, page);
    });
  }

  /** Passes on what `input` says, later, and changed when the weather is bad. */
  #join(input: WebSocket, output: WebSocket): void {
    const isRelay = input.readyState === WebSocket.CONNECTING;
    const whenOpen =
      output.readyState === WebSocket.CONNECTING ? new Promise((done) => output.once('open', done)) : null;
    input.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.seen.push(Buffer.from(data));
      // What leaves the relay has been seen on its way in already; it is changed once only.
      const all = isBinary && !isRelay ? (this.weather.tamper?.(Buffer.from(data)) ?? [data]) : [data];
      const pass = (): void => {
        for (const one of all) if (output.readyState === WebSocket.OPEN) output.send(one, { binary: isBinary });
      };
      void (whenOpen ?? Promise.resolve()).then(() => setTimeout(pass, this.weather.delayMs));
    });
    input.on('close', (code) => {
      this.#open.delete(input);
      setTimeout(() => output.close(code >= 4000 || code === 1000 ? code : 1000), this.weather.delayMs);
    });
    for (const end of [input, output]) end.on('error', () => end.terminate());
  }

  async close(): Promise<void> {
    this.cut();
    this.#inner.relay.close();
    for (const http of [this.#http, this.#inner.http]) {
      http.closeAllConnections();
      http.close();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function without(headers: IncomingMessage['headers'], name: string): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
