import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { duplexStream } from '../../../mock-server/terminal/byte-stream.ts';
import { noiseBytes } from '../../../mock-server/terminal/noise-object.ts';
import { openPty } from '../../../mock-server/terminal/pty.ts';
import type { PtyCable } from '../../../mock-server/terminal/pty.ts';
import { makeBench } from './bench.ts';
import { connectHost } from './host.ts';
import type { TestHost } from './host.ts';

interface Program {
  readonly host: TestHost;
  close(): void;
}

const programs: Program[] = [];
let pty: PtyCable | undefined;

afterEach(async () => {
  for (const program of programs.splice(0)) program.close();
  await pty?.close();
  pty = undefined;
});

/** Opens the port as another program does: a socat of its own between the port and a socket. */
async function openPort(path: string): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'tillkeeper-host-'));
  const socketPath = join(folder, 'host');
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const arrived = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const child: ChildProcess = spawn('socat', ['-b', '65536', `OPEN:${path},raw,echo=0`, `UNIX-CONNECT:${socketPath}`]);
  const host = await connectHost(duplexStream(await arrived));
  const program = {
    host,
    close() {
      host.close();
      child.kill();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  programs.push(program);
  return program;
}

describe('a device on a pseudo-terminal', () => {
  test('answers, is gone when unplugged, and comes back under the same name', async () => {
    const { device } = makeBench();
    pty = await openPty(device);
    const first = await openPort(pty.path);
    expect(await first.host.session.sayHello(first.host.now())).toMatchObject({
      ok: true,
      value: { serial: 'QT60-2551-00311' },
    });
    first.close();
    await pty.unplug();
    expect([existsSync(pty.path), pty.isPlugged]).toEqual([false, false]);
    await pty.replug();
    const second = await openPort(pty.path);
    expect(await second.host.session.sayHello(second.host.now())).toMatchObject({ ok: true });
  });

  test('another terminal can be plugged in at the same port', async () => {
    const { device } = makeBench();
    pty = await openPty(device);
    await pty.replug(makeBench({ number: 2 }).device);
    const { host } = await openPort(pty.path);
    expect(await host.session.sayHello(host.now(), 'QT60-2551-00311')).toMatchObject({
      ok: false,
      error: 'wrong-device',
    });
  });

  test('paced to a rate, a transfer takes the time of the line', async () => {
    const { device } = makeBench();
    pty = await openPty(device, { baud: 115_200 });
    const { host } = await openPort(pty.path);
    const sizeBytes = 24_000;
    const startedAt = performance.now();
    const read = await host.session.readObject(`noise-${sizeBytes}`, host.now());
    const bytesPerSecond = (sizeBytes * 1000) / (performance.now() - startedAt);
    expect(read.ok && Buffer.compare(read.value.bytes, noiseBytes(sizeBytes))).toBe(0);
    expect(bytesPerSecond).toBeLessThan(11_520);
    expect(bytesPerSecond).toBeGreaterThan(6_000);
  });

  test('a noisy line delivers the object intact', async () => {
    const { device } = makeBench();
    pty = await openPty(device, { noise: { oneIn: 5_000, seed: 3 } });
    const { host } = await openPort(pty.path);
    const read = await host.session.readObject('noise-200000', host.now());
    expect(read.ok && Buffer.compare(read.value.bytes, noiseBytes(200_000))).toBe(0);
    expect(host.session.stats.badFrames).toBeGreaterThan(5);
  });
});
