import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/processes.ts';

/** A port that was free a moment ago: a webhook's address is registered before the till listens there. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** What the till of `examples/small-till` is started with. */
export interface TillSettings {
  readonly url: string;
  readonly port: number;
  readonly key: string;
  readonly webhookSecret: string;
}

/** The example till as its README starts it: a program of its own. */
export class SmallTill {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, process: ChildProcess, folder: string) {
    this.url = url;
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts it and waits until it listens. Throws with what it printed when it does not. */
  static async start({ url, port, key, webhookSecret }: TillSettings): Promise<SmallTill> {
    const folder = await mkdtemp(join(tmpdir(), 'small-till-'));
    const program = spawn(process.execPath, [join(projectRoot, 'examples/small-till/till.mjs')], {
      env: {
        ...{ TILLKEEPER_URL: url, TILLKEEPER_KEY: key, TILLKEEPER_WEBHOOK_SECRET: webhookSecret },
        ...{ TILL_PORT: String(port), TILL_SALES: join(folder, 'sales.json') },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (text: Buffer): void => {
        said += text.toString();
        if (said.includes('http://')) resolve();
      };
      program.stdout.on('data', hear);
      program.stderr.on('data', hear);
      program.once('exit', () => reject(new Error(`The till ended: ${said}`)));
    });
    return new SmallTill(`http://localhost:${String(port)}`, program, folder);
  }

  /** What the till believes of its sales, newest first. */
  async sales(): Promise<readonly { readonly id: string; readonly payment?: { readonly state: string } }[]> {
    return (await (await fetch(`${this.url}/sales`)).json()) as never;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
