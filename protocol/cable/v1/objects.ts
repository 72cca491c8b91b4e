import type { Result } from '../../../domain/result.ts';
import type { Range } from './ranges.ts';
import type { ObjectRow } from './services/transfer.ts';

/** What an object is: its name, size in bytes and SHA-256. */
export interface ObjectInfo {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: Uint8Array;
}

/** An object opened for reading. */
export interface ObjectReader extends ObjectInfo {
  /** The bytes from `offset`, exactly `length` of them. May be a view: the session copies before it returns. */
  read(offset: number, length: number): Uint8Array;
}

/** An object that is being written; unfinished ones stay, so that the next `openWrite` goes on. */
export interface ObjectWriter {
  /** What is durable now: it survives a power cut. */
  ranges(): readonly Range[];
  /** Takes bytes at `offset`. They may become durable later, at the latest in `flush`. Throws when it cannot. */
  write(offset: number, bytes: Uint8Array): void;
  /** Makes everything written so far durable. Throws when it cannot. */
  flush(): void;
  /** Checks size and SHA-256 over what is stored and, when right, puts the object in its place. False: not right. */
  finish(): boolean;
}

/**
 * The device's storage of named objects. Calls are synchronous: a device takes a block when it can store it, and what
 * it has taken is acknowledged.
 */
export interface ObjectStore {
  /** At most 16 objects that can be read. */
  list(): readonly ObjectRow[];
  openRead(name: string): Result<ObjectReader, 'refused' | 'not-in-state' | 'storage'>;
  /** Goes on with an unfinished object of the same name, size and hash; drops an unfinished one of another hash. */
  openWrite(info: ObjectInfo): Result<ObjectWriter, 'refused' | 'not-in-state' | 'busy' | 'storage'>;
}

/** How far a transfer is. */
export interface TransferProgress {
  /** Bytes at the other end, those of earlier attempts included. */
  readonly doneBytes: number;
  readonly sizeBytes: number;
  /** Bytes that this attempt moved. */
  readonly movedBytes: number;
}

/** An object on its way from the device, kept by the caller over failures so that the next attempt goes on. */
export interface ObjectDraft {
  readonly name: string;
  /** 0 until the device said how large the object is. */
  sizeBytes: number;
  /** Empty until the device said it. */
  sha256: Uint8Array;
  /** `sizeBytes` long; only what `ranges` names is valid. */
  bytes: Uint8Array;
  ranges: readonly Range[];
}

/** A draft with nothing in it. */
export function emptyDraft(name: string): ObjectDraft {
  return { name, sizeBytes: 0, sha256: new Uint8Array(0), bytes: new Uint8Array(0), ranges: [] };
}

/** Cancels a transfer from outside. */
export class CancelToken {
  #isCancelled = false;
  #listener: (() => void) | undefined;

  /** True after cancel(). */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Ends the transfer that holds this token; what was moved so far stays. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#listener?.();
  }

  /** For the session: called once at cancel(). One token serves one transfer at a time. */
  onCancel(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }
}
