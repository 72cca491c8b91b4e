/** Arms one timer at a time; a new one replaces the old. */
export interface Ticker {
  arm(delayMs: number, fire: () => void): void;
  disarm(): void;
}

/** Timers of a hidden page are held back by seconds to a minute; those of a worker are not. */
const workerSource = 'onmessage = ({ data }) => setTimeout(() => postMessage(data.turn), data.delayMs);';

/** A ticker for a page: its own timers while it is visible, a worker's while it is hidden (where workers are allowed). */
export class PageTicker implements Ticker {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #worker: Worker | undefined;
  #workerFailed = false;
  #turn = 0;
  #fire: (() => void) | undefined;

  arm(delayMs: number, fire: () => void): void {
    this.disarm();
    this.#fire = fire;
    const turn = this.#turn;
    const worker = typeof document !== 'undefined' && document.hidden ? this.#ensureWorker() : undefined;
    if (worker !== undefined) worker.postMessage({ turn, delayMs });
    // Both run when the page is hidden: should the worker be stopped, the slow timer still comes.
    this.#timer = setTimeout(() => this.#ring(turn), delayMs);
  }

  disarm(): void {
    this.#turn += 1;
    this.#fire = undefined;
    clearTimeout(this.#timer);
  }

  #ring(turn: number): void {
    if (turn !== this.#turn) return;
    const fire = this.#fire;
    this.disarm();
    fire?.();
  }

  #ensureWorker(): Worker | undefined {
    if (this.#worker !== undefined || this.#workerFailed || typeof Worker === 'undefined') return this.#worker;
    try {
      const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
      this.#worker = new Worker(url);
      URL.revokeObjectURL(url);
      this.#worker.onmessage = ({ data }: MessageEvent<number>) => this.#ring(data);
      this.#worker.onerror = () => {
        this.#workerFailed = true;
        this.#worker = undefined;
      };
    } catch {
      this.#workerFailed = true;
    }
    return this.#worker;
  }
}
