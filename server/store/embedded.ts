import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { findInstalledPackage, type Identity, unprivilegedIdentity } from './embedded-host.ts';

/** Where the embedded PostgreSQL keeps its data, and on which port it listens (any free one when absent). */
export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly port?: number;
  /** Extra `-c name=value` settings. Durability settings stay as PostgreSQL ships them. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running PostgreSQL. `stop` ends it cleanly; open connections are cut. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** The server's process id. */
  readonly pid: number;
  /** False when a server that was running already was joined; then it is not ours to stop, unless its owner is gone. */
  readonly isOwner: boolean;
  stop(): Promise<void>;
}

const databaseName = 'tillkeeper';
const sharedFolder = '/var/lib/tillkeeper';
const superuser = 'tillkeeper';
const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;

/**
 * Starts a real PostgreSQL in `dataDir/postgres`, making the cluster at first start (UTF-8, fsync on, password kept in a
 * 0600 file). A server left behind by a killed process is taken over rather than fought. Works as root: PostgreSQL then
 * runs as another account, from a copy of its files where that account could not read them.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const place = preparePlace(resolve(options.dataDir));
  const password = readOrMakePassword(join(place.base, 'postgres.secret'));
  if (!existsSync(join(place.cluster, 'PG_VERSION'))) initialise(place, password);
  const left = runningServer(place.cluster);
  const port = left?.port ?? options.port ?? (await freePort());
  const child = left === undefined ? launch(place, port, options.settings ?? {}) : undefined;
  const url = (database: string): string => `postgres://${superuser}:${password}@127.0.0.1:${String(port)}/${database}`;
  await waitUntilReady(url('postgres'), child);
  await makeDatabase(url('postgres'));
  const pid = runningServer(place.cluster)?.pid ?? child?.pid ?? 0;
  return { url: url(databaseName), pid, isOwner: left === undefined, stop: () => stopServer(pid) };
}

interface Place {
  readonly base: string;
  readonly cluster: string;
  readonly binaries: string;
  readonly identity: Identity | undefined;
}

function preparePlace(dataDir: string): Place {
  const identity = unprivilegedIdentity();
  const installed = findInstalledPackage();
  mkdirSync(dataDir, { recursive: true });
  if (identity === undefined)
    return { base: dataDir, cluster: join(dataDir, 'postgres'), binaries: installed, identity };
  chmodSync(dataDir, 0o711);
  const canReach = (path: string): boolean => spawnSync('test', ['-x', path], { ...identity }).status === 0;
  const shared = join(sharedFolder, digestOf(dataDir));
  const base = canReach(dataDir) ? dataDir : shared;
  const binaries = canReach(join(installed, 'bin')) ? installed : copyBinaries(installed);
  if (base === shared) makeReachable(shared);
  const cluster = join(base, 'postgres');
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  chownSync(cluster, identity.uid, identity.gid);
  return { base, cluster, binaries, identity };
}

/** Makes a folder below `sharedFolder` that another account may pass through but not list. */
function makeReachable(folder: string): void {
  for (const path of [sharedFolder, folder]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** One copy for all data folders of an installation; another version or another installation has its own. */
function copyBinaries(from: string): string {
  const version = readFileSync(join(from, '..', 'package.json'), 'utf8');
  const folder = join(sharedFolder, `binaries-${digestOf(from + version)}`);
  const to = join(folder, 'binaries');
  if (existsSync(to)) return to;
  const unfinished = `${to}.${randomBytes(4).toString('hex')}`;
  makeReachable(folder);
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  renameSync(unfinished, to);
  return to;
}

function readOrMakePassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

function initialise(place: Place, password: string): void {
  const passwordFile = join(place.cluster, '..', `initdb.${randomBytes(4).toString('hex')}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (place.identity !== undefined) chownSync(passwordFile, place.identity.uid, place.identity.gid);
  const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${superuser}`];
  try {
    const run = spawnSync(
      join(place.binaries, 'bin', 'initdb'),
      [`--pgdata=${place.cluster}`, `--pwfile=${passwordFile}`, ...flags],
      { ...place.identity, cwd: '/', encoding: 'utf8' },
    );
    if (run.status !== 0) throw new Error(`initdb failed: ${run.stderr || run.stdout || String(run.error)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function launch(place: Place, port: number, settings: Readonly<Record<string, string>>): ChildProcess {
  const fixed = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '100', ...settings };
  const flags = Object.entries(fixed).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logFile = openSync(logPath(place), 'w', 0o600);
  // Detached: Ctrl-C in a terminal reaches the whole process group, and PostgreSQL must outlive the draining server.
  const child = spawn(join(place.binaries, 'bin', 'postgres'), ['-D', place.cluster, '-p', String(port), ...flags], {
    ...place.identity,
    cwd: '/',
    detached: true,
    stdio: ['ignore', logFile, logFile],
  });
  closeSync(logFile);
  child.unref();
  return child;
}

/** PostgreSQL's own words since its last start. */
function logPath(place: Place): string {
  return join(place.base, 'postgres.log');
}

/** The server that owns the cluster now, by its lock file; `undefined` when none is alive. */
function runningServer(cluster: string): { pid: number; port: number } | undefined {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pidLine = '', , , portLine = ''] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(pidLine);
  const port = Number(portLine);
  return isAlive(pid) && isPostgres(pid) && port > 0 ? { pid, port } : undefined;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Guards against a process id that was given to another program after a power cut; true where it cannot be seen. */
function isPostgres(pid: number): boolean {
  const file = `/proc/${String(pid)}/cmdline`;
  return !existsSync(file) || readFileSync(file, 'utf8').includes('postgres');
}

async function waitUntilReady(url: string, child: ChildProcess | undefined): Promise<void> {
  let spawnError: Error | undefined;
  child?.once('error', (error) => (spawnError = error));
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    if (spawnError !== undefined) throw new Error('PostgreSQL did not start', { cause: spawnError });
    if (child !== undefined && child.exitCode !== null) {
      throw new Error(
        `PostgreSQL ended at start with code ${String(child.exitCode)}; see postgres.log in the data folder`,
      );
    }
    const problem = await connectOnce(url);
    if (problem === undefined) return;
    if (Date.now() > deadline) throw new Error('PostgreSQL did not become ready', { cause: problem });
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function connectOnce(url: string): Promise<Error | undefined> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.query('select 1');
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function makeDatabase(adminUrl: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query(`create database ${databaseName} encoding 'UTF8'`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42P04') throw error;
  } finally {
    await client.end();
  }
}

async function stopServer(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + stopTimeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error('PostgreSQL did not stop');
    await new Promise((done) => setTimeout(done, 25));
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => {
        done(port);
      });
    });
  });
}
