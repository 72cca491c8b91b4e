import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FeeBench } from './fees/bench.ts';
import { servePlatform } from './payments/remote-toy.ts';
import { Cluster } from './server/world.ts';

const program = fileURLToPath(new URL('./payments/kill-shop.ts', import.meta.url));
const payments = 36;
const atOnce = 8;
const children: ChildProcess[] = [];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cluster.stop();
});

async function startChild(args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
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
  return { child, url: line.split(' ')[0] ?? '' };
}

/** Every payment at the wallet, none of which the server has heard of. */
async function paidAtPlatform(fees: FeeBench): Promise<string[]> {
  fees.world.nowMs = Date.now();
  await fees.app.signIn();
  const attempts: string[] = [];
  for (let index = 0; index < payments; index += 1) {
    const household = await fees.household();
    await fees.bill(household, 4_000 + index, { dueOn: '2027-12-20' });
    await fees.bill(household, 2_000 + index, { earlier: 1, dueOn: '2027-11-20' });
    const quote = await fees.quote(household);
    await fees.pay(quote);
    const [attempt] = await fees.attempts(quote.quoteId);
    fees.toy.pay(attempt?.attemptNo ?? '');
    attempts.push(attempt?.attemptNo ?? '');
  }
  return attempts;
}

it('kill -9 while payments come in: each is put towards its bills once, with one receipt', async () => {
  const fees = await FeeBench.start(cluster);
  const attempts = await paidAtPlatform(fees);
  const { dataDir } = fees.world.server.context.config;
  const accountId = fees.accountOf('toy-a');
  await fees.close();
  const { url: platform, server } = await servePlatform(fees.toy);
  const notify = async (url: string, attemptNo: string): Promise<boolean> => {
    const { headers, body } = fees.toy.notice(attemptNo);
    const path = `${url}/api/notify/toy-a/${accountId}`;
    return fetch(path, { method: 'POST', headers, body: Buffer.from(body) }).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  const heard: boolean[] = [];
  for (const killAfter of [payments / 4, payments / 2, Infinity]) {
    const { child, url } = await startChild([dataDir, fees.world.databaseUrl, platform]);
    const waiting = [...attempts];
    heard.length = 0;
    const tell = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        heard.push(await notify(url, next));
        if (heard.length === killAfter) child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: atOnce }, tell));
    if (killAfter < payments) expect(heard, 'the kill must come in the middle').toContain(false);
  }
  expect(heard).not.toContain(false);
  const client = new Client({ connectionString: fees.world.databaseUrl });
  await client.connect();
  const count = async (text: string): Promise<number> => Number((await client.query<{ n: string }>(text)).rows[0]?.n);
  await expect.poll(() => count('select count(*) as n from fee_work'), { timeout: 20_000, interval: 100 }).toBe(0);
  expect(await count(`select count(*) as n from payment_orders where source = 'fee' and state = 'paid'`)).toBe(
    payments,
  );
  expect(await count(`select count(*) as n from fee_receipts where kind = 'payment'`)).toBe(payments);
  expect(await count(`select count(*) as n from fee_bills where state = 'paid' and left_fen = 0`)).toBe(2 * payments);
  expect(await count('select count(*) as n from fee_claims')).toBe(0);
  const uneven = `select count(*) as n from payment_orders o where o.source = 'fee' and o.paid_fen is distinct from
    (select sum(a.principal_fen + a.late_fen) from fee_allocations a where a.order_id = o.id)`;
  expect(await count(uneven)).toBe(0);
  expect(await count('select count(*) as n from fee_balance_entries')).toBe(0);
  await client.end();
  for (const child of children) child.kill('SIGKILL');
  server.close();
});
