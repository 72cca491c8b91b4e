import type { WaitReason } from './entry.ts';
import { backOffFirstMs, backOffMaxMs, inProgressPauseMs } from './limits.ts';

/** Shortest pause, so that a lucky draw is no storm, ms. */
const pauseMinMs = 200;

/**
 * Pause before the next attempt, ms: anything up to 2 s, doubling up to 5 minutes ("full jitter"), so that a hundred
 * laptops do not all come back at once. `attempts` are those made so far; `random` gives 0 to 1.
 */
export function backOff(reason: WaitReason, attempts: number, random: () => number): number {
  if (reason === 'signed-out') return 0;
  if (reason === 'in-progress') return inProgressPauseMs;
  const longest = Math.min(backOffMaxMs, backOffFirstMs * 2 ** Math.min(Math.max(attempts - 1, 0), 10));
  return Math.max(pauseMinMs, Math.round(longest * random()));
}
