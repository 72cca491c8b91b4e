/** After this long without a bill the page says what it waits for. Milliseconds. */
export const namedAfterMs = 1_000;
/** After this long it says that it takes unusually long, and what can be done. Milliseconds. */
export const slowAfterMs = 6_000;
/** A terminal that prepares a payment answers within a second or two; after this the page says that nothing was begun. */
export const prepareMs = 12_000;
/** A page that is still seen so long after it went to the platform has not left: the wallet opened beside it. */
export const stillHereMs = 8_000;
/** Waits before each question to the server for the result, in milliseconds; the last one is repeated. */
export const askWaitsMs = [2_000, 3_000, 5_000, 8_000, 13_000, 20_000, 30_000] as const;
/** About ten minutes; after that a person asks again. */
export const asksMax = 24;
/** The terminal is asked first: it hears from the server at once. The server is asked when the terminal stays silent. */
export const terminalFirstMs = 3_000;
/** The earliest of a page's next glance at the clock. */
export const tickMs = 500;
