import { blockHeadBytes, blockLeastBytes, bodyMaxBytes, crcBytes, headerBytes } from './limits.ts';

/** Round trip before anything was measured. */
const rttFirstGuessMs = 250;
const probeLeastMs = 30;
const probeMaxMs = 400;

/** Smoothed round-trip time and its variation (RFC 6298, section 2, for α = 1/8 and β = 1/4). */
export class RoundTrip {
  #smoothedMs = 0;
  #variationMs = 0;
  #leastMs = Infinity;

  /** Smoothed round trip in ms; 0 before the first sample. */
  get smoothedMs(): number {
    return this.#smoothedMs;
  }

  /** Least sample of this link in ms. */
  get leastMs(): number {
    return this.#leastMs === Infinity ? 0 : this.#leastMs;
  }

  /** Takes one measured round trip. */
  sample(ms: number): void {
    this.#leastMs = Math.min(this.#leastMs, ms);
    if (this.#smoothedMs === 0) {
      this.#smoothedMs = Math.max(ms, 0.1);
      this.#variationMs = ms / 2;
      return;
    }
    this.#variationMs += (Math.abs(this.#smoothedMs - ms) - this.#variationMs) / 4;
    this.#smoothedMs += (ms - this.#smoothedMs) / 8;
  }

  /** How long to wait for an acknowledgement before asking, after `askedBefore` unanswered questions. */
  probeAfterMs(askedBefore: number): number {
    const base =
      this.#smoothedMs === 0 ? rttFirstGuessMs : this.#smoothedMs + Math.max(4 * this.#variationMs, probeLeastMs / 2);
    return Math.min(probeMaxMs, Math.max(probeLeastMs, base) * 2 ** Math.min(askedBefore, 8));
  }
}

/** Bytes that a block costs beside its data: header, block head, CRC, COBS code, closing zero. */
const blockOverheadBytes = headerBytes + blockHeadBytes + crcBytes + 2;
/** Bytes over which losses are averaged. */
const lossMemoryBytes = 160 * 1024;
/** Clean bytes taken as granted, so that one loss on a good line changes little. */
const lossPriorBytes = 24 * 1024;

/**
 * Chooses the block size from the measured losses. With overhead h and the chance p that a byte is hit, the share of
 * useful bytes n / (n + h) · (1 - p)^(n + h) is largest near n = √(h / p).
 */
export class BlockSizer {
  #bytes = 0;
  #losses = 0;

  /** `wireBytes` arrived. */
  delivered(wireBytes: number): void {
    this.#bytes += wireBytes;
    this.#forget(wireBytes);
  }

  /** A frame of `wireBytes` was lost. */
  lost(wireBytes: number): void {
    this.#bytes += wireBytes;
    this.#losses += 1;
    this.#forget(wireBytes);
  }

  /** Best body size in bytes, block head included, at most `maxBytes`. */
  bodyBytes(maxBytes: number = bodyMaxBytes): number {
    if (this.#losses === 0) return maxBytes;
    const chancePerByte = this.#losses / (this.#bytes + lossPriorBytes);
    const best = Math.round(Math.sqrt(blockOverheadBytes / chancePerByte)) + blockHeadBytes;
    return Math.min(maxBytes, Math.max(blockLeastBytes, best));
  }

  #forget(wireBytes: number): void {
    const keep = Math.exp(-wireBytes / lossMemoryBytes);
    this.#bytes *= keep;
    this.#losses *= keep;
  }
}

/** Bytes on the way that are always allowed: four full frames. */
const flowLeastBytes = 4 * (bodyMaxBytes + blockOverheadBytes);
/** Queueing that a full line may cost a message that comes later. */
const flowQueueMs = 250;
const rateMemoryMs = 2_000;
/** Shortest time that a rate is measured over; clocks of browsers are coarse. */
const rateLeastMs = 1;

/**
 * Limits the bytes on the way to what the line delivers in a round trip and a quarter of a second, so that buffers
 * behind us (browser, driver) stay short and a message is not stuck behind ten seconds of blocks.
 */
export class FlowLimit {
  #deliveredBytes = 0;
  #rateBytesPerMs = 0;
  #rateAtMs = 0;

  /** All wire bytes confirmed on this link; noted with each frame at sending. */
  get deliveredBytes(): number {
    return this.#deliveredBytes;
  }

  /** `wireBytes` were confirmed. */
  delivered(wireBytes: number): void {
    this.#deliveredBytes += wireBytes;
  }

  /** A frame that was sent at `sentAtMs`, when `deliveredBefore` bytes had been confirmed, is confirmed now. */
  sample(sentAtMs: number, deliveredBefore: number, nowMs: number): void {
    const rate = (this.#deliveredBytes - deliveredBefore) / Math.max(rateLeastMs, nowMs - sentAtMs);
    if (rate < this.#rateBytesPerMs && nowMs - this.#rateAtMs < rateMemoryMs) return;
    this.#rateBytesPerMs = rate;
    this.#rateAtMs = nowMs;
  }

  /** Bytes that may be on the way at present. */
  limitBytes(leastRttMs: number): number {
    return Math.max(flowLeastBytes, this.#rateBytesPerMs * (leastRttMs + flowQueueMs));
  }
}
