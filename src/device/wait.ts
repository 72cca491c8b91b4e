/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when `work` has settled either way, at the latest after `ms` milliseconds. Never rejects. */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.then(undefined, () => undefined), late]);
  clearTimeout(timer);
}

/** Pauses between automatic attempts: 250 ms, doubling to 5 s. `attempt` counts from 0. */
export function backOffMs(attempt: number): number {
  return Math.min(250 * 2 ** Math.min(attempt, 10), 5000);
}
