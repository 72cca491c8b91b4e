import type { ApiFailure } from '../../../api/failures.ts';
import type { SharedText } from '../../../i18n/shared.en.ts';
import type { FeesText } from '../../../i18n/terminal-fees.en.ts';

/** From this wrong try on the pause is announced; the server's is after five (services/fees/lookup/limits.ts). */
const warnFrom = 3;

interface Words {
  readonly t: FeesText;
  readonly shared: SharedText;
  /** Wrong tries in a row at this terminal. */
  readonly wrongTries: number;
}

/** What a failed question about fees is told as: what happened, what to do. Never which of number and digits was wrong. */
export function failureWords(failure: ApiFailure, { t, shared, wrongTries }: Words): readonly string[] {
  const { problem } = t;
  if (failure.error === 'not-found') return [problem.wrong, ...(wrongTries >= warnFrom ? [problem.nearLimit] : [])];
  if (failure.error === 'rate-limited') return [problem.locked];
  if (failure.error === 'expired') return [problem.visitOver];
  if (failure.error === 'fee-refused') {
    if (failure.field === 'being-paid') return [problem.beingPaid];
    return [failure.field === 'void' ? problem.withdrawn : problem.settled];
  }
  return shared.failure[failure.error];
}
