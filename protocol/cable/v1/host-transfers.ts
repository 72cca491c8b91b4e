import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../../domain/result.ts';
import { equalBytes } from '../../bytes.ts';
import { decodeBlock, encodeBlock, RangeCursor } from './blocks.ts';
import type { TransferErrorCode } from './errors.ts';
import { blockHeadBytes, progressPauseMs, rangesMax, transferRoundsMax, transferStallMs } from './limits.ts';
import { emptyDraft, type CancelToken, type ObjectDraft, type TransferProgress } from './objects.ts';
import { addRange, missingRanges, normaliseRanges, rangesBytes, type Range } from './ranges.ts';
import type { OnReply } from './requests.ts';
import { directionRead, directionWrite } from './services/transfer.ts';
import type { OpName, Params, Reply } from './services/table.ts';
import type { ReadOptions, WriteOptions } from './session-types.ts';

/** What the transfers need of their session. */
export interface TransferPort {
  ask<K extends OpName>(op: K, params: Params<K>, onReply: OnReply<K>): void;
  /** Wire bytes sent and not confirmed. */
  unconfirmedBytes(): number;
  nowMs(): number;
  wake(): void;
}

type Done<T> = (result: Result<T, TransferErrorCode>) => void;

/** What all transfers do alike: report progress, end once, cancel, notice that nothing moves. */
abstract class Transfer<T> {
  protected readonly port: TransferPort;
  protected transferId = 0;
  protected isEnded = false;
  readonly #done: Done<T>;
  readonly #cancel: CancelToken | undefined;
  readonly #onProgress: ((progress: TransferProgress) => void) | undefined;
  #progressAtMs = -Infinity;
  #movedAtMs: number;
  #isAsking = false;

  constructor(port: TransferPort, options: ReadOptions | WriteOptions, done: Done<T>) {
    this.port = port;
    this.#done = done;
    this.#cancel = options.cancel;
    this.#onProgress = options.onProgress;
    this.#movedAtMs = port.nowMs();
    this.#cancel?.onCancel(() => this.cancelled());
  }

  /** True when no block belongs to it any more. */
  get isOver(): boolean {
    return this.isEnded;
  }

  /** The transfer's number at the device; 0 before it is open. */
  get id(): number {
    return this.transferId;
  }

  /** When to look whether anything still moves. */
  get stallAtMs(): number {
    return this.isEnded || this.transferId === 0 || this.#isAsking ? Infinity : this.#movedAtMs + transferStallMs;
  }

  /** Nothing moved for long: asks whether the device still has the transfer. */
  checkStall(): void {
    this.#isAsking = true;
    this.port.ask('transfer.ranges', { transferId: this.transferId }, (reply) => {
      this.#isAsking = false;
      this.#movedAtMs = this.port.nowMs();
      if (!reply.ok) this.end(reply);
    });
  }

  /** Ends with `result` unless it has ended. */
  end(result: Result<T, TransferErrorCode>): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#cancel?.onCancel(undefined);
    this.#done(result);
  }

  protected cancelled(): void {
    if (this.isEnded) return;
    if (this.transferId !== 0) this.port.ask('transfer.close', { transferId: this.transferId }, () => undefined);
    this.end(err('cancelled'));
    this.port.wake();
  }

  protected moved(progress: () => TransferProgress, isLast = false): void {
    const nowMs = this.port.nowMs();
    this.#movedAtMs = nowMs;
    if (this.#onProgress === undefined || (!isLast && nowMs - this.#progressAtMs < progressPauseMs)) return;
    this.#progressAtMs = nowMs;
    this.#onProgress(progress());
  }
}

/** One object on its way from the device. */
export class ReadTransfer extends Transfer<ObjectDraft> {
  readonly #draft: ObjectDraft;
  readonly #onBlock: ReadOptions['onBlock'];
  #movedBytes = 0;

  constructor(port: TransferPort, name: string, options: ReadOptions, done: Done<ObjectDraft>) {
    super(port, options, done);
    this.#draft = options.draft ?? emptyDraft(name);
    this.#onBlock = options.onBlock;
  }

  /** Asks the device to open the object; `onOpen` hears the number before the first block can arrive. */
  start(onOpen: () => void): void {
    const { name, sizeBytes, sha256: hash, ranges } = this.#draft;
    const have = normaliseRanges(ranges, sizeBytes).slice(0, rangesMax);
    const params = { direction: directionRead, name, sizeBytes, sha256: hash, have };
    this.port.ask('transfer.open', params, (reply) => {
      if (!reply.ok) return this.end(reply);
      this.transferId = reply.value.transferId;
      if (this.isEnded) return this.port.ask('transfer.close', { transferId: this.transferId }, () => undefined);
      this.#adopt(reply.value);
      onOpen();
      this.#finishWhenWhole();
    });
  }

  /** Takes a block that belongs to this transfer. */
  takeBlock(offset: number, bytes: Uint8Array): void {
    const draft = this.#draft;
    const end = offset + bytes.length;
    if (this.isEnded || end > draft.sizeBytes) return;
    draft.bytes.set(bytes, offset);
    draft.ranges = addRange(draft.ranges, [offset, end]);
    this.#movedBytes += bytes.length;
    this.#onBlock?.(offset, bytes);
    const isWhole = rangesBytes(draft.ranges) === draft.sizeBytes;
    this.moved(() => this.#progress(), isWhole);
    if (isWhole) this.#finishWhenWhole();
  }

  #adopt(reply: Reply<'transfer.open'>): void {
    const draft = this.#draft;
    const isSame = draft.sizeBytes === reply.sizeBytes && equalBytes(draft.sha256, reply.sha256);
    if (isSame && draft.bytes.length === reply.sizeBytes) {
      draft.ranges = normaliseRanges(reply.have, reply.sizeBytes);
      return;
    }
    draft.sizeBytes = reply.sizeBytes;
    draft.sha256 = reply.sha256;
    draft.bytes = new Uint8Array(reply.sizeBytes);
    draft.ranges = [];
  }

  #finishWhenWhole(): void {
    const draft = this.#draft;
    if (this.isEnded || rangesBytes(draft.ranges) !== draft.sizeBytes) return;
    this.port.ask('transfer.close', { transferId: this.transferId }, () => undefined);
    if (equalBytes(sha256(draft.bytes), draft.sha256)) return this.end(ok(draft));
    draft.ranges = [];
    this.end(err('hash-mismatch'));
  }

  #progress(): TransferProgress {
    const { ranges, sizeBytes } = this.#draft;
    return { doneBytes: rangesBytes(ranges), sizeBytes, movedBytes: this.#movedBytes };
  }
}

/** One object on its way to the device. */
export class WriteTransfer extends Transfer<{ readonly sha256: Uint8Array }> {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #hash: Uint8Array;
  #cursor = new RangeCursor([]);
  #heldBytes = 0;
  #sentBytes = 0;
  #rounds = 0;
  #isPumping = false;

  constructor(
    port: TransferPort,
    bytes: Uint8Array,
    options: WriteOptions,
    done: Done<{ readonly sha256: Uint8Array }>,
  ) {
    super(port, options, done);
    this.#bytes = bytes;
    this.#name = options.name;
    this.#hash = options.sha256 ?? sha256(bytes);
  }

  /** Asks the device to take the object and to say what it has. */
  start(onOpen: () => void): void {
    const params = {
      direction: directionWrite,
      name: this.#name,
      sizeBytes: this.#bytes.length,
      sha256: this.#hash,
      have: [],
    };
    this.port.ask('transfer.open', params, (reply) => {
      if (!reply.ok) return this.end(reply);
      this.transferId = reply.value.transferId;
      if (this.isEnded) return this.port.ask('transfer.close', { transferId: this.transferId }, () => undefined);
      onOpen();
      this.#round(reply.value.have);
    });
  }

  /** The next BLOCK body; `undefined` when all of this round was given out. */
  nextBlock(maxBytes: number): Uint8Array | undefined {
    if (!this.#isPumping || this.isEnded) return undefined;
    const range = this.#cursor.next(maxBytes - blockHeadBytes);
    if (range === undefined) {
      this.#isPumping = false;
      this.#askRanges();
      return undefined;
    }
    this.#sentBytes += range[1] - range[0];
    return encodeBlock(this.transferId, range[0], this.#bytes.subarray(range[0], range[1]));
  }

  /** Something arrived on the link: confirmed blocks may have become more. */
  noteConfirmed(): void {
    if (this.#isPumping && !this.isEnded) this.moved(() => this.#progress());
  }

  #round(have: readonly Range[]): void {
    const held = normaliseRanges(have, this.#bytes.length);
    const missing = missingRanges(held, this.#bytes.length);
    if (missing.length === 0) return this.#close();
    if (++this.#rounds > transferRoundsMax) return this.end(err('incomplete'));
    this.#heldBytes = rangesBytes(held);
    this.#sentBytes = 0;
    this.#cursor = new RangeCursor(missing);
    this.#isPumping = true;
    this.port.wake();
  }

  #askRanges(): void {
    this.port.ask('transfer.ranges', { transferId: this.transferId }, (reply) => {
      if (this.isEnded) return;
      if (!reply.ok) return this.end(reply);
      this.#round(reply.value.have);
    });
  }

  #close(): void {
    this.port.ask('transfer.close', { transferId: this.transferId }, (reply) => {
      if (!reply.ok) return this.end(reply);
      if (!reply.value.verified) return this.end(err('hash-mismatch'));
      const sizeBytes = this.#bytes.length;
      this.moved(() => ({ doneBytes: sizeBytes, sizeBytes, movedBytes: this.#sentBytes }), true);
      this.end(ok({ sha256: this.#hash }));
    });
  }

  #progress(): TransferProgress {
    const movedBytes = Math.max(0, this.#sentBytes - this.port.unconfirmedBytes());
    return { doneBytes: this.#heldBytes + movedBytes, sizeBytes: this.#bytes.length, movedBytes };
  }
}

/** The open transfers of a host session. */
export class HostTransfers {
  readonly #port: TransferPort;
  readonly #all = new Set<ReadTransfer | WriteTransfer>();

  constructor(port: TransferPort) {
    this.#port = port;
  }

  /** Fetches an object. */
  read(name: string, options: ReadOptions): Promise<Result<ObjectDraft, TransferErrorCode>> {
    if (options.cancel?.isCancelled === true) return Promise.resolve(err('cancelled'));
    return new Promise((resolve) => this.#run(new ReadTransfer(this.#port, name, options, resolve)));
  }

  /** Sends an object. */
  write(bytes: Uint8Array, options: WriteOptions): Promise<Result<{ readonly sha256: Uint8Array }, TransferErrorCode>> {
    if (options.cancel?.isCancelled === true) return Promise.resolve(err('cancelled'));
    return new Promise((resolve) => this.#run(new WriteTransfer(this.#port, bytes, options, resolve)));
  }

  /** The next BLOCK body of any transfer that sends. */
  nextBlock(maxBytes: number): Uint8Array | undefined {
    for (const transfer of this.#all) {
      const body = transfer instanceof WriteTransfer ? transfer.nextBlock(maxBytes) : undefined;
      if (body !== undefined) return body;
    }
    return undefined;
  }

  /** Takes a BLOCK body; one of a transfer that has ended is dropped. */
  takeBlock(body: Uint8Array): void {
    const { transferId, offset, bytes } = decodeBlock(body);
    for (const transfer of this.#all) {
      if (transfer instanceof ReadTransfer && transfer.id === transferId) transfer.takeBlock(offset, bytes);
    }
    this.#forgetEnded();
  }

  /** Something arrived. */
  noteReceived(): void {
    for (const transfer of this.#all) if (transfer instanceof WriteTransfer) transfer.noteConfirmed();
    this.#forgetEnded();
  }

  /** The link is gone: all end with `error`. */
  failAll(error: 'closed' | 'timeout'): void {
    for (const transfer of this.#all) transfer.end(err(error));
    this.#all.clear();
  }

  /** When tick() is needed; Infinity when nothing is open. */
  deadlineMs(): number {
    let due = Infinity;
    for (const transfer of this.#all) due = Math.min(due, transfer.stallAtMs);
    return due;
  }

  /** Looks after transfers that do not move. */
  tick(nowMs: number): void {
    for (const transfer of this.#all) if (nowMs >= transfer.stallAtMs) transfer.checkStall();
  }

  #run(transfer: ReadTransfer | WriteTransfer): void {
    transfer.start(() => this.#all.add(transfer));
  }

  #forgetEnded(): void {
    for (const transfer of this.#all) if (transfer.isOver) this.#all.delete(transfer);
  }
}
