/** Looks for a new version this often while the page is open. */
export const updateCheckMs = 30 * 60_000;

/** The browser's own offer to install the app. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
  readonly userChoice: Promise<{ readonly outcome: 'accepted' | 'dismissed' }>;
}

/** A new version of the app, and the offer to install it. A version is taken only when the reader says so. */
export class Updates {
  #waiting: ServiceWorker | undefined;
  #offer: InstallOffer | undefined;
  #isTaking = false;

  /** True when a new version is fetched and waits. */
  isReady = $state(false);
  /** True when the browser can install the app now. */
  canInstall = $state(false);

  /** Registers the worker at `url` and watches for new versions. */
  async start(url: string): Promise<void> {
    this.#listenForInstall();
    if (!('serviceWorker' in navigator)) return;
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (this.#isTaking) location.reload();
    });
    try {
      const registration = await navigator.serviceWorker.register(url, { scope: '/' });
      this.#watch(registration);
      setInterval(() => void registration.update().catch(() => undefined), updateCheckMs);
    } catch {
      // Without a worker the app works online only; the browser's own page says so offline.
    }
  }

  /** Activates the new version and reloads the page. The caller makes sure that no job runs. */
  take(): void {
    this.#isTaking = true;
    this.#waiting?.postMessage({ type: 'skip-waiting' });
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
