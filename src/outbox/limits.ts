/** Entries that wait or need a person; a laptop that is away for a week makes fewer than a hundred. */
export const entriesMax = 500;
/** Photos that wait at once; with half a megabyte each they stay below 100 MB. */
export const photosMax = 200;
/** Lanes that are served side by side; more would only queue in the browser's connection pool. */
export const lanesMax = 4;
/** How long one attempt may take, ms. */
export const attemptTimeoutMs = 15_000;
/** How long the upload of one photo may take, ms. */
export const photoTimeoutMs = 60_000;
/** How long a runner may be silent beyond the time-out of its attempt before its entry is taken over, ms. */
export const leaseSpareMs = 45_000;
/** Shortest longest pause between attempts, ms; it doubles up to `backOffMaxMs`. */
export const backOffFirstMs = 2_000;
/** Longest pause between attempts, ms. */
export const backOffMaxMs = 300_000;
/** Pause before the server is asked again about an attempt that it still works on, ms. */
export const inProgressPauseMs = 1_000;
/** Entries on which nothing hangs are given up after this, ms. */
export const patienceMs = 7 * 24 * 3_600_000;
/** Answers that are kept. */
export const doneMax = 200;
/** How long an answer is kept, ms. */
export const doneKeptMs = 7 * 24 * 3_600_000;
/** Share of the browser's storage from which the person is warned. */
export const storageWarnShare = 0.8;
/** Largest answer that is read, in characters. */
export const answerMaxChars = 2_000_000;
