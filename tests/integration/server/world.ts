import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { endpoints, routePath, type RouteName } from '../../../protocol/http/paths.ts';
import type { RouteBody, RouteReply } from '../../../protocol/http/routes.ts';
import type { ErrorBody, Role } from '../../../protocol/http/common.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { type RunningServer, startServer } from '../../../server/start.ts';
import { type EmbeddedPostgres, startEmbedded } from '../../../server/store/embedded.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';
import { putReadyPostgres, testFolder, testSettings } from '../../ready-postgres.ts';
import { TestDevice, text } from './device.ts';

/** A new id. */
export const newId = (): string => uuidv7(Date.now());
/** Second factors of the approvers in these tests. */
export const totpSecrets = { zhou: 'KRUWY3DLMVSXAZLSIRSW23ZR', he: 'KRUWY3DLMVSXAZLSIRSW23ZS' } as const;

/** One PostgreSQL for a test file; a database for each test. */
export class Cluster {
  readonly folder: string;
  readonly #postgres: EmbeddedPostgres;
  #count = 0;

  private constructor(folder: string, postgres: EmbeddedPostgres) {
    this.folder = folder;
    this.#postgres = postgres;
  }

  static async start(): Promise<Cluster> {
    const folder = testFolder('test');
    await putReadyPostgres(folder);
    return new Cluster(folder, await startEmbedded({ dataDir: folder, settings: testSettings }));
  }

  /** A fresh database with the newest schema. @returns its address. */
  async database(): Promise<string> {
    const name = `test_${String((this.#count += 1))}`;
    const client = new Client({ connectionString: this.#address('postgres') });
    await client.connect();
    // Nobody ever connects to the cluster's own database, so it can be copied at any time.
    await client.query(`create database ${name} template ${new URL(this.#postgres.url).pathname.slice(1)}`);
    await client.end();
    return this.#address(name);
  }

  #address(database: string): string {
    return this.#postgres.url.replace(/\/[^/]*$/, `/${database}`);
  }

  async stop(): Promise<void> {
    await this.#postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a call gave: the status and the body, whatever it is. */
export interface Reply<T> {
  readonly status: number;
  readonly body: T;
  /** Error code, or `undefined` on success. */
  readonly code: string | undefined;
  readonly field: string | undefined;
}

/** Somebody with a session. */
export class Person {
  readonly id: string;
  readonly #url: () => string;
  readonly #cookie: string;

  constructor(id: string, url: () => string, cookie: string) {
    this.id = id;
    this.#url = url;
    this.#cookie = cookie;
  }

  headers(): Record<string, string> {
    return { cookie: this.#cookie };
  }

  async call<N extends RouteName>(
    name: N,
    params: Record<string, string> = {},
    body?: RouteBody<N> | Record<string, unknown>,
    query = '',
  ): Promise<Reply<RouteReply<N>>> {
    const [method] = endpoints[name];
    const response = await fetch(this.#url() + routePath(name, params) + query, {
      method,
      headers: { cookie: this.#cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return readReply(response);
  }

  async putPhoto(caseId: string, kind: string, photo = jpeg()): Promise<Reply<RouteReply<'putPhoto'>>> {
    const path = routePath('putPhoto', { id: caseId, photoId: newId() });
    const headers = { cookie: this.#cookie, 'content-type': 'image/jpeg', 'x-photo-kind': kind };
    return readReply(await fetch(this.#url() + path, { method: 'PUT', headers, body: photo }));
  }
}

async function readReply<T>(response: Response): Promise<Reply<T>> {
  const raw = await response.text();
  const body = (raw === '' ? undefined : JSON.parse(raw)) as T;
  const error = response.ok ? undefined : (body as ErrorBody).error;
  return { status: response.status, body, code: error?.code, field: error?.field };
}

/** A picture by its first bytes; each one different. */
export function jpeg(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, ...crypto.getRandomValues(new Uint8Array(64))]);
}

/** A terminal that is registered, locked and has a ticket. */
export interface Site {
  readonly device: TestDevice;
  readonly terminalId: string;
  readonly ticketId: string;
}

/** A server with people, over its own database; its clock stands still until it is moved. */
export class World {
  nowMs = Date.parse('2026-11-23T06:00:00Z');
  /** The authenticators' clock: it stands still, so that no half minute ends between a code and its use. */
  #authenticatorMs = Date.parse('2026-11-23T06:00:00Z');
  readonly databaseUrl: string;
  readonly #config: ServerConfig;
  #server: RunningServer | undefined;
  #merchantId = '';

  private constructor(config: ServerConfig, databaseUrl: string) {
    this.databaseUrl = databaseUrl;
    this.#config = { ...config, databaseUrl, clock: () => this.nowMs, factorClock: () => this.#authenticatorMs };
  }

  static async start(cluster: Cluster, config: Partial<ServerConfig> = {}): Promise<World> {
    const dataDir = mkdtempSync(join(cluster.folder, 'server-'));
    const demo = { terminals: [], worldUrl: 'http://localhost/', accountDomain: 'test.invalid' };
    const world = new World({ dataDir, logLevel: 'error', demo, ...config }, await cluster.database());
    await world.restart();
    world.#merchantId = newId();
    const merchant = { id: world.#merchantId, name: '桂园物业', contact: '', address: '' };
    await world.server.context.services.registry.createMerchant(undefined, merchant);
    return world;
  }

  get server(): RunningServer {
    if (this.#server === undefined) throw new Error('the server is not running');
    return this.#server;
  }

  async restart(): Promise<void> {
    await this.#server?.close();
    this.#server = await startServer(this.#config);
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  async person(name: string, role: Role, totpSecret?: string, merchantId?: string): Promise<Person> {
    const email = `${name}@test.invalid`;
    const person = { name, email, role, totpSecret, merchantId };
    const id = await this.server.context.services.people.ensurePerson(person);
    return this.signIn(id, email);
  }

  /** The merchant whose terminals `site` makes. */
  get merchantId(): string {
    return this.#merchantId;
  }

  async signIn(id: string, email: string): Promise<Person> {
    const response = await fetch(`${this.server.url}/api/demo/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email }),
    });
    if (!response.ok) throw new Error(`sign-in: ${await response.text()}`);
    const cookie = response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
    return new Person(id, () => this.server.url, cookie.join('; '));
  }

  /** A code of this person's authenticator that has not been used; the next half minute begins when there is none left. */
  async code(person: Person): Promise<string> {
    const { factors } = this.server.context;
    const known = await factors.demoCode(person.id);
    if (known !== undefined) return known;
    this.#authenticatorMs += 30_000;
    const code = await factors.demoCode(person.id);
    if (code === undefined) throw new Error('this person has no authenticator');
    return code;
  }

  /** What confirms an act that gives rights. */
  async confirm(person: Person) {
    return { id: newId(), factor: { kind: 'totp' as const, code: await this.code(person) } };
  }

  device(): TestDevice {
    return new TestDevice(this.server.context.trust.keyset().bytes);
  }

  async site(technician: Person | undefined, device = this.device()): Promise<Site> {
    const { registry, tickets } = this.server.context.services;
    const terminalId = newId();
    const serial = `QT60-${terminalId.slice(-8)}`;
    const registered = await registry.registerTerminal(undefined, {
      ...{ id: terminalId, merchantId: this.#merchantId, label: 'G3-02', serial, model: 'QT-60', place: 'Lobby' },
      seal: '0047 8812',
      deviceId: Buffer.from(device.deviceId).toString('hex'),
      identityPublicKey: text(device.identityPublicKey),
    });
    const ticketId = newId();
    const ticket = await tickets.create(undefined, { id: ticketId, terminalId, note: '', assigneeId: technician?.id });
    if (!registered.ok || !ticket.ok) throw new Error('the site could not be made');
    return { device, terminalId, ticketId };
  }

  /** Audit acts about a terminal, oldest first, once all are sequenced. */
  async acts(subject: string): Promise<string[]> {
    await this.server.context.sequencer.drain();
    const { rows } = await this.server.context.store.pool.query<{ act: string }>(
      'select act from audit where subject = $1 order by seq',
      [subject],
    );
    return rows.map((row) => row.act);
  }

  async alarms(): Promise<string[]> {
    const { items } = await this.server.context.services.alarms.list({ limit: 100 });
    return items.map((alarm) => alarm.kind);
  }

  /** Lets the time-driven work of this moment happen now. */
  async runJobs(): Promise<void> {
    const { expireGrants, raiseMissingReceipts, releaseProbations } = await import('../../../server/jobs/work.ts');
    const { endDelegations, raiseMissingUses, revokeOfLeavers } =
      await import('../../../server/services/field/sweep.ts');
    const { core } = this.server.context;
    await endDelegations(core);
    await revokeOfLeavers(core);
    await raiseMissingUses(core);
    await expireGrants(core);
    await raiseMissingReceipts(core);
    await releaseProbations(core);
  }
}
