// A small till that sells and takes payment on a terminal of Tillkeeper. Plain Node 20, no packages:
//   TILLKEEPER_URL=http://localhost:8640 TILLKEEPER_KEY=tk_… node examples/small-till/till.mjs
// It shows what a merchant's own system has to do, no more: make the id first and keep it, send, follow, and believe
// nothing but the answer of a call or a webhook whose signature holds.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const base = process.env.TILLKEEPER_URL ?? 'http://localhost:8640';
const key = process.env.TILLKEEPER_KEY ?? '';
const webhookSecret = (process.env.TILLKEEPER_WEBHOOK_SECRET ?? '').replace(/^whsec_/, '');
const port = Number(process.env.TILL_PORT ?? '8650');
const salesFile = process.env.TILL_SALES ?? join(here, 'sales.json');
const bodyMaxBytes = 65_536;
const oldestWebhookSeconds = 300;
const waitSeconds = 15;

if (key === '') {
  process.stderr.write('TILLKEEPER_KEY is missing. Make a key in the merchant’s app: Connections, API keys.\n');
  process.exit(1);
}

/** Sales by id, newest last; written before anything is sent, so that a crash never forgets what a terminal may be paid for. */
const sales = new Map(existsSync(salesFile) ? JSON.parse(readFileSync(salesFile, 'utf8')) : []);

/** How often something changed, and whom to wake when it does. */
let changes = 0;
const waiting = new Set();

function keep(sale) {
  sales.set(sale.id, sale);
  changes += 1;
  for (const wake of waiting) wake();
  writeFileSync(`${salesFile}.new`, JSON.stringify([...sales].slice(-500)));
  renameSync(`${salesFile}.new`, salesFile);
  return sale;
}

/** One call of the interface. The same id may be sent again at any time: it is the same payment. */
async function call(method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error?.message ?? `HTTP ${response.status}`), {
    status: response.status,
    code: answer.error?.code,
    next: answer.error?.next,
  });
}

/** Takes over what the server says, if it is newer than what is known. */
function learn(payment) {
  const sale = sales.get(payment.id);
  if (sale === undefined || (sale.payment?.version ?? 0) >= payment.version) return sale;
  return keep({ ...sale, payment });
}

async function sell({ terminalId, lines }) {
  const amountFen = lines.reduce((sum, line) => sum + line.priceFen * line.count, 0);
  const sale = keep({ id: randomUUID(), terminalId, lines, amountFen, at: new Date().toISOString() });
  return send(sale);
}

/** Sends a sale to the terminal; again after a failure, with the same id. */
async function send(sale) {
  const { id, terminalId, amountFen } = sale;
  const note = sale.lines.map((line) => `${line.name} ×${line.count}`).join(', ');
  const body = { id, terminalId, amountFen, reference: `sale-${id}`, note: note.slice(0, 200) };
  return learn(await call('POST', '/api/v1/payments', body));
}

/** Gives all back. The refund's id is kept before it is sent and sent again; one that was refused needs another. */
async function refund(sale) {
  const isRefused = sale.payment?.refunds.some(({ id, state }) => id === sale.refundId && state === 'failed');
  const { id, refundId } = keep({ ...sale, refundId: (!isRefused && sale.refundId) || randomUUID() });
  return learn(await call('POST', `/api/v1/payments/${id}/refunds`, { id: refundId, reason: 'returned at the till' }));
}

/** True while a payment, or a refund of it, may still change by itself. */
function isOpen({ payment }) {
  if (payment === undefined) return false;
  if (['open', 'part-paid'].includes(payment.state)) return true;
  return payment.refunds.some(({ state }) => !['done', 'failed'].includes(state));
}

/** Calls that wait for news of a sale, by its id: one each, however many pages ask. */
const calls = new Map();

function follow({ id, payment }) {
  const path = `/api/v1/payments/${id}?waitSeconds=${waitSeconds}&afterVersion=${payment.version}`;
  const running =
    calls.get(id) ??
    call('GET', path)
      .then(learn)
      .finally(() => calls.delete(id));
  calls.set(id, running);
  return running;
}

/**
 * The newest sales, as soon as something changed after what the page knows, or after about 15 seconds. Follows every
 * open sale meanwhile, also after the till or its page was started anew.
 */
async function news(after) {
  if (changes === after) {
    let wake;
    const changed = new Promise((resolve) => {
      wake = resolve;
      waiting.add(wake);
      setTimeout(wake, waitSeconds * 1_000).unref();
    });
    await Promise.race([changed, ...[...sales.values()].filter(isOpen).map(follow)]).finally(() =>
      waiting.delete(wake),
    );
  }
  return { changes, sales: newest() };
}

const newest = () => [...sales.values()].reverse().slice(0, 20);

/** The sale that a request is about. */
function saleOf(body) {
  const sale = sales.get(JSON.parse(body).id);
  if (sale === undefined) throw Object.assign(new Error('There is no such sale.'), { status: 404 });
  return sale;
}

/**
 * Checks a webhook after Standard Webhooks: `v1,` + base64 HMAC-SHA256 over `id.timestamp.body`, not older than five
 * minutes. Without a secret none holds: anybody can sign with an empty one.
 */
function isFromTillkeeper(headers, body) {
  if (webhookSecret === '') return false;
  const id = headers['webhook-id'];
  const time = headers['webhook-timestamp'];
  if (Math.abs(Date.now() / 1000 - Number(time)) > oldestWebhookSeconds) return false;
  const right = createHmac('sha256', Buffer.from(webhookSecret, 'base64')).update(`${id}.${time}.${body}`).digest();
  return String(headers['webhook-signature'] ?? '')
    .split(' ')
    .map((part) => Buffer.from(part.replace(/^v1,/, ''), 'base64'))
    .some((given) => given.length === right.length && timingSafeEqual(given, right));
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > bodyMaxBytes) throw Object.assign(new Error('too large'), { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Method and path → what the till's own page may ask. */
const routes = {
  'GET /terminals': () => call('GET', '/api/v1/terminals'),
  'GET /sales': newest,
  'POST /sales': async (body) => sell(JSON.parse(body)),
  'POST /send': async (body) => send(saleOf(body)),
  'POST /news': async (body) => news(JSON.parse(body).after),
  'POST /cancel': async (body) => learn(await call('POST', `/api/v1/payments/${saleOf(body).id}/cancel`)),
  'POST /refund': async (body) => refund(saleOf(body)),
};

async function answer(request, response) {
  if (request.url === '/')
    return response.setHeader('content-type', 'text/html').end(readFileSync(join(here, 'page.html')));
  const body = await readBody(request);
  if (request.url === '/webhook') {
    if (!isFromTillkeeper(request.headers, body)) return response.writeHead(401).end();
    learn(JSON.parse(body).data);
    return response.writeHead(204).end();
  }
  const route = routes[`${request.method} ${request.url}`];
  if (route === undefined) return response.writeHead(404).end();
  const result = await route(body);
  response.setHeader('content-type', 'application/json').end(JSON.stringify(result ?? null));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    const { status = 502, code, next, message } = error;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message, code, next }));
  });
});
server.on('error', (error) => {
  process.stderr.write(`The till cannot listen on port ${port} (${error.code}). Choose another with TILL_PORT.\n`);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () =>
  process.stdout.write(`The small till: http://localhost:${server.address().port}\n`),
);
