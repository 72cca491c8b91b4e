import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const pageFolder = fileURLToPath(new URL('../page', import.meta.url));
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** The bench's page, built from the product's own cable code and served on loopback. */
export interface BenchPageServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Builds and serves the bench's page. Throws when it cannot be built. */
export async function servePage(): Promise<BenchPageServer> {
  const folder = await mkdtemp(join(tmpdir(), 'cable-bench-page-'));
  await build({
    configFile: false,
    root: pageFolder,
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true, modulePreload: false },
  });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(folder, path === '/' ? 'index.html' : path);
    readFile(file).then(
      (bytes) => response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream').end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
