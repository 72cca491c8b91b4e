/** Version of the wire format; the device refuses an OPEN of another one (docs/cable-protocol.md, section 4.2). */
export const protocolVersion = 1;

/** Bytes that a frame body may have at most: 2 KiB keeps the overhead near 1 % and fits a small device's buffers. */
export const bodyMaxBytes = 2048;
/** Least body size that a device may offer; the largest fixed message (a lock status) fits into it. */
export const bodyLeastBytes = 1024;
/** Frames on the way at most: the selective acknowledgement is a 64-bit map. */
export const windowMaxFrames = 64;

/** Kind and flags, link id, sequence, acknowledgement. */
export const headerBytes = 1 + 2 + 2 + 2;
/** Selective acknowledgement map, present only behind a gap. */
export const sackBytes = 8;
/** CRC-32C at the end. */
export const crcBytes = 4;
/** Transfer id and offset at the start of a BLOCK body. */
export const blockHeadBytes = 1 + 4;
/** Longest raw frame, before COBS. */
export const rawMaxBytes = headerBytes + sackBytes + bodyMaxBytes + crcBytes;
/** Longest encoded frame without its closing zero: COBS adds one byte per 254 begun. */
export const encodedMaxBytes = rawMaxBytes + Math.ceil(rawMaxBytes / 254) + 1;

/** Smallest block that a bad line drives the sender to; below it the overhead costs more than the losses. */
export const blockLeastBytes = 128;
/** Messages that wait for a place in the window at most. */
export const messageQueueMax = 64;
/** An acknowledgement waits this long for a second frame or for a frame to travel with. */
export const ackDelayMs = 4;
/** Frames that may arrive before an acknowledgement goes out at once. */
export const ackEveryFrames = 2;
/** A quiet open link is pinged after this. */
export const keepAliveMs = 2_000;
/** Total silence while something is owed ends the link. */
export const silenceMs = 5_000;
/** Bytes arrive, but no valid frame of this link, while something is owed: wrong rate or wrong program at the end. */
export const noProgressMs = 20_000;
/** An OPEN without an answer is repeated after this, at first; the pause doubles up to `openRetryMaxMs`. */
export const openRetryMs = 150;
/** Longest pause between two OPENs. */
export const openRetryMaxMs = 1_000;
/** An OPEN that nobody answers is given up after this. */
export const openTimeoutMs = 10_000;
/** A tick that comes this much later than asked means that this program slept; silence is counted anew. */
export const sleptMs = 1_500;

/** Requests that may wait for their reply at the same time. */
export const requestsMax = 32;
/** Requests that a device works on at the same time; more are answered with `busy`. */
export const deviceRequestsMax = 16;
/** Silence (no byte at all) after which a request is given up. */
export const requestSilenceMs = 5_000;
/** Whole time that a request may take while the line is alive. */
export const requestLimitMs = 120_000;
/** Transfers open at the same time. */
export const transfersMax = 4;
/** Largest object that a transfer takes: the host holds it in memory. */
export const objectMaxBytes = 16 * 1024 * 1024;
/** Ranges in one message at most; leaving some out only means that bytes are sent again. */
export const rangesMax = 64;
/** A transfer in which nothing moves for this long is asked after. */
export const transferStallMs = 10_000;
/** Least pause between two progress reports of a transfer. */
export const progressPauseMs = 50;
/** Rounds of "which ranges are missing" after everything was sent. */
export const transferRoundsMax = 3;
/** Rates that `identity.rate` may name, in baud. */
export const ratesBaud = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 3_000_000] as const;
