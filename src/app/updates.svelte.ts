import { outboxName } from '../outbox/events.ts';
import { jobLockName } from './jobs.svelte.ts';
import type { ShellCache } from './person.ts';

/** Looks for a new version this often while the page is open. */
export const updateCheckMs = 30 * 60_000;
/** How long the new version may take to come into force, ms; after that the page goes on as it was. */
const activationMs = 10_000;
/** How long the worker may take to count its files, ms. */
const countMs = 5_000;

/** The browser's own offer to install the app. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
  readonly userChoice: Promise<{ readonly outcome: 'accepted' | 'dismissed' }>;
}

/**
 * `job`: a job runs in one of the tabs. `sending`: something is on its way to the server. `activation`: the new
 * version is coming into force.
 */
export type UpdateWait = 'job' | 'sending' | 'activation';

/**
 * A new version of the app, and the offer to install it. A version is taken only when the reader says so, and comes
 * into force when no tab runs a job and nothing is being sent.
 */
export class Updates {
  #waiting: ServiceWorker | undefined;
  #offer: InstallOffer | undefined;
  #isTaking = false;

  /** True when a new version is fetched and waits. */
  isReady = $state(false);
  /** What the version that was taken still waits for; undefined while none was taken. */
  waitsFor = $state<UpdateWait | undefined>();
  /** Another tab has taken a new version, or a file of this one is gone: this page needs to be reloaded. */
  isOutdated = $state(false);
  /** True when the browser can install the app now. */
  canInstall = $state(false);

  /** Registers the worker at `url` and watches for new versions. */
  async start(url: string): Promise<void> {
    this.#listenForInstall();
    addEventListener('vite:preloadError', () => void this.#partMissing());
    if (!('serviceWorker' in navigator)) return;
    // The first worker of a browser takes no page over, so each change is a change of version.
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (this.#isTaking) location.reload();
      else this.isOutdated = true;
    });
    try {
      const registration = await navigator.serviceWorker.register(url, { scope: '/' });
      this.#watch(registration);
      setInterval(() => void registration.update().catch(() => undefined), updateCheckMs);
    } catch {
      // Without a worker the app works online only; the browser's own page says so offline.
    }
  }

  /** Brings the new version into force and reloads the page, once no tab works and nothing is being sent. */
  async take(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    this.waitsFor = 'job';
    await whileHeld(jobLockName, async () => {
      this.waitsFor = 'sending';
      await whileHeld(outboxName, async () => {
        this.waitsFor = 'activation';
        this.#waiting?.postMessage({ type: 'skip-waiting' });
        // The reload ends the page and frees both locks.
        await new Promise((resolve) => setTimeout(resolve, activationMs));
      });
    });
    this.#isTaking = false;
    this.waitsFor = undefined;
  }

  /** Loads this page anew. */
  reload(): void {
    location.reload();
  }

  /** What of the app lies in this browser; undefined when no worker answers. */
  async shellCache(): Promise<ShellCache | undefined> {
    const worker = (navigator as { readonly serviceWorker?: ServiceWorkerContainer }).serviceWorker?.controller;
    if (worker === null || worker === undefined) return undefined;
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<ShellCache | undefined>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<Omit<ShellCache, 'checkedAtMs'>>) =>
        resolve({ ...data, checkedAtMs: Date.now() });
      setTimeout(() => resolve(undefined), countMs);
    });
    worker.postMessage({ type: 'shell-files' }, [port2]);
    return answer.finally(() => port1.close());
  }

  /** Shows the browser's installation dialog. */
  async install(): Promise<void> {
    const offer = this.#offer;
    if (offer === undefined) return;
    await offer.prompt();
    await offer.userChoice;
    this.#offer = undefined;
    this.canInstall = false;
  }

  #watch(registration: ServiceWorkerRegistration): void {
    this.#offerVersion(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => {
        if (worker.state === 'installed') this.#offerVersion(worker);
      });
    });
  }

  #offerVersion(worker: ServiceWorker | null): void {
    if (worker === null || navigator.serviceWorker.controller === null) return;
    this.#waiting = worker;
    this.isReady = true;
  }

  /** A part of the app could not be loaded: with a network that means that the server has another version. */
  async #partMissing(): Promise<void> {
    const health = await fetch('/healthz', { cache: 'no-store' }).catch(() => undefined);
    if (health?.ok === true) this.isOutdated = true;
  }

  #listenForInstall(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#offer = event as InstallOffer;
      this.canInstall = true;
    });
    addEventListener('appinstalled', () => {
      this.#offer = undefined;
      this.canInstall = false;
    });
  }
}

/** Does `work` while nobody else in this browser holds the lock, waiting for it as long as it takes. */
async function whileHeld(name: string, work: () => Promise<void>): Promise<void> {
  const { locks } = navigator as { readonly locks?: LockManager };
  if (locks === undefined) return work();
  await locks.request(name, work);
}
