import { readFileSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { uuidv7 } from '../../../server/store/uuid.ts';
import { type BenchTerminal, noticeSignature } from './shop.ts';

/** What the load process is given, as a JSON file named on its command line. */
export interface PaymentLoad {
  readonly url: string;
  readonly channel: string;
  readonly accountId: string;
  readonly terminals: readonly BenchTerminal[];
  /** Payments of each terminal, the first of which are not counted. */
  readonly payments: number;
  readonly warmUp: number;
  /** Wait of each terminal between two payments, in milliseconds; with one the screen's events are timed too. */
  readonly pauseMs: number;
}

/** What the load process prints as one line of JSON. */
export interface PaymentReport {
  readonly whole: number;
  readonly milliseconds: number;
  /** From the terminal's confirmation to the answer that holds the code. */
  readonly codeMs: readonly number[];
  /** From the platform's notification to the event on the terminal's stream. */
  readonly paidMs: readonly number[];
  readonly failures: readonly string[];
}

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as PaymentLoad;
const agent = new Agent({ keepAlive: true });
const timeoutMs = 20_000;
const failuresMax = 3;

function post(path: string, headers: Record<string, string>, body: string): Promise<{ status: number; text: string }> {
  return new Promise((done, fail) => {
    const all = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...headers };
    const call = request(plan.url + path, { method: 'POST', agent, headers: all, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => done({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    call.on('timeout', () => call.destroy(new Error('timed out')));
    call.on('error', fail);
    call.end(body);
  });
}

/** A terminal's stream of events; `onEvent` hears the data of each about payments. */
function listen(token: string, onEvent: () => void): Promise<() => void> {
  return new Promise((done, fail) => {
    const headers = { authorization: `Bearer ${token}` };
    const call = get(`${plan.url}/api/terminal-app/events`, { headers, agent: false }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        if (text.includes('event: payments')) onEvent();
      });
      response.on('error', () => undefined);
      done(() => call.destroy());
    });
    call.on('error', fail);
  });
}

const codeMs: number[] = [];
const paidMs: number[] = [];
const failures: string[] = [];
let whole = 0;

function wait(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** One payment: the terminal's order with its code, the platform's notification, the event on the screen. */
async function payOnce(terminal: BenchTerminal, heard: () => Promise<void>, isCounted: boolean): Promise<void> {
  const amountFen = 12_850;
  const order = {
    id: uuidv7(Date.now()),
    amountFen,
    attempt: { id: uuidv7(Date.now()), channel: plan.channel, kind: 'qr' },
  };
  const confirmedMs = performance.now();
  const made = await post(
    '/api/terminal-app/orders',
    { authorization: `Bearer ${terminal.token}` },
    JSON.stringify(order),
  );
  const shownMs = performance.now();
  const attemptNo = /"attemptNo":"(\w+)"/.exec(made.text)?.[1];
  if (attemptNo === undefined || !made.text.includes('"qr":')) throw new Error(`${String(made.status)} ${made.text}`);
  const body = JSON.stringify({ attemptNo, amountFen });
  const paid = heard();
  const toldMs = performance.now();
  const path = `/api/notify/${plan.channel}/${plan.accountId}`;
  const [told] = await Promise.all([post(path, { 'x-bench-signature': noticeSignature(body) }, body), paid]);
  if (told.status !== 200) throw new Error(`notification: ${String(told.status)}`);
  if (!isCounted) return;
  whole += 1;
  codeMs.push(shownMs - confirmedMs);
  paidMs.push(performance.now() - toldMs);
}

async function work(terminal: BenchTerminal, from: number, count: number): Promise<void> {
  let hear: () => void = () => undefined;
  const isPaced = plan.pauseMs > 0;
  const stop = isPaced ? await listen(terminal.token, () => hear()) : () => undefined;
  const heard = (): Promise<void> => (isPaced ? new Promise((done) => (hear = done)) : Promise.resolve());
  for (let index = from; index < count; index += 1) {
    // The first wait is a part of the pause, so that the terminals do not begin together.
    if (isPaced) await wait(plan.pauseMs * (index === 0 ? Math.random() : 0.5 + Math.random()));
    try {
      await payOnce(terminal, heard, index >= plan.warmUp);
    } catch (error) {
      if (failures.length < failuresMax) failures.push(String(error));
    }
  }
  stop();
}

const isPaced = plan.pauseMs > 0;
if (!isPaced) await Promise.all(plan.terminals.map((terminal) => work(terminal, 0, plan.warmUp)));
const startedMs = performance.now();
await Promise.all(plan.terminals.map((terminal) => work(terminal, isPaced ? 0 : plan.warmUp, plan.payments)));
const report: PaymentReport = { whole, milliseconds: performance.now() - startedMs, codeMs, paidMs, failures };
agent.destroy();
process.stdout.write(`${JSON.stringify(report)}\n`);
