const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** For how long a thing is asked about at all. */
const askForMs = 3 * day;

function stepMs(tries: number, ageMs: number): number {
  if (tries < 6) return 5 * second;
  if (tries < 12) return 10 * second;
  if (tries < 22) return minute;
  if (ageMs < hour) return 10 * minute;
  return ageMs < day ? hour : day;
}

/**
 * When to ask a platform again: 5 s six times, 10 s six times, 1 min ten times, then every 10 min to one hour of age,
 * hourly to one day, daily to three days; `undefined` after that. `jitter`, 0 to 1, spreads each wait by a tenth either
 * way, so that many terminals do not ask at once. `tries` is how often it was asked already.
 */
export function nextLookAt(nowMs: number, sinceMs: number, tries: number, jitter: number): number | undefined {
  if (nowMs - sinceMs >= askForMs) return undefined;
  return nowMs + Math.round(stepMs(tries, nowMs - sinceMs) * (0.9 + 0.2 * jitter));
}
