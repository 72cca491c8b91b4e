import { base64UrlDecode } from '../bytes.ts';
import { checkHello, deriveNames, type LinkCode, type LinkNames } from './code.ts';
import { readContent, writeContent, type Content } from './content.ts';
import { Envelopes, nextEpoch, readOpening } from './envelopes.ts';
import { GuestMachine, type GuestEffect, type GuestEvent, type GuestView } from './guest-machine.ts';
import { agreeFirst, makeFirst, nonceBytes } from './handshake.ts';
import type { KeptLink } from './kept.ts';
import { epochMax } from './limits.ts';
import type { Way } from './session.ts';
import type { Bytes, Subtle } from './web-crypto.ts';
import { WorkQueue } from './work-queue.ts';

/** What a phone's link works with, and what it reaches. None of these may call back at once. */
export interface GuestPorts {
  readonly subtle: Subtle;
  readonly random: (bytes: number) => Bytes;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Host of this page; both sides bind the handshake to it. */
  readonly site: string;
  readonly hasRtc: boolean;
  /** Goes to the relay for this link. */
  readonly open: (linkId: string) => void;
  readonly carry: (way: Way, frame: Bytes) => void;
  readonly signal: (text: string) => void;
  readonly startRtc: () => void;
  readonly endRtc: () => void;
  /** Gives a message to the page, which has kept what it needs when this returns. A goodbye is answered with its reason. */
  readonly deliver: (text: string) => { readonly bye?: string } | undefined;
  /** Keeps the link over a reload; `undefined`: forgets it. */
  readonly keep: (link: KeptLink | undefined) => void;
  readonly changed: (view: GuestView) => void;
  readonly wakeAt: (atMs: number) => void;
  readonly close: () => void;
}

type First = { readonly frame: Bytes; readonly exported: Bytes };

/** The phone's machine with its cryptography. Everything passes one queue, so nothing overtakes anything. */
export class GuestEngine {
  readonly #ports: GuestPorts;
  readonly #machine: GuestMachine;
  readonly #queue: WorkQueue;
  readonly #code: LinkCode | undefined;
  #kept: Exclude<KeptLink, LinkCode> | undefined;
  #names: LinkNames | undefined;
  #linkId = '';
  #first: First | undefined;
  #terminalKey: Bytes | undefined;
  #envelopes: Envelopes | undefined;
  #resume: Bytes | undefined;
  #isKeeping = false;

  /** `from`: the code that was scanned, or what an earlier page kept of the same link. */
  constructor(ports: GuestPorts, from: KeptLink, onError: (error: unknown) => void) {
    this.#ports = ports;
    this.#queue = new WorkQueue(onError);
    const isCode = 'secret' in from;
    this.#code = isCode ? from : undefined;
    this.#kept = isCode ? undefined : from;
    const kept = isCode || !('resume' in from) ? undefined : from;
    this.#machine = new GuestMachine({ hasRtc: ports.hasRtc, nowMs: ports.now(), kept });
    this.#queue.add(() => this.#start());
  }

  /** What the page shows. */
  get view(): GuestView {
    return this.#machine.view;
  }

  /** True when another message will be kept. */
  get hasRoom(): boolean {
    return this.#machine.hasRoom;
  }

  /** Settles when everything so far is done. */
  get idle(): Promise<void> {
    return this.#queue.idle;
  }

  /** Takes an event that is neither frame nor hello. */
  post(event: GuestEvent): void {
    this.#queue.add(() => this.#handle(event));
  }

  /** Takes a frame as it came. */
  frame(way: Way, frame: Bytes): void {
    if (!this.#queue.isFull) this.#queue.add(() => this.#take(way, frame));
  }

  /** Takes the terminal's hello as the relay gave it. */
  hello(hello: Bytes): void {
    this.#queue.add(() => this.#hello(hello));
  }

  async #start(): Promise<void> {
    const { subtle, random } = this.#ports;
    const kept = this.#kept;
    if (this.#code !== undefined) {
      this.#names = await deriveNames(subtle, this.#code.secret);
      this.#linkId = this.#names.linkId;
    } else if (kept !== undefined) {
      this.#linkId = kept.linkId;
      if ('first' in kept) this.#first = { frame: kept.first, exported: kept.exported };
    }
    this.#envelopes = new Envelopes(subtle, 'phone', base64UrlDecode(this.#linkId) ?? new Uint8Array(0));
    if (kept !== undefined && 'resume' in kept) {
      this.#resume = kept.resume;
      const epoch = Math.min(kept.epoch + 1, epochMax);
      const opening = { epoch, nonce: random(nonceBytes) };
      this.#kept = { ...kept, epoch };
      // Written down before it is used: another page must never come to the same epoch.
      this.#ports.keep(this.#kept);
      this.#envelopes.use(await nextEpoch(subtle, kept.resume, opening));
    }
    await this.#handle({ on: 'start' });
    this.#ports.open(this.#linkId);
  }

  async #handle(event: GuestEvent): Promise<void> {
    this.#isKeeping = true;
    for (const effect of this.#machine.handle(event, this.#ports.now())) await this.#perform(effect);
    this.#keep();
    this.#ports.wakeAt(this.#machine.wakeAtMs);
    this.#ports.changed(this.#machine.view);
  }

  async #perform(effect: GuestEffect): Promise<void> {
    switch (effect.do) {
      case 'first':
        await this.#sendFirst();
        break;
      case 'seal':
        // A message's number, and what is acknowledged, must be on the disk before anybody hears of it.
        this.#keep();
        await this.#seal(effect.way, effect.content);
        break;
      case 'deliver':
        this.#deliver(effect.text);
        break;
      case 'signal':
        this.#ports.signal(effect.text);
        break;
      case 'rtc-start':
        this.#ports.startRtc();
        break;
      case 'rtc-dead':
      case 'rtc-stop':
        this.#ports.endRtc();
        break;
      case 'wipe':
        this.#wipe();
        break;
    }
  }

  async #hello(hello: Bytes): Promise<void> {
    if (this.#first !== undefined || this.#code === undefined) return this.#handle({ on: 'hello', isRight: true });
    const key = await checkHello(this.#ports.subtle, hello, this.#code);
    this.#terminalKey = key;
    await this.#handle({ on: 'hello', isRight: key !== undefined });
  }

  async #sendFirst(): Promise<void> {
    const { subtle, site, carry } = this.#ports;
    if (this.#first === undefined && this.#terminalKey !== undefined && this.#names !== undefined) {
      this.#first = await makeFirst(subtle, this.#terminalKey, { names: this.#names, site });
    }
    if (this.#first === undefined) return;
    const { frame, exported } = this.#first;
    this.#ports.keep({ linkId: this.#linkId, first: frame, exported });
    carry('relay', frame);
  }

  async #take(way: Way, frame: Bytes): Promise<void> {
    const envelopes = this.#envelopes;
    if (envelopes === undefined) return;
    if (envelopes.epoch === undefined) return this.#takeFirst(envelopes, way, frame);
    const plain = await envelopes.open(frame);
    const content = plain === undefined ? undefined : readContent(plain);
    if (content !== undefined) await this.#handle({ on: 'content', content, way });
  }

  /** The first answer brings the terminal's nonce; only who has the code's private key can have sealed it. */
  async #takeFirst(envelopes: Envelopes, way: Way, frame: Bytes): Promise<void> {
    const opening = readOpening(frame);
    if (this.#first === undefined || opening?.epoch !== 0) return;
    const agreed = await agreeFirst(this.#ports.subtle, this.#first.exported, opening.nonce);
    const plain = await envelopes.openNext({ number: 0, nonce: opening.nonce, keys: agreed.keys }, frame);
    const content = plain === undefined ? undefined : readContent(plain);
    if (content === undefined) return;
    this.#resume = agreed.resume;
    this.#first = undefined;
    await this.#handle({ on: 'content', content, way, digits: agreed.digits });
  }

  async #seal(way: Way, content: Content): Promise<void> {
    const frame = await this.#envelopes?.seal(writeContent(content));
    if (frame !== undefined) this.#ports.carry(way, frame);
  }

  #deliver(text: string): void {
    const reason = this.#ports.deliver(text)?.bye;
    this.#isKeeping = true;
    if (reason !== undefined) this.post({ on: 'bye', reason });
  }

  #keep(): void {
    const { kept } = this.#machine;
    if (!this.#isKeeping || kept === undefined || this.#resume === undefined) return;
    this.#isKeeping = false;
    const epoch = this.#envelopes?.epoch ?? 0;
    this.#ports.keep({ linkId: this.#linkId, resume: this.#resume, epoch, ...kept });
  }

  #wipe(): void {
    this.#envelopes = undefined;
    this.#resume = undefined;
    this.#first = undefined;
    this.#names = undefined;
    this.#kept = undefined;
    this.#ports.keep(undefined);
    this.#ports.close();
  }
}
