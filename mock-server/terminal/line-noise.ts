/** Which bytes a bad line changes. */
export interface NoiseOptions {
  /** One byte in so many is changed, on the average. */
  readonly oneIn: number;
  /** The same seed changes the same bytes. */
  readonly seed?: number;
}

function nextRandom(state: number): number {
  let next = state;
  next ^= next << 13;
  next ^= next >>> 17;
  next ^= next << 5;
  return next >>> 0;
}

/** Changes bytes on their way, at distances that are random but the same for the same seed. */
export class LineNoise {
  readonly #oneIn: number;
  #state: number;
  #left: number;
  /** Bytes changed so far. */
  changed = 0;

  /** Throws when `oneIn` is not a whole number of at least 2. */
  constructor(options: NoiseOptions) {
    if (!Number.isInteger(options.oneIn) || options.oneIn < 2) throw new RangeError('noise.oneIn');
    this.#oneIn = options.oneIn;
    this.#state = (options.seed ?? 1) >>> 0 || 1;
    this.#left = this.#distance();
  }

  /** `bytes`, or a copy in which some are changed. */
  apply(bytes: Uint8Array): Uint8Array {
    if (bytes.length <= this.#left) {
      this.#left -= bytes.length;
      return bytes;
    }
    const out = bytes.slice();
    let at = this.#left;
    while (at < out.length) {
      this.#state = nextRandom(this.#state);
      out[at] = (out[at] ?? 0) ^ (1 + (this.#state % 255));
      this.changed += 1;
      at += 1 + this.#distance();
    }
    this.#left = at - out.length;
    return out;
  }

  /** Unchanged bytes until the next changed one: exponential, so that hits cluster as on a real line. */
  #distance(): number {
    this.#state = nextRandom(this.#state);
    const uniform = (this.#state + 1) / 0x1_0000_0001;
    return Math.floor(-Math.log(uniform) * (this.#oneIn - 1));
  }
}
