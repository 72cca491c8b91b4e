import type { Bytes } from '../../../protocol/phone-link/web-crypto.ts';
import type { LinkEnvironment } from '../environment.ts';

/** Candidates that come within this time go in one envelope. */
const gatherMs = 20;
const candidatesMax = 32;
/** A phone that has just come waits this long for the terminal's offer before it makes one itself. */
const offerWaitMs = 150;

/** What the carrier tells. Signals go inside the sealed link, so nobody on the way sees or changes an address. */
export interface RtcEvents {
  readonly changed: (isUp: boolean) => void;
  readonly frame: (frame: Bytes) => void;
  readonly signal: (text: string) => void;
}

/** A signal. `n`: the attempt, chosen by the phone; what belongs to another attempt counts for nothing. */
interface Signal {
  readonly n: number;
  readonly d?: RTCSessionDescriptionInit;
  readonly c?: readonly RTCIceCandidateInit[];
}

/** What is said by the other side alone; a browser's own engine checks descriptions and candidates. */
function readSignal(text: string): Signal | undefined {
  try {
    const signal = JSON.parse(text) as Signal | null;
    return typeof signal?.n === 'number' ? signal : undefined;
  } catch {
    return undefined;
  }
}

interface Attempt {
  readonly n: number;
  readonly peer: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  /** What there is to say, kept back until the attempt is begun. */
  isHeld: boolean;
  description: RTCSessionDescriptionInit | undefined;
  candidates: RTCIceCandidateInit[];
  stopGathering: (() => void) | undefined;
  /** Descriptions and candidates one after the other. */
  steps: Promise<unknown>;
}

/**
 * The direct way: one data channel, no server of anybody else. The terminal, which has all the time while its code is
 * scanned, prepares the first offer and sends it behind the first message; every later attempt is offered by the phone.
 * An offer of the phone always replaces one of the terminal.
 */
export class RtcCarrier {
  readonly #environment: LinkEnvironment;
  readonly #events: RtcEvents;
  #attempt: Attempt | undefined;
  /** Made ahead: the first of a page takes long. */
  #spare: RTCPeerConnection | undefined;
  /** As the phone: signals of the terminal's first offer until the attempt is begun; afterwards nothing. */
  #early: Signal[] | undefined;
  #stopWaiting: (() => void) | undefined;
  /** As the phone: it has made an offer itself, which the terminal takes; one of the terminal comes too late. */
  #hasOffered = false;
  #isUp = false;

  /** `waitsForOffer`: a phone that has just come. */
  constructor(environment: LinkEnvironment, events: RtcEvents, waitsForOffer = false) {
    this.#environment = environment;
    this.#events = events;
    if (waitsForOffer) this.#early = [];
  }

  /** As the phone, while nothing can be done but wait. */
  warm(): void {
    this.#spare ??= this.#connection();
  }

  /** As the terminal, while the code is shown: makes an offer and says nothing of it. */
  prepare(): void {
    const attempt = this.#open(this.#random(), true);
    if (attempt !== undefined) this.#step(attempt, () => this.#describe(attempt));
  }

  /** As the terminal, to the phone that has come: says what was prepared. */
  offer(): void {
    const attempt = this.#attempt;
    if (attempt?.isHeld !== true) return;
    attempt.isHeld = false;
    this.#tell(attempt);
  }

  /** Begins an attempt as the phone. */
  start(): void {
    const early = this.#early;
    if (early === undefined) this.#begin();
    else if (early.length > 0) this.#takeEarly();
    else
      this.#stopWaiting ??= this.#environment.later(() => {
        this.#early = undefined;
        this.#begin();
      }, offerWaitMs);
  }

  /** Takes a signal of the other side. */
  signal(text: string): void {
    const signal = readSignal(text);
    if (signal === undefined) return;
    if (this.#early === undefined) {
      this.#take(signal);
      return;
    }
    if (this.#early.length < candidatesMax) this.#early.push(signal);
    if (this.#stopWaiting !== undefined) this.#takeEarly();
  }

  send(frame: Bytes): void {
    if (!this.#isUp) return;
    try {
      this.#attempt?.channel.send(frame);
    } catch {
      this.close();
    }
  }

  /** Ends the attempt or the channel. Says so only when it was open. */
  close(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.stopGathering?.();
    attempt?.peer.close();
    this.#spare?.close();
    this.#spare = undefined;
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#events.changed(false);
  }

  #random(): number {
    return new DataView(this.#environment.random(4).buffer).getUint32(0);
  }

  #connection(): RTCPeerConnection | undefined {
    const { PeerConnection } = this.#environment;
    return PeerConnection === undefined ? undefined : new PeerConnection({ iceServers: [] });
  }

  #begin(): void {
    this.#hasOffered = true;
    const attempt = this.#open(this.#random());
    if (attempt !== undefined) this.#step(attempt, () => this.#describe(attempt));
    else this.#events.changed(false);
  }

  #takeEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const signal of early) this.#take(signal);
  }

  #take({ n, d, c }: Signal): void {
    if (d?.type === 'offer' && !this.#hasOffered) this.#open(n);
    const attempt = this.#attempt;
    if (attempt?.n !== n) return;
    this.#step(attempt, async () => {
      if (d !== undefined) await attempt.peer.setRemoteDescription(d);
      if (d?.type === 'offer') await this.#describe(attempt);
      for (const candidate of c?.slice(0, candidatesMax) ?? []) await attempt.peer.addIceCandidate(candidate);
    });
  }

  #open(n: number, isHeld = false): Attempt | undefined {
    const peer = this.#spare ?? this.#connection();
    this.#spare = undefined;
    this.close();
    if (peer === undefined) return undefined;
    const channel = peer.createDataChannel('link', { negotiated: true, id: 0 });
    channel.binaryType = 'arraybuffer';
    const attempt: Attempt = {
      n,
      peer,
      channel,
      isHeld,
      description: undefined,
      candidates: [],
      stopGathering: undefined,
      steps: Promise.resolve(),
    };
    this.#attempt = attempt;
    peer.onicecandidate = ({ candidate }) => {
      if (candidate !== null && candidate.protocol !== 'tcp') this.#gather(attempt, candidate.toJSON());
    };
    channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      if (this.#attempt === attempt) this.#events.frame(new Uint8Array(data));
    };
    channel.onopen = () => {
      if (this.#attempt !== attempt) return;
      this.#isUp = true;
      this.#events.changed(true);
    };
    channel.onclose = () => {
      if (this.#attempt === attempt) this.close();
    };
    return attempt;
  }

  async #describe(attempt: Attempt): Promise<void> {
    await attempt.peer.setLocalDescription();
    const { localDescription } = attempt.peer;
    if (localDescription === null) return;
    attempt.description = { type: localDescription.type, sdp: localDescription.sdp };
    this.#tell(attempt);
  }

  #gather(attempt: Attempt, candidate: RTCIceCandidateInit): void {
    attempt.candidates.push(candidate);
    attempt.stopGathering ??= this.#environment.later(() => {
      attempt.stopGathering = undefined;
      this.#tell(attempt);
    }, gatherMs);
  }

  /** Says what there is to say: the description once, candidates as they come. */
  #tell(attempt: Attempt): void {
    if (attempt.isHeld || this.#attempt !== attempt) return;
    const { n, description: d } = attempt;
    const c = attempt.candidates.splice(0, candidatesMax);
    attempt.description = undefined;
    const signal: Signal = { n, ...(d === undefined ? {} : { d }), ...(c.length === 0 ? {} : { c }) };
    if (d !== undefined || c.length > 0) this.#events.signal(JSON.stringify(signal));
  }

  #step(attempt: Attempt, act: () => Promise<void>): void {
    attempt.steps = attempt.steps.then(act).catch(() => {
      // A description or candidate that the engine will not have ends the attempt; the relay carries on.
      if (this.#attempt === attempt) this.close();
    });
  }
}
