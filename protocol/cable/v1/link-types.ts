import type { CloseReason } from './errors.ts';

/** How a link is set up. */
export interface LinkOptions {
  /** The host opens; the device answers. */
  readonly role: 'host' | 'device';
  /** Host only: a random number of 32 bits. Its low 16 bits mark every frame of the link. */
  readonly linkId?: number;
  /** Frames on the way that this side can hold, 1 to 64. The smaller offer of both sides counts. */
  readonly windowFrames?: number;
  /** Body size that this side can hold, 1,024 to 2,048 bytes. The smaller offer of both sides counts. */
  readonly bodyMaxBytes?: number;
  /**
   * Asked for the next BLOCK body when there is room on the line: at most `maxBytes` long, made now, not kept
   * waiting in a queue. `undefined` means nothing to send.
   */
  readonly nextBlock?: (maxBytes: number) => Uint8Array | undefined;
}

/** What a link tells its owner. Messages and blocks come in the order of sending, each exactly once. */
export type LinkEvent =
  | { readonly type: 'opened'; readonly linkId: number; readonly windowFrames: number; readonly bodyMaxBytes: number }
  | { readonly type: 'message'; readonly body: Uint8Array }
  | { readonly type: 'block'; readonly body: Uint8Array }
  | { readonly type: 'closed'; readonly reason: CloseReason };

/** Where a link stands. */
export type LinkState = 'closed' | 'opening' | 'open';

/** Counters and measures of a link, for people and for tests; a snapshot. */
export interface LinkStats {
  readonly state: LinkState;
  /** The 32-bit number of the present or last link; 0 before the first. */
  readonly linkId: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
  /** Pieces between zeros that were no valid frame. */
  readonly badFrames: number;
  /** Valid frames of another link. */
  readonly foreignFrames: number;
  /** Frames that had been received before. */
  readonly duplicateFrames: number;
  /** Frames sent again. */
  readonly resends: number;
  /** Smoothed round trip; 0 before the first measure. */
  readonly srttMs: number;
  /** When the last byte arrived, whatever it was; -Infinity before the first. */
  readonly lastByteAtMs: number;
  /** When the last valid frame of this link arrived; -Infinity before the first. */
  readonly lastFrameAtMs: number;
  /** Present block body size in bytes, chosen from the measured losses. */
  readonly blockBodyBytes: number;
  /** Frames sent and not yet acknowledged. */
  readonly inFlightFrames: number;
}

/**
 * What a pump between a transport and a session (or a bare link) needs. All times are monotonic milliseconds. The pump
 * calls takeOutput() after every receive(), tick() and onOutput, as soon as the line can take bytes; deadlineMs() counts
 * on that and does not ask for a tick for what only waits for the line.
 */
export interface CableEnd {
  /** Bytes from the line, in any pieces. */
  receive(bytes: Uint8Array, nowMs: number): void;
  /** Bytes to write now, at most `maxBytes`; `undefined` when there are none. Call it when the line can take more. */
  takeOutput(nowMs: number, maxBytes: number): Uint8Array | undefined;
  /** When tick() must be called at the latest; `undefined` when nothing is awaited. */
  deadlineMs(): number | undefined;
  /** Lets time pass. Calling it too often does no harm. */
  tick(nowMs: number): void;
  readonly stats: LinkStats;
}
