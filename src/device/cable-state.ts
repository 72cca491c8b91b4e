import type { OpenError } from './errors.ts';

/**
 * Where the cable stands. `reconnecting`: it was ready and is looked for. `expected-reboot`: it announced a restart.
 * `lost`: looked for in vain; still taken up again when it is plugged in. `failed`: `failure` says why.
 */
export type CableState =
  'idle' | 'choosing' | 'opening' | 'hello' | 'ready' | 'reconnecting' | 'expected-reboot' | 'lost' | 'failed';

/** Why there is no cable: the code, and where it helps the serial or the browser's words. */
export interface CableFailure {
  readonly error: OpenError;
  readonly detail: string;
}

/** Attempts of one loud connection while a port is still busy, for example held by a tab that is closing. */
export const loudAttemptsMax = 4;
/** How long a vanished terminal counts as coming back. */
export const reconnectWindowMs = 30_000;
