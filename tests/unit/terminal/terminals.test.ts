import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { socketStream } from '../../../mock-server/terminal/byte-stream.ts';
import { startTerminals } from '../../../mock-server/terminal/terminals.ts';
import type { Terminals } from '../../../mock-server/terminal/terminals.ts';
import { TestAuthority } from './authority.ts';
import { connectHost } from './host.ts';
import type { TestHost } from './host.ts';

const authority = new TestAuthority(() => Math.floor(Date.now() / 1000));
const serials = ['QT60-2551-00317', 'QT60-2551-00402'] as const;
const otpauthUrl = 'otpauth://totp/Tillkeeper:Zhou?secret=JBSWY3DPEHPK3PXP&issuer=Tillkeeper';

let terminals: Terminals | undefined;
let host: TestHost | undefined;

afterEach(async () => {
  host?.close();
  host = undefined;
  await terminals?.close();
  terminals = undefined;
});

async function start(): Promise<Terminals> {
  terminals = await startTerminals({
    terminals: [
      { serial: serials[0], label: 'G3-02', model: 'QT-60' },
      { serial: serials[1], label: 'E1-01', model: 'QT-60' },
    ],
    trust: { rootPublicKey: authority.rootPublicKey, keyset: authority.keyset() },
    tuning: { stepMs: 0, rebootMs: 0 },
    authenticators: [{ name: 'Zhou', otpauthUrl }],
    extras: [{ title: 'Extra', render: () => 'text' }],
  });
  return terminals;
}

async function connect(url: string): Promise<TestHost> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  host = await connectHost(socketStream(socket));
  return host;
}

async function post(
  running: Terminals,
  serial: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(`${running.url}control/${serial}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function closeCode(url: string): Promise<number> {
  return new Promise((resolve) => new WebSocket(url).once('close', resolve));
}

describe('the bench of terminals', () => {
  test('a tripped terminal answers on its simulated cable', async () => {
    const running = await start();
    const tripped = await post(running, serials[0], { action: 'trip', sensor: 'case' });
    expect(await tripped.json()).toMatchObject({ serial: serials[0], state: 'LOCKED', lockEpoch: 2, reasons: 1 });
    const { session, now } = await connect(running.cableUrl(serials[0]));
    expect(await session.sayHello(now(), serials[0])).toMatchObject({ ok: true, value: { state: 'LOCKED' } });
    expect(await session.request('lock.status', {}, now())).toMatchObject({ ok: true, value: { reasons: 1 } });
  });

  test('unplugging closes the cable and refuses it until it is plugged in again', async () => {
    const running = await start();
    await connect(running.cableUrl(serials[0]));
    expect(await closeCode(running.cableUrl(serials[0]))).toBe(4409);
    await post(running, serials[0], { action: 'unplug' });
    expect(await closeCode(running.cableUrl(serials[0]))).toBe(4401);
    await post(running, serials[0], { action: 'replug' });
    const { session, now } = await connect(running.cableUrl(serials[0]));
    expect(await session.sayHello(now())).toMatchObject({ ok: true });
  });

  test('a mix-up puts another terminal at the end of the cable', async () => {
    const running = await start();
    await post(running, serials[0], { action: 'swap', with: serials[1] });
    const { session, now } = await connect(running.cableUrl(serials[0]));
    expect(await session.sayHello(now(), serials[0])).toMatchObject({ ok: false, error: 'wrong-device' });
  });

  test('a restart comes back by itself with a higher boot count', async () => {
    const running = await start();
    const { session, now } = await connect(running.cableUrl(serials[0]));
    const before = await session.sayHello(now());
    expect(await session.request('reboot.restart', {}, now())).toMatchObject({ ok: true });
    await expect.poll(() => running.device(serials[0]).firmware?.core.bootCount).toBe(2);
    session.open(now(), 2);
    expect(before.ok && before.value.bootCount).toBe(1);
    await expect.poll(() => session.state).toBe('open');
    expect(await session.sayHello(now())).toMatchObject({ ok: true, value: { bootCount: 2 } });
  });

  test('the live view shows terminals, codes and extras', async () => {
    const running = await start();
    const socket = new WebSocket(`${running.url.replace('http', 'ws')}live`);
    const view = await new Promise<string>((resolve) =>
      socket.once('message', (data: Buffer) => resolve(String(data))),
    );
    socket.close();
    expect(JSON.parse(view)).toMatchObject({
      terminals: [{ serial: serials[0], state: 'NORMAL', screen: { tone: 'ok' } }, { serial: serials[1] }],
      authenticators: [{ name: 'Zhou', code: expect.stringMatching(/^\d{6}$/) as unknown }],
      extras: [{ title: 'Extra', text: 'text' }],
    });
  });

  test.each([
    { body: { action: 'explode' }, error: 'unknown-action' },
    { body: { action: 'trip', sensor: 'nose' }, error: 'bad-field' },
    { body: { action: 'power', on: 'yes' }, error: 'bad-field' },
    { body: { action: 'constructor' }, error: 'unknown-action' },
  ])('a wrong control request is refused: $body.action', async ({ body, error }) => {
    const running = await start();
    const response = await post(running, serials[0], body);
    expect([response.status, await response.json()]).toMatchObject([400, { error }]);
  });

  test('pages of other origins can neither control nor connect', async () => {
    const running = await start();
    const response = await post(
      running,
      serials[0],
      { action: 'trip', sensor: 'case' },
      { origin: 'https://elsewhere.example' },
    );
    expect(response.status).toBe(403);
    const socket = new WebSocket(running.cableUrl(serials[0]), { origin: 'https://elsewhere.example' });
    await new Promise((resolve) => socket.once('error', resolve));
    expect(running.device(serials[0]).firmware?.core.state).toBe('NORMAL');
  });
});
