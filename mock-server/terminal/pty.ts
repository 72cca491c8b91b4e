import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexStream } from './byte-stream.ts';
import { attachCable } from './cable.ts';
import type { CableAttachment, CableOptions } from './cable.ts';
import type { SecureDevice } from './secure-device.ts';

/** A device on a pseudo-terminal that programs open as a serial port. */
export interface PtyCable {
  /** Path of the port; the same after each replug. */
  readonly path: string;
  /** The cable as it is now; none while unplugged. */
  readonly attachment: CableAttachment | undefined;
  readonly isPlugged: boolean;
  /** Takes the port away, as pulling the USB plug does. */
  unplug(): Promise<void>;
  /** Brings the port back; `device` plugs in another terminal. */
  replug(device?: SecureDevice): Promise<void>;
  /** Changes noise and rate from the next plug on. */
  setOptions(options: CableOptions): void;
  close(): Promise<void>;
}

/** How long socat may take to make the port. */
const startMaxMs = 5_000;
/** What a paced port may hold in its socket, in bytes: a real adaptor's buffer, so that the line's rate is felt. */
const pacedSocketBytes = 4_096;
/** What an unpaced port may hold. */
const freeSocketBytes = 262_144;

async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + startMaxMs;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`the pseudo-terminal did not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

class SocatPty implements PtyCable {
  readonly path: string;
  readonly #folder: string;
  readonly #server: Server;
  #device: SecureDevice;
  #options: CableOptions;
  #process: ChildProcess | undefined;
  #plugs = 0;
  attachment: CableAttachment | undefined;

  constructor(device: SecureDevice, options: CableOptions) {
    this.#device = device;
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'tillkeeper-pty-'));
    this.path = join(this.#folder, 'port');
    this.#server = createServer((socket) => {
      this.#connect(socket);
    });
  }

  get isPlugged(): boolean {
    return this.#process !== undefined;
  }

  setOptions(options: CableOptions): void {
    this.#options = options;
  }

  async replug(device: SecureDevice = this.#device): Promise<void> {
    await this.unplug();
    this.#device = device;
    const socketPath = join(this.#folder, `line-${++this.#plugs}`);
    await new Promise<void>((resolve) => this.#server.listen(socketPath, resolve));
    const socketBytes = this.#options.baud === undefined ? freeSocketBytes : pacedSocketBytes;
    const port = `PTY,link=${this.path},raw,echo=0`;
    const line = `UNIX-CONNECT:${socketPath},sndbuf=${socketBytes}`;
    const child = spawn('socat', ['-b', '65536', port, line], { stdio: 'ignore' });
    let failure = '';
    child.on('error', (error) => {
      failure = error.message;
    });
    this.#process = child;
    await until(
      () => failure !== '' || (this.attachment !== undefined && existsSync(this.path)),
      'is socat installed?',
    );
    if (failure !== '') throw new Error(`socat: ${failure}`);
  }

  async unplug(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    this.attachment?.close();
    this.attachment = undefined;
    if (child !== undefined && child.exitCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
    }
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.path, { force: true });
  }

  async close(): Promise<void> {
    await this.unplug();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #connect(socket: Socket): void {
    this.attachment = attachCable(this.#device, duplexStream(socket), this.#options);
  }
}

/** Puts a device on a new pseudo-terminal made by socat. Throws when socat is missing. */
export async function openPty(device: SecureDevice, options: CableOptions = {}): Promise<PtyCable> {
  const pty = new SocatPty(device, options);
  await pty.replug();
  return pty;
}
