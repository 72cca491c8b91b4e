import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { SimulatedTransport } from '../../../src/device/simulated.ts';

async function serve(): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, url: `ws://127.0.0.1:${String((server.address() as { port: number }).port)}/` };
}

test('an emulator that is not there is unreachable', async () => {
  const { server, url } = await serve();
  await new Promise((resolve) => server.close(resolve));
  expect(await new SimulatedTransport(url).open()).toMatchObject({ ok: false, error: 'unreachable' });
});

test.each([
  [4401, 'gone'],
  [4409, 'in-use'],
])('a cable that is refused with %i is %s', async (code, expected) => {
  const { server, url } = await serve();
  server.on('connection', (socket) => socket.close(code));
  expect(await new SimulatedTransport(url).open()).toMatchObject({ ok: false, error: expected });
  server.close();
});

test('an address that is none is unreachable', async () => {
  expect(await new SimulatedTransport('not an address').open()).toMatchObject({ ok: false, error: 'unreachable' });
});

test('a far end that takes nothing holds the writer back', async () => {
  const { server, url } = await serve();
  server.on('connection', (socket) => socket.pause());
  const transport = new SimulatedTransport(url);
  await transport.open();
  let written = 0;
  void (async () => {
    while ((await transport.write(new Uint8Array(65_536))).ok) written += 65_536;
  })();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = written;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(written).toBe(before);
  await transport.close();
  for (const socket of server.clients) socket.terminate();
  server.close();
});
