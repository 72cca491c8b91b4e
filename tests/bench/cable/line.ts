import type { Socket } from 'node:net';
import type { CableEnd } from '../../../protocol/cable/v1/link-types.ts';

/** How the line between the pseudo-terminal and the device behaves. */
export interface LineOptions {
  /** Both directions, each on its own. Left out: as fast as it goes, as USB does. */
  readonly bytesPerSecond?: number;
  /** One byte in so many, on average, is replaced by another. */
  readonly corruptOneIn?: number;
  /** A number from 0 to below 1, for the corruption. */
  readonly random: () => number;
}

/** Bytes that the paced line holds on their way to the device, as a USB adapter's buffer does. */
const heldMaxBytes = 4096;
/** Bytes that the device hands to its paced transmitter at a time. */
const transmitterBytes = 32;
const unpacedChunkBytes = 65_536;
const paceMs = 1;

/** Joins a socket to a device's end of the cable with a pace and with noise; each byte takes its time on the line. */
export class DeviceLine {
  readonly #socket: Socket;
  readonly #end: CableEnd;
  readonly #options: LineOptions;
  readonly #byteMs: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** When the byte that travels now towards the device is whole. */
  #inFreeAtMs = 0;
  #outFreeAtMs = 0;
  #outgoing: Uint8Array | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #corrupted = 0;

  constructor(socket: Socket, end: CableEnd, options: LineOptions) {
    this.#socket = socket;
    this.#end = end;
    this.#options = options;
    this.#byteMs = options.bytesPerSecond === undefined ? 0 : 1000 / options.bytesPerSecond;
    socket.on('data', (bytes) => this.#arrived(bytes));
    socket.on('drain', () => this.kick());
    this.kick();
  }

  /** Bytes that noise has changed so far, both ways. */
  get corruptedBytes(): number {
    return this.#corrupted;
  }

  /** Lets the device's end send what it has; the end calls it when it has new output. */
  kick(): void {
    if (this.#isStopped) return;
    this.#move();
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #arrived(bytes: Buffer): void {
    if (this.#isStopped) return;
    if (this.#byteMs === 0) {
      this.#end.receive(this.#noisy(bytes), performance.now());
    } else {
      if (this.#heldBytes === 0) this.#inFreeAtMs = Math.max(this.#inFreeAtMs, performance.now());
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
      if (this.#heldBytes >= heldMaxBytes) this.#socket.pause();
    }
    this.kick();
  }

  #move(): void {
    const nowMs = performance.now();
    if (this.#byteMs === 0) return this.#moveUnpaced(nowMs);
    const arrivedBytes = Math.floor((nowMs - this.#inFreeAtMs) / this.#byteMs);
    if (arrivedBytes > 0 && this.#heldBytes > 0) this.#deliver(arrivedBytes, nowMs);
    const deadlineMs = this.#end.deadlineMs();
    if (deadlineMs !== undefined && deadlineMs <= nowMs) this.#end.tick(nowMs);
    this.#transmit(nowMs);
  }

  #moveUnpaced(nowMs: number): void {
    const deadlineMs = this.#end.deadlineMs();
    if (deadlineMs !== undefined && deadlineMs <= nowMs) this.#end.tick(nowMs);
    while (!this.#socket.writableNeedDrain) {
      const bytes = this.#end.takeOutput(performance.now(), unpacedChunkBytes);
      if (bytes === undefined) return;
      this.#socket.write(this.#noisy(bytes));
    }
  }

  #deliver(mostBytes: number, nowMs: number): void {
    let left = Math.min(mostBytes, this.#heldBytes);
    this.#inFreeAtMs += left * this.#byteMs;
    this.#heldBytes -= left;
    while (left > 0) {
      const first = this.#held[0]!;
      const part = first.subarray(0, left);
      if (part.length === first.length) this.#held.shift();
      else this.#held[0] = first.subarray(part.length);
      left -= part.length;
      this.#end.receive(this.#noisy(part), nowMs);
    }
    if (this.#heldBytes < heldMaxBytes) this.#socket.resume();
  }

  #transmit(nowMs: number): void {
    while (this.#outFreeAtMs <= nowMs) {
      const isContinuous = this.#outgoing !== undefined;
      if (this.#outgoing !== undefined) this.#socket.write(this.#noisy(this.#outgoing));
      this.#outgoing = this.#end.takeOutput(nowMs, transmitterBytes)?.slice();
      if (this.#outgoing === undefined) return;
      const startMs = isContinuous ? this.#outFreeAtMs : nowMs;
      this.#outFreeAtMs = startMs + this.#outgoing.length * this.#byteMs;
    }
  }

  #noisy(bytes: Uint8Array): Uint8Array {
    const { corruptOneIn, random } = this.#options;
    if (corruptOneIn === undefined) return bytes;
    const changed = Uint8Array.from(bytes);
    for (let at = 0; at < changed.length; at += 1) {
      if (random() * corruptOneIn >= 1) continue;
      changed[at]! ^= 1 + Math.floor(random() * 255);
      this.#corrupted += 1;
    }
    return changed;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const isMoving = this.#byteMs > 0 && (this.#heldBytes > 0 || this.#outgoing !== undefined);
    const deadlineMs = this.#end.deadlineMs();
    if (!isMoving && deadlineMs === undefined) return;
    const waitMs = isMoving ? paceMs : Math.max(paceMs, (deadlineMs ?? 0) - performance.now());
    this.#timer = setTimeout(() => this.kick(), waitMs);
  }
}
