import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { benchCards } from './bench-cards.ts';
import { control } from './control.ts';
import { authenticatorReader } from './panel-extras.ts';
import { snapshotOf } from './snapshot.ts';
import type { TerminalBay } from './terminal-bay.ts';
import type { TerminalsOptions } from './terminals.ts';

/** The running page. */
export interface Panel {
  /** With a slash at the end. */
  readonly url: string;
  /** Tells all who look that something is different. */
  changed(): void;
  close(): Promise<void>;
}

/** The cards of the bench as the page draws them: no number but its last four digits, and the PIN that a person would know. */
const cardPictures = benchCards.map(({ id, name, pan, pin, hasChip, hasContactless }) => ({
  id,
  name,
  tail: pan.slice(-4),
  pin,
  hasChip,
  hasContactless,
}));

/** Largest body of a control request. */
const bodyMaxBytes = 4096;
/** Changes within this time reach the page as one. */
const gatherMs = 40;
/** The page hears something at least this often: codes and ages run on by themselves. */
const heartbeatMs = 1000;

const folder = join(dirname(fileURLToPath(import.meta.url)), 'panel');
const files = ['index.html', 'panel.css', 'panel.js', 'parts.js', 'cards.js', 'paper.js', 'texts.js'] as const;
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};
const securityHeaders = {
  'content-security-policy': "default-src 'self'; img-src 'self' data:; connect-src 'self' ws:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '127.0.0.1' || name === '[::1]';
}

/** A page of elsewhere must not open cases or use cables, and a name of elsewhere must not lead here. */
function isWelcome(request: IncomingMessage, options: TerminalsOptions): boolean {
  const { host = '', origin } = request.headers;
  const named = (address: string): boolean => {
    const { hostname } = new URL(address);
    return isLoopback(hostname) || hostname === options.host;
  };
  if (!URL.canParse(`http://${host}`) || !named(`http://${host}`)) return false;
  if (origin === undefined) return true;
  return (options.allowedOrigins ?? []).includes(origin) || (URL.canParse(origin) && named(origin));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyMaxBytes) return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...securityHeaders, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

class PanelServer implements Panel {
  readonly #bays: ReadonlyMap<string, TerminalBay>;
  readonly #options: TerminalsOptions;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024, perMessageDeflate: false });
  readonly #lookers = new Set<WebSocket>();
  readonly #codes: ReturnType<typeof authenticatorReader>;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  url = '';

  constructor(bays: ReadonlyMap<string, TerminalBay>, options: TerminalsOptions) {
    this.#bays = bays;
    this.#options = options;
    this.#codes = authenticatorReader(options.authenticators ?? []);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((cause: unknown) => {
        sendJson(response, 500, { error: cause instanceof Error ? cause.message : 'unknown' });
      });
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
  }

  async open(): Promise<void> {
    const { host = '127.0.0.1', port = 0 } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const { port: real } = this.#server.address() as AddressInfo;
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${real}/`;
    this.#heartbeat = setInterval(() => {
      this.#show();
    }, heartbeatMs);
  }

  readonly changed = (): void => {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#show();
    }, gatherMs);
  };

  async close(): Promise<void> {
    clearTimeout(this.#gathering);
    clearInterval(this.#heartbeat);
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #view(): string {
    const terminals = [...this.#bays.values()].map(snapshotOf);
    const extras = (this.#options.extras ?? []).map((extra) => ({ title: extra.title, text: extra.render() }));
    return JSON.stringify({ terminals, authenticators: this.#codes(Date.now()), extras, cards: cardPictures });
  }

  #show(): void {
    if (this.#lookers.size === 0) return;
    const view = this.#view();
    for (const socket of this.#lookers) if (socket.bufferedAmount < 1_000_000) socket.send(view);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isWelcome(request, this.#options)) return sendJson(response, 403, { error: 'this page is for loopback only' });
    const path = new URL(request.url ?? '/', 'http://panel').pathname;
    const [, first = '', serial = ''] = path.split('/');
    if (first === 'control') return await this.#control(request, response, this.#bays.get(serial));
    if (request.method !== 'GET') return sendJson(response, 405, { error: 'GET only' });
    if (first === 'terminals') return sendJson(response, 200, [...this.#bays.values()].map(snapshotOf));
    const file = files.find((name) => name === (first === '' ? 'index.html' : first));
    if (file === undefined || serial !== '') return sendJson(response, 404, { error: 'no such page' });
    const type = types[extname(file)] ?? 'text/plain';
    response.writeHead(200, { ...securityHeaders, 'content-type': type });
    response.end(readFileSync(join(folder, file)));
  }

  async #control(request: IncomingMessage, response: ServerResponse, bay: TerminalBay | undefined): Promise<void> {
    if (bay === undefined) return sendJson(response, 404, { error: 'no such terminal' });
    if (request.method === 'POST') {
      if (request.headers['content-type']?.startsWith('application/json') !== true) {
        return sendJson(response, 415, { error: 'application/json only' });
      }
      const done = await control(bay, await readJson(request), (serial) => this.#bays.get(serial));
      if (!done.ok) return sendJson(response, 400, { error: done.error, detail: done.detail });
      this.changed();
    }
    sendJson(response, 200, snapshotOf(bay));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [, first = '', serial = ''] = new URL(request.url ?? '/', 'http://panel').pathname.split('/');
    const bay = this.#bays.get(serial);
    const isKnown = first === 'live' || (first === 'cable' && bay !== undefined);
    if (!isKnown || !isWelcome(request, this.#options)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => opened.terminate());
      if (bay !== undefined) bay.connect(opened);
      else this.#addLooker(opened);
    });
  }

  #addLooker(socket: WebSocket): void {
    this.#lookers.add(socket);
    socket.on('close', () => this.#lookers.delete(socket));
    socket.send(this.#view());
  }
}

/** Serves the page, the live view, the simulated cables and the control calls. */
export async function openPanel(bays: ReadonlyMap<string, TerminalBay>, options: TerminalsOptions): Promise<Panel> {
  const panel = new PanelServer(bays, options);
  await panel.open();
  return panel;
}
