import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { outboxName } from '../src/outbox/events.ts';
import { drainWhoeverIsIn } from '../src/outbox/worker-drain.ts';
import { assetsFolder, keepPrevious, matchPrevious, shellFiles } from './shell.ts';

declare const self: ServiceWorkerGlobalScope;

/** Addresses that are the server's own; the worker never answers for them. */
const serverPaths = [/^\/api\//, /^\/openapi\.json$/, /^\/(healthz|readyz)$/];

const manifest = self.__WB_MANIFEST;

// Files of the version before stay within reach of the pages that still run it. Before the new ones are fetched,
// because both lie in one cache.
self.addEventListener('install', (event) => event.waitUntil(keepPrevious(manifest)));

// The precache list answers only for files of this build. Everything else goes to the network as if there were no
// worker: calls to /api are never kept, and an asset that is gone is a 404, never the HTML of the shell.
precacheAndRoute(manifest, { cleanURLs: false });
cleanupOutdatedCaches();
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && url.pathname.startsWith(assetsFolder),
  async ({ request }) => (await matchPrevious(request)) ?? fetch(request),
);

// The page behind a terminal's code is one of its own, small enough for a first visit; kept for those who installed us.
registerRoute(new NavigationRoute(createHandlerBoundToURL('/l.html'), { allowlist: [/^\/l(\?|$)/] }));

// A navigation has no file extension: /office/requests is the shell, /assets/gone.js is not.
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [...serverPaths, /\/[^/?]+\.[^/?]+$/],
  }),
);

// The browser says that there is a network: what waits is sent, also when no page is open.
self.addEventListener('sync', (event) => {
  const sync = event as ExtendableEvent & { readonly tag: string };
  if (sync.tag === outboxName) sync.waitUntil(drainOrFail());
});

async function drainOrFail(): Promise<void> {
  // A failed event is fired again by the browser, twice at most; after that a page does it.
  if (!(await drainWhoeverIsIn())) throw new Error('Some of the outbox still waits');
}

// A new version waits until the reader takes it; nothing is ever replaced under a running job.
self.addEventListener('message', (event: ExtendableMessageEvent) => {
  const data = event.data as { readonly type?: unknown } | null;
  if (data?.type === 'skip-waiting') void self.skipWaiting();
  if (data?.type === 'drain') event.waitUntil(drainWhoeverIsIn());
  if (data?.type === 'shell-files') {
    const [port] = event.ports;
    event.waitUntil(shellFiles(manifest).then((files) => port?.postMessage(files)));
  }
});
