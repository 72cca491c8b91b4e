import { createServer } from 'node:net';
import { join } from 'node:path';
import type { UnlockPolicy } from '../domain/unlock/policy.ts';
import { startTerminals, type Terminals, type TerminalSpec } from '../mock-server/terminal/terminals.ts';
import type { RunningServer } from '../server/start.ts';
import { startServer } from '../server/start.ts';
import { demoAccountDomain, demoPeople, demoTerminals } from './demo-data.ts';
import { seedDemo } from './demo-seed.ts';

/** Settings of `startStack`; ports of 0 take any free one. */
export interface StackOptions {
  readonly dataDir: string;
  readonly serverPort: number;
  readonly terminalsPort: number;
  /** The built app; without it the server answers its interface only. */
  readonly staticDir?: string;
  /** More origins that may call the server, such as Vite's. */
  readonly allowedOrigins?: readonly string[];
  readonly databaseUrl?: string;
  readonly policy?: UnlockPolicy;
  /** Unix milliseconds, for server and terminals alike; tests move it. */
  readonly clock?: () => number;
  readonly logLevel?: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  /** Line settings that differ from the rest, by serial. */
  readonly cables?: Readonly<Record<string, Pick<TerminalSpec, 'baud' | 'noise'>>>;
}

/** Server, database, simulated terminals and demo data, running together. */
export interface Stack {
  readonly server: RunningServer;
  readonly terminals: Terminals;
  /** Address of the app. */
  readonly url: string;
  /** Ends the server and starts it again on the same port and database, as an update would. */
  restartServer(): Promise<void>;
  stopServer(): Promise<void>;
  close(): Promise<void>;
}

async function freePort(wanted: number): Promise<number> {
  if (wanted !== 0) return wanted;
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

function serverStarter(options: StackOptions, serverPort: number, terminalsPort: number): () => Promise<RunningServer> {
  const { dataDir, staticDir, allowedOrigins, databaseUrl, policy, clock, logLevel = 'warn' } = options;
  const links = demoTerminals.map(({ label, serial }) => ({
    label,
    serial,
    cableUrl: `ws://localhost:${terminalsPort}/cable/${serial}`,
  }));
  return () =>
    startServer({
      dataDir: join(dataDir, 'server'),
      host: '127.0.0.1',
      port: serverPort,
      publicUrl: `http://localhost:${serverPort}`,
      logLevel,
      demo: { terminals: links, worldUrl: `http://localhost:${terminalsPort}/`, accountDomain: demoAccountDomain },
      ...(staticDir === undefined ? {} : { staticDir }),
      ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      ...(policy === undefined ? {} : { policy }),
      ...(clock === undefined ? {} : { clock }),
    });
}

function startDemoTerminals(
  options: StackOptions,
  port: number,
  server: RunningServer,
  serverPort: number,
): Promise<Terminals> {
  const authenticators = demoPeople
    .filter(({ totpSecret }) => totpSecret !== undefined)
    .map(({ name, email, totpSecret }) => ({
      name,
      otpauthUrl: `otpauth://totp/Tillkeeper:${encodeURIComponent(email)}?secret=${totpSecret ?? ''}&issuer=Tillkeeper&period=30&digits=6`,
    }));
  return startTerminals({
    host: '127.0.0.1',
    port,
    dataDir: join(options.dataDir, 'terminals'),
    terminals: demoTerminals.map(({ serial, label, model }) => ({ serial, label, model, ...options.cables?.[serial] })),
    trust: {
      rootPublicKey: server.context.core.keys().rootPublicKey,
      keyset: server.context.trust.keyset().bytes,
    },
    authenticators,
    serverUrl: `http://127.0.0.1:${serverPort}`,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
}

/** Starts everything on loopback and fills in the demo's data once. Throws with the part's own message. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const serverPort = await freePort(options.serverPort);
  const terminalsPort = await freePort(options.terminalsPort);
  const start = serverStarter(options, serverPort, terminalsPort);
  let running = await start();
  const terminals = await startDemoTerminals(options, terminalsPort, running, serverPort).catch(
    async (error: unknown) => {
      await running.close();
      throw error;
    },
  );
  await seedDemo(running.context, terminals, (options.clock ?? Date.now)());
  return {
    get server() {
      return running;
    },
    terminals,
    url: `http://localhost:${serverPort}`,
    stopServer: () => running.close(),
    async restartServer() {
      running = await start();
    },
    async close() {
      await terminals.close();
      await running.close();
    },
  };
}
