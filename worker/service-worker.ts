import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope;

/** Addresses that are the server's own; the worker never answers for them. */
const serverPaths = [/^\/api\//, /^\/openapi\.json$/, /^\/(healthz|readyz)$/];

// The precache list answers only for files of this build. Everything else goes to the network as if there were no
// worker: calls to /api are never kept, and an asset that is gone is a 404, never the HTML of the shell.
precacheAndRoute(self.__WB_MANIFEST, { cleanURLs: false });
cleanupOutdatedCaches();

// A navigation has no file extension: /office/requests is the shell, /assets/gone.js is not.
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [...serverPaths, /\/[^/?]+\.[^/?]+$/],
  }),
);

// A new version waits until the reader takes it; nothing is ever replaced under a running job.
self.addEventListener('message', (event: ExtendableMessageEvent) => {
  const data: unknown = event.data;
  if (typeof data === 'object' && data !== null && (data as { type?: unknown }).type === 'skip-waiting') {
    void self.skipWaiting();
  }
});
