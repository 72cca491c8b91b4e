import type { LinkFailure } from '../../../phone-link/contract.ts';

/** Codes that are made one after the other without anybody touching the terminal. */
export const codesMax = 8;
/** Pause before the first new try after the relay could not be reached; it doubles up to the longest. */
export const relayFirstMs = 2_000;
/** Longest pause between two tries. */
export const relayMaxMs = 30_000;

/** What follows when a code has ended. */
export type NextCode =
  | { readonly do: 'now' }
  | { readonly do: 'wait'; readonly ms: number }
  /** A hand must ask for it: too many in a row, or this browser cannot. */
  | { readonly do: 'ask' };

/** When the next code comes; `before` counts those since a hand was last at the terminal. */
export function nextCode(failure: LinkFailure | undefined, before: number): NextCode {
  if (failure === 'too-old' || before >= codesMax) return { do: 'ask' };
  if (failure === 'no-connection' || failure === 'separated')
    return { do: 'wait', ms: Math.min(relayMaxMs, relayFirstMs * 2 ** Math.min(before, 10)) };
  return { do: 'now' };
}
