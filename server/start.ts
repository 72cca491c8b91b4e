import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { ServerConfig } from './config.ts';
import { type ServerContext, createContext } from './context.ts';
import { securityHeaders } from './http/headers.ts';
import { startJobs } from './jobs/jobs.ts';
import { startPaymentJobs } from './jobs/payment-jobs.ts';
import { createLog } from './log.ts';
import { createApp } from './routes/app.ts';
import { openStore } from './store/database.ts';
import { startEmbedded } from './store/embedded.ts';
import { migrate } from './store/migrate.ts';

/** A running server. */
export interface RunningServer {
  /** Address that it listens on. */
  readonly url: string;
  readonly context: ServerContext;
  /** Answers 503 to what comes from now on, lets running calls finish, closes the pool, stops an embedded PostgreSQL. */
  close(): Promise<void>;
}

const drainMs = 10_000;

/** Starts a server; with an embedded PostgreSQL unless `databaseUrl` is set. */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  const log = createLog(config.logLevel ?? 'info');
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir: config.dataDir }) : undefined;
  const databaseUrl = config.databaseUrl ?? embedded?.url ?? '';
  const undo: (() => Promise<void>)[] = [async () => embedded?.stop()];
  const close = once(async () => {
    for (const step of undo.reverse()) await step();
  });
  try {
    await migrateOnce(databaseUrl, log);
    const answering = Promise.withResolvers<RequestListener>();
    // Calls that come while the rest still starts wait for it.
    const http = createServer((request, response) => {
      void answering.promise.then((answer) => {
        answer(request, response);
      });
    });
    const port = await listen(http, config.host ?? '127.0.0.1', config.port ?? 0);
    undo.push(() => stopHttp(http));
    const url = `http://${config.host === undefined || config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${String(port)}`;
    const resolved = {
      ...config,
      databaseUrl,
      publicUrl: config.publicUrl ?? url,
      allowedOrigins: config.allowedOrigins ?? [],
    };
    const context = await createContext(resolved, log);
    undo.splice(1, 0, () => context.close());
    const jobs = startJobs(context);
    const paymentJobs = startPaymentJobs(context);
    undo.splice(
      2,
      0,
      () => jobs.stop(),
      () => paymentJobs.stop(),
    );
    let isLeaving = false;
    undo.push(async () => {
      isLeaving = true;
      context.streams.closeAll();
      context.relay.close();
    });
    http.on('upgrade', (request, socket, head) => {
      if (isLeaving || !context.relay.upgrade(request, socket, head)) socket.destroy();
    });
    answering.resolve(listenerOf(context, () => isLeaving));
    log.info({ url: resolved.publicUrl }, 'ready');
    return { url, context, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listenerOf(context: ServerContext, isLeaving: () => boolean): RequestListener {
  const { publicUrl, demo } = context.config;
  const addHeaders = securityHeaders({ isHttps: publicUrl.startsWith('https:'), isDemo: demo !== undefined });
  const answer = getRequestListener(createApp(context).fetch);
  return (request, response) => {
    // A call on a connection that is kept alive, a stream that is opened anew above all, would hold the server back.
    if (isLeaving()) return refuseWhileLeaving(response);
    addHeaders(request, response);
    void answer(request, response);
  };
}

function refuseWhileLeaving(response: ServerResponse): void {
  response.writeHead(503, { connection: 'close', 'retry-after': '1' }).end();
}

async function migrateOnce(databaseUrl: string, log: ReturnType<typeof createLog>): Promise<void> {
  const store = openStore(databaseUrl, 1, log);
  try {
    const applied = await migrate(store.pool);
    if (applied.length > 0) log.info({ applied }, 'database brought up to date');
  } finally {
    await store.close();
  }
}

function listen(http: Server, host: string, port: number): Promise<number> {
  http.requestTimeout = 30_000;
  http.headersTimeout = 10_000;
  http.keepAliveTimeout = 65_000;
  return new Promise((done, fail) => {
    http.once('error', fail);
    http.listen(port, host, () => {
      http.off('error', fail);
      const address = http.address();
      done(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function stopHttp(http: Server): Promise<void> {
  const closed = new Promise<void>((done) => {
    http.close(() => {
      done();
    });
  });
  http.closeIdleConnections();
  const timer = setTimeout(() => {
    http.closeAllConnections();
  }, drainMs);
  await closed;
  clearTimeout(timer);
}

function once(act: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= act());
}
