import { cp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import type { BrowserContext, BrowserContextOptions } from 'playwright-core';
import type { UnlockPolicy } from '../../../domain/unlock/policy.ts';
import { startTerminals } from '../../../mock-server/terminal/terminals.ts';
import type { Terminals, TerminalSpec } from '../../../mock-server/terminal/terminals.ts';
import type { Tuning } from '../../../mock-server/terminal/firmware.ts';
import type { PtyCable } from '../../../mock-server/terminal/pty.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import type { LinkStats } from '../../../protocol/cable/v1/link-types.ts';
import { base64UrlDecode } from '../../../protocol/bytes.ts';
import { builtAppFolder, ensureBuilt } from '../../../scripts/build-app.ts';
import { startServer } from '../../../server/start.ts';
import type { RunningServer } from '../../../server/start.ts';
import { startEmbedded } from '../../../server/store/embedded.ts';
import type { EmbeddedPostgres } from '../../../server/store/embedded.ts';
import { putReadyPostgres, testFolder } from '../../ready-postgres.ts';
import { launchForPages } from '../../serial-bench/chromium.ts';
import { openBench } from '../../serial-bench/bench.ts';
import type { SerialBench } from '../../serial-bench/bench.ts';
import { FaultProxy } from './fault-proxy.ts';
import { acquirerPublicKey } from '../../../mock-server/platforms/bank-card/host.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import { startWorldPlatforms } from './world-platforms.ts';
import { openTicket, seedWorld } from './seed.ts';
import type { Seeded } from './seed.ts';

/** What a world is made of. */
export interface WorldOptions {
  /** Labels; the serials are made from them. */
  readonly terminals: readonly string[];
  /** True: Chromium sees a serial port; false: a plain Chromium, for the simulated cable. */
  readonly serial: boolean;
  readonly policy?: UnlockPolicy;
  /** The server's clock, Unix milliseconds. */
  readonly clock?: () => number;
  /** The terminals' clock, Unix milliseconds. */
  readonly terminalClock?: () => number;
  readonly tuning?: Tuning;
  /** Puts a network that can fail between the browser and the server. */
  readonly proxied?: boolean;
  /** With the simulated platforms and the acquirer, and accounts of the world's merchant there. */
  readonly payments?: boolean;
  /** Rate of the cables; 115,200 baud when left out. */
  readonly baud?: number;
}

const usb = { vendorId: 0x1209, productId: 0x7470 };
const defaultBaud = 115_200;
const quickTuning: Tuning = { stepMs: 40, rebootMs: 300 };

function serialOf(label: string): string {
  return `QT60-${label}`;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A server, its PostgreSQL, terminals and a browser, all real and all on loopback. */
export class World {
  readonly origin: string;
  readonly #options: WorldOptions;
  readonly #folder: string;
  readonly #ports: { readonly server: number; readonly terminals: number; readonly front: number };
  readonly #postgres: EmbeddedPostgres;
  #server: RunningServer | undefined;
  #terminals: Terminals | undefined;
  #seeded: Seeded | undefined;
  #proxy: FaultProxy | undefined;
  #bench: SerialBench | undefined;
  #platforms: Platforms | undefined;
  #browser: Awaited<ReturnType<typeof launchForPages>> | undefined;
  /** The terminal whose port is plugged in, and its port. */
  #plugged: { readonly label: string; readonly port: PtyCable } | undefined;

  private constructor(
    options: WorldOptions,
    folder: string,
    postgres: EmbeddedPostgres,
    ports: { server: number; terminals: number; front: number },
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#postgres = postgres;
    this.#ports = ports;
    this.origin = `http://localhost:${ports.front}`;
  }

  /** Starts everything. With a serial port the first terminal is plugged in. */
  static async open(options: WorldOptions): Promise<World> {
    await ensureBuilt();
    const folder = testFolder('world');
    await putReadyPostgres(folder);
    // A copy, so that a build meanwhile does not change what the page is served.
    await cp(builtAppFolder, join(folder, 'app'), { recursive: true });
    const postgres = await startEmbedded({ dataDir: folder });
    const server = await freePort();
    const front = options.proxied === true ? await freePort() : server;
    const world = new World(options, folder, postgres, { server, terminals: await freePort(), front });
    if (front !== server) world.#proxy = await FaultProxy.start(front, server);
    await world.startServer();
    await world.#startTerminals();
    await world.#startBrowser();
    return world;
  }

  /** The running server. Throws while it is stopped. */
  get server(): RunningServer {
    if (this.#server === undefined) throw new Error('The world’s server is stopped');
    return this.#server;
  }

  /** The network in front of the server. Throws in a world without one. */
  get proxy(): FaultProxy {
    if (this.#proxy === undefined) throw new Error('This world’s server is reached directly');
    return this.#proxy;
  }

  /** The folder that the app is served from; a test may put another build there. */
  get appFolder(): string {
    return join(this.#folder, 'app');
  }

  get databaseUrl(): string {
    return this.#postgres.url;
  }

  /** The simulated platforms. Throws in a world without payments. */
  get platforms(): Platforms {
    if (this.#platforms === undefined) throw new Error('This world has no platforms');
    return this.#platforms;
  }

  get terminals(): Terminals {
    if (this.#terminals === undefined) throw new Error('The world has no terminals yet');
    return this.#terminals;
  }

  /** Starts the server again, on the same port, database and keys. */
  async startServer(): Promise<void> {
    const { policy, clock } = this.#options;
    const worldUrl = `http://127.0.0.1:${this.#ports.terminals}/`;
    const terminals = this.#options.terminals.map((label) => ({
      label,
      serial: serialOf(label),
      cableUrl: `ws://127.0.0.1:${this.#ports.terminals}/cable/${serialOf(label)}`,
    }));
    this.#server = await startServer({
      dataDir: this.#folder,
      host: '127.0.0.1',
      port: this.#ports.server,
      publicUrl: this.origin,
      databaseUrl: this.#postgres.url,
      staticDir: join(this.#folder, 'app'),
      logLevel: 'silent',
      demo: { terminals, worldUrl, accountDomain: 'world.invalid' },
      ...(policy === undefined ? {} : { policy }),
      ...(clock === undefined ? {} : { clock }),
    });
  }

  async stopServer(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  /** A browser profile of its own: another person, or the same one on another machine. */
  context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const browser = this.#bench?.browser ?? this.#browser;
    if (browser === undefined) throw new Error('The world has no browser');
    return browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 }, ...options });
  }

  device(label: string): SecureDevice {
    return this.terminals.device(serialOf(label));
  }

  /** The state of a terminal's device. Throws when it is off. */
  stateOf(label: string): string {
    const { firmware } = this.device(label);
    if (firmware === undefined) throw new Error(`Terminal ${label} is off`);
    return firmware.core.state;
  }

  /** Id of a registered terminal. */
  terminalId(label: string): string {
    const id = this.#seeded?.terminalIds.get(serialOf(label));
    if (id === undefined) throw new Error(`No terminal ${label} in this world`);
    return id;
  }

  /** Opens a ticket for the terminal, assigned to the world's technician unless another is named; its id. */
  async ticketFor(label: string, assigneeId?: string): Promise<string> {
    const id = this.#seeded?.terminalIds.get(serialOf(label));
    if (id === undefined || this.#seeded === undefined) throw new Error(`No terminal ${label} in this world`);
    return openTicket(this.server, id, assigneeId ?? this.#seeded.technicianId);
  }

  /** Plugs the terminal's cable into the browser's machine, in place of what was plugged in. */
  async plugIn(label: string): Promise<void> {
    await this.unplug();
    const port = await this.terminals.openPort(serialOf(label));
    if (!port.isPlugged) await port.replug();
    this.#plugged = { label, port };
    await this.#bench?.replug({ ptyPath: port.path, serialNumber: serialOf(label) });
  }

  /** Pulls the cable. */
  async unplug(): Promise<void> {
    const plugged = this.#plugged;
    this.#plugged = undefined;
    if (plugged === undefined) return;
    await plugged.port.unplug();
    await this.#bench?.unplug();
  }

  /** The counters of the plugged-in terminal's end of the cable. Throws while nothing is plugged in. */
  cableStats(): LinkStats {
    const session = this.#plugged?.port.attachment?.session;
    if (session === undefined) throw new Error('No terminal is plugged in');
    return session.stats;
  }

  /** Rows of a query on the server's database. */
  async query(text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.#postgres.url });
    // A world that is closed while a failed test still asks cuts it.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(text, [...values])).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  /** States of the terminal's grants, oldest first. */
  async grantStates(label: string): Promise<readonly string[]> {
    const text = `SELECT g.state FROM grants g JOIN terminals t ON t.id = g.terminal_id WHERE t.serial = $1 ORDER BY g.made_at`;
    return (await this.query(text, [serialOf(label)])).map((row) => String(row['state']));
  }

  async close(): Promise<void> {
    await this.#bench?.close();
    await this.#browser?.close();
    await this.#terminals?.close();
    await this.#platforms?.close();
    await this.#proxy?.close();
    await this.stopServer();
    await this.#postgres.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startTerminals(): Promise<void> {
    const { baud = defaultBaud, tuning = quickTuning, terminalClock } = this.#options;
    const trust = (await (await fetch(`${this.server.url}/api/trust`)).json()) as Record<string, string>;
    const bytesOf = (name: string): Uint8Array => base64UrlDecode(trust[name] ?? '') ?? new Uint8Array(0);
    const specs: TerminalSpec[] = this.#options.terminals.map((label) => ({
      serial: serialOf(label),
      label,
      model: 'QT-60',
      baud,
    }));
    this.#terminals = await startTerminals({
      host: '127.0.0.1',
      port: this.#ports.terminals,
      terminals: specs,
      trust: {
        rootPublicKey: bytesOf('rootPublicKey'),
        keyset: bytesOf('keyset'),
        ...(this.#options.payments === true ? { acquirerPublicKey: acquirerPublicKey() } : {}),
      },
      tuning,
      ...(terminalClock === undefined ? {} : { clock: terminalClock }),
    });
    this.#seeded = await seedWorld(this.server, this.#terminals.identities);
    if (this.#options.payments === true)
      this.#platforms = await startWorldPlatforms(this.server, this.#seeded.merchantId, this.#folder);
  }

  async #startBrowser(): Promise<void> {
    const [first] = this.#options.terminals;
    if (!this.#options.serial || first === undefined) {
      this.#browser = await launchForPages();
      return;
    }
    const port = await this.terminals.openPort(serialOf(first));
    this.#bench = await openBench({
      ...usb,
      serialNumber: serialOf(first),
      origin: this.origin,
      ptyPath: port.path,
    });
    this.#plugged = { label: first, port };
  }
}
