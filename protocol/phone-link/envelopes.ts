import { concatBytes, readU32Be, u16Be, u32Be, utf8Encode } from '../bytes.ts';
import { agreeAgain, frameTypes, nonceBytes, type DirectionKeys, type EpochKeys } from './handshake.ts';
import { epochMax, frameMaxBytes, windowEntries } from './limits.ts';
import type { Bytes, Subtle } from './web-crypto.ts';

const headBytes = 1 + 2 + 4;
const aadLabel = utf8Encode('tillkeeper envelope 1');
const counterMax = 2 ** 32 - 1;

/** Which end of the link this is. */
export type LinkRole = 'terminal' | 'phone';

/** Remembers the last 64 numbers: each is taken once, older ones never. */
export class ReplayWindow {
  readonly #slots = new Array<number>(windowEntries).fill(-1);
  #top = -1;

  /** True when `number` is neither taken nor too old. */
  accepts(number: number): boolean {
    return number > this.#top - windowEntries && this.#slots[number % windowEntries] !== number;
  }

  /** Takes a number; only after the envelope proved authentic. */
  take(number: number): void {
    this.#slots[number % windowEntries] = number;
    this.#top = Math.max(this.#top, number);
  }
}

/** An epoch: a page's life between two reloads. `nonce`: of the terminal in epoch 0, of the phone afterwards. */
export interface Epoch {
  readonly number: number;
  readonly nonce: Bytes;
  readonly keys: EpochKeys;
}

/** A frame taken apart. */
interface Parts {
  readonly head: Bytes;
  readonly epoch: number;
  readonly nonce: Bytes | undefined;
  readonly counter: number;
  readonly sealed: Bytes;
}

function takeApart(frame: Bytes): Parts | undefined {
  const isOpening = frame[0] === frameTypes.opening;
  if ((!isOpening && frame[0] !== frameTypes.sealed) || frame.length > frameMaxBytes) return undefined;
  const extra = isOpening ? nonceBytes : 0;
  if (frame.length < headBytes + extra) return undefined;
  return {
    head: frame.slice(0, headBytes + extra),
    epoch: ((frame[1] ?? 0) << 8) | (frame[2] ?? 0),
    nonce: isOpening ? frame.slice(3, 3 + nonceBytes) : undefined,
    counter: readU32Be(frame, 3 + extra),
    sealed: frame.slice(headBytes + extra),
  };
}

/** Epoch and nonce of a frame that begins an epoch; `undefined` of any other frame. */
export function readOpening(frame: Bytes): { readonly epoch: number; readonly nonce: Bytes } | undefined {
  const parts = takeApart(frame);
  return parts?.nonce === undefined || parts.epoch > epochMax ? undefined : { epoch: parts.epoch, nonce: parts.nonce };
}

function ivOf({ iv }: DirectionKeys, counter: number): Bytes {
  const own = iv.slice();
  u32Be(counter).forEach((byte, i) => {
    own[iv.length - 4 + i] = (own[iv.length - 4 + i] ?? 0) ^ byte;
  });
  return own;
}

/**
 * Seals and opens the envelopes of one end. Obligations:
 * - a number is used once under one key: keys are of an epoch, an epoch belongs to one life of one page;
 * - a number is taken once, and only of the epoch in force;
 * - link, direction and everything that is readable in the frame are authenticated with the content.
 */
export class Envelopes {
  readonly #subtle: Subtle;
  readonly #role: LinkRole;
  readonly #id: Bytes;
  #epoch: Epoch | undefined;
  #counter = 0;
  #window = new ReplayWindow();
  /** The other side has shown that it has these keys. */
  #isHeard = false;

  constructor(subtle: Subtle, role: LinkRole, id: Bytes) {
    this.#subtle = subtle;
    this.#role = role;
    this.#id = id;
  }

  /** The epoch in force. */
  get epoch(): number | undefined {
    return this.#epoch?.number;
  }

  /** From now on with these keys; the envelopes of before open no more. */
  use(epoch: Epoch): void {
    this.#epoch = epoch;
    this.#counter = 0;
    this.#window = new ReplayWindow();
    this.#isHeard = false;
  }

  /** Seals the next envelope; `undefined` before there are keys. Whoever chose the nonce sends it until it was heard. */
  async seal(content: Bytes): Promise<Bytes | undefined> {
    const epoch = this.#epoch;
    if (epoch === undefined || this.#counter > counterMax) return undefined;
    const counter = this.#counter++;
    const isOwnNonce = (epoch.number === 0) === (this.#role === 'terminal');
    const isOpening = isOwnNonce && !this.#isHeard;
    const type = Uint8Array.of(isOpening ? frameTypes.opening : frameTypes.sealed);
    const nonce = isOpening ? epoch.nonce : new Uint8Array(0);
    const head = concatBytes(type, u16Be(epoch.number), nonce, u32Be(counter));
    const keys = epoch.keys[this.#role];
    const gcm = { name: 'AES-GCM', iv: ivOf(keys, counter), additionalData: this.#aad(this.#role, head) } as const;
    return concatBytes(head, new Uint8Array(await this.#subtle.encrypt(gcm, keys.key, content)));
  }

  /** Opens a frame of the epoch in force; `undefined` when it is not authentic, of another epoch or was taken before. */
  async open(frame: Bytes): Promise<Bytes | undefined> {
    const epoch = this.#epoch;
    const parts = takeApart(frame);
    if (epoch === undefined || parts?.epoch !== epoch.number || !this.#window.accepts(parts.counter)) return undefined;
    const plain = await this.#decrypt(epoch, parts);
    // The window is asked again: another frame may have been opened meanwhile.
    if (plain === undefined || !this.#window.accepts(parts.counter)) return undefined;
    this.#window.take(parts.counter);
    this.#isHeard = true;
    return plain;
  }

  /** Opens the frame that begins an epoch, and uses that epoch when it is authentic. */
  async openNext(epoch: Epoch, frame: Bytes): Promise<Bytes | undefined> {
    const parts = takeApart(frame);
    if (parts === undefined || parts.epoch !== epoch.number) return undefined;
    const plain = await this.#decrypt(epoch, parts);
    if (plain === undefined) return undefined;
    this.use(epoch);
    this.#window.take(parts.counter);
    this.#isHeard = true;
    return plain;
  }

  async #decrypt({ keys }: Epoch, { counter, head, sealed }: Parts): Promise<Bytes | undefined> {
    const from = this.#role === 'terminal' ? 'phone' : 'terminal';
    const iv = ivOf(keys[from], counter);
    const gcm = { name: 'AES-GCM', iv, additionalData: this.#aad(from, head) } as const;
    const plain = await this.#subtle.decrypt(gcm, keys[from].key, sealed).catch(() => undefined);
    return plain === undefined ? undefined : new Uint8Array(plain);
  }

  #aad(from: LinkRole, head: Bytes): Bytes {
    return concatBytes(aadLabel, this.#id, Uint8Array.of(from === 'terminal' ? 0 : 1), head);
  }
}

/** The keys of the epoch that a frame of a phone begins after a reload. */
export async function nextEpoch(
  subtle: Subtle,
  resume: Bytes,
  { epoch, nonce }: { readonly epoch: number; readonly nonce: Bytes },
): Promise<Epoch> {
  return { number: epoch, nonce, keys: await agreeAgain(subtle, resume, epoch, nonce) };
}
