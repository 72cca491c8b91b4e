import { err, ok, type Result } from '../../../domain/result.ts';
import type { CableErrorCode } from './errors.ts';
import { decodeFields, encodeFields, type FieldTable } from './fields.ts';
import type { CableLink } from './link.ts';
import { requestLimitMs, requestSilenceMs, requestsMax } from './limits.ts';
import { SleepGuard } from './liveness.ts';
import { encodeMessage, messageTypes, readError, type Message } from './messages.ts';
import { ops, opSpec, type OpName, type Params, type Reply } from './services/table.ts';

/** Called with the outcome of a request at the moment it is known, exactly once. */
export type OnReply<K extends OpName> = (result: Result<Reply<K>, CableErrorCode>) => void;

interface Pending {
  readonly op: OpName;
  readonly sentAtMs: number;
  readonly silenceMs: number;
  readonly onReply: (result: Result<never, CableErrorCode>) => void;
}

/** The host's open requests: numbers them, matches replies by number, gives up on silence. Every request settles. */
export class Requests {
  readonly #link: CableLink;
  readonly #pending = new Map<number, Pending>();
  readonly #guard = new SleepGuard();
  #lastId = 0;

  constructor(link: CableLink) {
    this.#link = link;
  }

  /** Sends a request. `onReply` may be called before this returns. Throws on parameters of the wrong shape. */
  ask<K extends OpName>(
    op: K,
    params: Params<K>,
    nowMs: number,
    onReply: OnReply<K>,
    silenceMs = requestSilenceMs,
  ): void {
    const table: FieldTable = opSpec(op).params;
    const fields = encodeFields(table, params as never);
    if (this.#link.state !== 'open') return onReply(err('closed'));
    if (this.#pending.size >= requestsMax) return onReply(err('too-many-requests'));
    const id = this.#freeId();
    const body = encodeMessage({ type: messageTypes.request, id, code: ops[op].code, fields });
    if (body.length > this.#link.bodyMaxBytes) return onReply(err('too-large'));
    if (!this.#link.sendMessage(body)) return onReply(err('too-many-requests'));
    this.#pending.set(id, { op, sentAtMs: nowMs, silenceMs, onReply: onReply as Pending['onReply'] });
  }

  /** Takes a response or an error. One that nobody waits for is dropped. */
  settle(message: Message): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined || ops[pending.op].code !== message.code) return;
    this.#pending.delete(message.id);
    if (message.type === messageTypes.error) {
      const { code, text } = readError(message.fields);
      return pending.onReply(err(code, text));
    }
    const reply = decodeFields(opSpec(pending.op).reply, message.fields);
    pending.onReply(reply.ok ? (ok(reply.value) as Result<never, CableErrorCode>) : err('bad-reply', reply.detail));
  }

  /** Settles all with `error`: the link is gone. */
  failAll(error: 'closed' | 'timeout'): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of all) pending.onReply(err(error));
  }

  /** When tick() may have to give a request up; Infinity when none waits. */
  deadlineMs(lastByteAtMs: number): number {
    let due = Infinity;
    for (const pending of this.#pending.values()) due = Math.min(due, this.#dueMs(pending, lastByteAtMs));
    return due;
  }

  /** Gives up the requests whose time is over. */
  tick(nowMs: number, lastByteAtMs: number): void {
    this.#guard.noteRun(nowMs, this.deadlineMs(lastByteAtMs));
    for (const [id, pending] of this.#pending) {
      if (nowMs < this.#dueMs(pending, lastByteAtMs)) continue;
      this.#pending.delete(id);
      pending.onReply(err('timeout'));
    }
  }

  #dueMs(pending: Pending, lastByteAtMs: number): number {
    const since = Math.max(pending.sentAtMs, lastByteAtMs, this.#guard.awakeSinceMs);
    return Math.min(since + pending.silenceMs, pending.sentAtMs + requestLimitMs);
  }

  #freeId(): number {
    do this.#lastId = (this.#lastId % 0xffff) + 1;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }
}
