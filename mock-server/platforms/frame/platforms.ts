import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PlatformStandIn } from '../stand-in.ts';
import type { PlatformClock } from './clock.ts';
import { answerControl } from './control.ts';
import { FaultQueue } from './fault-queue.ts';
import { Notifier } from './notifier.ts';
import { noStateFile, stateFile } from './state-file.ts';
import type { StateFile } from './state-file.ts';
import { answerWallet } from './wallet/wallet.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** Longest request that is read, in bytes. */
const requestMaxBytes = 1024 * 1024;

/** What the frame gives a stand-in to work with. */
export interface StandInTools {
  /** Where the shared port answers, without a slash at the end, such as `http://127.0.0.1:8642`. */
  readonly origin: string;
  /** Address to bind when a stand-in opens a port of its own. */
  readonly host: string;
  /** Ports of a stand-in's own are counted from here (8643, 8644 with the usual 8642); 0: any free port. */
  readonly port: number;
  readonly clock: PlatformClock;
  readonly faults: FaultQueue;
  readonly notifier: Notifier;
  readonly state: StateFile;
}

/** A stand-in as it plugs into the frame. */
export interface MountedStandIn extends PlatformStandIn {
  /** Beginnings of the paths that are this platform's on the shared port, such as `/v3/`; none when it has its own port. */
  readonly paths: readonly string[];
  handle(request: WireRequest): Promise<WireAnswer>;
}

/** Makes a stand-in; `code` is known before, because its state and faults are kept under it. */
export interface StandInMaker {
  readonly code: string;
  readonly create: (tools: StandInTools) => Promise<MountedStandIn>;
}

/** The running stand-ins. */
export interface Platforms {
  readonly url: string;
  readonly standIns: ReadonlyMap<string, PlatformStandIn>;
  /** Answers a request without a socket: for msw handlers. A lost answer rejects, as `fetch` does when it is cut. */
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Who is to be started and where. */
export interface PlatformOptions {
  /** 127.0.0.1 unless there is a reason. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Keeps keys and payments over a restart. */
  readonly dataDir?: string;
  readonly clock: PlatformClock;
  readonly standIns: readonly StandInMaker[];
  /** How others reach the shared port, when that is not its own address: a proxy with https in front of it. */
  readonly publicOrigin?: string;
}

/** Starts the stand-ins on one port, with the wallet page at `/` and the control interface at `/control/CODE`. */
export async function startPlatforms(options: PlatformOptions): Promise<Platforms> {
  const sockets: { answer: ((request: WireRequest) => Promise<WireAnswer>) | undefined } = { answer: undefined };
  const server = createServer((request, response) => {
    void serve(request, response, (wire) => sockets.answer?.(wire) ?? Promise.resolve(plain(503, 'Starting.')));
  });
  await listen(server, options.host, options.port);
  const { port } = server.address() as AddressInfo;
  const origin = options.publicOrigin ?? `http://${options.host}:${String(port)}`;
  const core = await createCore(options, origin).catch(async (error: unknown) => {
    await closeServer(server);
    throw error;
  });
  sockets.answer = core.answer;
  return {
    ...core.platforms,
    close: async () => {
      await core.platforms.close();
      await closeServer(server);
    },
  };
}

/** The same without a port: requests come through `fetch` only, as if it answered at `origin`. */
export async function createPlatforms(
  options: Omit<PlatformOptions, 'host' | 'port'> & { readonly origin: string },
): Promise<Platforms> {
  const core = await createCore({ ...options, host: '127.0.0.1', port: 0 }, options.origin);
  return core.platforms;
}

async function createCore(
  options: PlatformOptions,
  origin: string,
): Promise<{ readonly platforms: Platforms; readonly answer: (request: WireRequest) => Promise<WireAnswer> }> {
  const standIns = new Map<string, MountedStandIn>();
  const parts = new Map<string, StandInTools>();
  for (const maker of options.standIns) {
    if (standIns.has(maker.code)) throw new RangeError(`standIns: ${maker.code} stands there twice`);
    const tools = toolsFor(options, origin, maker.code);
    parts.set(maker.code, tools);
    const made = await maker.create(tools).catch(async (error: unknown) => {
      for (const standIn of standIns.values()) await standIn.close();
      throw error;
    });
    standIns.set(maker.code, made);
  }
  const routes = routesOf([...standIns.values()]);
  const answer = async (request: WireRequest): Promise<WireAnswer> => {
    const path = request.target.split('?')[0] ?? '';
    const route = routes.find(([beginning]) => path.startsWith(beginning));
    if (route !== undefined) return route[1].handle(request);
    if (!isWelcome(request, options.host, origin)) return plain(403, 'Open this page by its own address.');
    if (path.startsWith('/control/')) return answerControl(standIns, parts, request);
    return answerWallet([...standIns.values()], request);
  };
  const platforms: Platforms = {
    url: origin,
    standIns,
    fetch: async (request) => toResponse(await answer(await fromRequest(request))),
    close: async () => {
      for (const { notifier } of parts.values()) notifier.close();
      for (const standIn of standIns.values()) await standIn.close();
      for (const { state } of parts.values()) state.close();
    },
  };
  return { platforms, answer };
}

/** A page of elsewhere must not pay or plan faults, and a name of elsewhere must not lead here. */
function isWelcome({ headers }: WireRequest, host: string, origin: string): boolean {
  const names = ['localhost', '127.0.0.1', host, new URL(origin).hostname];
  const isOurs = (address: string): boolean => URL.canParse(address) && names.includes(new URL(address).hostname);
  return isOurs(`http://${headers['host'] ?? ''}`) && (headers['origin'] === undefined || isOurs(headers['origin']));
}

function toolsFor(options: PlatformOptions, origin: string, code: string): StandInTools {
  const { host, port, clock, dataDir } = options;
  const faults = new FaultQueue();
  const state = dataDir === undefined ? noStateFile() : stateFile(dataDir, code, clock);
  return { origin, host, port, clock, faults, notifier: new Notifier(clock, faults), state };
}

/** Longest beginning first. Throws when two stand-ins want the same one. */
function routesOf(standIns: readonly MountedStandIn[]): readonly (readonly [string, MountedStandIn])[] {
  const routes = standIns.flatMap((standIn) => standIn.paths.map((path) => [path, standIn] as const));
  const twice = routes.find(([path], at) => routes.findIndex(([other]) => other === path) !== at);
  if (twice !== undefined) throw new RangeError(`paths: two stand-ins want ${twice[0]}`);
  return routes.toSorted(([a], [b]) => b.length - a.length);
}

/** Serves one HTTP request through `answer`; also for a stand-in's own TLS port. */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (wire: WireRequest) => Promise<WireAnswer>,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const wire = { method: request.method ?? '', target: request.url ?? '', headers, body };
  const given = await answer(wire).catch((error: unknown) => plain(500, `Fault of the stand-in: ${String(error)}`));
  if (given.isLost === true) request.socket.destroy();
  else if (!response.destroyed) response.writeHead(given.status, given.headers).end(given.body);
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > requestMaxBytes) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

async function fromRequest(request: Request): Promise<WireRequest> {
  const url = new URL(request.url);
  return {
    method: request.method,
    target: `${url.pathname}${url.search}`,
    headers: { host: url.host, ...Object.fromEntries(request.headers) },
    body: Buffer.from(await request.arrayBuffer()),
  };
}

function toResponse(answer: WireAnswer): Response {
  if (answer.isLost === true) throw new TypeError('The connection was cut.');
  const isBare = answer.status === 204 || answer.status === 304;
  return new Response(isBare ? null : Buffer.from(answer.body as Uint8Array), {
    status: answer.status,
    headers: answer.headers,
  });
}

function plain(status: number, text: string): WireAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: text };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
