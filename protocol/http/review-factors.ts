import type { AttemptAct, RefundAct } from '../../domain/payments/review.ts';

const moving: readonly (AttemptAct | RefundAct)[] = ['accept', 'give-back', 'send-again', 'handed-over'];

/** True for a decision that moves money or says that it was moved: it needs a second factor. */
export function needsFactor(act: AttemptAct | RefundAct): boolean {
  return moving.includes(act);
}
