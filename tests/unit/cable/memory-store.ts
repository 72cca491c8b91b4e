import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { equalBytes } from '../../../protocol/bytes.ts';
import type { ObjectInfo, ObjectReader, ObjectStore, ObjectWriter } from '../../../protocol/cable/v1/objects.ts';
import { addRange, type Range } from '../../../protocol/cable/v1/ranges.ts';
import type { ObjectRow } from '../../../protocol/cable/v1/services/transfer.ts';

interface Unfinished extends ObjectInfo {
  readonly bytes: Uint8Array;
  ranges: readonly Range[];
  durable: readonly Range[];
}

/** An object store in memory. What was not flushed is forgotten by powerCut(), as on a real device. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  readonly unfinished = new Map<string, Unfinished>();
  /** Every range that write() got, in order. */
  readonly writes: Range[] = [];
  /** write() throws from this many writes on. */
  failAfterWrites = Infinity;
  /** Makes written bytes durable after each this many writes. */
  flushEvery = 8;

  list(): readonly ObjectRow[] {
    return [...this.objects].map(([name, bytes]) => [name, bytes.length, sha256(bytes)]);
  }

  openRead(name: string): Result<ObjectReader, 'not-in-state'> {
    const bytes = this.objects.get(name);
    if (bytes === undefined) return err('not-in-state', name);
    const read = (offset: number, length: number): Uint8Array => bytes.subarray(offset, offset + length);
    return ok({ name, sizeBytes: bytes.length, sha256: sha256(bytes), read });
  }

  openWrite(info: ObjectInfo): Result<ObjectWriter, 'refused'> {
    if (info.name === 'forbidden') return err('refused');
    let draft = this.unfinished.get(info.name);
    if (draft === undefined || !equalBytes(draft.sha256, info.sha256) || draft.sizeBytes !== info.sizeBytes) {
      draft = { ...info, bytes: new Uint8Array(info.sizeBytes), ranges: [], durable: [] };
      this.unfinished.set(info.name, draft);
    }
    return ok(this.#writer(draft));
  }

  /** Forgets what was not durable. */
  powerCut(): void {
    for (const draft of this.unfinished.values()) draft.ranges = draft.durable;
  }

  #writer(draft: Unfinished): ObjectWriter {
    const flush = (): void => void (draft.durable = draft.ranges);
    return {
      ranges: () => draft.durable,
      flush,
      write: (offset, bytes) => {
        if (this.writes.length >= this.failAfterWrites) throw new Error('storage broken');
        this.writes.push([offset, offset + bytes.length]);
        draft.bytes.set(bytes, offset);
        draft.ranges = addRange(draft.ranges, [offset, offset + bytes.length]);
        if (this.writes.length % this.flushEvery === 0) flush();
      },
      finish: () => {
        if (!equalBytes(sha256(draft.bytes), draft.sha256)) return false;
        this.objects.set(draft.name, draft.bytes);
        this.unfinished.delete(draft.name);
        return true;
      },
    };
  }
}
