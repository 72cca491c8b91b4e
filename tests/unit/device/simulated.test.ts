import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { SimulatedTransport } from '../../../src/device/simulated.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('an emulator that is not there is unreachable', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise((resolve) => server.close(resolve));
  const url = `ws://127.0.0.1:${String(port)}/`;
  expect(await new SimulatedTransport(url).open()).toMatchObject({ ok: false, error: 'unreachable' });
});

test('an address that is none is unreachable', async () => {
  expect(await new SimulatedTransport('not an address').open()).toMatchObject({ ok: false, error: 'unreachable' });
});

/** A socket of which the test says what happens, and when. */
class ToldSocket extends EventTarget {
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  static made: ToldSocket | undefined;
  readyState = 0;
  bufferedAmount = 0;
  binaryType = 'blob';

  constructor() {
    super();
    ToldSocket.made = this;
  }

  send(bytes: Uint8Array): void {
    this.bufferedAmount += bytes.length;
  }

  close(): void {
    this.ends(1000);
  }

  opens(): void {
    this.readyState = ToldSocket.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  ends(code: number): void {
    this.readyState = ToldSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '' }));
  }
}

function begin(): {
  transport: SimulatedTransport;
  opening: ReturnType<SimulatedTransport['open']>;
  socket: ToldSocket;
} {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', ToldSocket);
  const transport = new SimulatedTransport('ws://emulator.invalid/');
  const opening = transport.open();
  const socket = ToldSocket.made;
  if (socket === undefined) throw new Error('no socket was made');
  return { transport, opening, socket };
}

test.each([
  [4401, 'gone'],
  [4409, 'in-use'],
])('a cable that is refused with %i is %s', async (code, expected) => {
  const { opening, socket } = begin();
  socket.opens();
  await vi.advanceTimersByTimeAsync(19);
  socket.ends(code);
  expect(await opening).toMatchObject({ ok: false, error: expected });
});

test('an emulator that never answers is unreachable', async () => {
  const { opening } = begin();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await opening).toMatchObject({ ok: false, error: 'unreachable' });
});

test('a far end that takes nothing holds the writer back until it takes something', async () => {
  const { transport, opening, socket } = begin();
  socket.opens();
  await vi.advanceTimersByTimeAsync(20);
  expect(await opening).toMatchObject({ ok: true });
  let written: unknown;
  void transport.write(new Uint8Array(65_536)).then((result) => (written = result));
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(written).toBeUndefined();
  socket.bufferedAmount = 0;
  await vi.advanceTimersByTimeAsync(2);
  expect(written).toMatchObject({ ok: true });
});

test('a far end that goes while the writer waits is lost', async () => {
  const { transport, opening, socket } = begin();
  socket.opens();
  await vi.advanceTimersByTimeAsync(20);
  await opening;
  let cause: string | undefined;
  transport.onLost = (told) => (cause = told);
  let written: unknown;
  void transport.write(new Uint8Array(65_536)).then((result) => (written = result));
  await vi.advanceTimersByTimeAsync(100);
  socket.ends(1006);
  await vi.advanceTimersByTimeAsync(2);
  expect(written).toMatchObject({ ok: false, error: 'lost' });
  expect(cause).toContain('1006');
});
