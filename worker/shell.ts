import { getCacheKeyForURL } from 'workbox-precaching';

/** Vite puts a hash into the names of the files here. */
export const assetsFolder = '/assets/';

const previousCache = 'tillkeeper-previous';
const precachePrefix = 'workbox-precache';

type Manifest = readonly (string | { readonly url: string; readonly revision?: string | null })[];

/** What of this build lies in the cache. `version` names the build, the same for the same files. */
export interface ShellFiles {
  readonly version: string;
  readonly files: number;
  readonly expected: number;
}

function addressesOf(manifest: Manifest): string[] {
  return manifest.map((entry) => new URL(typeof entry === 'string' ? entry : entry.url, location.origin).pathname);
}

/** Puts the hashed files that the last build had and this one has not aside, in place of those of the build before. */
export async function keepPrevious(manifest: Manifest): Promise<void> {
  const current = new Set(addressesOf(manifest));
  const names = (await caches.keys()).filter((name) => name.startsWith(precachePrefix));
  const old: Response[] = [];
  for (const name of names) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url);
      const response =
        pathname.startsWith(assetsFolder) && !current.has(pathname) ? await cache.match(request) : undefined;
      if (response !== undefined) old.push(response);
    }
  }
  if (old.length === 0) return;
  await caches.delete(previousCache);
  const previous = await caches.open(previousCache);
  await Promise.all(old.map((response) => previous.put(new URL(response.url).pathname, response)));
}

/** A file of the version before. */
export async function matchPrevious(request: Request): Promise<Response | undefined> {
  if (!(await caches.has(previousCache))) return undefined;
  return (await caches.open(previousCache)).match(new URL(request.url).pathname);
}

/** Looks which files of this build are in the cache. */
export async function shellFiles(manifest: Manifest): Promise<ShellFiles> {
  const names = manifest.map((entry) => (typeof entry === 'string' ? entry : `${entry.url} ${entry.revision ?? ''}`));
  const bytes = new TextEncoder().encode(names.toSorted().join('\n'));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const version = [...hash.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const found = await Promise.all(addressesOf(manifest).map(isCached));
  return { version, files: found.filter(Boolean).length, expected: manifest.length };
}

async function isCached(address: string): Promise<boolean> {
  const key = getCacheKeyForURL(address);
  return key !== undefined && (await caches.match(key)) !== undefined;
}
