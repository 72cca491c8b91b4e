import type { JobGuard } from './person.ts';

/** Counts the jobs that must not be cut off by an update, a reload or a sign-out. */
export class Jobs implements JobGuard {
  #running = $state.raw<readonly object[]>([]);

  get isBusy(): boolean {
    return this.#running.length > 0;
  }

  begin(name: string): () => void {
    const job = { name };
    this.#running = [...this.#running, job];
    return () => {
      this.#running = this.#running.filter((running) => running !== job);
    };
  }

  /** Asks the browser to warn before the page is left while a job runs; returns the way to stop. */
  guardUnload(): () => void {
    const warn = (event: BeforeUnloadEvent): void => {
      if (this.isBusy) event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }
}
