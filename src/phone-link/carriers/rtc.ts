import type { Bytes } from '../../../protocol/phone-link/web-crypto.ts';
import type { LinkEnvironment } from '../environment.ts';

/** Candidates that come within this time go in one envelope. */
const gatherMs = 20;
const candidatesMax = 32;

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

interface Attempt {
  readonly n: number;
  readonly peer: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  candidates: RTCIceCandidateInit[];
  stopGathering: (() => void) | undefined;
  /** Descriptions and candidates one after the other. */
  steps: Promise<unknown>;
}

/** The direct way: one data channel, no server of anybody else. The phone offers, the terminal answers. */
export class RtcCarrier {
  readonly #environment: LinkEnvironment;
  readonly #events: RtcEvents;
  #attempt: Attempt | undefined;
  #isUp = false;

  constructor(environment: LinkEnvironment, events: RtcEvents) {
    this.#environment = environment;
    this.#events = events;
  }

  /** Begins an attempt as the phone. */
  start(): void {
    const n = new DataView(this.#environment.random(4).buffer).getUint32(0);
    const attempt = this.#open(n);
    if (attempt !== undefined) this.#step(attempt, () => this.#describe(attempt));
    else this.#events.changed(false);
  }

  /** Takes a signal of the other side. */
  signal(text: string): void {
    const { n, d, c } = JSON.parse(text) as Signal;
    if (d?.type === 'offer') this.#open(n);
    const attempt = this.#attempt;
    if (attempt?.n !== n) return;
    this.#step(attempt, async () => {
      if (d !== undefined) await attempt.peer.setRemoteDescription(d);
      if (d?.type === 'offer') await this.#describe(attempt);
      for (const candidate of c?.slice(0, candidatesMax) ?? []) await attempt.peer.addIceCandidate(candidate);
    });
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
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#events.changed(false);
  }

  #open(n: number): Attempt | undefined {
    this.close();
    const { PeerConnection } = this.#environment;
    if (PeerConnection === undefined) return undefined;
    const peer = new PeerConnection({ iceServers: [] });
    const channel = peer.createDataChannel('link', { negotiated: true, id: 0 });
    channel.binaryType = 'arraybuffer';
    const attempt: Attempt = {
      n,
      peer,
      channel,
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

  async #describe({ n, peer }: Attempt): Promise<void> {
    await peer.setLocalDescription();
    const { localDescription } = peer;
    if (localDescription !== null) this.#say({ n, d: { type: localDescription.type, sdp: localDescription.sdp } });
  }

  #gather(attempt: Attempt, candidate: RTCIceCandidateInit): void {
    attempt.candidates.push(candidate);
    attempt.stopGathering ??= this.#environment.later(() => {
      attempt.stopGathering = undefined;
      const c = attempt.candidates.splice(0, candidatesMax);
      if (this.#attempt === attempt) this.#say({ n: attempt.n, c });
    }, gatherMs);
  }

  #say(signal: Signal): void {
    this.#events.signal(JSON.stringify(signal));
  }

  #step(attempt: Attempt, act: () => Promise<void>): void {
    attempt.steps = attempt.steps.then(act).catch(() => {
      // A description or candidate that the engine will not have ends the attempt; the relay carries on.
      if (this.#attempt === attempt) this.close();
    });
  }
}
