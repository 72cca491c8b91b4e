import { readU32Be, u32Be } from '../../bytes.ts';
import { ControlQueue } from './control-queue.ts';
import { Deframer } from './deframer.ts';
import type { CloseReason } from './errors.ts';
import { BlockSizer, FlowLimit } from './estimates.ts';
import { frameKinds, type Frame, type FrameKind } from './frame.ts';
import { agree, closeCodes, closeReasonOf, decodeOffer, encodeOffer, ownOffer, type Offer } from './handshake.ts';
import * as limits from './limits.ts';
import type { CableEnd, LinkEvent, LinkOptions, LinkState, LinkStats } from './link-types.ts';
import { Liveness } from './liveness.ts';
import { OutputBuffer, outputMaxBytes } from './output-buffer.ts';
import { ReceiveWindow } from './receive-window.ts';
import { SendWindow, type SentFrame } from './send-window.ts';
import { AckTimer, OpenTimer, Prober } from './timers.ts';

const noBody = new Uint8Array(0);
/** A pause after which the next frame is led in by a zero, against noise picked up meanwhile. */
const leadInAfterMs = 20;
/** Events that nobody has taken; beyond this, numbered frames are left to be sent again. */
const eventsMax = 4 * limits.windowMaxFrames;

/**
 * One end of the reliable link: frames, window, acknowledgements, probes, opening and closing
 * (docs/cable-protocol.md, sections 4 to 6). Obligations:
 * - each message and block reaches the other end once and in order, or the link closes;
 * - nothing is sent again without proof that it was lost;
 * - memory is bounded by the window, whatever arrives;
 * - a new OPEN replaces whatever link there was.
 */
export class CableLink implements CableEnd {
  readonly #role: 'host' | 'device';
  readonly #nextBlock: ((maxBytes: number) => Uint8Array | undefined) | undefined;
  readonly #deframer = new Deframer((frame) => this.#onFrame(frame));
  readonly #output = new OutputBuffer();
  readonly #sendWindow = new SendWindow();
  readonly #receiveWindow = new ReceiveWindow();
  readonly #live = new Liveness();
  readonly #messages: Uint8Array[] = [];
  readonly #control = new ControlQueue();
  readonly #openTimer = new OpenTimer();
  #offer: Offer;
  #agreed: Offer;
  #events: LinkEvent[] = [];
  #state: LinkState = 'closed';
  #nowMs = 0;
  readonly #ackTimer = new AckTimer();
  readonly #prober = new Prober();
  #sizer = new BlockSizer();
  #flow = new FlowLimit();
  #closedNumber: number | undefined;
  #pongToken: number | undefined;
  #isPingDue = false;
  #lastOutputAtMs = -Infinity;
  #counts = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, foreign: 0, duplicates: 0, resends: 0 };

  /** Throws when an offer in `options` is outside its limits. */
  constructor(options: LinkOptions) {
    this.#role = options.role;
    this.#nextBlock = options.nextBlock;
    this.#offer = ownOffer(options);
    this.#agreed = this.#offer;
  }

  /** Counters and measures now. */
  get stats(): LinkStats {
    const { bytesIn, bytesOut, framesIn, framesOut, foreign, duplicates, resends } = this.#counts;
    return {
      state: this.#state,
      linkId: this.#agreed.linkNumber,
      bytesIn,
      bytesOut,
      framesIn,
      framesOut,
      badFrames: this.#deframer.badFrames,
      foreignFrames: foreign,
      duplicateFrames: duplicates,
      resends,
      srttMs: this.#prober.rtt.smoothedMs,
      lastByteAtMs: this.#live.lastByteAtMs,
      lastFrameAtMs: this.#live.lastFrameAtMs,
      blockBodyBytes: this.blockBodyBytes(),
      inFlightFrames: this.#sendWindow.frames,
    };
  }

  /** Where the link stands; `stats` holds the same. */
  get state(): LinkState {
    return this.#state;
  }

  /** When the last byte arrived, whatever it was. */
  get lastByteAtMs(): number {
    return this.#live.lastByteAtMs;
  }

  /** Wire bytes of frames sent and not confirmed. */
  get unconfirmedBytes(): number {
    return this.#sendWindow.unconfirmedBytes;
  }

  /** True when nothing that was given to send is unsent or unconfirmed. */
  get isDrained(): boolean {
    return this.#messages.length === 0 && this.#sendWindow.frames === 0;
  }

  /**
   * Host: opens a new link, whatever state there was. `linkId` is a new random 32-bit number; without one the number of
   * the constructor is used, the next time one derived from it.
   */
  open(nowMs: number, linkId?: number): void {
    if (this.#role !== 'host') throw new TypeError('open: only the host opens');
    const before = this.#offer.linkNumber;
    const isUsed = this.#closedNumber === before || this.#state !== 'closed';
    if (this.#state !== 'closed') this.#end('local', nowMs);
    const derived = isUsed ? (Math.imul(before, 1664525) + 1013904223) >>> 0 : before;
    this.#offer = { ...this.#offer, linkNumber: linkId === undefined ? derived : linkId >>> 0 };
    this.#start(this.#offer, 'opening', nowMs);
    this.#openTimer.start(nowMs);
  }

  /** Ends the link from this side; the other side is told once, as far as the line allows. */
  close(nowMs: number): void {
    if (this.#state === 'closed') return;
    this.#end('local', nowMs);
    this.#control.putClose(this.#linkId, closeCodes.normal);
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    if (bytes.length === 0) return;
    this.#counts.bytesIn += bytes.length;
    this.#live.lastByteAtMs = nowMs;
    this.#deframer.push(bytes);
  }

  takeOutput(nowMs: number, maxBytes: number): Uint8Array | undefined {
    this.#nowMs = nowMs;
    const wanted = Math.min(maxBytes, outputMaxBytes);
    while (this.#output.length < wanted && this.#putNext());
    const out = this.#output.take(wanted);
    if (out !== undefined) {
      this.#counts.bytesOut += out.length;
      this.#lastOutputAtMs = nowMs;
    }
    return out;
  }

  deadlineMs(): number | undefined {
    let due = Math.min(
      this.#ackTimer.deadlineMs(this.#nowMs),
      this.#openTimer.deadlineMs(this.#nowMs),
      this.#live.deadlineMs() ?? Infinity,
    );
    if (this.#state === 'open' && !this.#isPingDue) due = Math.min(due, this.#probeAtMs(), this.#keepAliveAtMs());
    return due === Infinity ? undefined : due;
  }

  tick(nowMs: number): void {
    this.#live.guard.noteRun(nowMs, this.deadlineMs());
    this.#nowMs = nowMs;
    if (this.#state === 'closed') return;
    const verdict = this.#live.verdict(nowMs);
    if (this.#state === 'opening') {
      if (this.#openTimer.isOver(nowMs)) this.#end('no-answer', nowMs);
      return;
    }
    if (verdict !== undefined) this.#end(verdict, nowMs);
    else if (nowMs >= Math.min(this.#probeAtMs(), this.#keepAliveAtMs())) this.#isPingDue = true;
  }

  /** Queues a message body. False: the link is not open, or the queue is full. Throws when the body is too large. */
  sendMessage(body: Uint8Array): boolean {
    if (body.length === 0 || body.length > this.#agreed.bodyMaxBytes) throw new RangeError('sendMessage.body: size');
    if (this.#state !== 'open' || this.#messages.length >= limits.messageQueueMax) return false;
    this.#messages.push(body);
    return true;
  }

  /** Body size in bytes, block head included, that moves most useful bytes on the line as it is now. */
  blockBodyBytes(): number {
    return this.#sizer.bodyBytes(this.#agreed.bodyMaxBytes);
  }

  /** Largest body that both sides take. */
  get bodyMaxBytes(): number {
    return this.#agreed.bodyMaxBytes;
  }

  /** What happened since the last call, in order. */
  takeEvents(): LinkEvent[] {
    if (this.#events.length === 0) return [];
    const events = this.#events;
    this.#events = [];
    return events;
  }

  get #linkId(): number {
    return this.#agreed.linkNumber & 0xffff;
  }

  #start(agreed: Offer, state: LinkState, nowMs: number): void {
    this.#agreed = agreed;
    this.#state = state;
    this.#sendWindow.reset(agreed.windowFrames);
    this.#receiveWindow.reset(this.#offer.windowFrames);
    this.#messages.length = 0;
    this.#control.clear();
    this.#output.clear();
    this.#sizer = new BlockSizer();
    this.#flow = new FlowLimit();
    this.#live.reset();
    this.#openTimer.clear();
    this.#ackTimer.clear();
    this.#prober.reset(nowMs);
    this.#pongToken = undefined;
    this.#isPingDue = false;
    this.#lastOutputAtMs = -Infinity;
  }

  #end(reason: CloseReason, nowMs: number): void {
    this.#closedNumber = this.#agreed.linkNumber;
    this.#start(this.#agreed, 'closed', nowMs);
    this.#events.push({ type: 'closed', reason });
  }

  #opened(agreed: Offer, nowMs: number): void {
    this.#start(agreed, 'open', nowMs);
    const { linkNumber, windowFrames, bodyMaxBytes } = agreed;
    this.#events.push({ type: 'opened', linkId: linkNumber, windowFrames, bodyMaxBytes });
  }

  #onFrame(frame: Frame): void {
    this.#counts.framesIn += 1;
    if (frame.kind === frameKinds.open) this.#onOpen(frame);
    else if (frame.linkId !== this.#linkId || this.#state === 'closed') this.#onForeign(frame);
    else if (frame.kind === frameKinds.close) this.#onClose(frame);
    else if (this.#state === 'opening') this.#onOpenAck(frame);
    else this.#onLinkFrame(frame);
  }

  #onOpen(frame: Frame): void {
    if (this.#role === 'host') return;
    const theirs = decodeOffer(frame.body);
    if (typeof theirs === 'string') {
      const code = theirs === 'version-mismatch' ? closeCodes.version : closeCodes.badOffer;
      this.#control.putClose(frame.linkId, code);
      return;
    }
    this.#live.lastFrameAtMs = this.#nowMs;
    const isSame = theirs.linkNumber === this.#agreed.linkNumber;
    if (isSame && this.#state === 'closed' && theirs.linkNumber === this.#closedNumber) {
      this.#control.putClose(frame.linkId, closeCodes.unknownLink);
      return;
    }
    if (!isSame || this.#state === 'closed') {
      if (this.#state === 'open') this.#end('superseded', this.#nowMs);
      this.#offer = { ...this.#offer, linkNumber: theirs.linkNumber };
      this.#opened(agree(this.#offer, theirs), this.#nowMs);
    }
    this.#control.put(frameKinds.openAck, this.#linkId, encodeOffer(this.#offer));
  }

  #onForeign(frame: Frame): void {
    this.#counts.foreign += 1;
    const { message, block, ping } = frameKinds;
    const wantsAnswer = frame.kind === message || frame.kind === block || frame.kind === ping;
    if (this.#role !== 'device' || !wantsAnswer) return;
    this.#control.answerUnknown(frame.linkId, this.#nowMs);
  }

  #onClose(frame: Frame): void {
    this.#live.lastFrameAtMs = this.#nowMs;
    this.#end(closeReasonOf(frame.body), this.#nowMs);
  }

  #onOpenAck(frame: Frame): void {
    if (frame.kind !== frameKinds.openAck) return;
    const theirs = decodeOffer(frame.body);
    if (theirs === 'version-mismatch') this.#end('version-mismatch', this.#nowMs);
    if (typeof theirs === 'string' || theirs.linkNumber !== this.#offer.linkNumber) return;
    this.#live.lastFrameAtMs = this.#nowMs;
    this.#opened(agree(this.#offer, theirs), this.#nowMs);
  }

  #onLinkFrame(frame: Frame): void {
    this.#live.lastFrameAtMs = this.#nowMs;
    this.#takeAck(frame);
    const { message, block, ping, pong } = frameKinds;
    if (frame.kind === message || frame.kind === block) this.#onNumbered(frame);
    else if (frame.kind === ping) this.#pongToken = readU32Be(frame.body);
    else if (frame.kind === pong) this.#onPong(readU32Be(frame.body));
    this.#updateOwed();
  }

  #takeAck(frame: Frame): void {
    const result = this.#sendWindow.acknowledge(frame.ack, frame.sackLow, frame.sackHigh);
    this.#noteLost(result.lost);
    if (result.arrivedBytes === 0) return;
    const { arrivedBytes, sample } = result;
    this.#prober.confirmed(this.#nowMs, sample?.sentAtMs);
    this.#sizer.delivered(arrivedBytes);
    this.#flow.delivered(arrivedBytes);
    if (sample !== undefined) this.#flow.sample(sample.sentAtMs, sample.deliveredBefore, this.#nowMs);
  }

  #noteLost(wireSizes: readonly number[]): void {
    for (const wireBytes of wireSizes) this.#sizer.lost(wireBytes);
  }

  #onNumbered(frame: Frame): void {
    if (this.#events.length >= eventsMax) return;
    const reception = this.#receiveWindow.accept(frame, (next) => this.#deliver(next));
    if (reception === 'duplicate') this.#counts.duplicates += 1;
    this.#ackTimer.received(reception !== 'next' || this.#receiveWindow.hasGap, this.#nowMs);
  }

  #deliver(frame: Frame): void {
    this.#events.push({ type: frame.kind === frameKinds.message ? 'message' : 'block', body: frame.body });
  }

  #onPong(order: number): void {
    this.#prober.answered(order, this.#nowMs);
    this.#noteLost(this.#sendWindow.proveLost(order));
  }

  #probeAtMs(): number {
    return this.#sendWindow.onTheWayFrames > 0 || this.#prober.isWaiting ? this.#prober.dueMs() : Infinity;
  }

  #keepAliveAtMs(): number {
    if (this.#role !== 'host' || this.#prober.isWaiting) return Infinity;
    return Math.max(this.#live.lastByteAtMs, this.#prober.movedAtMs) + limits.keepAliveMs;
  }

  #updateOwed(): void {
    this.#live.setOwed(this.#sendWindow.frames > 0 || this.#prober.isWaiting, this.#nowMs);
  }

  /** Encodes the one frame that is most urgent now; false when there is none. */
  #putNext(): boolean {
    const control = this.#control.take();
    if (control !== undefined) return this.#put(control.kind, control.body, control.linkId) > 0;
    if (this.#state === 'opening') return this.#putOpen();
    if (this.#state !== 'open') return false;
    if (this.#pongToken !== undefined) {
      const token = this.#pongToken;
      this.#pongToken = undefined;
      return this.#put(frameKinds.pong, u32Be(token)) > 0;
    }
    if (this.#isPingDue) return this.#putPing();
    const frame = this.#sendWindow.firstLost() ?? this.#takeNew();
    if (frame !== undefined) return this.#transmit(frame);
    return this.#ackTimer.isDue(this.#nowMs) && this.#put(frameKinds.ack, noBody) > 0;
  }

  #putOpen(): boolean {
    if (!this.#openTimer.takeRetry(this.#nowMs)) return false;
    return this.#put(frameKinds.open, encodeOffer(this.#offer)) > 0;
  }

  #putPing(): boolean {
    this.#isPingDue = false;
    const order = this.#sendWindow.takeOrder();
    this.#prober.asked(order, this.#nowMs);
    this.#put(frameKinds.ping, u32Be(order));
    this.#updateOwed();
    return true;
  }

  #takeNew(): SentFrame | undefined {
    if (!this.#sendWindow.hasRoom) return undefined;
    const message = this.#messages.shift();
    if (message !== undefined) return this.#sendWindow.add(frameKinds.message, message);
    if (this.#nextBlock === undefined) return undefined;
    if (this.#sendWindow.onTheWayBytes >= this.#flow.limitBytes(this.#prober.rtt.leastMs)) return undefined;
    const block = this.#nextBlock(this.blockBodyBytes());
    if (block !== undefined) return this.#sendWindow.add(frameKinds.block, block);
    const last = this.#messages.shift();
    return last === undefined ? undefined : this.#sendWindow.add(frameKinds.message, last);
  }

  #transmit(frame: SentFrame): boolean {
    if (frame.transmissions > 0) this.#counts.resends += 1;
    const wireBytes = this.#put(frame.kind, frame.body, this.#linkId, frame.seq);
    this.#sendWindow.transmitted(frame, wireBytes, this.#nowMs, this.#flow.deliveredBytes);
    this.#prober.sent(this.#nowMs);
    this.#updateOwed();
    return true;
  }

  /** Encodes one frame with the present acknowledgement and gives its size on the line. */
  #put(kind: FrameKind, body: Uint8Array, linkId = this.#linkId, seq = this.#sendWindow.nextSeq): number {
    if (this.#output.length === 0 && this.#nowMs - this.#lastOutputAtMs >= leadInAfterMs) this.#output.putZero();
    const { ack, sackLow, sackHigh } = this.#receiveWindow;
    this.#counts.framesOut += 1;
    this.#ackTimer.clear();
    return this.#output.put({ kind, linkId, seq, ack, sackLow, sackHigh, body });
  }
}
