import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import { projectRoot } from '../../arch/source-files.ts';

/** A page of the app with another script in place of its own: what stands behind it is played by the test. */
export interface PageSource {
  /** The page in the project's root, as it is. */
  readonly html: string;
  /** The app's files that it names, and what takes their place. Both below the project's root. */
  readonly instead: Readonly<Record<string, string>>;
  /** A style sheet that its own script would bring. */
  readonly style?: string;
  /** Where it is served. */
  readonly path: string;
}

/** A server on loopback with one page. */
export interface PageSite {
  readonly origin: string;
  /** What the server answers to `/api/…`; anything else is 404. */
  readonly api: Map<string, unknown>;
  /** Paths below `/api/` that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

async function buildPage({ html, instead, style }: PageSource, folder: string): Promise<void> {
  const root = await mkdtemp(join(projectRoot, 'node_modules/.test-page-'));
  const own = Object.entries(instead).reduce(
    (text, [was, is]) => text.replace(`/${was}`, relative(root, join(projectRoot, is))),
    await readFile(join(projectRoot, html), 'utf8'),
  );
  const link = (path: string): string => `<link rel="stylesheet" href="${relative(root, join(projectRoot, path))}" />`;
  await writeFile(join(root, html), style === undefined ? own : own.replace('</head>', `${link(style)}</head>`));
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
      rolldownOptions: { input: join(root, html) },
    },
  });
  await rm(root, { recursive: true });
}

const types: Readonly<Record<string, string>> = { css: 'text/css', js: 'text/javascript', html: 'text/html' };

/** Builds the page and serves it on a free port. */
export async function pageSite(source: PageSource): Promise<PageSite> {
  const folder = await mkdtemp(join(tmpdir(), 'test-page-'));
  await buildPage(source, folder);
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
      const file = path === source.path ? `/${source.html}` : path;
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
