import { createHash } from 'node:crypto';
import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import type { ObjectInfo, ObjectReader, ObjectStore, ObjectWriter } from '../../../protocol/cable/v1/objects.ts';
import { addRange } from '../../../protocol/cable/v1/ranges.ts';
import type { Range } from '../../../protocol/cable/v1/ranges.ts';
import type { ObjectRow } from '../../../protocol/cable/v1/services/transfer.ts';

function sha256Of(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

class MemoryWriter implements ObjectWriter {
  readonly #info: ObjectInfo;
  readonly #bytes: Uint8Array;
  readonly #keep: (bytes: Uint8Array) => void;
  #ranges: Range[] = [];
  /** Bytes that arrived for places that held verified bytes already. */
  rewrittenBytes = 0;

  constructor(info: ObjectInfo, keep: (bytes: Uint8Array) => void) {
    this.#info = info;
    this.#bytes = new Uint8Array(info.sizeBytes);
    this.#keep = keep;
  }

  get info(): ObjectInfo {
    return this.#info;
  }

  ranges(): readonly Range[] {
    return this.#ranges;
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    for (const [from, to] of this.#ranges) {
      this.rewrittenBytes += Math.max(0, Math.min(end, to) - Math.max(offset, from));
    }
    this.#bytes.set(bytes, offset);
    this.#ranges = addRange(this.#ranges, [offset, end]);
  }

  flush(): void {
    // Memory is all the durability that a bench needs.
  }

  finish(): boolean {
    if (Buffer.compare(sha256Of(this.#bytes), this.#info.sha256) !== 0) return false;
    this.#keep(this.#bytes);
    return true;
  }
}

/** A device's objects in memory, which also counts the bytes read and the bytes written twice. */
export class MemoryObjects implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>();
  #writer: MemoryWriter | undefined;
  /** Bytes that transfers have read, those read again after a loss included. */
  readBytes = 0;

  put(name: string, bytes: Uint8Array): void {
    this.#objects.set(name, bytes);
  }

  get(name: string): Uint8Array | undefined {
    return this.#objects.get(name);
  }

  /** Bytes that were sent although the device had named their range as verified. */
  get rewrittenBytes(): number {
    return this.#writer?.rewrittenBytes ?? 0;
  }

  list(): readonly ObjectRow[] {
    return [...this.#objects].map(([name, bytes]) => [name, bytes.length, sha256Of(bytes)]);
  }

  openRead(name: string): Result<ObjectReader, 'refused'> {
    const bytes = this.#objects.get(name);
    if (bytes === undefined) return err('refused', 'no such object');
    return ok({
      name,
      sizeBytes: bytes.length,
      sha256: sha256Of(bytes),
      read: (offset, length) => {
        this.readBytes += length;
        return bytes.subarray(offset, offset + length);
      },
    });
  }

  openWrite(info: ObjectInfo): Result<ObjectWriter, 'refused'> {
    const isSame = this.#writer !== undefined && Buffer.compare(this.#writer.info.sha256, info.sha256) === 0;
    if (!isSame) this.#writer = new MemoryWriter(info, (bytes) => this.#objects.set(info.name, bytes));
    return ok(this.#writer!);
  }
}
