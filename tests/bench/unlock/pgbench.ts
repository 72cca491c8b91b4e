import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

const clients = 8;
const threads = 2;
/** More branches than clients, as pgbench's manual demands: else the clients wait for each other's rows. */
const scale = 10;
const measuredSeconds = 10;
const debianFolder = '/usr/lib/postgresql';
const databaseName = 'pgbench_tpcb';

/** The path of pgbench: from PATH, or Debian's newest; undefined when there is none. */
export function findPgbench(): string | undefined {
  if (spawnSync('pgbench', ['--version'], { stdio: 'ignore' }).status === 0) return 'pgbench';
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder) : [];
  const paths = versions.sort((a, b) => Number(b) - Number(a)).map((v) => join(debianFolder, v, 'bin', 'pgbench'));
  return paths.find((path) => existsSync(path));
}

function siblingUrl(databaseUrl: string, database: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function query(databaseUrl: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/**
 * Runs pgbench's TPC-B with 8 clients against a database of its own on the same PostgreSQL, and gives transactions a
 * second. Throws with pgbench's words when it fails.
 */
export async function tpcbPerSecond(pgbench: string, databaseUrl: string): Promise<number> {
  await query(databaseUrl, `CREATE DATABASE ${databaseName}`);
  try {
    const target = siblingUrl(databaseUrl, databaseName);
    await run(pgbench, ['-i', '-q', '-s', String(scale), target]);
    const counts = ['-c', String(clients), '-j', String(threads), '-T', String(measuredSeconds)];
    const { stdout } = await run(pgbench, [...counts, target]);
    const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
    if (tps === undefined) throw new Error(`pgbench printed no rate: ${stdout}`);
    return Number(tps);
  } finally {
    await query(databaseUrl, `DROP DATABASE ${databaseName} WITH (FORCE)`);
  }
}
