import { spawn } from 'node:child_process';
import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pseudo-terminal: its path, and the socket that carries what is written to and read from it. */
export interface Pty {
  readonly path: string;
  readonly socket: Socket;
  /** Hangs up, as a pulled cable does: whoever has the path open gets an error. */
  close(): Promise<void>;
}

const startTimeoutMs = 30_000;

async function waitForLink(link: string): Promise<string> {
  const giveUpAt = performance.now() + startTimeoutMs;
  for (;;) {
    const path = await readlink(link).catch(() => undefined);
    if (path !== undefined) return path;
    if (performance.now() > giveUpAt) throw new Error('socat made no pseudo-terminal');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Opens a raw pseudo-terminal by socat, joined to a socket in this process. Throws when socat cannot be started. */
export async function openPty(blockBytes = 65_536): Promise<Pty> {
  const folder = await mkdtemp(join(tmpdir(), 'serial-bench-pty-'));
  const link = join(folder, 'pty');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as AddressInfo;
  const socat = spawn(
    'socat',
    ['-b', String(blockBytes), `PTY,link=${link},raw,echo=0`, `TCP:127.0.0.1:${port},nodelay`],
    {
      stdio: 'ignore',
    },
  );
  const exited = new Promise<void>((resolve) => socat.once('exit', () => resolve()));
  const failed = new Promise<never>((_, reject) => socat.once('error', reject));
  const [socket, path] = await Promise.race([Promise.all([connected, waitForLink(link)]), failed]);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  return {
    path,
    socket,
    close: async () => {
      socat.kill();
      await exited;
      socket.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
