import { type Fen, fen } from '../money.ts';
import { feeBackOf } from './fees.ts';
import type { AttemptRecord, LedgerLine, Posting, RefundRecord } from './records.ts';

// The merchant's books with the platforms. `clearing:CHANNEL` is what the platform owes after its fee, `fees:CHANNEL`
// what it kept, `payable` what is the merchant's, `surplus:CHANNEL` what came too late or twice and goes back.

function lines(...parts: readonly (readonly [account: string, amountFen: number])[]): LedgerLine[] {
  return parts.filter(([, amount]) => amount !== 0).map(([account, amount]) => ({ account, amountFen: fen(amount) }));
}

/** The posting for money that came: into `payable`, or into the surplus when it came too late or twice. */
export function postingOfPayment(attempt: AttemptRecord, feeFen: Fen): Posting {
  const { channel, amountFen, id } = attempt;
  const isLate = attempt.state === 'paid-late';
  return {
    kind: isLate ? 'late' : 'payment',
    attemptId: id,
    lines: lines(
      [`clearing:${channel}`, amountFen - feeFen],
      [`fees:${channel}`, feeFen],
      [isLate ? `surplus:${channel}` : 'payable', -amountFen],
    ),
  };
}

/** The posting for money that a platform took once more under the same number: as much as the first time, not ours. */
export function postingOfSurplus({ channel, id, feeFen }: AttemptRecord, refund: RefundRecord): Posting {
  const { amountFen } = refund;
  const keptFen = feeFen ?? 0;
  return {
    kind: 'surplus',
    attemptId: id,
    refundId: refund.id,
    lines: lines(
      [`clearing:${channel}`, amountFen - keptFen],
      [`fees:${channel}`, keptFen],
      [`surplus:${channel}`, -amountFen],
    ),
  };
}

/**
 * The posting for money that went back; the fee goes back in proportion. `attempt` is as it was before. `isOwn`: the
 * customer has had it from the merchant already, so that what goes back is the merchant's own.
 */
export function postingOfRefund(attempt: AttemptRecord, refund: RefundRecord, isOwn = false): Posting {
  const { channel } = attempt;
  const feeFen = attempt.feeFen ?? fen(0);
  const isSurplus = refund.transactionId !== null;
  const isLate = isSurplus || attempt.state === 'paid-late';
  const back = isSurplus ? feeFen : feeBackOf(feeFen, attempt.amountFen, attempt.refundedFen, refund.amountFen);
  return {
    kind: 'refund',
    attemptId: attempt.id,
    refundId: refund.id,
    lines: lines(
      [isLate && !isOwn ? `surplus:${channel}` : 'payable', refund.amountFen],
      [`clearing:${channel}`, back - refund.amountFen],
      [`fees:${channel}`, -back],
    ),
  };
}
