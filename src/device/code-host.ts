import { err } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import type { CableErrorCode } from '../../protocol/cable/v1/errors.ts';
import { encodeFields } from '../../protocol/cable/v1/fields.ts';
import { opSpec } from '../../protocol/cable/v1/services/table.ts';
import type { OpName, Params, Reply } from '../../protocol/cable/v1/services/table.ts';
import { hexEncode } from '../../protocol/bytes.ts';
import { encodeCbor } from '../../protocol/cbor/encode.ts';
import { decodeDeviceAnswer, encodeDeviceAsk, openingCalls } from '../../protocol/codes/cable.ts';
import type { CodeCall, CodeReply } from '../../protocol/codes/cable.ts';

/** What is wrong with a code that was read as the terminal's answer. */
export type CodeProblem = 'not-an-answer' | 'other-terminal' | 'other-answer';

/** The question that stands on the page, for the terminal to read. */
export interface CodeQuestion {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** The terminal may also begin by itself: an unasked code is taken. */
  readonly isOpening: boolean;
}

interface Waiting {
  readonly question: CodeQuestion;
  readonly calls: readonly CodeCall[];
  settle(replies: readonly CodeReply[] | undefined): void;
}

/** What is wanted next, most of the time: asked for in the same code, so that a person scans once for several operations. */
const followers: Partial<Record<OpName, readonly CodeCall[]>> = {
  'identity.hello': openingCalls.slice(1),
  'lock.status': openingCalls.slice(2),
  'lock.keyset': openingCalls.slice(1),
  'lock.grant': [{ op: 'lock.status', params: {} }],
  'lock.siteUnlock': [{ op: 'lock.status', params: {} }],
  'lock.order': [{ op: 'lock.status', params: {} }],
  'lock.abort': [{ op: 'lock.status', params: {} }],
};

function nameOf({ op, params }: CodeCall): string {
  return `${op} ${hexEncode(encodeCbor(encodeFields(opSpec(op).params, params as never)))}`;
}

/**
 * The host's end of a conversation by codes: the same requests as on a cable, each a question on the screen and an
 * answer before the camera. One question at a time; replies that came along are used once, and only until something
 * else was asked. Every request settles, at the latest when it is closed.
 */
export class CodeHost {
  readonly #serial: string;
  readonly #random32: () => number;
  readonly #changed: () => void;
  #waiting: Waiting | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #known = new Map<string, CodeReply>();
  #isClosed = false;

  /** `changed` is called when another question stands, or none. */
  constructor(serial: string, random32: () => number, changed: () => void) {
    this.#serial = serial;
    this.#random32 = random32;
    this.#changed = changed;
  }

  /** What the terminal is to read now. */
  get question(): CodeQuestion | undefined {
    return this.#waiting?.question;
  }

  /** Asks by a code, or takes a reply that has come along. Waits for as long as the persons need. */
  request<K extends OpName>(op: K, params: Params<K>): Promise<Result<Reply<K>, CableErrorCode>> {
    const call: CodeCall = { op, params: params as CodeCall['params'] };
    const next = this.#turn.then(() => this.#ask(call));
    this.#turn = next;
    return next as Promise<Result<Reply<K>, CableErrorCode>>;
  }

  /** Takes the code that the terminal shows; the problem when it is not the answer that is waited for. */
  take(bytes: Uint8Array): CodeProblem | undefined {
    const waiting = this.#waiting;
    const answer = decodeDeviceAnswer(bytes);
    if (!answer.ok || waiting === undefined) return 'not-an-answer';
    const { serial, number, replies } = answer.value;
    if (serial !== this.#serial) return 'other-terminal';
    const { question, calls } = waiting;
    const isExpected = number === question.number || (number === 0 && question.isOpening);
    const isWhole = replies.length === calls.length && replies.every(({ op }, i) => op === calls[i]?.op);
    if (!isExpected || !isWhole) return 'other-answer';
    waiting.settle(replies);
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting?.settle(undefined);
  }

  async #ask(call: CodeCall): Promise<Result<unknown, CableErrorCode>> {
    const known = this.#known.get(nameOf(call));
    this.#known.delete(nameOf(call));
    if (known !== undefined) return known.result;
    const calls = [call, ...(followers[call.op] ?? [])];
    const replies = await this.#exchange(calls);
    const [first, ...others] = replies ?? [];
    if (first === undefined) return err('closed');
    this.#known = new Map(others.map((reply, i) => [nameOf(calls[i + 1] ?? call), reply]));
    return first.result;
  }

  #exchange(calls: readonly CodeCall[]): Promise<readonly CodeReply[] | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    const number = Math.max(1, this.#random32());
    const bytes = encodeDeviceAsk({ serial: this.#serial, number, calls });
    const isOpening = calls[0]?.op === 'identity.hello';
    return new Promise((resolve) => {
      const settle = (replies: readonly CodeReply[] | undefined): void => {
        this.#waiting = undefined;
        this.#changed();
        resolve(replies);
      };
      this.#waiting = { question: { number, bytes, isOpening }, calls, settle };
      this.#changed();
    });
  }
}
