import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type RunningServer, startServer } from '../../../server/start.ts';
import { startEmbedded } from '../../../server/store/embedded.ts';
import type { Benchmark, Figure } from '../figure.ts';
import { missingFigure, percentile } from '../figure.ts';
import { findPgbench, tpcbPerSecond } from '../unlock/pgbench.ts';
import type { PaymentLoad, PaymentReport } from './load.ts';
import { benchChannel, type BenchShop, openShop } from './shop.ts';

const run = promisify(execFile);
const loadProgram = fileURLToPath(new URL('./load.ts', import.meta.url));

/** As many as pgbench has clients. */
const connections = 8;
const warmUp = 20;
const perConnection = 170;
const terminals = 100;
/** 100 terminals, a customer every three seconds each: 33 payments a second. */
const pace = { payments: 7, warmUp: 1, pauseMs: 3_000 };
const codeGoal = { atMost: 150 };
const paidGoal = { atMost: 300 };
const ratioGoal = { atLeast: 0.1 };
const ratioName = 'payments ÷ pgbench TPC-B, 8 clients';

async function load(folder: string, plan: PaymentLoad): Promise<PaymentReport> {
  const planFile = join(folder, 'payments.json');
  await writeFile(planFile, JSON.stringify(plan));
  const { stdout } = await run(process.execPath, [loadProgram, planFile], { maxBuffer: 64 * 1024 * 1024 });
  const report = JSON.parse(stdout) as PaymentReport;
  if (report.failures.length > 0) throw new Error(`payments failed: ${report.failures.join(' | ')}`);
  return report;
}

async function* figures(server: RunningServer, shop: BenchShop, folder: string): AsyncIterable<Figure> {
  const { url } = server;
  const { accountId } = shop;
  const base = { url, channel: benchChannel.code, accountId };
  const paced = await load(folder, { ...base, ...pace, terminals: shop.terminals });
  const p95 = (values: readonly number[]): number => percentile(values, 0.95);
  yield { name: `confirm → code, p95, ${terminals} terminals`, value: p95(paced.codeMs), unit: 'ms', goal: codeGoal };
  yield {
    name: `notification → screen, p95, ${terminals} terminals`,
    value: p95(paced.paidMs),
    unit: 'ms',
    goal: paidGoal,
  };
  const few = shop.terminals.slice(0, connections);
  const full = async (): Promise<number> => {
    const report = await load(folder, { ...base, terminals: few, payments: perConnection, warmUp, pauseMs: 0 });
    return (1000 * report.whole) / report.milliseconds;
  };
  const before = await full();
  const pgbench = findPgbench();
  const tpcb = pgbench === undefined ? undefined : await tpcbPerSecond(pgbench, server.context.config.databaseUrl);
  // Before and after pgbench, so that a machine that gets busier or quieter meanwhile weighs on both alike.
  const perSecond = (before + (await full())) / 2;
  yield { name: `whole payments, ${connections} terminals without a pause`, value: perSecond, unit: '/s' };
  if (tpcb === undefined) {
    yield missingFigure(ratioName, '', ratioGoal, 'pgbench is not installed (apt-get install postgresql-contrib)');
    return;
  }
  yield { name: 'pgbench TPC-B, 8 clients, same PostgreSQL', value: tpcb, unit: '/s' };
  yield { name: ratioName, value: perSecond / tpcb, unit: '', goal: ratioGoal };
}

async function* measure(): AsyncIterable<Figure> {
  const folder = await mkdtemp(join(tmpdir(), 'payments-bench-'));
  const postgres = await startEmbedded({ dataDir: folder });
  const config = { dataDir: folder, port: 0, databaseUrl: postgres.url, logLevel: 'silent' as const };
  const server = await startServer({ ...config, channels: [benchChannel] });
  try {
    yield* figures(server, await openShop(server, terminals), folder);
  } finally {
    await server.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Payments: from the terminal's confirmation to the code, from the platform's word to the screen, whole ones a second. */
export const paymentsBenchmark: Benchmark = {
  about: 'confirm to code, notification to screen, whole payments a second next to pgbench',
  run: measure,
};
