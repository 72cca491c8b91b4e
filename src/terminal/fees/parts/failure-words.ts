import type { ApiFailure } from '../../../api/failures.ts';
import type { Formats } from '../../../i18n/format.ts';
import type { SharedText } from '../../../i18n/shared.en.ts';
import type { FeesText } from '../../../i18n/terminal-fees.en.ts';

interface Words {
  readonly t: FeesText;
  readonly shared: SharedText;
  readonly formats: Formats;
}

/** What a failed question about fees is told as: what happened, what to do. Never which of number and digits was wrong. */
export function failureWords(failure: ApiFailure, { t, shared }: Words): readonly string[] {
  const { problem } = t;
  if (failure.error === 'not-found') return [problem.wrong];
  if (failure.error === 'rate-limited') return [problem.locked];
  if (failure.error === 'expired') return [problem.visitOver];
  return shared.failure[failure.error];
}
