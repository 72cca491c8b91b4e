import { frameKinds, type FrameKind } from './frame.ts';
import { closeCodes, encodeClose } from './handshake.ts';

/** A frame outside the window that waits to be sent. */
export interface ControlFrame {
  readonly kind: FrameKind;
  readonly linkId: number;
  readonly body: Uint8Array;
}

/** Control frames that wait at most; more are dropped, the other side repeats its question. */
const queueMax = 4;
/** Least pause between two answers to frames of unknown links. */
const unknownLinkPauseMs = 200;

/** OPEN_ACK and CLOSE frames on their way out. They belong to no window and are sent once. */
export class ControlQueue {
  readonly #frames: ControlFrame[] = [];
  #answeredAtMs = -Infinity;

  /** Queues a frame. */
  put(kind: FrameKind, linkId: number, body: Uint8Array): void {
    if (this.#frames.length < queueMax) this.#frames.push({ kind, linkId, body });
  }

  /** Queues a CLOSE. */
  putClose(linkId: number, code: number): void {
    this.put(frameKinds.close, linkId, encodeClose(code));
  }

  /** Tells a sender that its link does not exist here, so that it opens a new one instead of waiting for silence. */
  answerUnknown(linkId: number, nowMs: number): void {
    if (nowMs - this.#answeredAtMs < unknownLinkPauseMs) return;
    this.#answeredAtMs = nowMs;
    this.putClose(linkId, closeCodes.unknownLink);
  }

  /** Takes the first frame out. */
  take(): ControlFrame | undefined {
    return this.#frames.shift();
  }

  /** Drops all. */
  clear(): void {
    this.#frames.length = 0;
  }
}
