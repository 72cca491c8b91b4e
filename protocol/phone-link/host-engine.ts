import { codeSecretBytes, deriveNames, hashHello, writeCode, writeHello } from './code.ts';
import { readContent, writeContent, type Content } from './content.ts';
import { Envelopes, nextEpoch, readOpening } from './envelopes.ts';
import type { CloseWord } from './failures.ts';
import { agreeFirst, frameTypes, nonceBytes, openFirst, type Agreed, type HandshakeParts } from './handshake.ts';
import { HostMachine, type HostEffect, type HostEvent, type HostView } from './host-machine.ts';
import { makeReceiverKey, type ReceiverKey } from './hpke.ts';
import { firstsMax } from './limits.ts';
import type { Way } from './session.ts';
import type { Bytes, Subtle } from './web-crypto.ts';
import { WorkQueue } from './work-queue.ts';

/** What a terminal's link works with, and what it reaches. None of these may call back at once. */
export interface HostPorts {
  readonly subtle: Subtle;
  readonly random: (bytes: number) => Bytes;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Address of the page with the code, without `#`. */
  readonly pageUrl: string;
  /** Host of that page; both sides bind the handshake to it. */
  readonly site: string;
  readonly open: (linkId: string, hello: Bytes) => void;
  readonly shut: (linkId: string, why: CloseWord) => void;
  readonly carry: (linkId: string, way: Way, frame: Bytes) => void;
  readonly signal: (text: string) => void;
  readonly endRtc: () => void;
  /** Gives a message to the screen. A goodbye in it is answered with its reason. */
  readonly deliver: (text: string) => { readonly bye?: string } | undefined;
  readonly changed: (view: HostView) => void;
  readonly wakeAt: (atMs: number) => void;
}

/** Keys of a code, and what is known of who used it. */
interface OpenCode {
  readonly own: ReceiverKey;
  readonly parts: HandshakeParts;
  /** Phones that have seen the code, by digest. */
  readonly phones: Map<string, Agreed & { readonly nonce: Bytes }>;
  firsts: number;
}

/** The terminal's machine with its cryptography. Everything passes one queue, so nothing overtakes anything. */
export class HostEngine {
  readonly #ports: HostPorts;
  readonly #machine = new HostMachine();
  readonly #codes = new Map<string, OpenCode>();
  readonly #queue: WorkQueue;
  #envelopes: Envelopes | undefined;
  #resume: Bytes | undefined;
  #linkId = '';

  constructor(ports: HostPorts, onError: (error: unknown) => void) {
    this.#ports = ports;
    this.#queue = new WorkQueue(onError);
  }

  /** What the screen shows. */
  get view(): HostView {
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

  /** Takes an event that is no frame. */
  post(event: HostEvent): void {
    this.#queue.add(() => this.#handle(event));
  }

  /** Takes a frame as it came. */
  frame(linkId: string, way: Way, frame: Bytes): void {
    if (this.#queue.isFull) return;
    this.#queue.add(() => (frame[0] === frameTypes.first ? this.#first(linkId, frame) : this.#envelope(way, frame)));
  }

  async #handle(event: HostEvent): Promise<void> {
    for (const effect of this.#machine.handle(event, this.#ports.now())) await this.#perform(effect);
    this.#ports.wakeAt(this.#machine.wakeAtMs);
    this.#ports.changed(this.#machine.view);
  }

  async #perform(effect: HostEffect): Promise<void> {
    switch (effect.do) {
      case 'make-code':
        await this.#makeCode();
        break;
      case 'open':
        this.#ports.open(
          effect.linkId,
          writeHello(this.#codes.get(effect.linkId)?.own.publicBytes ?? new Uint8Array(0)),
        );
        break;
      case 'shut':
        this.#codes.delete(effect.linkId);
        this.#ports.shut(effect.linkId, effect.why);
        break;
      case 'accept':
        this.#accept(effect.linkId, effect.digest);
        break;
      case 'refuse':
        await this.#refuse(effect.linkId, effect.digest, effect.why);
        break;
      case 'seal':
        await this.#seal(effect.way, effect.content);
        break;
      case 'deliver':
        this.#deliver(effect.text);
        break;
      case 'signal':
        this.#ports.signal(effect.text);
        break;
      case 'rtc-dead':
        this.#ports.endRtc();
        break;
      case 'wipe':
        this.#wipe();
        break;
    }
  }

  async #makeCode(): Promise<void> {
    const { subtle, random, pageUrl, site } = this.#ports;
    const own = await makeReceiverKey(subtle);
    const secret = random(codeSecretBytes);
    const names = await deriveNames(subtle, secret);
    const helloHash = await hashHello(subtle, writeHello(own.publicBytes));
    this.#codes.set(names.linkId, { own, parts: { names, site }, phones: new Map(), firsts: 0 });
    this.post({ on: 'code', linkId: names.linkId, text: `${pageUrl}#${writeCode({ helloHash, secret })}` });
  }

  async #first(linkId: string, frame: Bytes): Promise<void> {
    const code = this.#codes.get(linkId);
    if (code === undefined || ++code.firsts > firstsMax) return;
    const { subtle, random } = this.#ports;
    const opened = await openFirst(subtle, code.own, code.parts, frame);
    if (opened === undefined) return;
    const { digest, exported } = opened;
    let phone = code.phones.get(digest);
    if (phone === undefined) {
      const nonce = random(nonceBytes);
      phone = { ...(await agreeFirst(subtle, exported, nonce)), nonce };
      code.phones.set(digest, phone);
    }
    await this.#handle({ on: 'phone', linkId, digest, digits: phone.digits });
  }

  #accept(linkId: string, digest: string): void {
    const code = this.#codes.get(linkId);
    const phone = code?.phones.get(digest);
    if (code === undefined || phone === undefined) return;
    this.#linkId = linkId;
    this.#resume = phone.resume;
    this.#envelopes = new Envelopes(this.#ports.subtle, 'terminal', code.parts.names.psk.id);
    this.#envelopes.use({ number: 0, nonce: phone.nonce, keys: phone.keys });
  }

  /** Sealed with the keys of that phone, so that it knows that the terminal itself says so.  */
  async #refuse(linkId: string, digest: string, why: CloseWord): Promise<void> {
    const code = this.#codes.get(linkId);
    const phone = code?.phones.get(digest);
    if (code === undefined || phone === undefined) return;
    // Without its keys nothing can be sealed a second time; a repetition is agreed anew, under another nonce.
    code.phones.delete(digest);
    const envelopes = new Envelopes(this.#ports.subtle, 'terminal', code.parts.names.psk.id);
    envelopes.use({ number: 0, nonce: phone.nonce, keys: phone.keys });
    const content = { kind: 'refusal', ack: { next: 0, bits: 0 }, seq: 0, text: why } as const;
    const frame = await envelopes.seal(writeContent(content));
    if (frame !== undefined) this.#ports.carry(linkId, 'relay', frame);
  }

  async #envelope(way: Way, frame: Bytes): Promise<void> {
    const envelopes = this.#envelopes;
    const epoch = envelopes?.epoch;
    if (envelopes === undefined || epoch === undefined) return;
    const opening = readOpening(frame);
    const isNext = opening !== undefined && opening.epoch > epoch;
    const plain = isNext ? await this.#openNext(envelopes, opening, frame) : await envelopes.open(frame);
    const content = plain === undefined ? undefined : readContent(plain);
    if (content === undefined) return;
    await this.#handle({ on: 'content', content, way });
    if (isNext) await this.#handle({ on: 'epoch', way });
  }

  async #openNext(
    envelopes: Envelopes,
    opening: { readonly epoch: number; readonly nonce: Bytes },
    frame: Bytes,
  ): Promise<Bytes | undefined> {
    if (this.#resume === undefined) return undefined;
    return envelopes.openNext(await nextEpoch(this.#ports.subtle, this.#resume, opening), frame);
  }

  async #seal(way: Way, content: Content): Promise<void> {
    const frame = await this.#envelopes?.seal(writeContent(content));
    if (frame !== undefined) this.#ports.carry(this.#linkId, way, frame);
  }

  #deliver(text: string): void {
    const reason = this.#ports.deliver(text)?.bye;
    if (reason !== undefined) this.post({ on: 'bye', reason });
  }

  #wipe(): void {
    this.#envelopes = undefined;
    this.#resume = undefined;
    this.#codes.clear();
    this.#ports.endRtc();
  }
}
