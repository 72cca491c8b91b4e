/** Wall clock of the emulator's host, in milliseconds since 1970. */
export type WallClock = () => number;

/** What the device kept about the time when it was last on. Unix seconds. */
export interface KeptTime {
  /** What its clock showed. */
  readonly clockSeconds: number;
  /** What signed messages have proved. */
  readonly floorSeconds: number;
  readonly isTrusted: boolean;
}

/**
 * The device's real-time clock. While the tamper cell keeps it running it follows the host's clock; once it was lost
 * it starts from the highest time that the device remembers and only counts while powered. It never runs backwards.
 */
export class RealTimeClock {
  readonly #wall: WallClock;
  readonly #bootedAtMs: number;
  #baseSeconds: number;
  #baseAtMs: number;
  #floorSeconds: number;
  #isTrusted: boolean;

  constructor(wall: WallClock, kept: KeptTime) {
    this.#wall = wall;
    this.#bootedAtMs = wall();
    this.#baseAtMs = this.#bootedAtMs;
    this.#baseSeconds = Math.max(kept.clockSeconds, kept.floorSeconds);
    this.#floorSeconds = kept.floorSeconds;
    this.#isTrusted = kept.isTrusted;
  }

  /** True while the clock has run without a break since it was set. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** The latest time that a signed message has proved. */
  get floorSeconds(): number {
    return this.#floorSeconds;
  }

  /** Unix seconds as the device believes. */
  nowSeconds(): number {
    const counted = this.#baseSeconds + Math.max(0, Math.floor((this.#wall() - this.#baseAtMs) / 1000));
    return this.#isTrusted ? Math.max(this.#baseSeconds, Math.floor(this.#wall() / 1000)) : counted;
  }

  /** Seconds since this boot. */
  uptimeSeconds(): number {
    return Math.max(0, Math.floor((this.#wall() - this.#bootedAtMs) / 1000));
  }

  /** How far this clock is from the host's, in seconds. */
  driftSeconds(): number {
    return this.nowSeconds() - Math.floor(this.#wall() / 1000);
  }

  /** The cell went flat: from here on only counting. */
  lose(): void {
    this.#rebase(this.nowSeconds());
    this.#isTrusted = false;
  }

  /** A signed message proves that it is not earlier than `seconds`. */
  raiseFloor(seconds: number): void {
    this.#floorSeconds = Math.max(this.#floorSeconds, seconds);
    if (!this.#isTrusted && seconds > this.nowSeconds()) this.#rebase(seconds);
  }

  /** Somebody whom the device trusts has set the clock. */
  trust(): void {
    this.#isTrusted = true;
  }

  #rebase(seconds: number): void {
    this.#baseSeconds = seconds;
    this.#baseAtMs = this.#wall();
  }
}
