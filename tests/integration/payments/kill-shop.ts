import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NewAttempt, NewOrder } from '../../../server/services/payments/service.ts';
import { startServer } from '../../../server/start.ts';
import { remoteToy } from './remote-toy.ts';

// A server of its own process, for the test that kills it: `node kill-shop.ts DATA_DIR DATABASE_URL PLATFORM_URL`. It
// prints the address for platforms and the one through which the test's terminals make orders and attempts.
const [dataDir = '', databaseUrl = '', platformUrl = ''] = process.argv.slice(2);
const server = await startServer({
  dataDir,
  databaseUrl,
  logLevel: 'error',
  channels: [remoteToy('toy-a', platformUrl)],
});
const { payments } = server.context.services;
const cashier = { kind: 'terminal', id: 'app', name: 'T' } as const;

const control = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    const work =
      request.url === '/order'
        ? payments.createOrder(cashier, body as NewOrder)
        : payments.startAttempt(cashier, body as NewAttempt);
    void work.then((answer) => response.end(JSON.stringify(answer)));
  });
});
control.listen(0, '127.0.0.1', () => {
  const { port } = control.address() as AddressInfo;
  process.stdout.write(`${server.url} http://127.0.0.1:${String(port)}\n`);
});
