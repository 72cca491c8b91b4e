/** Time as stand-ins know it: notifications and expiries are made with it, so that a test moves time instead of waiting. */
export interface PlatformClock {
  /** Unix milliseconds. */
  now(): number;
  /** Runs `act` once, `ms` milliseconds from now. @returns takes it back. */
  after(ms: number, act: () => void): () => void;
}

/** The real time. */
export function systemClock(): PlatformClock {
  return {
    now: () => Date.now(),
    after: (ms, act) => {
      const timer = setTimeout(act, ms);
      timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
  };
}

/** Time that only `advance` moves. */
export interface ManualClock extends PlatformClock {
  /** Moves on by `ms` and runs, in order, what became due. */
  advance(ms: number): void;
}

/** A clock for tests that stands at `startMs`. */
export function manualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  let waiting: { readonly atMs: number; readonly act: () => void }[] = [];
  return {
    now: () => nowMs,
    after: (ms, act) => {
      const entry = { atMs: nowMs + ms, act };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    advance: (ms) => {
      const endMs = nowMs + ms;
      for (let due = nextDue(waiting, endMs); due !== undefined; due = nextDue(waiting, endMs)) {
        const entry = due;
        waiting = waiting.filter((other) => other !== entry);
        nowMs = Math.max(nowMs, entry.atMs);
        entry.act();
      }
      nowMs = endMs;
    },
  };
}

function nextDue<Entry extends { readonly atMs: number }>(waiting: readonly Entry[], endMs: number): Entry | undefined {
  return waiting.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0];
}
