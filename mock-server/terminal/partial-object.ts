import { equalBytes, hexDecode, hexEncode, utf8Encode } from '../../protocol/bytes.ts';
import type { ObjectInfo, ObjectWriter } from '../../protocol/cable/v1/objects.ts';
import { addRange } from '../../protocol/cable/v1/ranges.ts';
import type { Range } from '../../protocol/cable/v1/ranges.ts';
import { eraseRecord } from './store.ts';
import type { DurableStore } from './store.ts';

/** Bytes that become durable together: a flash page's worth, so that a fast transfer is not all fsync. */
const pieceBytes = 64 * 1024;
const partPrefix = 'part.';
const metaName = `${partPrefix}meta`;

interface Meta {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly ranges: readonly Range[];
}

/**
 * One object that arrives in pieces; there is room for one. What is durable is in `part.N` records, and the meta
 * record says which bytes of them count. A later attempt for the same object goes on; another object drops it.
 */
export class PartialObject implements ObjectWriter {
  readonly #store: DurableStore;
  readonly #info: ObjectInfo;
  readonly #bytes: Uint8Array;
  readonly #place: (bytes: Uint8Array) => boolean;
  #taken: readonly Range[] = [];
  #durable: readonly Range[] = [];
  readonly #dirtyPieces = new Set<number>();

  /** `place` checks the whole object and stores it; false: it is not what was announced. */
  constructor(store: DurableStore, info: ObjectInfo, place: (bytes: Uint8Array) => boolean) {
    this.#store = store;
    this.#info = info;
    this.#place = place;
    this.#bytes = new Uint8Array(info.sizeBytes);
    this.#resume();
  }

  /** True for the name of a record that belongs to an unfinished object. */
  static isRecord(name: string): boolean {
    return name.startsWith(partPrefix);
  }

  ranges(): readonly Range[] {
    return this.#durable;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (offset + bytes.length > this.#bytes.length) throw new RangeError('write.offset');
    this.#bytes.set(bytes, offset);
    this.#taken = addRange(this.#taken, [offset, offset + bytes.length]);
    const first = Math.floor(offset / pieceBytes);
    const last = Math.floor((offset + bytes.length - 1) / pieceBytes);
    for (let piece = first; piece <= last; piece++) {
      this.#dirtyPieces.add(piece);
      if (this.#isFull(piece)) this.#makeDurable([piece]);
    }
  }

  flush(): void {
    this.#makeDurable([...this.#dirtyPieces]);
  }

  finish(): boolean {
    this.flush();
    const isPlaced = this.#place(this.#bytes);
    this.#drop();
    return isPlaced;
  }

  #isFull(piece: number): boolean {
    const start = piece * pieceBytes;
    const end = Math.min(start + pieceBytes, this.#bytes.length);
    return this.#taken.some(([from, to]) => from <= start && to >= end);
  }

  #makeDurable(pieces: readonly number[]): void {
    if (pieces.length === 0) return;
    for (const piece of pieces) {
      const start = piece * pieceBytes;
      this.#store.write(`${partPrefix}${piece}`, this.#bytes.subarray(start, start + pieceBytes));
      this.#dirtyPieces.delete(piece);
      for (const [from, to] of this.#taken) {
        const cut: Range = [Math.max(from, start), Math.min(to, start + pieceBytes)];
        if (cut[0] < cut[1]) this.#durable = addRange(this.#durable, cut);
      }
    }
    const { name, sizeBytes, sha256 } = this.#info;
    const meta: Meta = { name, sizeBytes, sha256: hexEncode(sha256), ranges: this.#durable };
    this.#store.write(metaName, utf8Encode(JSON.stringify(meta)));
  }

  #resume(): void {
    const stored = this.#store.read(metaName);
    const meta = stored === undefined ? undefined : (JSON.parse(new TextDecoder().decode(stored)) as Meta);
    const isSame =
      meta?.name === this.#info.name &&
      meta.sizeBytes === this.#info.sizeBytes &&
      equalBytes(hexDecode(meta.sha256) ?? new Uint8Array(0), this.#info.sha256);
    if (meta === undefined || !isSame) {
      this.#drop();
      return;
    }
    for (let start = 0, piece = 0; start < this.#bytes.length; start += pieceBytes, piece++) {
      const bytes = this.#store.read(`${partPrefix}${piece}`);
      if (bytes !== undefined) this.#bytes.set(bytes, start);
    }
    this.#durable = meta.ranges;
    this.#taken = meta.ranges;
  }

  #drop(): void {
    for (const name of this.#store.names()) if (PartialObject.isRecord(name)) eraseRecord(this.#store, name);
  }
}
