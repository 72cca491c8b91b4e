import { createHmac, randomBytes } from 'node:crypto';
import type { PlatformClock } from '../frame/clock.ts';
import { purchase, refund, reverse, settle, upload, voidPurchase } from './acts.ts';
import type { HostDesk, Verdict } from './acts.ts';
import { Books } from './books.ts';
import type { BookState } from './books.ts';
import { hostPublicKey, initialKey, protectionKey, wrapInitialKey } from './card-keys.ts';
import { desCheckValue, tripleDes, x919 } from './ciphers.ts';
import { Issuer } from './issuer.ts';
import { readMessage, writeAnswer } from './messages.ts';
import type { HostMessage } from './messages.ts';

/** Everything secret of the simulated acquirer comes from this; it protects nothing but simulated money. */
const simulatorSecret = 'tillkeeper simulated acquirer';
/** First four bytes of every initial key id: which base derivation key. */
const baseKeyId = Buffer.from('54540001', 'hex');

function derive(what: string, bytes: number): Buffer {
  return createHmac('sha256', simulatorSecret).update(what).digest().subarray(0, bytes);
}

/** Public key of the simulated acquirer's key host, 32 bytes: burnt into devices at the factory (`trust.acquirerPublicKey`). */
export function acquirerPublicKey(): Uint8Array {
  return hostPublicKey(derive('key host', 32));
}

/** What one merchant's terminal is set up with; the same seed gives the same. */
export interface TerminalSetup {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly masterKey: Buffer;
  readonly fileKey: Buffer;
}

/** The terminal of a seed: numbers as acquirers give them, keys of its own. */
export function terminalOf(seed: string): TerminalSetup {
  const digits = BigInt(`0x${derive(`number ${seed}`, 16).toString('hex')}`).toString();
  return {
    terminalId: `5${digits.slice(0, 7)}`,
    merchantId: `8982900${digits.slice(7, 15)}`,
    masterKey: derive(`terminal master ${seed}`, 16),
    fileKey: derive(`files ${seed}`, 32),
  };
}

/** What the host does with one message. */
export interface HostReply {
  /** Name of the call, as fault plans use it. */
  readonly call: string;
  /** The answer: as it should be, out of order, with a wrong amount or a broken MAC, or for another trace number. */
  readonly write: (spoil?: Spoil) => Buffer;
}

/** How an answer is made wrong. */
export type Spoil =
  { readonly kind: 'amount'; readonly amountFen: number } | { readonly kind: 'mac' } | { readonly kind: 'trace' };

/** The acquirer's host: terminals, their working keys, and what messages do. Nothing is done before the MAC holds. */
export class AcquirerHost {
  readonly books: Books;
  readonly issuer: Issuer;
  readonly #clock: PlatformClock;
  readonly #changed: () => void;
  /** MAC key of each terminal since its last sign-in. */
  readonly #macKeys = new Map<string, Buffer>();

  constructor(state: BookState, clock: PlatformClock, changed: () => void) {
    this.books = new Books(state);
    this.issuer = new Issuer(state.cards);
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Terminals that were set up. */
  terminals(): readonly TerminalSetup[] {
    return this.books.state.seeds.map(terminalOf);
  }

  /** New working keys at the host: what terminals sign with until they sign in again is wrong. */
  rotate(): void {
    for (const id of this.#macKeys.keys()) this.#macKeys.set(id, randomBytes(16));
  }

  /** The name of the call that a message is; `undefined` when it is no message. Does nothing. */
  callOf(bytes: Buffer): string | undefined {
    const message = readMessage(bytes);
    return message === undefined ? undefined : nameOf(message);
  }

  /** Answers that the host is out of order, and does nothing. */
  outOfOrder(bytes: Buffer): Buffer | undefined {
    const message = readMessage(bytes);
    if (message === undefined) return undefined;
    return this.#write(message, { code: '96' }, this.#macKeys.get(message.fields.get(41) ?? ''));
  }

  /** Does what a message asks for. @returns `undefined` when it is no message: the line is cut. */
  handle(bytes: Buffer): HostReply | undefined {
    const message = readMessage(bytes);
    if (message === undefined) return undefined;
    const call = nameOf(message);
    const { fields } = message;
    const terminal = this.terminals().find(({ terminalId }) => terminalId === fields.get(41));
    if (terminal === undefined) return this.#reply(call, message, { code: '97' }, undefined);
    if (terminal.merchantId !== fields.get(42)) return this.#reply(call, message, { code: '03' }, undefined);
    if (call === 'sign-in') return this.#reply(call, message, this.#signIn(terminal, message), undefined);
    const key = this.#macKeys.get(terminal.terminalId);
    const mac = fields.get(64);
    const isSigned = key !== undefined && mac !== undefined && x919(key, message.covered).toString('hex') === mac;
    if (!isSigned) return this.#reply(call, message, { code: 'A0' }, key);
    const verdict = this.#act(call, message);
    this.#changed();
    return this.#reply(call, message, verdict, key);
  }

  #act(call: string, message: HostMessage): Verdict {
    const nowMs = this.#clock.now();
    const day = shanghai(nowMs).slice(0, 10);
    const desk: HostDesk = { books: this.books, issuer: this.issuer, base: derive('base', 16), nowMs, day };
    switch (call) {
      case 'purchase':
        return purchase(desk, message);
      case 'void':
        return voidPurchase(desk, message);
      case 'refund':
        return refund(desk, message);
      case 'reversal':
        return reverse(desk, message);
      case 'settlement':
        return settle(desk, message);
      case 'batch-upload':
        return upload(desk, message);
      case 'key-download':
        return this.#keyFor(message);
      default:
        return { code: '40' };
    }
  }

  /** New PIN and MAC keys under the terminal master key, each with its check value. */
  #signIn(terminal: TerminalSetup, { fields }: HostMessage): Verdict {
    const keys = [randomBytes(16), randomBytes(16)] as const;
    this.#macKeys.set(terminal.terminalId, keys[1]);
    const sealed = keys.map((key) => [tripleDes('encrypt', terminal.masterKey, key), desCheckValue(key)]).flat();
    return {
      code: '00',
      fields: new Map([
        [60, fields.get(60) ?? ''],
        [62, Buffer.concat(sealed).toString('hex')],
      ]),
    };
  }

  /** A card key for a device: a fresh initial key id each time. A device id belongs to the public key that came first. */
  #keyFor({ fields }: HostMessage): Verdict {
    const [, id = '', publicKey = ''] = /^d108([0-9a-f]{16})d220([0-9a-f]{64})$/.exec(fields.get(62) ?? '') ?? [];
    if (id === '') return { code: '30' };
    const known = (this.books.state.devices[id] ??= publicKey);
    if (known !== publicKey) return { code: '58' };
    try {
      const kbpk = protectionKey(derive('key host', 32), Buffer.from(publicKey, 'hex'), Buffer.from(id, 'hex'));
      const keyId = Buffer.concat([baseKeyId, randomBytes(4)]);
      const block = wrapInitialKey(kbpk, keyId, initialKey(derive('base', 16), keyId), randomBytes(14));
      return { code: '00', fields: new Map([[62, Buffer.from(block).toString('hex')]]) };
    } catch {
      return { code: '30' };
    }
  }

  #reply(call: string, message: HostMessage, verdict: Verdict, key: Buffer | undefined): HostReply {
    return { call, write: (spoil) => this.#write(message, verdict, key, spoil) };
  }

  #write(message: HostMessage, verdict: Verdict, key: Buffer | undefined, spoil?: Spoil): Buffer {
    const { entry, code } = verdict;
    const time = shanghai(entry?.atMs ?? this.#clock.now()).replaceAll(/\D/g, '');
    const fields = new Map<number, string>();
    for (const number of [3, 4, 11, 25, 41, 42, 49, 60]) {
      const value = message.fields.get(number);
      if (value !== undefined) fields.set(number, value);
    }
    fields.set(12, time.slice(8)).set(13, time.slice(4, 8)).set(39, code);
    if (entry !== undefined && entry.reference !== '') fields.set(15, time.slice(4, 8)).set(37, entry.reference);
    if (entry !== undefined && code === '00') fields.set(38, entry.authCode);
    for (const [number, value] of verdict.fields ?? []) fields.set(number, value);
    if (spoil?.kind === 'amount' && fields.has(4)) fields.set(4, String(spoil.amountFen).padStart(12, '0'));
    if (spoil?.kind === 'trace') fields.set(11, String((Number(fields.get(11)) % 999_999) + 1).padStart(6, '0'));
    const bytes = writeAnswer(message, fields, key);
    // The last byte is in the MAC; of a sign-in, which has none, in the check value of the MAC key.
    if (spoil?.kind === 'mac') bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    return bytes;
  }
}

function nameOf({ type, fields }: HostMessage): string {
  const isKey = fields.get(60)?.endsWith('401') === true;
  const names: Readonly<Record<string, string>> = {
    '0800': isKey ? 'key-download' : 'sign-in',
    '0200': fields.get(3) === '200000' ? 'void' : 'purchase',
    '0220': 'refund',
    '0400': 'reversal',
    '0500': 'settlement',
    '0320': 'batch-upload',
  };
  return names[type] ?? type;
}

/** `yyyy-MM-dd HH:mm:ss` in Shanghai. */
export function shanghai(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
