import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

/** What the load process is given, as a JSON file named on its command line. */
export interface LoadPlan {
  /** The server, as `http://127.0.0.1:4400`. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ready-made bodies; each is sent once. */
  readonly bodies: readonly string[];
  readonly connections: number;
  /** Bodies at the start that are sent but not counted. */
  readonly warmUp: number;
  /** What a good answer's body must match. */
  readonly expect: string;
}

/** What the load process prints as one line of JSON. */
export interface LoadReport {
  readonly answered: number;
  readonly milliseconds: number;
  readonly latenciesMs: readonly number[];
  /** The first answers that were not as expected. */
  readonly failures: readonly string[];
  readonly failed: number;
}

const timeoutMs = 10_000;
const failuresShown = 3;

function post(plan: LoadPlan, agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { ...plan.headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request(plan.url + plan.path, { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(`${response.statusCode ?? 0} ${Buffer.concat(chunks).toString()}`));
    });
    call.on('timeout', () => call.destroy(new Error('timed out')));
    call.on('error', reject);
    call.end(body);
  });
}

async function drive(plan: LoadPlan): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: plan.connections });
  const expected = new RegExp(plan.expect);
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  let next = 0;
  const worker = async (end: number): Promise<void> => {
    while (next < end) {
      const body = plan.bodies[next++]!;
      const sentMs = performance.now();
      const answer = await post(plan, agent, body).catch((error: unknown) => String(error));
      if (expected.test(answer)) latenciesMs.push(performance.now() - sentMs);
      else failures.push(answer);
    }
  };
  const runAll = (end: number): Promise<unknown> =>
    Promise.all(Array.from({ length: plan.connections }, () => worker(end)));
  await runAll(plan.warmUp);
  latenciesMs.length = 0;
  const startedMs = performance.now();
  await runAll(plan.bodies.length);
  const milliseconds = performance.now() - startedMs;
  agent.destroy();
  return {
    answered: latenciesMs.length,
    milliseconds,
    latenciesMs,
    failures: failures.slice(0, failuresShown),
    failed: failures.length,
  };
}

const planFile = process.argv[2];
if (planFile === undefined) throw new Error('load: name the plan file');
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as LoadPlan;
process.stdout.write(`${JSON.stringify(await drive(plan))}\n`);
