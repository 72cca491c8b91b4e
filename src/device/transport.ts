import type { Result } from '../../domain/result.ts';
import type { OpenError } from './errors.ts';

/** The ways to reach a terminal. */
export type TransportKind = 'web-serial' | 'web-usb' | 'simulated' | 'codes';

/**
 * Bytes in, bytes out. What every transport guarantees (tests/conformance/transports):
 *
 * 1. `open()` settles with a typed error and never throws; a second `open()` while one runs or is open is `busy-opening`.
 * 2. `write()` resolves when the line has taken the bytes (back-pressure), in order, whole; `lost` once it is gone.
 * 3. `onBytes` hears every byte once and in order, in chunks of any size; nothing after `close()` resolved.
 * 4. `onLost` is called at most once per opening, only when the other side ended it, never for `close()`.
 * 5. `close()` always settles, also with a read or a write pending, and after it `open()` works again where the
 *    device is still attached.
 */
export interface Transport {
  /** Stable name for locks and logs, for example `web-serial:1209:7470:0`. */
  readonly id: string;
  readonly kind: TransportKind;
  /** Opens the line. `baud` matters to serial lines only. */
  open(baud?: number): Promise<Result<void, OpenError>>;
  /** Sends `bytes`; the caller keeps at most one write in flight for serial lines, any number for USB. */
  write(bytes: Uint8Array): Promise<Result<void, 'lost'>>;
  /** Called with each chunk that arrives; one listener, the last one set. */
  onBytes: (bytes: Uint8Array) => void;
  /** Called when the line ended by itself, with the cause for the log. */
  onLost: (cause: string) => void;
  /** Closes in the safe order: stop reading, wait for the reader, release the writer, close the port. */
  close(): Promise<void>;
}

/** Does nothing; what a transport's listeners are until someone listens. */
export function ignore(): void {
  // Nothing to do.
}

/** Read buffer asked of the browser: its default of 255 bytes overflows at the first burst. */
export const readBufferBytes = 256 * 1024;
/** Largest single write to a serial line: keeps the queue short, so that a resend is never behind a long backlog. */
export const writeChunkBytes = 16 * 1024;
/** How long `close()` waits for the reader before it goes on without it. */
export const closeWaitMs = 1000;
/** Rate used before the terminal has named the rates that it offers. */
export const defaultBaud = 115_200;
