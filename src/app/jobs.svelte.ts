import type { JobGuard } from './person.ts';

/** Held in common by every tab that runs a job; who wants none to run asks for it alone. */
export const jobLockName = 'tillkeeper-job';

/** Counts the jobs that must not be cut off by an update, a reload or a sign-out. */
export class Jobs implements JobGuard {
  #running = $state.raw<readonly object[]>([]);
  #free: (() => void) | undefined;

  get isBusy(): boolean {
    return this.#running.length > 0;
  }

  begin(name: string): () => void {
    const job = { name };
    this.#running = [...this.#running, job];
    this.#free ??= holdShared();
    return () => {
      this.#running = this.#running.filter((running) => running !== job);
      if (this.isBusy) return;
      this.#free?.();
      this.#free = undefined;
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

/** Holds the lock together with all others that hold it; returns the way to let go. */
function holdShared(): () => void {
  const { locks } = navigator as { readonly locks?: LockManager };
  return locks === undefined ? () => undefined : holdLock(locks);
}

function holdLock(locks: LockManager): () => void {
  let free: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  const giveUp = new AbortController();
  locks.request(jobLockName, { mode: 'shared', signal: giveUp.signal }, () => held).catch(() => undefined);
  return () => {
    free();
    giveUp.abort();
  };
}
