import { type Fen, fen } from '../money.ts';

const million = 1_000_000n;

/** The fee of a payment: millionths of the amount, a half rounds up to the next fen. Both are whole and not negative. */
export function feeOf(amountFen: Fen, feePpm: number): Fen {
  if (!Number.isInteger(feePpm) || feePpm < 0 || feePpm > 1_000_000) throw new RangeError('feeOf.feePpm');
  return fen(Number((BigInt(amountFen) * BigInt(feePpm) * 2n + million) / (2n * million)), 'fee');
}

/**
 * The part of a fee that goes back with a refund: in proportion, and so rounded that refunds which add up to the whole
 * payment give back the whole fee. `beforeFen` is what was refunded before.
 */
export function feeBackOf(feeFen: Fen, amountFen: Fen, beforeFen: Fen, refundFen: Fen): Fen {
  const upTo = (refunded: number): number =>
    Number((BigInt(feeFen) * BigInt(refunded) * 2n + BigInt(amountFen)) / (2n * BigInt(amountFen)));
  return fen(upTo(beforeFen + refundFen) - upTo(beforeFen), 'fee back');
}
