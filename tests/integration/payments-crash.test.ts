import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded } from '../../server/store/embedded.ts';
import { type Counter, Crowd, reckon } from './payments/crowd.ts';
import { servePlatform } from './payments/remote-toy.ts';
import { cashier, Shop } from './payments/shop.ts';
import { Cluster } from './server/world.ts';

const program = fileURLToPath(new URL('./payments/kill-shop.ts', import.meta.url));
const terminals = 100;
const rounds = 3;
const killAfter = 120;
const children: ChildProcess[] = [];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cluster.stop();
});

async function startChild(args: readonly string[]): Promise<{ child: ChildProcess; urls: readonly string[] }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (chunk: Buffer) => {
      done(chunk.toString().trim());
    });
    child.once('exit', () => {
      fail(new Error('the server ended at start'));
    });
  });
  return { child, urls: line.split(' ') };
}

/** The counter of a server in another process. */
function remote(shop: Shop, [url = '', control = '']: readonly string[]): Counter {
  const post = async <T>(path: string, body: unknown): Promise<T> =>
    (await (await fetch(control + path, { method: 'POST', body: JSON.stringify(body) })).json()) as T;
  return {
    order: (order) => post('/order', order),
    start: (attempt) => post('/start', attempt),
    notify: async (attemptNo) => {
      const { headers, body } = shop.platform('toy-a').notice(attemptNo);
      const path = `/api/notify/toy-a/${shop.accounts.get('toy-a') ?? ''}`;
      const heard = await fetch(url + path, { method: 'POST', headers, body: Buffer.from(body) });
      if (heard.status !== 200) throw new Error(`not heard: ${String(heard.status)}`);
    },
  };
}

/** The counter of the server in this process. */
function local(shop: Shop): Counter {
  return {
    order: (order) => shop.payments.createOrder(cashier, order),
    start: (attempt) => shop.payments.startAttempt(cashier, attempt),
    notify: async (attemptNo) => {
      if ((await shop.notify('toy-a', attemptNo)) !== 200) throw new Error('not heard');
    },
  };
}

describe('kill -9 of the server under the load of 100 terminals', () => {
  it('loses no payment and doubles none; the sweeper of another server completes them', async () => {
    const shop = await Shop.open(cluster);
    shop.nowMs = Date.now();
    await shop.limit({ channel: 'toy-a', window: 'day', maxFen: 10_000_000 });
    const { url, server } = await servePlatform(shop.platform('toy-a'));
    const { dataDir, databaseUrl } = shop.context.config;
    const { child, urls } = await startChild([dataDir, databaseUrl, url]);
    const crowd = new Crowd(shop);
    await crowd.run(await shop.terminals(terminals), remote(shop, urls), rounds, () => {
      if (crowd.answered === killAfter) child.kill('SIGKILL');
    });
    expect(crowd.unanswered.length, 'the kill must come in the middle').toBeGreaterThan(0);
    shop.nowMs = Date.now();
    await crowd.resend(local(shop));
    await shop.settle();
    await reckon(shop, crowd.orderIds);
    server.close();
    await shop.close();
  });
});

describe('kill -9 of PostgreSQL under the load of 100 terminals', () => {
  it('loses no payment and doubles none; everything goes on when it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tillkeeper-test-'));
    chmodSync(folder, 0o755);
    let postgres = await startEmbedded({ dataDir: folder });
    const { port } = new URL(postgres.url);
    const shop = await Shop.open({ folder, database: async () => postgres.url });
    await shop.limit({ channel: 'toy-a', window: 'day', maxFen: 10_000_000 });
    const crowd = new Crowd(shop);
    await crowd.run(await shop.terminals(terminals), local(shop), rounds, () => {
      if (crowd.answered === killAfter) process.kill(postgres.pid, 'SIGKILL');
    });
    expect(crowd.unanswered.length, 'the kill must come in the middle').toBeGreaterThan(0);
    postgres = await startEmbedded({ dataDir: folder, port: Number(port) });
    await expect.poll(() => isUp(postgres.url), { timeout: 30_000, interval: 50 }).toBe(true);
    await crowd.resend(local(shop));
    await shop.settle();
    await reckon(shop, crowd.orderIds);
    await shop.close();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });
});

async function isUp(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
