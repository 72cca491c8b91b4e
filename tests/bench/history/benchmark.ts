import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { routePath } from '../../../protocol/http/paths.ts';
import { cursorOf } from '../../../server/services/merchant/history.ts';
import { startServer } from '../../../server/start.ts';
import type { RunningServer } from '../../../server/start.ts';
import { startEmbedded } from '../../../server/store/embedded.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';
import { percentile } from '../figure.ts';
import type { Benchmark, Figure } from '../figure.ts';
import { type BenchShop, fillShop, orderNoAtDepth, timeAtDepth } from './rows.ts';

const rowsDefault = 10_000_000;
const terminalsCount = 40;
const pagesEach = 60;
const goal = { atMost: 30 };
const person = { name: 'Bench', email: 'bench@world.invalid', role: 'merchant' } as const;
const uuidAfterAll = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

async function openShop(server: RunningServer, rows: number): Promise<BenchShop> {
  const { people, registry } = server.context.services;
  const merchantId = uuidv7(Date.now());
  await registry.createMerchant(undefined, { id: merchantId, name: 'Bench', contact: '', address: '' });
  await people.ensurePerson({ ...person, merchantId });
  const terminalIds = Array.from({ length: terminalsCount }, () => uuidv7(Date.now()));
  return { merchantId, terminalIds, newestMs: Date.now(), rows };
}

async function signIn(server: RunningServer): Promise<string> {
  const answer = await fetch(`${server.url}/api/demo/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ email: person.email }),
  });
  if (!answer.ok) throw new Error(`The bench could not sign in: ${await answer.text()}`);
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

/** Asks one question many times, each time a little elsewhere, over HTTP; milliseconds of each, and rows of the last. */
async function timeMany(
  ask: (query: Record<string, string>) => Promise<number>,
  queries: readonly Record<string, string>[],
): Promise<{ readonly p95: number; readonly found: number }> {
  const times: number[] = [];
  let found = 0;
  for (const query of queries) {
    const startedAt = performance.now();
    found += await ask(query);
    times.push(performance.now() - startedAt);
  }
  return { p95: percentile(times, 0.95), found };
}

const many = (query: (index: number) => Record<string, string>): Record<string, string>[] =>
  Array.from({ length: pagesEach }, (_, index) => query(index));

function pageQuestions(shop: BenchShop): [string, Record<string, string>[]][] {
  const { rows, newestMs } = shop;
  const at = (depth: number): string => cursorOf({ atMs: timeAtDepth(newestMs, depth), id: uuidAfterAll });
  const deep = (share: number, index: number): string => at(Math.floor(rows * share) + index * 997);
  const filtered = (filter: Record<string, string>) =>
    many((index) => ({ ...filter, limit: '50', cursor: deep(0.4, index) }));
  return [
    ['page, newest', many(() => ({ limit: '50' }))],
    ...[0.01, 0.1, 0.5, 0.95].map((share): [string, Record<string, string>[]] => [
      `page, ${Math.floor(rows * share).toLocaleString('en')} rows deep`,
      many((index) => ({ limit: '50', cursor: deep(share, index) })),
    ]),
    ['page towards newer, in the middle', many((index) => ({ direction: 'newer', cursor: deep(0.5, index) }))],
    ['page of one channel', filtered({ channel: 'bank-card' })],
    ['page of one terminal', filtered({ terminalId: shop.terminalIds[3] ?? '' })],
    ['page of refunded ones', filtered({ state: 'refunded' })],
    ['page of an amount range of 1 in 250', filtered({ minFen: '10000', maxFen: '10199' })],
    ['page of what fits one row in 100,000', filtered({ channel: 'unionpay-qr' })],
  ];
}

function searchQuestions(shop: BenchShop): [string, Record<string, string>[]][] {
  const { rows } = shop;
  const order = (index: number): string => orderNoAtDepth(shop, Math.floor((rows * (index + 0.5)) / pagesEach));
  return [
    ['search by order number', many((index) => ({ search: order(index) }))],
    ['search by receipt number', many((index) => ({ search: `TK-${order(index)}` }))],
    ['search by the last four digits', many((index) => ({ search: String(1000 + index * 131) }))],
    ['search by the last six digits', many((index) => ({ search: order(index).slice(-6) }))],
    ['search by amount', many((index) => ({ search: `${String(10 + index)}.37` }))],
  ];
}

/** Time to answer a page of a history of ten million rows, over HTTP with session and checks, one question at a time. */
async function* figures(server: RunningServer, shop: BenchShop): AsyncIterable<Figure> {
  const headers = { cookie: await signIn(server), origin: server.url };
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(server.url + path, { headers });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const page = async (query: Record<string, string>): Promise<number> => {
    const body = await get(`${routePath('merchantHistory')}?${new URLSearchParams(query).toString()}`);
    return (body['items'] as unknown[]).length;
  };
  for (const [name, queries] of [...pageQuestions(shop), ...searchQuestions(shop)]) {
    const { p95, found } = await timeMany(page, queries);
    if (found === 0 && !name.includes('100,000')) throw new Error(`${name}: nothing was found`);
    yield { name: `${name}, p95`, value: p95, unit: 'ms', goal };
  }
  const count = await timeMany(
    async (query) => {
      const body = await get(`${routePath('merchantHistoryCount')}?${new URLSearchParams(query).toString()}`);
      return body['count'] as number;
    },
    many(() => ({ channel: 'alipay' })),
  );
  yield { name: 'count up to the cap, p95', value: count.p95, unit: 'ms' };
  const today = await timeMany(
    async () => (await get(routePath('merchantToday')))['payments'] as number,
    many(() => ({})),
  );
  yield { name: 'the day at a glance, 20,000 payments a day, p95', value: today.p95, unit: 'ms' };
}

async function* run(): AsyncIterable<Figure> {
  const rows = Number(process.env['HISTORY_BENCH_ROWS'] ?? rowsDefault);
  const folder = await mkdtemp(join(tmpdir(), 'history-bench-'));
  const postgres = await startEmbedded({ dataDir: folder });
  const server = await startServer({
    dataDir: folder,
    port: 0,
    databaseUrl: postgres.url,
    logLevel: 'silent',
    demo: { terminals: [], worldUrl: 'http://127.0.0.1/', accountDomain: 'world.invalid' },
  });
  const pool = new pg.Pool({ connectionString: postgres.url, max: 1 });
  try {
    const shop = await openShop(server, rows);
    const startedAt = performance.now();
    await fillShop(pool, shop);
    yield {
      name: `making ${rows.toLocaleString('en')} orders`,
      value: (performance.now() - startedAt) / 1000,
      unit: 's',
    };
    yield* figures(server, shop);
  } finally {
    await pool.end();
    await server.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The merchant's history at ten million rows. `HISTORY_BENCH_ROWS` makes it smaller, for a quick look. */
export const historyBenchmark: Benchmark = {
  about: 'pages, filters and search over a history of 10,000,000 payments',
  run,
};
