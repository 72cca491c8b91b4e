import type { PaidProof } from './answers.ts';
import type { AttemptRecord } from './records.ts';

/** One thing that a platform's answer says otherwise than we know it. */
export interface Difference {
  readonly what: 'number' | 'amount' | 'currency' | 'merchant';
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Compares what a platform says that it took with what was asked: number, amount, currency and merchant of every answer
 * and every notification pass through here. @returns the first difference.
 */
export function differenceOf(
  proof: PaidProof,
  attempt: Pick<AttemptRecord, 'attemptNo' | 'amountFen'>,
  platformMerchantId: string,
): Difference | undefined {
  const pairs: readonly (readonly [Difference['what'], string, string])[] = [
    ['number', attempt.attemptNo, proof.attemptNo],
    ['amount', String(attempt.amountFen), String(proof.amountFen)],
    ['currency', 'CNY', proof.currency],
    ['merchant', platformMerchantId, proof.platformMerchantId],
  ];
  const found = pairs.find(([, ours, theirs]) => ours !== theirs);
  return found === undefined ? undefined : { what: found[0], ours: found[1], theirs: found[2] };
}
