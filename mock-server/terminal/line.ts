/** Bits on the line for one byte: start, eight, stop (8N1). */
const bitsPerByte = 10;
/** How much line time one chunk holds: small enough for the latency, large enough for the timers. */
const chunkMs = 4;
/** How far delivery may lag behind the line before the line itself is taken to have waited. */
const lagMaxMs = 250;

/** What a line needs from outside. */
export interface LineParts {
  /** Gives the next bytes to send, at most `maxBytes`. */
  pull(nowMs: number, maxBytes: number): Uint8Array | undefined;
  /** Takes the bytes off the line; false: the far end is full, `kick` follows when it is not. */
  deliver(bytes: Uint8Array): boolean;
  /** Monotonic milliseconds. */
  now(): number;
  /** Bits per second; undefined: as fast as it goes. */
  readonly baud: number | undefined;
}

/** Bytes that an unpaced line takes at once. */
const unpacedChunkBytes = 128 * 1024;

/**
 * One direction of a serial line. A chunk is delivered when its last bit would have left the wire; the line's own time
 * decides when the next one may start, not the timers, so late timers cost no rate: over a second the error is far
 * below a thousandth.
 */
export class SerialLine {
  readonly #parts: LineParts;
  #baud: number | undefined;
  /** When the line is free for the next bit. */
  #freeAtMs = 0;
  #inFlight: Uint8Array | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isBlocked = false;
  #isPumping = false;
  #isClosed = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#baud = parts.baud;
  }

  /** Changes the rate for everything that is not yet on the wire. */
  setBaud(baud: number): void {
    if (this.#baud !== undefined) this.#baud = baud;
  }

  /** Call it whenever there may be something to send, and when the far end can take bytes again. */
  kick(): void {
    this.#isBlocked = false;
    this.#pump();
  }

  /** Ends the line; bytes on it are lost. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#inFlight = undefined;
  }

  #pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    if (this.#baud === undefined) this.#pumpFreely();
    else this.#pumpPaced();
    this.#isPumping = false;
  }

  #pumpFreely(): void {
    while (!this.#isBlocked && !this.#isClosed) {
      const bytes = this.#parts.pull(this.#parts.now(), unpacedChunkBytes);
      if (bytes === undefined) return;
      if (!this.#parts.deliver(bytes)) this.#isBlocked = true;
    }
  }

  #pumpPaced(): void {
    while (!this.#isClosed) {
      const nowMs = this.#parts.now();
      if (this.#inFlight !== undefined) {
        if (this.#freeAtMs > nowMs) {
          this.#wakeAt(nowMs);
          return;
        }
        if (this.#isBlocked) return;
        const arrived = this.#inFlight;
        this.#inFlight = undefined;
        if (!this.#parts.deliver(arrived)) this.#isBlocked = true;
      }
      if (!this.#load(nowMs)) return;
    }
  }

  /** Puts the next chunk on the wire. A line that had nothing to send starts now; one that lags starts where it was. */
  #load(nowMs: number): boolean {
    const byteMs = (bitsPerByte * 1000) / (this.#baud ?? 115_200);
    const maxBytes = Math.max(1, Math.round(chunkMs / byteMs));
    const bytes = this.#parts.pull(nowMs, maxBytes);
    if (bytes === undefined) {
      this.#isIdle = true;
      return false;
    }
    const isLagging = !this.#isIdle && nowMs - this.#freeAtMs < lagMaxMs;
    const startMs = isLagging ? this.#freeAtMs : Math.max(nowMs, this.#freeAtMs);
    this.#isIdle = false;
    this.#freeAtMs = startMs + bytes.length * byteMs;
    this.#inFlight = bytes;
    return true;
  }

  #isIdle = true;

  #wakeAt(nowMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#pump();
      },
      Math.max(0, this.#freeAtMs - nowMs),
    );
  }
}
