import type { Result } from '../../../domain/result.ts';
import type { CableErrorCode, HelloErrorCode, TransferErrorCode } from './errors.ts';
import type { CableEnd, LinkState, LinkStats } from './link-types.ts';
import type { ObjectDraft } from './objects.ts';
import type { CableEvent, OpName, Params, Reply } from './services/table.ts';
import type { ExpectedReboot, HostSessionOptions, LinkChange, ReadOptions, WriteOptions } from './session-types.ts';

/** The host's end of the cable: opens links, asks, listens, moves objects. Pure; a pump gives it bytes and time. */
export declare class HostSession implements CableEnd {
  constructor(options: HostSessionOptions);
  readonly stats: LinkStats;
  readonly state: LinkState;
  readonly hello: Reply<'identity.hello'> | undefined;
  readonly expectedReboot: ExpectedReboot | undefined;
  open(nowMs: number, linkId?: number): void;
  close(nowMs: number): void;
  receive(bytes: Uint8Array, nowMs: number): void;
  takeOutput(nowMs: number, maxBytes: number): Uint8Array | undefined;
  deadlineMs(): number | undefined;
  tick(nowMs: number): void;
  request<K extends OpName>(
    op: K,
    params: Params<K>,
    nowMs: number,
    timeoutMs?: number,
  ): Promise<Result<Reply<K>, CableErrorCode>>;
  sayHello(nowMs: number, expectedSerial?: string): Promise<Result<Reply<'identity.hello'>, HelloErrorCode>>;
  onEvent(listener: (event: CableEvent) => void): () => void;
  onLink(listener: (change: LinkChange) => void): () => void;
  readObject(name: string, nowMs: number, options?: ReadOptions): Promise<Result<ObjectDraft, TransferErrorCode>>;
  writeObject(
    bytes: Uint8Array,
    nowMs: number,
    options: WriteOptions,
  ): Promise<Result<{ sha256: Uint8Array }, TransferErrorCode>>;
}
