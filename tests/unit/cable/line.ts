import type { CableEnd } from '../../../protocol/cable/v1/link-types.ts';

/** One direction of the simulated line. */
export interface LineOptions {
  /** Bytes per second; Infinity for a line without a rate. */
  readonly bytesPerSecond?: number;
  readonly latencyMs?: number;
  /** Bytes that wait before the line (driver, browser) when it has a rate. */
  readonly bufferBytes?: number;
  /** Bytes of one arrival at most. */
  readonly pieceBytes?: number;
  /** What becomes of a piece: changed bytes, nothing (lost), or several pieces. Default: itself. */
  readonly disturb?: (piece: Uint8Array, nowMs: number) => readonly Uint8Array[];
  /** Extra delay of a piece, for lines that are not first in, first out. */
  readonly jitterMs?: () => number;
}

interface Arrival {
  readonly atMs: number;
  readonly bytes: Uint8Array;
  readonly to: CableEnd;
}

class Direction {
  readonly from: CableEnd;
  readonly to: CableEnd;
  readonly options: LineOptions;
  freeAtMs = 0;
  bytes = 0;
  isCut = false;

  constructor(from: CableEnd, to: CableEnd, options: LineOptions) {
    this.from = from;
    this.to = to;
    this.options = options;
  }

  /** When the line takes bytes again. */
  roomAtMs(): number {
    const { bytesPerSecond = Infinity, bufferBytes = 64 } = this.options;
    return bytesPerSecond === Infinity ? 0 : this.freeAtMs - (bufferBytes * 1000) / bytesPerSecond;
  }
}

/** A deterministic random generator (mulberry32): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `length` bytes from `random`. */
export function randomBytes(length: number, random: () => number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = random() * 256;
  return out;
}

/** A disturbance that changes each byte with chance `p` to another value. */
export function corrupting(p: number, random: () => number): (piece: Uint8Array) => readonly Uint8Array[] {
  let left = Math.floor(Math.log(1 - random()) / Math.log(1 - p));
  return (piece) => {
    if (left >= piece.length) {
      left -= piece.length;
      return [piece];
    }
    const out = piece.slice();
    while (left < out.length) {
      out[left] = (out[left] ?? 0) ^ (1 + Math.floor(random() * 255));
      left += 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - p));
    }
    left -= out.length;
    return [out];
  };
}

/** Two cable ends and the line between them, in virtual time: no clock, no sleep, the same run each time. */
export class VirtualLine {
  readonly forward: Direction;
  readonly backward: Direction;
  readonly #arrivals: Arrival[] = [];
  #stepsAtNow = 0;
  nowMs = 0;

  constructor(host: CableEnd, device: CableEnd, there: LineOptions = {}, back: LineOptions = there) {
    this.forward = new Direction(host, device, there);
    this.backward = new Direction(device, host, back);
  }

  /** Loses everything from now on, what is on the way included. */
  cut(): void {
    this.forward.isCut = true;
    this.backward.isCut = true;
    this.#arrivals.length = 0;
  }

  /** Runs until `isDone`, or throws at `limitMs` of virtual time. */
  run(isDone: () => boolean, limitMs = 600_000): number {
    while (!isDone()) this.#step(limitMs);
    return this.nowMs;
  }

  /** Like run(), but lets promises settle after each step. */
  async runAsync(isDone: () => boolean, limitMs = 600_000): Promise<number> {
    await settle();
    while (!isDone()) {
      this.#step(limitMs);
      await settle();
    }
    return this.nowMs;
  }

  /** Runs `ms` of virtual time. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settle();
    while (this.#nextMs() <= untilMs) {
      this.#step(Infinity);
      await settle();
    }
    this.nowMs = untilMs;
  }

  #nextMs(): number {
    this.#pump(this.forward);
    this.#pump(this.backward);
    let next = this.#arrivals[0]?.atMs ?? Infinity;
    for (const direction of [this.forward, this.backward]) {
      next = Math.min(next, direction.from.deadlineMs() ?? Infinity);
      const roomAtMs = direction.roomAtMs();
      if (roomAtMs > this.nowMs) next = Math.min(next, roomAtMs);
    }
    return next;
  }

  #step(limitMs: number): void {
    const next = Math.max(this.nowMs, this.#nextMs());
    if (next === Infinity || next > limitMs) throw new Error(`the line stands still at ${this.nowMs} ms`);
    this.#stepsAtNow = next === this.nowMs ? this.#stepsAtNow + 1 : 0;
    if (this.#stepsAtNow > 10_000) throw new Error(`an end asks again and again for a tick at ${next} ms`);
    this.nowMs = next;
    while ((this.#arrivals[0]?.atMs ?? Infinity) <= next) {
      const arrival = this.#arrivals.shift();
      arrival?.to.receive(arrival.bytes, next);
    }
    for (const end of [this.forward.from, this.backward.from]) {
      if ((end.deadlineMs() ?? Infinity) <= next) end.tick(next);
    }
  }

  #pump(direction: Direction): void {
    const { bytesPerSecond = Infinity, pieceBytes = 4096 } = direction.options;
    for (let taken = 0; direction.roomAtMs() <= this.nowMs && taken < 1_000; taken++) {
      const bytes = direction.from.takeOutput(this.nowMs, bytesPerSecond === Infinity ? 65_536 : pieceBytes);
      if (bytes === undefined) return;
      direction.bytes += bytes.length;
      this.#send(direction, bytes);
    }
  }

  #send(direction: Direction, bytes: Uint8Array): void {
    const { bytesPerSecond = Infinity, latencyMs = 1, pieceBytes = 4096, disturb, jitterMs } = direction.options;
    if (direction.freeAtMs < this.nowMs) direction.freeAtMs = this.nowMs;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      direction.freeAtMs += (piece.length * 1000) / bytesPerSecond;
      if (direction.isCut) continue;
      for (const part of disturb?.(piece, this.nowMs) ?? [piece]) {
        this.#arrive({ atMs: direction.freeAtMs + latencyMs + (jitterMs?.() ?? 0), bytes: part, to: direction.to });
      }
    }
  }

  #arrive(arrival: Arrival): void {
    let at = this.#arrivals.length;
    while (at > 0 && (this.#arrivals[at - 1]?.atMs ?? 0) > arrival.atMs) at -= 1;
    this.#arrivals.splice(at, 0, arrival);
  }
}

/** Turns of the microtask queue that the longest chain of promises in these tests needs, and some more. */
const settleTurns = 12;

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < settleTurns; i++) await undefined;
}
