import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { concatBytes, equalBytes, hexEncode, utf8Encode } from '../../protocol/bytes.ts';
import { objectMaxBytes } from '../../protocol/cable/v1/limits.ts';
import type { ObjectInfo, ObjectReader, ObjectStore, ObjectWriter } from '../../protocol/cable/v1/objects.ts';
import type { ObjectRow } from '../../protocol/cable/v1/services/transfer.ts';
import type { CoreRecord } from './core-record.ts';
import { deviceLimits } from './limits.ts';
import { noiseBytes } from './noise-object.ts';
import { PartialObject } from './partial-object.ts';
import type { DurableStore } from './store.ts';
import { eraseRecord } from './store.ts';

const objectPrefix = 'object.';
const noiseName = /^noise-([1-9][0-9]{0,7})$/;

interface IndexRow {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

function readerOf(name: string, bytes: Uint8Array, hash: Uint8Array = sha256(bytes)): ObjectReader {
  return {
    name,
    sizeBytes: bytes.length,
    sha256: hash,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

function recordOf(name: string): string {
  return objectPrefix + hexEncode(sha256(utf8Encode(name)).subarray(0, 8));
}

/**
 * The objects that the cable can move. `settings` and `journal` are made from the device's record, `noise-N` is N
 * bytes that do not compress (for measuring), everything else was written over the cable.
 */
export class DeviceObjects implements ObjectStore {
  readonly #store: DurableStore;
  readonly #core: () => CoreRecord;
  readonly #noise = new Map<number, ObjectReader>();

  constructor(store: DurableStore, core: () => CoreRecord) {
    this.#store = store;
    this.#core = core;
  }

  list(): readonly ObjectRow[] {
    const made = ['settings', 'journal', 'noise-65536'].map((name) => this.openRead(name));
    const rows = made
      .filter((result) => result.ok)
      .map(({ value }): ObjectRow => [value.name, value.sizeBytes, value.sha256]);
    const written = this.#index().map(({ name }) => this.openRead(name));
    return [
      ...rows,
      ...written
        .filter((result) => result.ok)
        .map(({ value }): ObjectRow => [value.name, value.sizeBytes, value.sha256]),
    ];
  }

  openRead(name: string): Result<ObjectReader, 'refused' | 'not-in-state' | 'storage'> {
    const core = this.#core();
    if (name === 'journal') return ok(readerOf(name, concatBytes(...core.journal.records)));
    const noise = noiseName.exec(name);
    if (noise !== null) return this.#openNoise(name, Number(noise[1]));
    if (core.state === 'LOCKED') return err('not-in-state', 'a locked device gives nothing but its journal');
    if (name === 'settings') return ok(readerOf(name, utf8Encode(core.parameters)));
    const bytes = this.#index().some((row) => row.name === name) ? this.#store.read(recordOf(name)) : undefined;
    return bytes === undefined ? err('refused', 'there is no such object') : ok(readerOf(name, bytes));
  }

  openWrite(info: ObjectInfo): Result<ObjectWriter, 'refused' | 'not-in-state' | 'busy' | 'storage'> {
    if (this.#core().state === 'LOCKED') return err('not-in-state', 'a locked device takes no objects');
    if (['settings', 'journal'].includes(info.name) || noiseName.test(info.name)) return err('refused', 'read only');
    if (info.sizeBytes > objectMaxBytes) return err('storage', 'too large');
    const index = this.#index();
    const isNew = !index.some((row) => row.name === info.name);
    if (isNew && index.length >= deviceLimits.writtenObjects) return err('storage', 'no room for another object');
    return ok(new PartialObject(this.#store, info, (bytes) => this.#put(info, bytes)));
  }

  /** Erases everything that was written over the cable, the unfinished too. */
  eraseWritten(): void {
    for (const name of this.#store.names()) {
      if (name.startsWith(objectPrefix) || PartialObject.isRecord(name)) eraseRecord(this.#store, name);
    }
  }

  #put(info: ObjectInfo, bytes: Uint8Array): boolean {
    if (bytes.length !== info.sizeBytes || !equalBytes(sha256(bytes), info.sha256)) return false;
    this.#store.write(recordOf(info.name), bytes);
    const others = this.#index().filter((row) => row.name !== info.name);
    const row: IndexRow = { name: info.name, sizeBytes: bytes.length, sha256: hexEncode(info.sha256) };
    this.#store.write(`${objectPrefix}index`, utf8Encode(JSON.stringify([...others, row])));
    return true;
  }

  #index(): readonly IndexRow[] {
    const bytes = this.#store.read(`${objectPrefix}index`);
    return bytes === undefined ? [] : (JSON.parse(new TextDecoder().decode(bytes)) as readonly IndexRow[]);
  }

  #openNoise(name: string, sizeBytes: number): Result<ObjectReader, 'refused'> {
    if (sizeBytes > objectMaxBytes) return err('refused', 'too large');
    const known = this.#noise.get(sizeBytes);
    if (known !== undefined) return ok(known);
    const reader = readerOf(name, noiseBytes(sizeBytes));
    this.#noise.clear();
    this.#noise.set(sizeBytes, reader);
    return ok(reader);
  }
}
