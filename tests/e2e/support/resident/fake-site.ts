import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import { projectRoot } from '../../../arch/source-files.ts';

/** A server on loopback with the resident's page, whose terminal is played by the test (`fake-page.ts`). */
export interface FakeSite {
  readonly origin: string;
  /** What the server answers to `/api/…`; anything else is 404. */
  readonly api: Map<string, unknown>;
  /** Paths below `/api/` that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

async function buildPage(folder: string): Promise<void> {
  // The page as it is, but for its script: the one that has no terminal.
  const html = await readFile(join(projectRoot, 'l.html'), 'utf8');
  const page = join(projectRoot, 'tests/e2e/support/resident/fake-page.ts');
  const root = await mkdtemp(join(projectRoot, 'node_modules/.resident-page-'));
  const style = join(projectRoot, 'src/resident/resident.css');
  const own = html
    .replace('/src/resident/main.ts', relative(root, page))
    .replace('/src/resident/resident.css', relative(root, style));
  await writeFile(join(root, 'l.html'), own);
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    plugins: [svelte({ configFile: false })],
    css: { transformer: 'lightningcss' },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'esnext',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, 'l.html') },
    },
  });
  await rm(root, { recursive: true });
}

const types: Readonly<Record<string, string>> = { css: 'text/css', js: 'text/javascript', html: 'text/html' };

/** Builds the page and serves it on a free port. */
export async function fakeSite(): Promise<FakeSite> {
  const folder = await mkdtemp(join(tmpdir(), 'resident-page-'));
  await buildPage(folder);
  const api = new Map<string, unknown>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const answer = async (): Promise<void> => {
      if (path.startsWith('/api/')) {
        asked.push(path);
        const found = api.get(path);
        response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(found ?? {}));
        return;
      }
      const file = path === '/l' ? '/l.html' : path;
      const bytes = await readFile(join(folder, file)).catch(() => undefined);
      const type = types[file.split('.').at(-1) ?? ''] ?? 'text/plain';
      response.writeHead(bytes === undefined ? 404 : 200, { 'content-type': `${type}; charset=utf-8` });
      response.end(bytes);
    };
    void answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    api,
    asked,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
