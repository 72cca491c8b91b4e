import { setTimeout as wait } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';

const periodMs = 30_000;
/** How long a code may be on its way to the server, ms: it is typed into a page on a machine that is busy. */
const onTheWayMs = 20_000;
/** Codes of one step before and after the present one are accepted too. */
const toleratedSteps = 1;

/** Codes of one person's authenticator. A server takes each step once, so each call gives a later one. */
export class Authenticator {
  readonly #totp: TOTP;
  #lastStep = 0;

  /** `secretBase32` as in the QR code of the set-up. */
  constructor(secretBase32: string) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(secretBase32) });
  }

  /** A code that was not given before; waits for the next half minute when those at hand are used up. */
  async nextCode(): Promise<string> {
    const present = (): number => Math.floor(Date.now() / periodMs);
    const atArrival = Math.floor((Date.now() + onTheWayMs) / periodMs);
    const step = Math.max(this.#lastStep + 1, atArrival - toleratedSteps);
    while (step > present() + toleratedSteps) await wait(250);
    this.#lastStep = step;
    return this.#totp.generate({ timestamp: step * periodMs });
  }
}
