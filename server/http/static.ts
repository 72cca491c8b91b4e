import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { MiddlewareHandler } from 'hono';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const year = 'public, max-age=31536000, immutable';
/** Vite puts a hash into the names of these. */
const hashedFolder = '/assets/';
/** Pages that are not the shell's: a resident's phone gets a page of its own. */
const ownPages: Readonly<Record<string, string>> = { '/l': 'l.html' };

/**
 * Serves the built PWA. A page address (GET, accepts HTML, no file ending) gets index.html, or a page of its own; an
 * unknown file is 404, never HTML. Hashed files may be cached for ever, all others are asked for each time.
 */
export function staticFiles(folder: string): MiddlewareHandler {
  const root = resolve(folder);
  return async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next();
    const wanted = pathOf(root, c.req.path);
    const isPage = (c.req.header('accept') ?? '').includes('text/html') && extname(c.req.path) === '';
    const page = ownPages[c.req.path] ?? 'index.html';
    const file = (await fileAt(wanted)) ?? (isPage ? await fileAt(join(root, page)) : undefined);
    if (file === undefined) return next();
    const headers = {
      'content-type': types[extname(file.path)] ?? 'application/octet-stream',
      'content-length': String(file.size),
      'cache-control': c.req.path.startsWith(hashedFolder) ? year : 'no-cache',
      etag: file.etag,
    };
    if (c.req.header('if-none-match') === file.etag) return c.body(null, 304, headers);
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    return c.body(Readable.toWeb(createReadStream(file.path)) as ReadableStream, 200, headers);
  };
}

function pathOf(root: string, path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const full = resolve(root, `.${decoded}`);
  return full.startsWith(root + sep) && !decoded.includes('\0') ? full : undefined;
}

async function fileAt(path: string | undefined): Promise<{ path: string; size: number; etag: string } | undefined> {
  if (path === undefined) return undefined;
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  return { path, size: found.size, etag: `"${found.size.toString(36)}-${Math.floor(found.mtimeMs).toString(36)}"` };
}
