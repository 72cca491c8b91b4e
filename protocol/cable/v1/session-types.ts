import type { Result } from '../../../domain/result.ts';
import type { DeviceErrorCode } from './errors.ts';
import type { CancelToken, ObjectDraft, TransferProgress } from './objects.ts';
import type { CloseReason } from './errors.ts';
import type { OpName, Params, Reply } from './services/table.ts';

/** What the device's firmware does for one operation. Rejecting or throwing is answered with `internal`. */
export type OpHandler<K extends OpName> = (
  params: Params<K>,
) => Result<Reply<K>, DeviceErrorCode> | Promise<Result<Reply<K>, DeviceErrorCode>>;

/** Handlers by operation. Those left out are answered with `unknown-op`; the session itself serves `transfer.*`. */
export type DeviceHandlers = { readonly [K in Exclude<OpName, `transfer.${string}`>]?: OpHandler<K> };

/** Settings that both kinds of session take. */
export interface SessionOptions {
  readonly windowFrames?: number;
  readonly bodyMaxBytes?: number;
  /** Called whenever takeOutput may have something new outside of receive() and tick(): start the writer. */
  readonly onOutput?: () => void;
}

/** Settings of a host session. */
export interface HostSessionOptions extends SessionOptions {
  /** A random number of 32 bits for the first link. */
  readonly linkId: number;
}

/** What the host hears about its link. */
export type LinkChange =
  | { readonly type: 'opened'; readonly windowFrames: number; readonly bodyMaxBytes: number }
  | { readonly type: 'closed'; readonly reason: CloseReason };

/** A reboot that the device has announced. */
export interface ExpectedReboot {
  readonly announcedAtMs: number;
  /** Until then silence and a vanished port are expected. */
  readonly untilMs: number;
  /** Who must come back; empty when the device never said hello. */
  readonly serial: string;
}

/** Settings of `readObject`. */
export interface ReadOptions {
  /** What an earlier attempt left; changed in place while blocks arrive, so it is right after a failure too. */
  readonly draft?: ObjectDraft;
  readonly onProgress?: (progress: TransferProgress) => void;
  /** Each block as it arrives, for storing it at once; `bytes` is a copy of its own. */
  readonly onBlock?: (offset: number, bytes: Uint8Array) => void;
  readonly cancel?: CancelToken;
}

/** Settings of `writeObject`. */
export interface WriteOptions {
  readonly name: string;
  /** SHA-256 of the object; computed when left out. */
  readonly sha256?: Uint8Array;
  readonly onProgress?: (progress: TransferProgress) => void;
  readonly cancel?: CancelToken;
}
