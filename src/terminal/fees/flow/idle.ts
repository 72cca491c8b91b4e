/** How long a screen waits for a hand, ms. */
export interface IdlePlan {
  /** Then it asks whether somebody is still there. */
  readonly askAfterMs: number;
  /** So long it asks; then what is private leaves the screen. */
  readonly askingMs: number;
}

/** Where the waiting stands. */
export type Idle =
  { readonly at: 'active' } | { readonly at: 'asking'; readonly leftMs: number } | { readonly at: 'over' };

const readingMs = 120_000;
/** A person finds their phone, unlocks it, reads the bill. */
const phoneMs = 300_000;
/** They pay in their wallet, find the password, are called: as long as the relay keeps what is said meanwhile. */
const payingMs = 600_000;
const askingMs = 60_000;
/** Whoever has it read aloud or in large letters reads longer. */
const slowly = 2;

/**
 * How long to wait. Every key and every word of the phone begins it anew, as often as wanted (WCAG 2.2, 2.2.1): there is
 * no limit on how often.
 */
export function idlePlan(is: {
  readonly onPhone: boolean;
  readonly paying: boolean;
  readonly slow: boolean;
}): IdlePlan {
  const factor = is.slow ? slowly : 1;
  const waitMs = is.paying ? payingMs : is.onPhone ? phoneMs : readingMs;
  return { askAfterMs: waitMs * factor, askingMs: askingMs * factor };
}

/** Where the waiting stands at `nowMs`, when a hand was last there at `touchedMs`. */
export function idleAt(plan: IdlePlan, touchedMs: number, nowMs: number): Idle {
  const idleMs = nowMs - touchedMs;
  if (idleMs < plan.askAfterMs) return { at: 'active' };
  const leftMs = plan.askAfterMs + plan.askingMs - idleMs;
  return leftMs > 0 ? { at: 'asking', leftMs } : { at: 'over' };
}
