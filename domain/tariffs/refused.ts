import type { RateRefusal } from './rating.ts';

/** Ends a rating from within; `rate` turns it into its result. Never leaves `domain/tariffs`. */
export class Refused extends Error {
  readonly code: RateRefusal;

  constructor(code: RateRefusal, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Ends with a refusal; `detail` begins with the place in the input or the tariff. */
export function refuse(code: RateRefusal, detail: string): never {
  throw new Refused(code, detail);
}
