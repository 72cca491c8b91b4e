import { createServer } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { UnlockPolicy } from '../domain/unlock/policy.ts';
import { alipayStandIn } from '../mock-server/platforms/alipay/stand-in.ts';
import { acquirerPublicKey } from '../mock-server/platforms/bank-card/host.ts';
import { bankCardStandIn } from '../mock-server/platforms/bank-card/stand-in.ts';
import { systemClock } from '../mock-server/platforms/frame/clock.ts';
import { type Platforms, startPlatforms } from '../mock-server/platforms/frame/platforms.ts';
import { unionPayStandIn } from '../mock-server/platforms/unionpay-qr/stand-in.ts';
import { weChatPayStandIn } from '../mock-server/platforms/wechat-pay/stand-in.ts';
import { startTerminals, type Terminals, type TerminalSpec } from '../mock-server/terminal/terminals.ts';
import type { RunningServer } from '../server/start.ts';
import { startServer } from '../server/start.ts';
import { demoAccountDomain, demoPeople, demoTerminals } from './demo-data.ts';
import { seedDemoFees } from './demo-fees.ts';
import { seedDemoPayments } from './demo-payments.ts';
import { seedDemo } from './demo-seed.ts';
import { type Front, startFront } from './lan.ts';
import { lanCertificate } from './lan-certificate.ts';

/** Settings of `startStack`; ports of 0 take any free one. */
export interface StackOptions {
  readonly dataDir: string;
  readonly serverPort: number;
  readonly terminalsPort: number;
  /** Of the simulated platforms and their wallet; the acquirer's host is one above. */
  readonly platformsPort: number;
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
  /** Answer on this address of the machine's own network too, by https, so that a real phone can be used. */
  readonly lan?: { readonly address: string; readonly port: number; readonly walletPort: number };
}

/** Server, database, simulated terminals and demo data, running together. */
export interface Stack {
  readonly server: RunningServer;
  readonly terminals: Terminals;
  readonly platforms: Platforms;
  /** Address of the app. */
  readonly url: string;
  /** The addresses on the machine's own network, with `lan`. */
  readonly lan?: Pick<LanFronts, 'url' | 'walletUrl'>;
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

/** The https fronts of server and wallet. */
interface LanFronts {
  readonly url: string;
  readonly walletUrl: string;
  close(): Promise<void>;
}

/**
 * Opens the fronts, and makes this process trust their authority: the simulated platforms notify the server by its public
 * address, as real ones do.
 */
async function openFronts(
  { dataDir, lan }: StackOptions,
  serverPort: number,
  platformsPort: number,
): Promise<LanFronts | undefined> {
  if (lan === undefined) return undefined;
  const { address } = lan;
  const certificate = await lanCertificate(join(dataDir, 'lan'), address, Date.now());
  setDefaultCACertificates([...getCACertificates('default'), certificate.authority]);
  const fronts: Front[] = [];
  const close = async (): Promise<void> => {
    for (const front of fronts) await front.close();
  };
  try {
    fronts.push(await startFront({ address, port: lan.port, target: serverPort, certificate }));
    fronts.push(await startFront({ address, port: lan.walletPort, target: platformsPort, certificate }));
  } catch (error) {
    await close();
    throw error;
  }
  return { url: fronts[0]?.url ?? '', walletUrl: fronts[1]?.url ?? '', close };
}

function serverStarter(
  options: StackOptions,
  serverPort: number,
  terminalsPort: number,
  publicUrl: string | undefined,
): () => Promise<RunningServer> {
  const { dataDir, staticDir, databaseUrl, policy, clock, logLevel = 'warn' } = options;
  const localUrl = `http://localhost:${serverPort}`;
  const allowedOrigins = [...(options.allowedOrigins ?? []), ...(publicUrl === undefined ? [] : [localUrl])];
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
      publicUrl: publicUrl ?? localUrl,
      logLevel,
      ...(publicUrl === undefined ? {} : { trustedProxies: ['127.0.0.1'] }),
      demo: { terminals: links, worldUrl: `http://localhost:${terminalsPort}/`, accountDomain: demoAccountDomain },
      ...(staticDir === undefined ? {} : { staticDir }),
      ...(allowedOrigins.length === 0 ? {} : { allowedOrigins }),
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
      acquirerPublicKey: acquirerPublicKey(),
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
  const platformsPort = options.lan === undefined ? options.platformsPort : await freePort(options.platformsPort);
  const lan = await openFronts(options, serverPort, platformsPort);
  const start = serverStarter(options, serverPort, terminalsPort, lan?.url);
  const undo: (() => Promise<void>)[] = lan === undefined ? [] : [() => lan.close()];
  let running = await start();
  undo.push(() => running.close());
  const closeAll = async (): Promise<void> => {
    for (const close of undo.toReversed()) await close();
  };
  try {
    const platforms = await startPlatforms({
      host: '127.0.0.1',
      port: platformsPort,
      ...(lan === undefined ? {} : { publicOrigin: lan.walletUrl }),
      dataDir: join(options.dataDir, 'platforms'),
      clock: systemClock(),
      standIns: [weChatPayStandIn(), alipayStandIn(), bankCardStandIn, unionPayStandIn()],
    });
    undo.push(() => platforms.close());
    const terminals = await startDemoTerminals(options, terminalsPort, running, serverPort);
    undo.push(() => terminals.close());
    const { merchantIds } = await seedDemo(running.context, terminals, (options.clock ?? Date.now)());
    await seedDemoPayments(running.context, platforms.standIns, merchantIds);
    await seedDemoFees(running.context, platforms.standIns, (options.clock ?? Date.now)());
    return {
      get server() {
        return running;
      },
      terminals,
      platforms,
      url: `http://localhost:${serverPort}`,
      ...(lan === undefined ? {} : { lan: { url: lan.url, walletUrl: lan.walletUrl } }),
      stopServer: () => running.close(),
      async restartServer() {
        running = await start();
      },
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
