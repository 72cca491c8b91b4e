import { err, ok, type Result } from '../../../domain/result.ts';
import { decodeBlock, encodeBlock, RangeCursor } from './blocks.ts';
import type { DeviceErrorCode } from './errors.ts';
import { blockHeadBytes, rangesMax, transfersMax } from './limits.ts';
import type { ObjectReader, ObjectStore, ObjectWriter } from './objects.ts';
import { missingRanges, normaliseRanges, type Range } from './ranges.ts';
import { equalBytes } from '../../bytes.ts';
import { directionRead } from './services/transfer.ts';
import type { OpName, Params, Reply } from './services/table.ts';

type TransferOp = Extract<OpName, `transfer.${string}`>;
type Answer<K extends TransferOp> = Result<Reply<K>, DeviceErrorCode>;

interface Reading {
  readonly kind: 'read';
  readonly reader: ObjectReader;
  readonly cursor: RangeCursor;
  isBroken: boolean;
}

interface Writing {
  readonly kind: 'write';
  readonly writer: ObjectWriter;
  readonly sizeBytes: number;
  isBroken: boolean;
}

/** True when `name` is the name of an operation that the session itself serves. */
export function isTransferOp(name: OpName): name is TransferOp {
  return name.startsWith('transfer.');
}

/** The device's part of the transfers: opens objects of the store, sends and takes blocks, names durable ranges. */
export class DeviceTransfers {
  readonly #store: ObjectStore;
  readonly #open = new Map<number, Reading | Writing>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The link ended: open transfers end with it. What is durable stays durable. */
  reset(): void {
    for (const transfer of this.#open.values()) if (transfer.kind === 'write') tryOut(() => transfer.writer.flush());
    this.#open.clear();
  }

  /** Serves one operation. */
  serve<K extends TransferOp>(name: K, params: Params<K>): Answer<K> {
    const table = {
      'transfer.list': () => ok({ objects: this.#store.list() }),
      'transfer.open': (p: Params<'transfer.open'>) => this.#openTransfer(p),
      'transfer.ranges': (p: Params<'transfer.ranges'>) => this.#ranges(p.transferId),
      'transfer.close': (p: Params<'transfer.close'>) => this.#close(p.transferId),
    } as const;
    return (table[name] as (p: Params<K>) => Answer<K>)(params);
  }

  /** The next BLOCK body of any transfer that is being read. */
  nextBlock(maxBytes: number): Uint8Array | undefined {
    for (const [id, transfer] of this.#open) {
      if (transfer.kind !== 'read' || transfer.isBroken) continue;
      const range = transfer.cursor.next(maxBytes - blockHeadBytes);
      if (range === undefined) continue;
      const bytes = tryOut(() => transfer.reader.read(range[0], range[1] - range[0]));
      if (bytes?.length === range[1] - range[0]) return encodeBlock(id, range[0], bytes);
      transfer.isBroken = true;
    }
    return undefined;
  }

  /** Takes a BLOCK body from the host. One that fits no open transfer is dropped. */
  takeBlock(body: Uint8Array): void {
    const { transferId, offset, bytes } = decodeBlock(body);
    const transfer = this.#open.get(transferId);
    if (transfer?.kind !== 'write' || transfer.isBroken) return;
    if (offset + bytes.length > transfer.sizeBytes) return;
    if (tryOut(() => (transfer.writer.write(offset, bytes), true)) === undefined) transfer.isBroken = true;
  }

  #freeId(): number | undefined {
    for (let id = 1; id <= transfersMax; id++) if (!this.#open.has(id)) return id;
    return undefined;
  }

  #openTransfer(params: Params<'transfer.open'>): Answer<'transfer.open'> {
    const id = this.#freeId();
    if (id === undefined) return err('busy', `${transfersMax} transfers are open`);
    return params.direction === directionRead ? this.#openRead(id, params) : this.#openWrite(id, params);
  }

  #openRead(id: number, params: Params<'transfer.open'>): Answer<'transfer.open'> {
    const opened = this.#store.openRead(params.name);
    if (!opened.ok) return opened;
    const reader = opened.value;
    const isSame = reader.sizeBytes === params.sizeBytes && equalBytes(reader.sha256, params.sha256);
    const have = isSame ? normaliseRanges(params.have, reader.sizeBytes) : [];
    const cursor = new RangeCursor(missingRanges(have, reader.sizeBytes));
    this.#open.set(id, { kind: 'read', reader, cursor, isBroken: false });
    return ok({ transferId: id, sizeBytes: reader.sizeBytes, sha256: reader.sha256, have });
  }

  #openWrite(id: number, params: Params<'transfer.open'>): Answer<'transfer.open'> {
    const { name, sizeBytes, sha256 } = params;
    if (sha256.length !== 32) return err('bad-params', 'sha256');
    const opened = this.#store.openWrite({ name, sizeBytes, sha256 });
    if (!opened.ok) return opened;
    const writer = opened.value;
    this.#open.set(id, { kind: 'write', writer, sizeBytes, isBroken: false });
    return ok({ transferId: id, sizeBytes, sha256, have: told(writer.ranges()) });
  }

  #ranges(id: number): Answer<'transfer.ranges'> {
    const transfer = this.#open.get(id);
    if (transfer === undefined) return err('not-in-state', 'no such transfer');
    if (transfer.isBroken) return err('storage');
    if (transfer.kind === 'read') return ok({ have: [] });
    const isFlushed = tryOut(() => (transfer.writer.flush(), true));
    return isFlushed === undefined ? err('storage') : ok({ have: told(transfer.writer.ranges()) });
  }

  #close(id: number): Answer<'transfer.close'> {
    const transfer = this.#open.get(id);
    if (transfer === undefined) return err('not-in-state', 'no such transfer');
    this.#open.delete(id);
    if (transfer.kind === 'read') return ok({ verified: !transfer.isBroken });
    const { writer, sizeBytes, isBroken } = transfer;
    const verified = tryOut(() => {
      writer.flush();
      return !isBroken && missingRanges(writer.ranges(), sizeBytes).length === 0 && writer.finish();
    });
    return verified === undefined ? err('storage') : ok({ verified });
  }
}

/** Ranges as a message may carry them: leaving some out only means that they are sent again. */
function told(ranges: readonly Range[]): readonly Range[] {
  return ranges.slice(0, rangesMax);
}

/** What `work` gives, or `undefined` when the storage under it throws. */
function tryOut<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
