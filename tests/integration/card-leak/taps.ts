import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { vi } from 'vitest';
import type { ByteStream } from '../../../mock-server/terminal/byte-stream.ts';
import type { Haystack } from './needles.ts';

/** Keeps a copy of everything that passes. */
export class Tap {
  readonly #parts: Buffer[] = [];
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  note(bytes: Uint8Array | string): void {
    this.#parts.push(Buffer.from(bytes as Uint8Array));
  }

  get haystack(): Haystack {
    return { name: this.name, bytes: Buffer.concat(this.#parts) };
  }
}

/** A line whose bytes are copied in both directions. */
export function tappedStream(stream: ByteStream, tap: Tap): ByteStream {
  return {
    write(bytes) {
      tap.note(bytes);
      return stream.write(bytes);
    },
    onData: (listener) =>
      stream.onData((bytes) => {
        tap.note(bytes);
        listener(bytes);
      }),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    onDrain: (listener) => stream.onDrain(listener),
    onClose: (listener) => stream.onClose(listener),
    close: () => stream.close(),
  };
}

/** A TCP port that leads to `port` and copies what passes. */
export async function tappedPort(port: number, tap: Tap): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on('data', (bytes) => {
        tap.note(bytes);
        to.write(bytes);
      });
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Copies every call of this process over HTTP: address, headers, body and answer. */
export function tapHttp(tap: Tap): void {
  const real = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const sent = await request.clone().arrayBuffer();
    tap.note(`${request.method} ${request.url} ${JSON.stringify([...request.headers])}\n`);
    tap.note(new Uint8Array(sent));
    const response = await real(request);
    tap.note(`\n${JSON.stringify([...response.headers])}\n`);
    tap.note(new Uint8Array(await response.clone().arrayBuffer()));
    return response;
  });
}

/** Copies every line that the server's log writes to standard output; pino takes this way when it is replaced. */
export function tapLog(tap: Tap): void {
  vi.spyOn(process.stdout, 'write').mockImplementation((data) => {
    tap.note(data);
    return true;
  });
}

/** Every row of every table of a database as text; bytes stand as hex. */
export async function dumpDatabase(url: string): Promise<Haystack[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const dumps: Haystack[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select row_to_json(t)::text as row from ${name} t`);
      dumps.push({ name: `table ${name}`, bytes: Buffer.from(rows.map(({ row }) => row).join('\n')) });
    }
    return dumps;
  } finally {
    await client.end();
  }
}

/** Every file below `folder`: tables, indexes, write-ahead log, sealed keys, state. */
export function filesBelow(folder: string): Haystack[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => ({ name: path, bytes: readFileSync(path) }));
}
