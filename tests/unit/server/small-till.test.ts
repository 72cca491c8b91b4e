import { createHmac } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort, SmallTill } from '../../e2e/support/small-till.ts';

interface Payment {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly refunds: readonly { readonly id: string; readonly state: string }[];
}
interface Sale {
  readonly id: string;
  readonly refundId?: string;
  readonly payment?: Payment;
}

/** As much of the interface as the till calls. A wait is answered by the next change. */
class Tillkeeper {
  readonly payments = new Map<string, Payment>();
  readonly refundIds: string[] = [];
  isDown = false;
  url = '';
  readonly #waits = new Map<string, ServerResponse[]>();
  readonly #server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => this.#answer(request.method ?? '', new URL(request.url ?? '', this.url), text, response));
  });

  async open(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The payment's next version; who waits for it hears it. */
  change(id: string, news: Partial<Payment>): Payment {
    const known = this.payments.get(id) ?? { id, version: 0, state: 'open', refunds: [] };
    const payment = { ...known, ...news, version: known.version + 1 };
    this.payments.set(id, payment);
    for (const response of this.#waits.get(id) ?? []) response.end(JSON.stringify(payment));
    this.#waits.delete(id);
    return payment;
  }

  #answer(method: string, { pathname, searchParams }: URL, text: string, response: ServerResponse): void {
    const [, , , , id = '', act] = pathname.split('/');
    const body = (text === '' ? {} : JSON.parse(text)) as { id: string };
    if (act === 'refunds') this.refundIds.push(body.id);
    if (this.isDown) return void response.writeHead(503).end('{}');
    if (act === 'refunds') return void response.end(JSON.stringify(this.payments.get(id)));
    if (method === 'POST') return void response.end(JSON.stringify(this.change(body.id, {})));
    const known = this.payments.get(id);
    if (known !== undefined && known.version > Number(searchParams.get('afterVersion')))
      return void response.end(JSON.stringify(known));
    this.#waits.set(id, [...(this.#waits.get(id) ?? []), response]);
  }
}

let close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of close) await step();
  close = [];
});

async function withTillkeeper(): Promise<{ tillkeeper: Tillkeeper; till: SmallTill }> {
  const tillkeeper = new Tillkeeper();
  await tillkeeper.open();
  const till = await startTill('', tillkeeper.url);
  close = [() => till.close(), async () => tillkeeper.close()];
  return { tillkeeper, till };
}

async function post(till: SmallTill, path: string, body: object): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(till.url + path, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, answer: await response.json() };
}

interface News {
  readonly changes: number;
  readonly sales: readonly Sale[];
}

/** What the till's page asks for all the time. */
async function news(till: SmallTill, after: number): Promise<News> {
  return (await post(till, '/news', { after })).answer as News;
}

/** Asks as the page does until the sales, newest first, stand as said. */
async function until(till: SmallTill, states: readonly string[]): Promise<void> {
  let after = -1;
  await expect
    .poll(async () => {
      const { changes, sales } = await news(till, after);
      after = changes;
      return sales.map(({ payment }) => payment?.state);
    })
    .toEqual(states);
}

const sell = { terminalId: 'terminal', lines: [{ name: 'Bread', priceFen: 650, count: 1 }] };

async function startTill(webhookSecret: string, url = 'http://127.0.0.1:9'): Promise<SmallTill> {
  return SmallTill.start({ url, port: await freePort(), key: 'tk_test', webhookSecret });
}

async function tell(till: SmallTill, key: Buffer): Promise<number> {
  const body = JSON.stringify({ type: 'payment.paid', data: { id: 'unknown', version: 1 } });
  const seconds = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', key).update(`message.${seconds}.${body}`).digest('base64');
  const headers = {
    'webhook-id': 'message',
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  };
  return (await fetch(`${till.url}/webhook`, { method: 'POST', headers, body })).status;
}

it('takes a message that is signed with its secret, and none that is signed with another', async () => {
  const key = Buffer.from('a secret of thirty-two bytes here');
  const till = await startTill(`whsec_${key.toString('base64')}`);
  try {
    expect(await tell(till, key)).toBe(204);
    expect(await tell(till, Buffer.alloc(32))).toBe(401);
  } finally {
    await till.close();
  }
});

it('takes no message at all without a secret, not even one signed with the empty key', async () => {
  const till = await startTill('');
  try {
    expect(await tell(till, Buffer.alloc(0))).toBe(401);
  } finally {
    await till.close();
  }
});

it('follows every sale that may still become paid, also one that comes while it waits', async () => {
  const { tillkeeper, till } = await withTillkeeper();
  const first = (await post(till, '/sales', sell)).answer as Sale;
  const known = await news(till, -1);
  const waiting = news(till, known.changes);
  const second = (await post(till, '/sales', sell)).answer as Sale;
  expect((await waiting).sales.map(({ id }) => id)).toEqual([second.id, first.id]);
  tillkeeper.change(first.id, { state: 'paid' });
  await until(till, ['open', 'paid']);
  tillkeeper.change(second.id, { state: 'part-paid' });
  await until(till, ['part-paid', 'paid']);
  tillkeeper.change(second.id, { state: 'cancelled' });
  await until(till, ['cancelled', 'paid']);
});

it('keeps a sale that did not get through, and sends it again under the same id', async () => {
  const { tillkeeper, till } = await withTillkeeper();
  tillkeeper.isDown = true;
  expect((await post(till, '/sales', sell)).status).toBe(503);
  const [sale] = (await news(till, -1)).sales;
  expect(sale?.payment).toBeUndefined();
  tillkeeper.isDown = false;
  expect((await post(till, '/send', { id: sale?.id })).answer).toMatchObject({
    id: sale?.id,
    payment: { state: 'open' },
  });
  expect((await post(till, '/send', { id: 'unknown' })).status).toBe(404);
});

it('refunds a sale under one id, until the platform refused it', async () => {
  const { tillkeeper, till } = await withTillkeeper();
  const { id } = (await post(till, '/sales', sell)).answer as Sale;
  tillkeeper.change(id, { state: 'paid' });
  await until(till, ['paid']);
  tillkeeper.isDown = true;
  expect((await post(till, '/refund', { id })).status).toBe(503);
  tillkeeper.isDown = false;
  await post(till, '/refund', { id });
  const [first = '', second] = tillkeeper.refundIds;
  expect(first).not.toBe('');
  expect(second).toBe(first);
  tillkeeper.change(id, { refunds: [{ id: first, state: 'failed' }] });
  // The till hears of it with the answer to the same refund sent again; the next one is another.
  await post(till, '/refund', { id });
  await post(till, '/refund', { id });
  const [, , third, fourth] = tillkeeper.refundIds;
  expect(third).toBe(first);
  expect(fourth).not.toBe(first);
});
