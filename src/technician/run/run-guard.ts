import type { JobGuard } from '../../app/person.ts';
import { personActs, restingActs } from './next-act.ts';
import type { Act, ActName } from './next-act.ts';
import { WakeLock } from './wake-lock.ts';

/** Acts during which stopping would leave the terminal between two states. */
const criticalActs: ReadonlySet<ActName> = new Set<ActName>([
  'give-grant',
  'post-receipt',
  'recover-receipt',
  'exchange-order',
  'carry-order',
  'site-unlock',
  'site-recover',
  'keep-record',
  'carry-kit',
  'keep-report',
]);

/** True while unplugging would interrupt something; the run would resume, but later. */
export function isCriticalAct(act: Act): boolean {
  return criticalActs.has(act.do);
}

/** Holds updates back while something must not be cut off, and the screen on while the run goes. */
export class RunGuard {
  readonly #jobs: JobGuard;
  readonly #wakeLock = new WakeLock();
  #endJob: (() => void) | undefined;

  constructor(jobs: JobGuard) {
    this.#jobs = jobs;
  }

  /** Follows the run to `act`. */
  follow(act: Act, isStarted: boolean): void {
    if (isCriticalAct(act)) this.#endJob ??= this.#jobs.begin('unlock');
    else if (restingActs.has(act.do) || personActs.has(act.do)) this.#end();
    if (isStarted && act.do !== 'finished' && act.do !== 'stopped') this.#wakeLock.hold();
    else this.#wakeLock.release();
  }

  /** The run is over or left. */
  release(): void {
    this.#end();
    this.#wakeLock.release();
  }

  #end(): void {
    this.#endJob?.();
    this.#endJob = undefined;
  }
}
