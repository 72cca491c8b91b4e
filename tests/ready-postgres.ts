import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pool } from 'pg';
import { startEmbedded } from '../server/store/embedded.ts';
import { findInstalledPackage } from '../server/store/embedded-host.ts';
import { migrate } from '../server/store/migrate.ts';

const storeFolder = fileURLToPath(new URL('../server/store', import.meta.url));
const prefix = 'tillkeeper-ready-postgres-';
const dayMs = 86_400_000;

/** What a test's PostgreSQL need not do: no test pulls the plug of the machine. A killed process loses nothing by it. */
export const testSettings = { fsync: 'off' } as const;

/** A new folder below the system's temporary one; PostgreSQL, which is not root, may pass through it. */
export function testFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `tillkeeper-${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}

/**
 * Puts a PostgreSQL with the newest schema and no rows into a data folder that has none, so that not every test file
 * makes a cluster and walks through all migrations. It is made once for a version of the store and kept in the system's
 * temporary folder.
 */
export async function putReadyPostgres(dataDir: string): Promise<void> {
  const ready = join(tmpdir(), prefix + digestOfStore());
  if (!existsSync(ready)) await makeReady(ready);
  mkdirSync(dataDir, { recursive: true });
  const copied = spawnSync('cp', ['-a', `${ready}/.`, dataDir], { encoding: 'utf8' });
  if (copied.status !== 0) throw new Error(`the ready-made PostgreSQL was not copied: ${copied.stderr}`);
  // Also where the server starts it, which knows nothing of tests.
  const settings = Object.entries(testSettings).map(([name, value]) => `${name} = ${value}\n`);
  appendFileSync(join(dataDir, 'postgres', 'postgresql.auto.conf'), settings.join(''));
}

function digestOfStore(): string {
  const migrations = join(storeFolder, 'migrations');
  const files = readdirSync(migrations).map((name) => join(migrations, name));
  const hash = createHash('sha256').update(findInstalledPackage());
  for (const file of [...files.sort(), join(storeFolder, 'migrate.ts'), join(storeFolder, 'embedded.ts')])
    hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

async function makeReady(ready: string): Promise<void> {
  dropOld();
  const folder = testFolder('unready-postgres');
  const postgres = await startEmbedded({ dataDir: folder, settings: testSettings });
  const pool = new Pool({ connectionString: postgres.url });
  // The stop below may overtake the goodbye of a connection, and the pool then hears that it was cut.
  pool.on('error', () => undefined);
  await migrate(pool);
  await pool.end();
  await postgres.stop();
  try {
    renameSync(folder, ready);
  } catch {
    // Another test file was faster.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What earlier versions left: another run may be using a newer one. */
function dropOld(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const path = join(tmpdir(), name);
    if (Date.now() - statSync(path).mtimeMs > dayMs) rmSync(path, { recursive: true, force: true });
  }
}
