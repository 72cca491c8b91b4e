import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { base64UrlDecode } from '../../../protocol/bytes.ts';
import { startServer } from '../../../server/start.ts';
import type { RunningServer } from '../../../server/start.ts';
import { startEmbedded } from '../../../server/store/embedded.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';
import { missingFigure, percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { benchPolicy } from './bench-policy.ts';
import type { LoadPlan, LoadReport } from './load.ts';
import { findPgbench, tpcbPerSecond } from './pgbench.ts';
import { prepareRequests } from './prepared-requests.ts';

const run = promisify(execFile);
const loadProgram = fileURLToPath(new URL('./load.ts', import.meta.url));

/** As many as pgbench has clients. */
const connections = 8;
const warmUp = 100;
const measured = 1_500;
const technician = { name: 'Bench', email: 'bench@world.invalid', role: 'technician' } as const;
const ratioGoal = { atLeast: 0.15 };
const ratioName = 'decisions ÷ pgbench TPC-B, 8 clients';

async function signIn(server: RunningServer): Promise<string> {
  const answer = await fetch(`${server.url}/api/demo/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ email: technician.email }),
  });
  if (!answer.ok) throw new Error(`The bench could not sign in: ${answer.status} ${await answer.text()}`);
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

async function makeBodies(server: RunningServer, count: number): Promise<readonly string[]> {
  const { people, registry } = server.context.services;
  const technicianId = await people.ensurePerson(technician);
  const merchantId = uuidv7(Date.now());
  await registry.createMerchant(undefined, { id: merchantId, name: 'Bench', contact: '', address: '' });
  const trust = (await (await fetch(`${server.url}/api/trust`)).json()) as {
    transportPublicKey: string;
    keysetSequence: number;
  };
  const transportKey = base64UrlDecode(trust.transportPublicKey);
  if (transportKey === undefined) throw new Error('The server’s transport key is not base64url');
  const { keysetSequence } = trust;
  return prepareRequests({ server, merchantId, technicianId, transportKey, keysetSequence }, count);
}

async function runLoad(server: RunningServer, folder: string, bodies: readonly string[]): Promise<LoadReport> {
  const plan: LoadPlan = {
    url: server.url,
    path: '/api/unlocks',
    headers: { cookie: await signIn(server), origin: server.url },
    bodies,
    connections,
    warmUp,
    expect: '^20[01] .*"state":"granted"',
  };
  const planFile = join(folder, 'load.json');
  await writeFile(planFile, JSON.stringify(plan));
  const { stdout } = await run(process.execPath, [loadProgram, planFile], { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as LoadReport;
}

/** How many unlocks a second the server decides, next to what the same PostgreSQL does of TPC-B in the same run. */
export async function* decisionFigures(): AsyncIterable<Figure> {
  const folder = await mkdtemp(join(tmpdir(), 'unlock-bench-'));
  const postgres = await startEmbedded({ dataDir: folder });
  const server = await startServer({
    dataDir: folder,
    port: 0,
    databaseUrl: postgres.url,
    policy: benchPolicy,
    logLevel: 'silent',
    demo: { terminals: [], worldUrl: 'http://127.0.0.1/', accountDomain: 'world.invalid' },
  });
  try {
    const report = await runLoad(server, folder, await makeBodies(server, warmUp + measured));
    if (report.failed > 0) throw new Error(`${report.failed} unlocks were not granted: ${report.failures.join(' | ')}`);
    const perSecond = (1000 * report.answered) / report.milliseconds;
    yield { name: `server decides and grants, ${connections} connections`, value: perSecond, unit: '/s' };
    yield { name: 'one decision over HTTP, p95', value: percentile(report.latenciesMs, 0.95), unit: 'ms' };
    const pgbench = findPgbench();
    if (pgbench === undefined) {
      yield missingFigure(ratioName, '', ratioGoal, 'pgbench is not installed (apt-get install postgresql-contrib)');
      return;
    }
    const tpcb = await tpcbPerSecond(pgbench, postgres.url);
    yield { name: 'pgbench TPC-B, 8 clients, same PostgreSQL', value: tpcb, unit: '/s' };
    yield { name: ratioName, value: perSecond / tpcb, unit: '', goal: ratioGoal };
  } finally {
    await server.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
